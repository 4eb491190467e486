//! What people see: the pages in a real browser.

use actix::System;

use crate::support::chromium::Page;

#[test]
fn browser_tells_what_goes_wrong_on_a_page() {
    System::new().block_on(async {
        for wrong in [
            "<script>console.log('a word')</script>",
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
        Page::open("data:text/html,<p>well</p>").await.assert_no_errors().await;
    });
}

#[test]
fn browser_takes_pictures_and_measures() {
    System::new().block_on(async {
        let page = "data:text/html,<style>body{margin:0}p{background:rgb(1,2,3);width:10px;height:10px;margin:0}</style><p>";
        let mut page = Page::open(page).await;
        page.set_viewport(100, 50, false).await;
        let picture = page.screenshot().await;
        assert_eq!((picture.width, picture.height), (100, 50));
        assert_eq!((picture.at(5, 5), picture.at(50, 5)), ([1, 2, 3, 255], [0, 0, 0, 0]));
        assert_eq!(picture.drawn(), 100);
        page.set_viewport(390, 800, true).await;
        assert_eq!(page.evaluate("screen.width").await, 390);
        page.assert_no_errors().await;
    });
}
