//! One drawing of the fleet for all who look: however many they are, the hub is asked once a second.

use std::{collections::HashMap, time::Duration};

use actix_web::web;
use bytestring::ByteString;
use chrono::Utc;
use futures_util::stream;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

use crate::http::{
    Sources,
    fragments::{Differ, Fragments},
    session::{CloseCode, Farewell, News},
    words::Lang,
};

use super::{
    super::{reader::Reader, time::Moment},
    gather, sheet,
};

/// A person looks at many cards: they need not change more often.
const EVERY: Duration = Duration::from_secs(1);

/// Keeps the latest drawing in each language.
#[derive(Default)]
pub(in super::super) struct FleetDesk {
    drawn: Mutex<HashMap<(Lang, bool), (Instant, Fragments)>>,
}

impl FleetDesk {
    /// None where the hub is gone.
    async fn look(&self, sources: &Sources, reader: &Reader) -> Option<Fragments> {
        // Whoever comes while it is drawn waits for it, and has it.
        let mut drawn = self.drawn.lock().await;
        // Links differ with a chosen language.
        let key = (reader.lang, reader.is_lang_chosen());
        let fresh = drawn.get(&key).filter(|(at, _)| at.elapsed() < EVERY / 2);
        if let Some((_, fragments)) = fresh {
            return Some(fragments.clone());
        }
        let fleet = gather(sources).await?;
        let fragments = sheet(&fleet, reader, Moment::on_socket(Utc::now())).fragments();
        drawn.insert(key, (Instant::now(), fragments.clone()));
        Some(fragments)
    }
}

/// The fleet for one client: complete at first, then what changed, and a heartbeat every second.
pub(in super::super) fn news(
    sources: web::Data<Sources>,
    desk: web::Data<FleetDesk>,
    reader: Reader,
) -> News {
    let told = Told { sources, desk, reader, differ: Differ::default(), next: Instant::now() };
    Box::pin(stream::unfold(Some(told), |told| async {
        let mut told = told?;
        match told.next().await {
            Some(text) => Some((Ok(text), Some(told))),
            None => Some((Err(Farewell::new(CloseCode::Away, "Ringside stops")), None)),
        }
    }))
}

struct Told {
    sources: web::Data<Sources>,
    desk: web::Data<FleetDesk>,
    reader: Reader,
    differ: Differ,
    next: Instant,
}

impl Told {
    async fn next(&mut self) -> Option<ByteString> {
        sleep_until(self.next).await;
        self.next = Instant::now() + EVERY;
        let fragments = self.desk.look(&self.sources, &self.reader).await?;
        Some(self.differ.changes(fragments).message(None, Utc::now()))
    }
}
