//! The kart table, worked out when somebody asks and kept for a minute: it takes the stints of a
//! month, and everybody at a track asks the same.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::web;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::{
    analysis::karting::{KartTable, kart_model::Stint, kart_table},
    db::queries::{self, Driven},
    event::{FeedId, FeedInfo},
};

use super::{Sources, Unanswered, almanac, almanac::Almanac, calendar, calendar::Span};

const FRESH_FOR: Duration = Duration::from_secs(60);
/// Tables; the oldest goes.
const MOST_KEPT: usize = 64;
/// Of a span, the latest. A busy track has as many in a month.
pub const MOST_STINTS: u32 = 50_000;

/// Which table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KartsWanted {
    pub feed: FeedId,
    pub span: Span,
    /// Of karts; any where none is given.
    pub class: Option<String>,
}

/// The karts of a feed in a span.
#[derive(Debug)]
pub struct Karts {
    pub feed: FeedInfo,
    pub table: KartTable,
    /// The classes of karts that were ever driven there.
    pub classes: Vec<String>,
    /// There were more than [`MOST_STINTS`].
    pub is_cut: bool,
    /// Laps that came after this may not be counted yet; none where all are.
    pub missing_since: Option<DateTime<Utc>>,
}

/// Has the tables of the last minute.
#[derive(Default)]
pub struct KartDesk {
    kept: Mutex<HashMap<KartsWanted, Kept>>,
}

struct Kept {
    at: Instant,
    karts: Arc<Karts>,
}

impl KartDesk {
    /// None where no such feed is known.
    ///
    /// # Errors
    /// As of [`Desk::ask`](super::Desk::ask).
    pub async fn karts(
        &self,
        sources: &Sources,
        wanted: KartsWanted,
    ) -> Result<Option<Arc<Karts>>, Unanswered> {
        if let Some(karts) = self.fresh(&wanted) {
            return Ok(Some(karts));
        }
        let question = wanted.clone();
        let driven = sources.desk.ask(move |conn| {
            let KartsWanted { feed, span, class } = question;
            queries::driven(conn, &feed, (span.from, span.to), class.as_deref(), MOST_STINTS)
        });
        let Some(driven) = driven.await? else { return Ok(None) };
        let zone = sources.almanac.zone(&wanted.feed);
        let almanac = sources.almanac.clone();
        // A tenth of a second, when a track is busy: not on a thread that serves others.
        let karts = web::block(move || compare(driven, &almanac, zone)).await;
        let karts = Arc::new(karts.map_err(|_| Unanswered::cancelled())?);
        self.keep(wanted, karts.clone());
        Ok(Some(karts))
    }

    fn fresh(&self, wanted: &KartsWanted) -> Option<Arc<Karts>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(wanted).filter(|kept| kept.at.elapsed() < FRESH_FOR)?;
        Some(kept.karts.clone())
    }

    fn keep(&self, wanted: KartsWanted, karts: Arc<Karts>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| kept.at.elapsed() < FRESH_FOR);
        while kept.len() >= MOST_KEPT {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.at).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            kept.remove(&oldest);
        }
        kept.insert(wanted, Kept { at: Instant::now(), karts });
    }
}

fn compare(driven: Driven, almanac: &Almanac, zone: Tz) -> Karts {
    let Driven { feed, stints, is_cut, classes, missing_since } = driven;
    let mut people: HashMap<&str, String> = HashMap::new();
    for stint in &stints {
        let person = || almanac::key(&almanac.names_of(&feed.venue, &stint.name_key).name);
        people.entry(&stint.name_key).or_insert_with(person);
    }
    let compared: Vec<Stint<'_>> = stints
        .iter()
        .map(|driven| Stint {
            heat: driven.heat_id,
            driver_id: driven.driver_id,
            name: people.get(driven.name_key.as_str()).map_or("", String::as_str),
            kart: &driven.kart,
            day: calendar::day(driven.best_at, zone),
            laps: driven.laps,
            best_ms: driven.best_lap_ms,
            median_ms: driven.median_ms,
        })
        .collect();
    let table = kart_table(&compared);
    Karts { feed, table, classes, is_cut, missing_since }
}
