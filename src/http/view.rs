//! A feed as it is drawn, told to one client as long as it looks.
//!
//! Draws when the feed's state changes, and once a second for what changes with time alone (a feed
//! falls silent, a message has been there long enough). A client hears something every second, so
//! that one that hears nothing knows that the connection is dead.

use std::{borrow::Cow, time::Duration};

use actix_http::ws::CloseCode;
use bytestring::ByteString;
use chrono::{DateTime, Utc};
use futures_util::stream;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};

use crate::pipeline::live::Live;

use super::{
    fragments::{Differ, Fragments},
    session::{Farewell, News},
};

const HEARTBEAT: Duration = Duration::from_secs(1);
/// A feed that sends in bursts is drawn so often: nobody reads faster.
const NOT_BEFORE: Duration = Duration::from_millis(100);

/// What a client is to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub fragments: Fragments,
    /// Why it is not true now, in the client's language; none where it is.
    pub stale: Option<Cow<'static, str>>,
}

/// The view of a feed for one client: complete at first, then what changed.
pub fn news(
    live: watch::Receiver<Live>,
    draw: impl FnMut(&Live, DateTime<Utc>) -> Shown + 'static,
) -> News {
    let view = View { live, draw, differ: Differ::default(), drawn_at: None, is_over: false };
    Box::pin(stream::unfold(view, |mut view| async move {
        let told = view.next().await?;
        Some((told, view))
    }))
}

struct View<D> {
    live: watch::Receiver<Live>,
    draw: D,
    differ: Differ,
    drawn_at: Option<Instant>,
    is_over: bool,
}

impl<D: FnMut(&Live, DateTime<Utc>) -> Shown> View<D> {
    /// None after the farewell.
    async fn next(&mut self) -> Option<Result<ByteString, Farewell>> {
        if self.is_over {
            return None;
        }
        if let Some(drawn_at) = self.drawn_at {
            sleep_until(drawn_at + NOT_BEFORE).await;
            if let Ok(Err(_)) = timeout_at(drawn_at + HEARTBEAT, self.live.changed()).await {
                self.is_over = true;
                let reason = "this feed is no longer configured".into();
                return Some(Err(Farewell { code: CloseCode::Away, reason }));
            }
        }
        self.drawn_at = Some(Instant::now());
        Some(Ok(self.tell(Utc::now())))
    }

    fn tell(&mut self, now: DateTime<Utc>) -> ByteString {
        let live = self.live.borrow_and_update().clone();
        let Shown { fragments, stale } = (self.draw)(&live, now);
        self.differ.changes(fragments).message(stale.as_deref(), now)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::StreamExt;
    use maud::html;
    use serde_json::Value;

    use crate::{
        board::Board,
        event::{FeedId, FeedInfo},
    };

    use super::*;

    fn sender() -> watch::Sender<Live> {
        let info = FeedInfo {
            id: FeedId::new("track"),
            kind: "bmi".to_owned(),
            venue: "Venue".to_owned(),
            name: "Track".to_owned(),
        };
        watch::Sender::new(Live::new(Arc::new(info)))
    }

    /// Shows the venue's words.
    fn draw(live: &Live, _: DateTime<Utc>) -> Shown {
        let mut fragments = Fragments::default();
        if let Board::NotReady(words) = &live.board {
            fragments.part("words", html! { p id="words" { (words) } });
        }
        Shown { fragments, stale: live.last_at.is_none().then_some("never".into()) }
    }

    async fn hear(news: &mut News) -> Value {
        let text = news.next().await.expect("news").expect("no farewell");
        let mut message: Value = serde_json::from_str(&text).expect("json");
        assert!(message["now"].take().is_i64());
        message
    }

    #[tokio::test(start_paused = true)]
    async fn view_tells_all_at_once_then_changes_and_a_heartbeat() {
        let live = sender();
        let mut news = news(live.subscribe(), draw);
        let began = Instant::now();
        assert_eq!(hear(&mut news).await.to_string(), r#"{"now":null,"stale":"never"}"#);
        assert!(began.elapsed() < NOT_BEFORE);
        hear(&mut news).await;
        assert_eq!(began.elapsed(), HEARTBEAT);

        live.send_modify(|live| live.board = Board::NotReady("soon".to_owned()));
        live.send_modify(|live| live.last_at = Some(Utc::now()));
        assert_eq!(
            hear(&mut news).await.to_string(),
            r#"{"now":null,"parts":{"words":"<p id=\"words\">soon</p>"},"stale":null}"#
        );
        assert_eq!(began.elapsed(), HEARTBEAT + NOT_BEFORE);
        assert_eq!(hear(&mut news).await.to_string(), r#"{"now":null,"stale":null}"#);
        assert_eq!(began.elapsed(), HEARTBEAT * 2 + NOT_BEFORE);
    }

    #[tokio::test(start_paused = true)]
    async fn view_says_farewell_when_its_feed_is_gone() {
        let live = sender();
        let mut news = news(live.subscribe(), draw);
        hear(&mut news).await;
        drop(live);
        let farewell = news.next().await.expect("news").expect_err("a farewell");
        assert_eq!(farewell.reason, "this feed is no longer configured");
        assert!(news.next().await.is_none());
    }
}
