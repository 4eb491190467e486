//! Small runs for tests.

use std::sync::Arc;

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};

use crate::event::agility::{Playset, PlaysetChange, Progress, RunKey};

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

pub(super) fn decimal(text: &str) -> BigDecimal {
    text.parse().unwrap()
}

fn run() -> Arc<RunKey> {
    Arc::new(RunKey {
        event_name: "Cup".into(),
        ring_name: "1".into(),
        trial_name: String::new(),
        name: "G3 / S".into(),
        run_type: "JP".into(),
    })
}

pub(super) fn dog(id: &str, status: &str) -> Playset {
    Playset {
        run: run(),
        playset_id: id.into(),
        pair: Default::default(),
        start_order: None,
        status: Some(status.into()),
        faults: Some(0),
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

pub(super) fn calculated(id: &str, penalization: &str, time: &str) -> Playset {
    Playset {
        total_penalization: Some(decimal(penalization)),
        time_s: Some(decimal(time)),
        ..dog(id, "calculated")
    }
}

pub(super) fn out(id: &str, start_order: i32) -> Playset {
    Playset {
        start_order: Some(start_order),
        disqualification: Some("elim".into()),
        total_penalization: Some(decimal("100.00")),
        ..dog(id, "calculated")
    }
}

pub(super) fn change(id: &str, status: &str, seconds: i64) -> PlaysetChange {
    let progress = Progress { status: Some(status.into()), ..Progress::default() };
    PlaysetChange { run: run(), playset_id: id.into(), changed_at: at(seconds), progress }
}
