//! What streamers lay over their picture.

use actix::System;
use ringside::simulator::Fault;
use serde_json::Value;

use super::{
    HOSTILE,
    stage::{Heat, Stage},
};

#[test]
fn overlay_is_transparent_and_hides_when_it_is_not_true() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let mut heat = Heat::paused(&["Ann", "Bob"]);
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
        let mut heat = Heat::running(&[HOSTILE, "Bob"]);
        stage.show(&heat);
        let mut page = stage.open("/overlay/track?parts=clock,tower").await;
        page.wait_until("document.querySelector('#tower .name')").await;
        assert_eq!(page.text("#tower .name").await, HOSTILE);
        let is_off = "document.querySelector('#air').classList.contains('off')";
        // A heat that is silent for seconds is not shown: on a busy machine it takes more tries.
        for _ in 0..5 {
            heat.clock_ms -= 10_000;
            stage.show(&heat);
            let shown = (heat.clock_ms + 999) / 1_000;
            let text = "document.querySelector('#clock time').textContent";
            let is = format!("{text} === '{}:{:02}'", shown / 60, shown % 60);
            page.wait_until(&format!("{is} || {is_off}")).await;
            page.wait_until(&format!("!({is}) || {is_off}")).await;
            if page.evaluate(is_off).await == false {
                return page.assert_no_errors().await;
            }
        }
        panic!("the clock was never seen running");
    });
}

#[test]
fn overlay_is_as_late_as_the_video() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        stage.show(&Heat::paused(&["Ann", "Bob"]));
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
        stage.show(&Heat::paused(&["Cid", "Bob"]));
        let at_once = prompt.evaluate(&seen_as("Cid")).await.as_i64().unwrap();
        let later = late.evaluate(&seen_as("Cid")).await.as_i64().unwrap();
        assert!((1_700..10_000).contains(&(later - at_once)), "{} ms", later - at_once);
        prompt.assert_no_errors().await;
        late.assert_no_errors().await;
    });
}

#[test]
fn builder_shows_each_choice_at_once_and_tells_the_address() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        let mut heat = Heat::paused(&["Ann", "Bob"]);
        heat.lap(1, 41_000);
        stage.show(&heat);
        let mut page = stage.open("/overlay?feed=track&parts=clock").await;
        let inside = "document.querySelector('#preview').contentDocument";
        page.wait_until(&format!("{inside}.querySelector('#air:not(.off) #clock')")).await;
        assert_eq!(page.evaluate(&format!("{inside}.querySelector('#tower')")).await, Value::Null);
        let address = "document.querySelector('#address').value";
        let before = page.evaluate(address).await;
        let before = before.as_str().unwrap();
        assert!(before.starts_with(&stage.address("/overlay/track?")), "{before}");
        assert!(before.contains("parts=clock"), "{before}");

        page.evaluate("document.querySelector('input[name=parts][value=tower]').click()").await;
        page.wait_until(&format!("{address} !== {before:?}")).await;
        let after = page.evaluate(address).await.as_str().unwrap().to_owned();
        assert!(after.contains("tower"), "{after}");
        page.wait_until(&format!("{inside}.querySelector('#tower')?.innerText.includes('Ann')"))
            .await;
        // The address is what was shown.
        page.go(&after).await;
        page.wait_until("document.querySelector('#tower')?.innerText.includes('Ann')").await;
        page.assert_no_errors().await;
    });
}

#[test]
fn overlay_hides_when_the_service_is_gone() {
    System::new().block_on(async {
        let stage = Stage::set().await;
        stage.show(&Heat::running(&["Ann", "Bob"]));
        let mut page = stage.open("/overlay/track").await;
        page.wait_until("document.querySelector('#air:not(.off) #tower')").await;
        stage.service.stop().await;
        page.wait_until("document.querySelector('#air.off')").await;
        page.wait_until("document.getAnimations().length === 0").await;
        assert_eq!(page.screenshot().await.drawn(), 0);
    });
}
