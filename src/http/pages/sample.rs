//! Small feeds for tests.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};

use crate::{
    board::{
        Board, HeatBoard, RingBoard,
        agility::OnCourse,
        karting::{Clock, Line},
    },
    event::{
        FeedId, FeedInfo,
        agility::{Course, Pair, Playset, Run, RunKey},
        karting::{Heat, HeatKey, Lap, LapSource, Standing},
    },
    http::words::Lang,
    pipeline::live::{Link, Live},
};

use super::reader::Reader;

pub(super) fn reader(lang: Lang) -> Reader {
    Reader::new(lang)
}

/// `seconds` after the moment at which samples were last confirmed.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

pub(super) fn live(board: Board) -> Live {
    let info = FeedInfo {
        id: FeedId::new("track-1"),
        kind: "bmi".into(),
        venue: "Karting <Nord>".into(),
        name: "Track 1".into(),
    };
    let link = Link::Up { since: at(-60) };
    Live { link, last_at: Some(at(0)), board, ..Live::new(Arc::new(info)) }
}

pub(super) fn heat_key() -> Arc<HeatKey> {
    Arc::new(HeatKey { start_unix: 1, name: "[HEAT] 46 -  Final ".into(), occurrence: 0 })
}

/// A race against the clock with 5 min to go.
pub(super) fn heat(lines: Vec<Line>) -> HeatBoard {
    let heat = Heat {
        key: heat_key(),
        state: "running".into(),
        end_condition: "time".into(),
        race_mode: "most_laps".into(),
        clock_ms: 300_000,
        clock_started: true,
        clock_enabled: true,
        remaining_laps: 0,
        end_mode: 0,
        started_at: None,
        finished_at: None,
        seen_at: at(0),
        extra: Default::default(),
    };
    let clock = Clock { ms: 300_000, at: at(0), runs: true, counts_down: true };
    HeatBoard { heat, clock, lines: lines.into_iter().map(Arc::new).collect() }
}

/// A driver with laps of these times, the last of which is on the wire.
pub(super) fn line(position: i32, name: &str, laps: &[i32]) -> Line {
    let driver_id = i64::from(position);
    let laps: Vec<_> = laps
        .iter()
        .zip(1..)
        .map(|(&lap_ms, lap)| Lap {
            heat: heat_key(),
            driver_id,
            lap,
            lap_ms,
            kart: Some("7".into()),
            position: Some(position),
            crossed_at: Some(at(0)),
            source: LapSource::Timed,
            error_ms: 0,
            removed_at: None,
        })
        .collect();
    let times = || laps.iter().map(|lap| lap.lap_ms);
    let driven = i32::try_from(laps.len()).unwrap();
    let standing = Standing {
        heat: heat_key(),
        driver_id,
        name: name.into(),
        kart: "07".into(),
        web_member_id: 0,
        position,
        laps: driven,
        last_lap_ms: times().next_back(),
        average_lap_ms: times().sum::<i32>().checked_div(driven),
        best_lap_ms: times().min(),
        gap: if position == 1 { String::new() } else { "+01.265".into() },
        last_passing: false,
        last_record: None,
        updated_at: at(0),
        extra: Default::default(),
    };
    Line { standing: standing.into(), laps, gaps: Vec::new() }
}

pub(super) fn decimal(text: &str) -> Option<BigDecimal> {
    Some(text.parse().unwrap())
}

pub(super) fn run_key() -> Arc<RunKey> {
    Arc::new(RunKey {
        event_name: "Spring Cup".into(),
        ring_name: "2".into(),
        trial_name: "Saturday ".into(),
        name: "Grade III L".into(),
        run_type: "JP".into(),
    })
}

pub(super) fn dog(id: &str, name: &str, status: &str) -> Playset {
    Playset {
        run: run_key(),
        playset_id: id.into(),
        pair: Pair {
            handler: Some("Anna Nogues".into()),
            dog_family_name: Some(name.into()),
            country: Some("ES".into()),
            ..Pair::default()
        },
        start_order: Some(3),
        status: Some(status.into()),
        faults: Some(1),
        refusals: Some(0),
        disqualification: None,
        qualification: None,
        classification: None,
        time_s: None,
        time_marker: None,
        speed_m_s: None,
        total_penalization: None,
        updated_at: at(0),
        extra: Default::default(),
    }
}

/// A dog that has been running for 7.5 s when 8 s have passed.
pub(super) fn ring() -> RingBoard {
    let course = Course {
        judge_name: Some("Tim O'Neill".into()),
        length_m: decimal("180.50"),
        obstacles: Some(20),
        standard_time: decimal("40.00"),
        maximum_time: None,
    };
    let run = Run { key: run_key(), course, seen_at: at(0), extra: Default::default() };
    let running_since = DateTime::from_timestamp_millis(1_700_000_000_500);
    let leader = Playset {
        classification: Some(1),
        time_s: decimal("38.25"),
        total_penalization: decimal("5.00"),
        ..dog("leader", "Chispa", "calculated")
    };
    let own = dog("own", "Mel", "running").into();
    RingBoard {
        run: Some(run),
        on_course: Some(OnCourse { playset: own, running_since }),
        next: Some(dog("next", "Flow", "ready").into()),
        best: vec![leader.into()],
        combined: Vec::new(),
    }
}
