//! Sorts the events of a batch into the rows of each table: no two with the same key, in the order
//! of their keys, so that two writers never wait for each other crosswise.

use std::collections::{BTreeMap, HashSet};

use crate::{
    db::rows::{
        agility::{NewAgilityRun, NewCombinedResult, NewPlayset, NewPlaysetChange},
        feeds::{NewFeedConnection, NewFramesLost, NewRejectedFrame},
        karting::{NewHeat, NewHeatDriver, NewLap, NewLapGap},
        row::Row,
    },
    event::{
        Event, FeedId,
        agility::AgilityEvent,
        karting::{Heat, KartingEvent},
    },
    pipeline::message::{Batch, Entry},
};

use super::{
    ids::{Ids, Lookup, MissingParent},
    sql::{GapKey, HeatClock},
};

/// Stands where an orphan has no parent's id; it is left out when the row is set aside.
const NO_PARENT: i64 = 0;

/// What a batch holds for one table.
pub(super) struct Found<R> {
    /// In the order of their keys, each key once.
    pub rows: Vec<R>,
    pub orphans: Vec<Orphan<R>>,
}

/// A row whose parent is not in the database, so that it can't be either.
pub(super) struct Orphan<R> {
    pub row: R,
    pub reason: String,
}

/// Rows that other rows refer to.
pub(super) struct Parents<'a> {
    /// Of heats that are in the database, before what `heats` says of them.
    pub clocks: Vec<HeatClock>,
    pub heats: Found<NewHeat<'a>>,
    /// What `heats` was made of.
    pub told_heats: Vec<(&'a FeedId, &'a Heat)>,
    pub runs: Found<NewAgilityRun<'a>>,
}

pub(super) struct Children<'a> {
    pub connections: Found<NewFeedConnection<'a>>,
    pub frames: Found<NewRejectedFrame<'a>>,
    pub lost: Found<NewFramesLost<'a>>,
    pub drivers: Found<NewHeatDriver<'a>>,
    pub laps: Found<NewLap<'a>>,
    pub gaps: Found<NewLapGap>,
    pub closed_gaps: Vec<GapKey>,
    pub playsets: Found<NewPlayset<'a>>,
    pub changes: Found<NewPlaysetChange<'a>>,
    pub combined: Found<NewCombinedResult<'a>>,
}

/// Needs the ids of the feeds. Half the rows of a fleet are heats of which only the clock moved: these
/// are found by their ids, and nothing else of them is sent.
pub(super) fn parents<'a>(batch: &'a Batch, ids: &Ids) -> Parents<'a> {
    let (mut heats, mut runs) = (Gathered::default(), Gathered::default());
    let (mut clocks, mut told_heats, mut changed) = (BTreeMap::new(), Vec::new(), HashSet::new());
    for Entry { feed, event } in &batch.entries {
        match event {
            Event::Karting(KartingEvent::Heat(heat)) => {
                let known = ids.known_heat(&feed.id, &heat.key);
                match known.filter(|known| !changed.contains(&known.id)) {
                    Some(known) if known.has_another_clock_only(heat) => {
                        clocks.insert(known.id, HeatClock::new(known.id, heat));
                    }
                    _ => {
                        changed.extend(known.map(|known| known.id));
                        heats.add(ids.feed(&feed.id), |feed_id| NewHeat::new(feed_id, heat));
                        told_heats.push((&feed.id, heat));
                    }
                }
            }
            Event::Agility(AgilityEvent::Run(run)) => {
                runs.add(ids.feed(&feed.id), |feed_id| NewAgilityRun::new(feed_id, run));
            }
            _ => {}
        }
    }
    let clocks = clocks.into_values().collect();
    Parents { clocks, heats: heats.settle(), told_heats, runs: runs.settle() }
}

/// Needs the ids of feeds, heats and runs.
pub(super) fn children<'a>(batch: &'a Batch, ids: &Ids) -> Children<'a> {
    let ids = &mut Lookup::new(ids);
    let mut gathered = GatheredChildren::default();
    for Entry { feed, event } in &batch.entries {
        match event {
            Event::Configured => {}
            Event::Connection(span) => gathered
                .connections
                .add(ids.feed(&feed.id), |feed_id| NewFeedConnection::new(feed_id, span)),
            Event::FrameRejected(frame) => gathered
                .frames
                .add(ids.feed(&feed.id), |feed_id| NewRejectedFrame::new(feed_id, frame)),
            Event::FramesLost(lost) => {
                gathered.lost.add(ids.feed(&feed.id), |feed_id| NewFramesLost::new(feed_id, lost));
            }
            Event::Karting(event) => gathered.add_karting(ids, &feed.id, event),
            Event::Agility(event) => gathered.add_agility(ids, &feed.id, event),
        }
    }
    gathered.settle()
}

#[derive(Default)]
struct GatheredChildren<'a> {
    connections: Gathered<NewFeedConnection<'a>>,
    frames: Gathered<NewRejectedFrame<'a>>,
    lost: Gathered<NewFramesLost<'a>>,
    drivers: Gathered<NewHeatDriver<'a>>,
    laps: Gathered<NewLap<'a>>,
    /// Opened and closed in turn: the last word counts, none for closed.
    gaps: BTreeMap<GapKey, Option<NewLapGap>>,
    orphaned_gaps: Vec<Orphan<NewLapGap>>,
    playsets: Gathered<NewPlayset<'a>>,
    changes: Gathered<NewPlaysetChange<'a>>,
    combined: Gathered<NewCombinedResult<'a>>,
}

impl<'a> GatheredChildren<'a> {
    fn add_karting(&mut self, ids: &mut Lookup<'a, '_>, feed: &'a FeedId, event: &'a KartingEvent) {
        match event {
            KartingEvent::Heat(_) | KartingEvent::TrackCleared { .. } => {}
            KartingEvent::Standing(standing) => {
                let feed_id = ids.feed(feed).unwrap_or(NO_PARENT);
                self.drivers.add(ids.heat(feed, &standing.heat), |heat_id| {
                    NewHeatDriver::new(feed_id, heat_id, standing)
                })
            }
            KartingEvent::Lap(lap) => {
                self.laps.add(ids.heat(feed, &lap.heat), |heat_id| NewLap::new(heat_id, lap));
            }
            KartingEvent::LapGap(gap) => match ids.heat(feed, &gap.heat) {
                Ok(id) => {
                    let key = (id, gap.driver_id, gap.first_lap);
                    self.gaps.insert(key, Some(NewLapGap::new(id, gap)));
                }
                Err(missing) => self.orphaned_gaps.push(Orphan {
                    row: NewLapGap::new(NO_PARENT, gap),
                    reason: missing.to_string(),
                }),
            },
            KartingEvent::LapGapClosed { heat, driver_id, first_lap } => {
                // Without its heat there is no gap to close.
                if let Ok(id) = ids.heat(feed, heat) {
                    self.gaps.insert((id, *driver_id, *first_lap), None);
                }
            }
        }
    }

    fn add_agility(&mut self, ids: &mut Lookup<'a, '_>, feed: &'a FeedId, event: &'a AgilityEvent) {
        match event {
            AgilityEvent::Run(_) | AgilityEvent::RunsNotReady { .. } => {}
            AgilityEvent::Playset(playset) => self
                .playsets
                .add(ids.run(feed, &playset.run), |run_id| NewPlayset::new(run_id, playset)),
            AgilityEvent::PlaysetChange(change) => self
                .changes
                .add(ids.run(feed, &change.run), |run_id| NewPlaysetChange::new(run_id, change)),
            AgilityEvent::Combined(result) => {
                self.combined.add(ids.feed(feed), |feed_id| NewCombinedResult::new(feed_id, result))
            }
        }
    }

    fn settle(self) -> Children<'a> {
        let (mut rows, mut closed_gaps) = (Vec::new(), Vec::new());
        for (key, gap) in self.gaps {
            match gap {
                Some(gap) => rows.push(gap),
                None => closed_gaps.push(key),
            }
        }
        Children {
            connections: self.connections.settle(),
            frames: self.frames.settle(),
            lost: self.lost.settle(),
            drivers: self.drivers.settle(),
            laps: self.laps.settle(),
            gaps: Found { rows, orphans: self.orphaned_gaps },
            closed_gaps,
            playsets: self.playsets.settle(),
            changes: self.changes.settle(),
            combined: self.combined.settle(),
        }
    }
}

/// Rows in the order of their events.
struct Gathered<R>(Found<R>);

impl<R> Default for Gathered<R> {
    fn default() -> Self {
        Self(Found { rows: Vec::new(), orphans: Vec::new() })
    }
}

impl<R: Row> Gathered<R> {
    fn add(&mut self, parent: Result<i64, MissingParent<'_>>, row: impl FnOnce(i64) -> R) {
        match parent {
            Ok(id) => self.0.rows.push(row(id)),
            Err(missing) => {
                self.0.orphans.push(Orphan { row: row(NO_PARENT), reason: missing.to_string() });
            }
        }
    }

    fn settle(self) -> Found<R> {
        Found { rows: settle(self.0.rows), orphans: self.0.orphans }
    }
}

/// Orders the rows by their keys and makes one of those that share a key, in the order they came.
pub(super) fn settle<R: Row>(rows: Vec<R>) -> Vec<R> {
    let mut rows = in_order(rows);
    rows.dedup_by(|newer, row| {
        let is_same = row.compare_keys(newer).is_eq();
        if is_same {
            row.merge(newer);
        }
        is_same
    });
    rows
}

/// Rows of one key stay in the order of their events. A row has hundreds of bytes: it is moved once
/// at most.
fn in_order<R: Row>(rows: Vec<R>) -> Vec<R> {
    if rows.is_sorted_by(|one, next| one.compare_keys(next).is_le()) {
        return rows;
    }
    let mut places: Vec<_> = (0..rows.len()).collect();
    places.sort_by(|&one, &other| rows[one].compare_keys(&rows[other]));
    let mut rows: Vec<_> = rows.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(rows.len());
    ordered.extend(places.into_iter().filter_map(|place| rows[place].take()));
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lap(driver_id: i64, lap_ms: i32, position: Option<i32>) -> NewLap<'static> {
        NewLap {
            heat_id: 1,
            driver_id,
            lap: 1,
            lap_ms,
            kart: None,
            position,
            crossed_at: None,
            source: "timed",
            error_ms: 0,
            removed_at: None,
        }
    }

    #[test]
    fn settle_orders_rows_and_lets_the_last_account_count() {
        let told = |rows: Vec<NewLap<'static>>| -> Vec<_> {
            settle(rows).iter().map(|row| (row.driver_id, row.lap_ms, row.position)).collect()
        };
        let in_order = vec![lap(1, 10, None), lap(2, 20, Some(1)), lap(2, 21, None)];
        assert_eq!(told(in_order), [(1, 10, None), (2, 21, Some(1))]);
        let mixed = vec![lap(2, 20, None), lap(3, 30, None), lap(2, 21, Some(4)), lap(1, 10, None)];
        assert_eq!(told(mixed), [(1, 10, None), (2, 21, Some(4)), (3, 30, None)]);
        let turned = vec![lap(2, 22, None), lap(1, 11, None), lap(2, 21, None), lap(1, 10, None)];
        assert_eq!(told(turned), [(1, 10, None), (2, 21, None)]);
    }
}
