//! The venues' own protocols for local clients: one upstream socket, however many listen.
//!
//! `/relay/<feed>` speaks as the venue of the feed would, byte for byte; the words are the kind's
//! ([`FeedKind::wish`](crate::pipeline::live::Watching::kind)). `port.rs` serves clients that know no
//! path and name the feed with their greeting. A socket stays open while the venue is away, and ends
//! when the feed is configured no more. Whoever can't be served is told so before the upgrade:
//! clients that are closed come back at once, for ever.

mod news;
mod port;

use std::{cell::RefCell, rc::Rc};

use actix_web::{
    Error, HttpRequest, HttpResponse,
    error::ErrorServiceUnavailable,
    web::{self, ServiceConfig},
};
use bytestring::ByteString;
use serde_json::json;

use crate::{
    event::FeedId,
    pipeline::live::{LiveDesk, Watching, Wish},
};

use super::{
    Sources,
    session::{self, Heard, Talk},
};

pub use port::{RelayPort, serve_port};

pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/relay/{feed}", web::get().to(relay));
}

async fn relay(
    request: HttpRequest,
    payload: web::Payload,
    feed: web::Path<String>,
    sources: web::Data<Sources>,
) -> Result<HttpResponse, Error> {
    let watching = sources.watch(&feed).await;
    let feed = FeedId::new(feed.into_inner());
    match watching.map_err(|_| ErrorServiceUnavailable("the service stops"))? {
        Some(watching) => {
            session::open(&request, payload, talk(feed, watching, sources.live.clone()))
        }
        None => Ok(HttpResponse::NotFound().json(json!({ "error": "no such feed" }))),
    }
}

/// The talk of one client.
fn talk(feed: FeedId, watching: Watching, desk: LiveDesk) -> Talk {
    let kind = watching.kind.clone();
    let last = Last(Rc::new(RefCell::new(watching.last.clone())));
    let news = match kind.tells_unasked() {
        true => news::frames(watching, last.clone()),
        false => news::end_of(watching),
    };
    let hear = move |words: &str| match kind.wish(words) {
        Wish::Nothing => Heard::Nothing,
        Wish::Words(words) => Heard::Answer(ByteString::from_static(words)),
        Wish::Last { or } => {
            Heard::Answer(last.get().unwrap_or_else(|| ByteString::from_static(or)))
        }
        Wish::Frames => Heard::News(news::from_last_on(feed.clone(), desk.clone())),
    };
    Talk { news: Some(news), hear: Box::new(hear) }
}

/// The frame that a client heard last, or would have heard had it been there.
#[derive(Clone)]
struct Last(Rc<RefCell<Option<ByteString>>>);

impl Last {
    fn get(&self) -> Option<ByteString> {
        self.0.borrow().clone()
    }

    fn set(&self, frame: ByteString) {
        self.0.replace(Some(frame));
    }
}
