//! The tables as they are.

use serde::{Deserialize, de::DeserializeOwned};

use crate::support::postgres::TestDb;

/// All rows of one database that come from frames.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub heats: Vec<HeatRow>,
    pub drivers: Vec<DriverRow>,
    pub laps: Vec<LapRow>,
    pub gaps: Vec<GapRow>,
    pub runs: Vec<RunRow>,
    pub playsets: Vec<PlaysetRow>,
    /// By the time of the change.
    pub changes: Vec<ChangeRow>,
    pub combined: Vec<CombinedRow>,
    /// Frames and rows that were refused.
    pub rejected: usize,
}

/// The identity of a heat, as far as the venue gives one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct HeatName {
    pub start_unix: i64,
    pub heat: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct HeatRow {
    pub feed: String,
    #[serde(flatten)]
    pub name: HeatName,
    pub state: String,
    pub end_condition: String,
    pub race_mode: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct DriverRow {
    pub feed: String,
    #[serde(flatten)]
    pub heat: HeatName,
    pub driver_id: i64,
    pub name: String,
    pub kart: String,
    pub position: i64,
    pub laps: i64,
    pub last_lap_ms: Option<i64>,
    pub average_lap_ms: Option<i64>,
    pub best_lap_ms: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct LapRow {
    pub feed: String,
    #[serde(flatten)]
    pub heat: HeatName,
    pub driver_id: i64,
    pub lap: u32,
    pub lap_ms: i64,
    pub source: String,
    pub error_ms: i64,
    pub removed: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub struct GapRow {
    pub feed: String,
    #[serde(flatten)]
    pub heat: HeatName,
    pub driver_id: i64,
    pub first_lap: u32,
    pub last_lap: u32,
    pub total_ms: Option<i64>,
    pub error_ms: i64,
}

#[derive(Clone, Debug, Deserialize)]
pub struct RunRow {
    pub feed: String,
    /// Event, ring, trial, name and type.
    pub run: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PlaysetRow {
    pub feed: String,
    pub run: String,
    pub playset_id: String,
    /// Everything else, in the words of the oracle.
    pub says: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ChangeRow {
    pub feed: String,
    pub run: String,
    pub playset_id: String,
    /// To be shown, not compared: the oracle does not know when Ringside read a frame.
    pub changed_at: String,
    pub says: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct CombinedRow {
    pub feed: String,
    /// Event, ring, trial, name and dorsal.
    pub result: String,
    pub says: String,
}

const HEAT: &str = "f.slug AS feed, h.start_unix, h.name AS heat";
const OF_HEAT: &str = "JOIN heats h ON h.id = x.heat_id JOIN feeds f ON f.id = h.feed_id";
const RUN: &str = "f.slug AS feed, concat_ws('|', r.event_name, r.ring_name, r.trial_name, \
                   r.name, r.type) AS run";
const OF_RUN: &str = "JOIN agility_runs r ON r.id = x.run_id JOIN feeds f ON f.id = r.feed_id";
/// A time line's step; null and nothing are the same on the wire.
const PROGRESS: &str = "coalesce(x.status, ''), coalesce(x.faults::text, ''), \
                        coalesce(x.refusals::text, ''), coalesce(x.disqualification, ''), \
                        coalesce(x.time_s::text, '')";

impl Tables {
    pub fn read(db: &TestDb) -> Self {
        let rejected = db.value(
            "SELECT (SELECT count(*) FROM rejected_frames) + (SELECT count(*) FROM rejected_rows)",
        );
        Self {
            heats: rows(
                db,
                &format!(
                    "SELECT {HEAT}, h.state, h.end_condition, h.race_mode \
                     FROM heats h JOIN feeds f ON f.id = h.feed_id"
                ),
            ),
            drivers: rows(db, &format!("SELECT x.*, {HEAT} FROM heat_drivers x {OF_HEAT}")),
            laps: rows(
                db,
                &format!(
                    "SELECT x.*, x.removed_at IS NOT NULL AS removed, {HEAT} FROM laps x {OF_HEAT}"
                ),
            ),
            gaps: rows(db, &format!("SELECT x.*, {HEAT} FROM lap_gaps x {OF_HEAT}")),
            runs: rows(
                db,
                &format!("SELECT {RUN} FROM agility_runs r JOIN feeds f ON f.id = r.feed_id"),
            ),
            playsets: rows(
                db,
                &format!(
                    "SELECT {RUN}, x.playset_id, concat_ws('|', x.dorsal, x.handler, \
                     x.dog_family_name, x.start_order, {PROGRESS}, coalesce(x.qualification, ''), \
                     coalesce(x.classification::text, ''), \
                     coalesce(x.total_penalization::text, '')) AS says FROM playsets x {OF_RUN}"
                ),
            ),
            changes: rows(
                db,
                &format!(
                    "SELECT {RUN}, x.playset_id, x.changed_at, concat_ws('|', {PROGRESS}) AS says \
                     FROM playset_changes x {OF_RUN} ORDER BY x.changed_at"
                ),
            ),
            combined: rows(
                db,
                "SELECT f.slug AS feed, concat_ws('|', x.event_name, x.ring_name, x.trial_name, \
                 x.name, x.dorsal) AS result, concat_ws('|', coalesce(x.classification::text, ''), \
                 coalesce(x.time_s::text, ''), coalesce(x.total_penalization::text, '')) AS says \
                 FROM combined_results x JOIN feeds f ON f.id = x.feed_id",
            ),
            rejected: rejected.as_u64().unwrap() as usize,
        }
    }

    /// The rows of one feed.
    pub(super) fn of(&self, slug: &str) -> Self {
        macro_rules! of_feed {
            ($table:ident) => {
                self.$table.iter().filter(|row| row.feed == slug).cloned().collect()
            };
        }
        Self {
            heats: of_feed!(heats),
            drivers: of_feed!(drivers),
            laps: of_feed!(laps),
            gaps: of_feed!(gaps),
            runs: of_feed!(runs),
            playsets: of_feed!(playsets),
            changes: of_feed!(changes),
            combined: of_feed!(combined),
            rejected: self.rejected,
        }
    }
}

fn rows<T: DeserializeOwned>(db: &TestDb, query: &str) -> Vec<T> {
    let read = |row| serde_json::from_value(row).unwrap_or_else(|e| panic!("{e}: {query}"));
    db.rows(query).into_iter().map(read).collect()
}
