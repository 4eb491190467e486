//! What streamers lay over their picture.

use actix::System;
use ringside::simulator::Fault;

use super::stage::{Heat, Stage};

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
