//! What the database says of what was missed: `feed_gaps`.

use chrono::DateTime;
use ringside::db::queries::{self, FeedGaps, Gap, Gaps};
use serde_json::{Value, json};

use crate::support::postgres::TestDb;

/// Feeds `speedpark` (1), `ring` (2) and `quiet` (3), and a way to add to them.
struct Scene(TestDb);

/// Seconds of the scene's own time.
type Second = i64;

impl Scene {
    fn new() -> Self {
        let test = TestDb::new();
        test.execute(
            "CREATE FUNCTION at(second bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS \
             $$ SELECT to_timestamp(1700000000 + second) $$; \
             INSERT INTO feeds (id, slug, kind, venue, name) VALUES \
             (1, 'speedpark', 'bmi', '', ''), (2, 'ring', 'flowagility', '', ''), \
             (3, 'quiet', 'bmi', '', '')",
        );
        Self(test)
    }

    fn connection(&self, feed: i64, generation: i64, from: Second, ended: Option<(Second, &str)>) {
        let (to, reason) = ended.unzip();
        let reason = reason.map_or("NULL".to_owned(), |word| format!("'{word}'"));
        self.0.execute(&format!(
            "INSERT INTO feed_connections VALUES \
             ({feed}, {generation}, at({from}), at({}), {reason}, NULL)",
            number(to)
        ));
    }

    /// One connection before the gap and one after it, which is open.
    fn gap(&self, feed: i64, from: Second, to: Second) {
        self.connection(feed, 1, 0, Some((from, "remote_closed")));
        self.connection(feed, 2, to, None);
    }

    fn heat(&self, feed: i64, heat: &Heat) {
        let Heat { state, first_seen, started, finished, last_seen } = heat;
        self.0.execute(&format!(
            "INSERT INTO heats (feed_id, start_unix, name, occurrence, state, end_condition, \
             race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, \
             started_at, finished_at, first_seen_at, last_seen_at) VALUES \
             ({feed}, 0, 'heat', 0, '{state}', 'time', 'best_lap', 0, true, true, 0, 0, \
             at({}), at({}), at({first_seen}), at({last_seen}))",
            number(*started),
            number(*finished),
        ));
    }

    fn dog(&self, feed: i64, status: &str, changed: Second) {
        self.0.execute(&format!(
            "WITH run AS ( \
               INSERT INTO agility_runs (feed_id, event_name, ring_name, trial_name, name, type, \
               first_seen_at, last_seen_at) VALUES ({feed}, '', '', '', '', 'AG', at(0), at(0)) \
               ON CONFLICT (feed_id, event_name, ring_name, trial_name, name, type) \
               DO UPDATE SET last_seen_at = at(0) RETURNING id) \
             INSERT INTO playset_changes (run_id, playset_id, changed_at, status) \
             SELECT id, 'dog', at({changed}), '{status}' FROM run"
        ));
    }

    /// Feed, generation, from and to in the scene's time, reason, frames.
    fn gaps(&self) -> Vec<Value> {
        self.0.rows(
            "SELECT jsonb_build_array(slug, generation, extract(epoch FROM from_at)::int - 1700000000, \
             extract(epoch FROM to_at)::int - 1700000000, reason, frames) AS gap \
             FROM feed_gaps ORDER BY from_at, slug",
        )
        .into_iter()
        .map(|row| row["gap"].clone())
        .collect()
    }

    fn is_active(&self) -> bool {
        self.0.value("SELECT active FROM feed_gaps").as_bool().unwrap()
    }
}

fn number(second: Option<Second>) -> String {
    second.map_or("NULL".to_owned(), |second| second.to_string())
}

struct Heat {
    state: &'static str,
    first_seen: Second,
    started: Option<Second>,
    finished: Option<Second>,
    last_seen: Second,
}

#[test]
fn gaps_are_between_the_connections_of_a_feed_and_after_its_latest() {
    let scene = Scene::new();
    scene.connection(1, 1, 0, Some((100, "remote_closed")));
    scene.connection(1, 2, 102, Some((200, "requested")));
    // The next one began at the same moment, and connections that failed have numbers but no rows.
    scene.connection(1, 5, 200, Some((300, "silence")));
    scene.connection(1, 6, 310, None);
    scene.connection(2, 1, 0, Some((50, "requested")));
    let expected = [
        json!(["ring", 1, 50, null, "requested", null]),
        json!(["speedpark", 1, 100, 102, "remote_closed", null]),
        json!(["speedpark", 5, 300, 310, "silence", null]),
    ];
    assert_eq!(scene.gaps(), expected);
}

#[test]
fn gap_has_no_length_when_the_clock_was_set_back_in_it() {
    let scene = Scene::new();
    scene.gap(1, 3_600, 10);
    assert_eq!(scene.gaps(), [json!(["speedpark", 1, 10, 10, "remote_closed", null])]);
}

#[test]
fn gap_begins_with_the_last_sign_of_life_when_the_end_was_not_witnessed() {
    let scene = Scene::new();
    scene.connection(1, 1, 10, Some((100, "lost")));
    scene.connection(1, 2, 100, None);
    let begins = || scene.gaps()[0][2].clone();
    assert_eq!(begins(), 10, "nothing came but the connection itself");

    let heat = Heat {
        state: "running",
        first_seen: 20,
        started: Some(25),
        finished: None,
        // After the gap: it says nothing about the time before.
        last_seen: 500,
    };
    scene.heat(1, &heat);
    assert_eq!(begins(), 25);
    scene.0.execute(
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, crossed_at, source) \
         SELECT id, 1, lap, 20000, at(lap * 20), 'timed' FROM heats, generate_series(1, 9) AS lap",
    );
    assert_eq!(begins(), 80, "the lap at 100 came with the next connection");
    scene.0.execute(
        "INSERT INTO rejected_frames VALUES (1, at(85), '', ''), (2, at(90), '', ''), \
         (1, at(5), '', ''), (1, at(101), '', '')",
    );
    assert_eq!(begins(), 85, "frames of other feeds and other times say nothing");
    scene.dog(1, "pending", 99);
    scene.dog(1, "running", 120);
    assert_eq!(begins(), 99);
}

#[test]
fn gaps_tell_of_lost_frames_with_their_number() {
    let scene = Scene::new();
    scene.connection(1, 1, 0, None);
    scene.0.execute(
        "INSERT INTO frames_lost VALUES (1, at(50), at(60), 9, 'journal_full'), \
         (1, at(70), at(70), 1, 'journal_damaged'), (2, at(95), at(90), 2, 'journal_full')",
    );
    let expected = [
        json!(["speedpark", null, 50, 60, "journal_full", 9]),
        json!(["speedpark", null, 70, 70, "journal_damaged", 1]),
        json!(["ring", null, 90, 90, "journal_full", 2]),
    ];
    assert_eq!(scene.gaps(), expected);
}

/// The gap is from 10,000 to 10,030.
#[test]
fn gap_is_active_when_a_heat_was_on() {
    let heat = |state, first_seen, started, finished, last_seen| Heat {
        state,
        first_seen,
        started,
        finished,
        last_seen,
    };
    for (what, active, heat) in [
        (
            "seen to run before and after",
            true,
            heat("finished", 9_400, Some(9_500), Some(10_200), 10_300),
        ),
        ("finished before", false, heat("finished", 9_400, Some(9_500), Some(9_999), 10_300)),
        (
            "found finished after it",
            true,
            heat("finished", 9_400, Some(9_500), Some(10_031), 10_300),
        ),
        ("found running after it", true, heat("running", 10_031, Some(10_031), None, 10_300)),
        (
            "loaded before, found running after it",
            true,
            heat("running", 9_400, Some(10_031), None, 10_300),
        ),
        (
            "found finished after it, never seen before",
            true,
            heat("finished", 10_031, None, Some(10_031), 10_300),
        ),
        ("begun later", false, heat("running", 9_400, Some(10_100), None, 10_300)),
        ("loaded, never begun", false, heat("not_started", 9_400, None, None, 10_300)),
        ("next, never begun", false, heat("next_heat", 9_400, None, None, 10_300)),
        (
            "finished long ago and still shown",
            false,
            heat("finished", 1_000, None, Some(1_000), 10_300),
        ),
        (
            "running without a clock, seen on both sides",
            true,
            heat("running", 9_400, None, None, 10_300),
        ),
        ("running at last sight", true, heat("running", 9_400, Some(9_500), None, 9_970)),
        ("given up while running", false, heat("running", 8_400, Some(8_500), None, 9_900)),
        ("paused at last sight", true, heat("paused", 8_400, Some(8_500), None, 9_500)),
        ("given up in a pause", false, heat("paused", 8_400, Some(8_500), None, 9_300)),
        ("stopped before", false, heat("stopped", 9_400, Some(9_500), None, 9_990)),
    ] {
        let scene = Scene::new();
        scene.gap(1, 10_000, 10_030);
        scene.heat(3, &heat);
        assert!(!scene.is_active(), "{what}, at another track");
        scene.heat(1, &heat);
        assert_eq!(scene.is_active(), active, "{what}");
    }
}

#[test]
fn gap_is_active_when_it_is_still_open_and_a_heat_was_on_as_it_began() {
    for (finished, active) in [(None, true), (Some(9_990), false)] {
        let scene = Scene::new();
        scene.connection(1, 1, 0, Some((10_000, "remote_closed")));
        let (state, started) = ("running", Some(9_500));
        scene.heat(1, &Heat { state, first_seen: 9_400, started, finished, last_seen: 9_999 });
        assert_eq!(scene.is_active(), active, "finished: {finished:?}");
    }
}

#[test]
fn gap_of_lost_frames_is_active_when_a_heat_was_on() {
    let scene = Scene::new();
    scene.connection(1, 1, 0, None);
    scene.0.execute("INSERT INTO frames_lost VALUES (1, at(10000), at(10030), 9, 'journal_full')");
    assert!(!scene.is_active());
    let (first_seen, started, finished) = (9_400, Some(9_500), Some(10_200));
    let heat = Heat { state: "finished", first_seen, started, finished, last_seen: 10_300 };
    scene.heat(1, &heat);
    assert!(scene.is_active());
}

/// The gap is from 10,000 to 10,030.
#[test]
fn gap_is_active_when_dogs_of_a_run_came_and_went_around_it() {
    for (what, active, status, changed) in [
        ("on course as it began", true, "running", 9_995),
        ("long on course", true, "running", 9_660),
        ("result shortly before", true, "calculated", 9_900),
        ("result long before", false, "calculated", 9_600),
        ("result right after", true, "calculated", 10_031),
        ("the next one soon", true, "running", 10_140),
        ("the next one much later", false, "running", 10_200),
        ("only prepared", false, "pending", 9_995),
        ("only ready", false, "ready", 10_031),
    ] {
        let scene = Scene::new();
        scene.gap(2, 10_000, 10_030);
        scene.dog(3, status, changed);
        assert!(!scene.is_active(), "{what}, in another ring");
        scene.dog(2, status, changed);
        assert_eq!(scene.is_active(), active, "{what}");
    }
}

#[test]
fn gaps_of_late_are_counted_for_the_feeds_asked_for_and_the_newest_are_told() {
    let scene = Scene::new();
    let moment = |second: Second| DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap();
    let feeds = ["ring".to_owned(), "speedpark".to_owned()];
    let ask = |newest| {
        let (since, now) = (moment(10_000), moment(20_000));
        queries::gaps(&mut scene.0.conn(), &feeds, since, now, newest).unwrap()
    };
    assert_eq!(ask(9), Gaps { feeds: Vec::new(), latest: Vec::new() });

    scene.connection(1, 1, 0, Some((8_000, "remote_closed")));
    // Over before it matters, half in, with a heat on.
    scene.connection(1, 2, 8_100, Some((9_000, "silence")));
    scene.connection(1, 3, 10_500, Some((15_000, "remote_closed")));
    scene.connection(1, 4, 15_001, None);
    let (first_seen, started, finished) = (14_500, Some(14_500), Some(15_200));
    scene.heat(1, &Heat { state: "finished", first_seen, started, finished, last_seen: 15_200 });
    scene.0.execute("INSERT INTO frames_lost VALUES (1, at(16000), at(16010), 7, 'journal_full')");
    // For long and still; and one that nobody asks for.
    scene.connection(2, 1, 0, Some((5_000, "pong_timeout")));
    scene.gap(3, 12_000, 13_000);

    let of_feed = |feed: &str, count, seconds, active, active_seconds, lost_frames| FeedGaps {
        feed: feed.to_owned(),
        count,
        seconds,
        active,
        active_seconds,
        lost_frames,
    };
    let expected =
        [of_feed("ring", 1, 10_000.0, 0, 0.0, 0), of_feed("speedpark", 3, 511.0, 1, 1.0, 7)];
    assert_eq!(ask(9).feeds, expected);
    assert_eq!(ask(1).feeds, expected);

    let gap = |feed: &str, from, to: Option<Second>, seconds, reason: &str| Gap {
        feed: feed.to_owned(),
        from_at: moment(from),
        to_at: to.map(moment),
        seconds,
        reason: reason.to_owned(),
        lost_frames: None,
        active: false,
    };
    let lost = gap("speedpark", 16_000, Some(16_010), 10.0, "journal_full");
    let mut latest = [
        Gap { lost_frames: Some(7), ..lost },
        gap("speedpark", 15_000, Some(15_001), 1.0, "remote_closed"),
        gap("speedpark", 9_000, Some(10_500), 1_500.0, "silence"),
        gap("ring", 5_000, None, 15_000.0, "pong_timeout"),
    ];
    latest[1].active = true;
    assert_eq!(ask(9).latest, latest);
    assert_eq!(ask(2).latest, latest[..2]);
}
