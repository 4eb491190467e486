//! What a client of the relay is told.

use std::time::Duration;

use bytestring::ByteString;
use futures_util::{StreamExt, stream};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::sleep,
};

use crate::{
    event::FeedId,
    http::session::{CloseCode, Farewell, News},
    pipeline::live::{FindFeed, LiveDesk, WatchFeed, Watching},
};

use super::Last;

/// A client that is so many frames behind, some ten seconds of a running heat, is told the newest
/// instead: what it shows is wrong by then. Venues send a few at once.
const MAX_BEHIND: usize = 16;
/// A client that asks for what is not configured may ask too early: the operator adds feeds while
/// the service runs.
const LOOK_AGAIN_EVERY: Duration = Duration::from_secs(5);

/// Every frame from now on.
pub(super) fn frames(watching: Watching, last: Last) -> News {
    let heard = last.clone();
    let frames = following(watching.frames).inspect(move |frame| {
        if let Ok(frame) = frame {
            heard.set(frame.clone());
        }
    });
    frames.boxed_local()
}

/// The last frame at once, and every frame from then on.
pub(super) fn from_last_on(feed: FeedId, desk: LiveDesk) -> News {
    let watching = async move { desk.watch.send(WatchFeed(feed)).await.ok().flatten() };
    stream::once(watching).flat_map(last_and_following).boxed_local()
}

/// The same of the feed that is greeted so, as soon as there is one.
pub(super) fn of_greeted(kind: &'static str, greeting: String, desk: LiveDesk) -> News {
    let watching = async move {
        loop {
            let find = FindFeed { kind: kind.to_owned(), greeting: greeting.clone() };
            // An error: the service stops, and the session with it.
            let feed = desk.find.send(find).await.ok()?;
            if let Some(feed) = feed {
                return desk.watch.send(WatchFeed(feed)).await.ok().flatten();
            }
            sleep(LOOK_AGAIN_EVERY).await;
        }
    };
    stream::once(watching).flat_map(last_and_following).boxed_local()
}

/// Nothing, until the feed is configured no more.
pub(super) fn end_of(watching: Watching) -> News {
    let mut live = watching.live;
    let gone = async move {
        while live.changed().await.is_ok() {}
        Err(gone())
    };
    stream::once(gone).boxed_local()
}

fn last_and_following(watching: Option<Watching>) -> News {
    match watching {
        Some(watching) => {
            let last = stream::iter(watching.last.map(Ok));
            last.chain(following(watching.frames)).boxed_local()
        }
        None => stream::iter([Err(gone())]).boxed_local(),
    }
}

fn following(frames: Receiver<ByteString>) -> News {
    let frames = stream::unfold(Some(frames), async |frames| {
        let mut frames = frames?;
        match next(&mut frames).await {
            Some(frame) => Some((Ok(frame), Some(frames))),
            None => Some((Err(gone()), None)),
        }
    });
    frames.boxed_local()
}

/// None when the feed is configured no more.
async fn next(frames: &mut Receiver<ByteString>) -> Option<ByteString> {
    loop {
        if frames.len() > MAX_BEHIND {
            // An error says that those are gone already, which is as well.
            while frames.len() > 1 {
                drop(frames.try_recv());
            }
        }
        match frames.recv().await {
            Ok(frame) => return Some(frame),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}

fn gone() -> Farewell {
    Farewell::new(CloseCode::Away, "this feed is configured no more")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::broadcast;

    use super::*;

    fn send(frames: &broadcast::Sender<ByteString>, numbers: std::ops::Range<u32>) {
        for number in numbers {
            frames.send(number.to_string().into()).unwrap();
        }
    }

    /// What is there without waiting.
    fn told(news: &mut News) -> Vec<Result<String, CloseCode>> {
        let ready = std::iter::from_fn(|| news.next().now_or_never().flatten());
        ready.map(|told| told.map(Into::into).map_err(|farewell| farewell.code)).collect()
    }

    #[test]
    fn news_are_each_frame_in_its_order() {
        let (frames, receiver) = broadcast::channel(64);
        let mut news = following(receiver);
        assert_eq!(told(&mut news), []);
        send(&frames, 0..MAX_BEHIND as u32);
        let told: Vec<_> = told(&mut news).into_iter().map(Result::unwrap).collect();
        assert_eq!(told, (0..MAX_BEHIND).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn news_are_the_newest_frame_for_who_is_far_behind() {
        for sent in [MAX_BEHIND as u32 + 1, 64, 65, 1_000] {
            let (frames, receiver) = broadcast::channel(64);
            let mut news = following(receiver);
            send(&frames, 0..sent);
            assert_eq!(told(&mut news), [Ok((sent - 1).to_string())], "{sent}");
            send(&frames, sent..sent + 1);
            assert_eq!(told(&mut news), [Ok(sent.to_string())], "{sent}");
        }
    }

    #[test]
    fn news_end_with_a_farewell_when_the_feed_is_gone() {
        let (frames, receiver) = broadcast::channel(64);
        let mut news = following(receiver);
        send(&frames, 0..1);
        drop(frames);
        assert_eq!(told(&mut news), [Ok("0".to_owned()), Err(CloseCode::Away)]);
    }
}
