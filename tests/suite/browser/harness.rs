//! The browser itself: what it would not see, no test would.

use actix::System;

use crate::support::chromium::Page;

#[test]
fn browser_tells_what_goes_wrong_on_a_page() {
    System::new().block_on(async {
        for wrong in [
            "<script>console.error('a word')</script>",
            "<script>throw new Error('oops')</script>",
            "<script>alert(1)</script>",
            "<img src='http://127.0.0.1:1/none.png'>",
            "<img src=x onerror=alert(1)>",
        ] {
            let mut page = Page::open(&format!("data:text/html,{wrong}")).await;
            assert_ne!(page.errors().await, Vec::<String>::new(), "{wrong}");
            page.forget_errors().await;
            page.assert_no_errors().await;
        }
        let well = "data:text/html,<p>well<script>console.info('a word')</script>";
        Page::open(well).await.assert_no_errors().await;
    });
}

#[test]
fn browser_takes_pictures_of_what_is_drawn() {
    System::new().block_on(async {
        let square = "body{margin:0}p{margin:0;width:10px;height:10px;background:rgb(1,2,3)}";
        let mut page = Page::open(&format!("data:text/html,<style>{square}</style><p>")).await;
        page.set_viewport(100, 50, false).await;
        let picture = page.screenshot().await;
        assert_eq!((picture.width, picture.height), (100, 50));
        assert_eq!((picture.at(5, 5), picture.at(50, 5)), ([1, 2, 3, 255], [0, 0, 0, 0]));
        assert_eq!(picture.drawn(), 100);
        page.assert_no_errors().await;
    });
}

#[test]
fn browser_runs_no_script_when_told_so() {
    System::new().block_on(async {
        let mut page = Page::blank().await;
        page.disable_scripts().await;
        page.go("data:text/html,<p>before</p><script>document.body.textContent='after'</script>")
            .await;
        assert_eq!(page.text("p").await, "before");
        page.assert_no_errors().await;
    });
}
