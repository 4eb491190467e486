//! What streamers lay over their picture.

use actix::System;
use ringside::simulator::Fault;

use super::{
    HOSTILE,
    stage::{Heat, Stage},
};

#[test]
fn overlay_is_transparent_and_hides_when_it_is_not_true() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let mut heat = Heat::running(&["Ann", "Bob"]);
        heat.lap(1, 41_000);
        stage.show(&heat);
        let mut page = stage.open("/overlay/track?parts=clock,tower").await;
        page.wait_until("document.querySelector('#air:not(.off)')").await;
        page.wait_until("document.querySelector('#air').innerText.includes('Ann')").await;
        page.wait_until("document.getAnimations().length === 0").await;
        let picture = page.screenshot().await;
        let all = (picture.width * picture.height) as usize;
        assert!((1_000..all / 2).contains(&picture.drawn()), "{} of {all}", picture.drawn());
        assert_eq!(picture.at(picture.width / 2, picture.height / 2)[3], 0, "nothing is there");

        stage.track.set_fault(Fault::Refuse);
        stage.track.drop_connections();
        page.wait_until("document.querySelector('#air.off')").await;
        page.wait_until("document.getAnimations().length === 0").await;
        assert_eq!(page.screenshot().await.drawn(), 0);

        stage.track.set_fault(Fault::None);
        stage.show(&heat);
        page.wait_until("document.querySelector('#air:not(.off)')").await;
        page.assert_no_errors().await;
    });
}

#[test]
fn overlay_shows_names_as_names_and_a_clock_that_runs() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let heat = Heat::running(&[HOSTILE, "Bob"]);
        stage.show(&heat);
        let mut page = stage.open("/overlay/track?parts=clock,tower").await;
        page.wait_until("document.querySelector('#tower .name')").await;
        assert_eq!(page.text("#tower .name").await, HOSTILE);
        let clock = "document.querySelector('#clock time').textContent";
        let before = page.evaluate(clock).await.to_string();
        page.wait_until(&format!("/^\\d+:\\d\\d$/.test({clock}) && {clock} !== '{before}'")).await;
        page.assert_no_errors().await;
    });
}

#[test]
fn overlay_is_as_late_as_the_video() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        stage.show(&Heat::running(&["Ann", "Bob"]));
        let mut late = stage.open("/overlay/track?parts=tower&delay=2").await;
        // When each of the two says so, by the clock of this machine.
        let seen = "new Promise((seen) => {
            const look = () => document.querySelector('#air:not(.off) #tower .name')?.textContent
                === NAME ? seen(Date.now()) : setTimeout(look, 5);
            look();
        })";
        let seen_as = |name: &str| seen.replace("NAME", &format!("'{name}'"));
        late.evaluate(&seen_as("Ann")).await;
        let mut prompt = stage.open("/overlay/track?parts=tower").await;
        prompt.evaluate(&seen_as("Ann")).await;
        stage.show(&Heat::running(&["Cid", "Bob"]));
        let at_once = prompt.evaluate(&seen_as("Cid")).await.as_i64().unwrap();
        let later = late.evaluate(&seen_as("Cid")).await.as_i64().unwrap();
        assert!((1_700..4_000).contains(&(later - at_once)), "{} ms", later - at_once);
        prompt.assert_no_errors().await;
        late.assert_no_errors().await;
    });
}
