//! How much memory events take. What bounds the number of things that may be held must bound their
//! size too, and what a venue sends can be large wherever it is text.

use std::mem::size_of;

use serde_json::Value;

use super::{
    Event, Extra,
    agility::{AgilityEvent, CombinedResult, Pair, Playset, PlaysetChange, Progress, Run},
    karting::{Heat, KartingEvent, Lap, Standing},
};

/// What an entry of a JSON object takes beside its key's text and its value.
const ENTRY_BYTES: usize = 48;
/// One unit of [`Event::weight`].
const UNIT_BYTES: usize = 1_024;

impl Event {
    /// How much memory it takes, in units of about a kilobyte; at least 1. What it shares with
    /// other events (the names of its heat or run) is not counted.
    pub fn weight(&self) -> usize {
        1 + self.text_bytes() / UNIT_BYTES
    }

    /// What it takes beyond its own size.
    fn text_bytes(&self) -> usize {
        match self {
            Self::Configured | Self::Connection(_) => 0,
            Self::FramesLost(lost) => lost.reason.len(),
            Self::FrameRejected(rejected) => rejected.reason.len() + rejected.payload.len(),
            Self::Karting(event) => match event {
                KartingEvent::Heat(heat) => heat.text_bytes(),
                KartingEvent::Standing(standing) => standing.text_bytes(),
                KartingEvent::Lap(lap) => lap.text_bytes(),
                KartingEvent::LapGap(_)
                | KartingEvent::LapGapClosed { .. }
                | KartingEvent::TrackCleared { .. } => 0,
            },
            Self::Agility(event) => match event {
                AgilityEvent::Run(run) => run.text_bytes(),
                AgilityEvent::Playset(playset) => playset.text_bytes(),
                AgilityEvent::PlaysetChange(change) => change.text_bytes(),
                AgilityEvent::Combined(result) => result.text_bytes(),
                AgilityEvent::RunsNotReady { message, .. } => message.len(),
            },
        }
    }
}

/// The memory that a JSON value takes, all that is in it included.
fn value_bytes(value: &Value) -> usize {
    let inside = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(value_bytes).sum(),
        Value::Object(entries) => extra_bytes(entries),
    };
    size_of::<Value>() + inside
}

/// The memory that an entry of a JSON object takes.
pub fn entry_bytes(key: &str, value: &Value) -> usize {
    ENTRY_BYTES + key.len() + value_bytes(value)
}

fn extra_bytes(extra: &Extra) -> usize {
    extra.iter().map(|(key, value)| entry_bytes(key, value)).sum()
}

fn texts<const N: usize>(texts: [&Option<String>; N]) -> usize {
    texts.into_iter().flatten().map(String::len).sum()
}

impl Heat {
    fn text_bytes(&self) -> usize {
        extra_bytes(&self.extra)
    }
}

impl Standing {
    fn text_bytes(&self) -> usize {
        self.name.len() + self.kart.len() + self.gap.len() + extra_bytes(&self.extra)
    }
}

impl Lap {
    fn text_bytes(&self) -> usize {
        self.kart.as_ref().map_or(0, |kart| kart.len())
    }
}

impl Run {
    fn text_bytes(&self) -> usize {
        texts([&self.course.judge_name]) + extra_bytes(&self.extra)
    }
}

impl Playset {
    /// The memory it takes, without the names of its run.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.text_bytes()
    }

    fn text_bytes(&self) -> usize {
        let own = texts([&self.status, &self.disqualification, &self.qualification]);
        self.playset_id.len() + own + self.pair.text_bytes() + extra_bytes(&self.extra)
    }
}

impl PlaysetChange {
    fn text_bytes(&self) -> usize {
        self.playset_id.len() + self.progress.text_bytes()
    }
}

impl Progress {
    /// The memory it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.text_bytes()
    }

    fn text_bytes(&self) -> usize {
        texts([&self.status, &self.disqualification])
    }
}

impl CombinedResult {
    /// The memory it takes, without the names of its run.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.text_bytes()
    }

    fn text_bytes(&self) -> usize {
        let own = texts([&self.combined_id]) + self.dorsal.len();
        own + self.pair.text_bytes() + extra_bytes(&self.extra)
    }
}

impl Pair {
    fn text_bytes(&self) -> usize {
        texts([
            &self.dorsal,
            &self.handler,
            &self.club,
            &self.country,
            &self.team_name,
            &self.dog_family_name,
            &self.dog_studbook_name,
            &self.dog_breed,
            &self.dog_gender,
            &self.dog_age,
        ])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;
    use serde_json::json;

    use crate::event::{RejectedFrame, agility::RunKey, karting::HeatKey};

    use super::*;

    fn playset(change: impl FnOnce(&mut Playset)) -> Event {
        let names = || "E".to_owned();
        let run = RunKey {
            event_name: names(),
            ring_name: names(),
            trial_name: names(),
            name: names(),
            run_type: names(),
        };
        let mut playset = Playset {
            run: Arc::new(run),
            playset_id: "id".to_owned(),
            pair: Pair::default(),
            start_order: None,
            status: None,
            faults: None,
            refusals: None,
            disqualification: None,
            qualification: None,
            classification: None,
            time_s: None,
            time_marker: None,
            speed_m_s: None,
            total_penalization: None,
            updated_at: DateTime::UNIX_EPOCH,
            extra: Extra::new(),
        };
        change(&mut playset);
        Event::Agility(AgilityEvent::Playset(playset.into()))
    }

    #[test]
    fn event_weighs_a_unit_when_it_is_as_small_as_they_are() {
        assert!(size_of::<Event>() <= UNIT_BYTES, "{}", size_of::<Event>());
        assert_eq!(Event::Configured.weight(), 1);
        let heat = HeatKey { start_unix: 1, name: "a".into(), occurrence: 0 };
        let closed =
            KartingEvent::LapGapClosed { heat: Arc::new(heat), driver_id: 1, first_lap: 1 };
        assert_eq!(Event::Karting(closed).weight(), 1);
        assert_eq!(playset(|_| ()).weight(), 1);
    }

    #[test]
    fn event_weighs_its_texts_wherever_they_are() {
        let long = || "x".repeat(10 * UNIT_BYTES);
        assert_eq!(playset(|playset| playset.playset_id = long()).weight(), 11);
        assert_eq!(playset(|playset| playset.status = Some(long())).weight(), 11);
        assert_eq!(playset(|playset| playset.pair.dog_breed = Some(long())).weight(), 11);
        let extra = |value: String| json!({ "key": value }).as_object().unwrap().clone();
        assert_eq!(playset(|playset| playset.extra = extra(long())).weight(), 11);
        let at = DateTime::UNIX_EPOCH;
        let rejected = RejectedFrame { received_at: at, reason: long(), payload: long() };
        assert_eq!(Event::FrameRejected(rejected).weight(), 21);
    }

    #[test]
    fn event_weighs_its_json_as_it_is_held_and_not_as_it_was_sent() {
        let zeros = json!({ "zeros": vec![0; 1_000] });
        let sent = zeros.to_string().len();
        let event = playset(|playset| playset.extra = zeros.as_object().unwrap().clone());
        assert_eq!(sent / UNIT_BYTES, 1);
        assert_eq!(event.weight(), 1 + 1_000 * size_of::<Value>() / UNIT_BYTES);
    }
}
