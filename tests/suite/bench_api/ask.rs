//! What is asked: every path of the API and every page of the past, about ever other things.

use std::{collections::BTreeSet, net::SocketAddr};

use chrono::{Days, Utc};
use serde_json::Value;

use crate::support::service::get;

use super::fill::{HEATS, TRACKS, TRIALS};

/// Not answered from the tables at once: exports are as long as what they export.
const NOT_ASKED: [&str; 1] = ["/api/v1/export/"];

pub struct Question {
    /// The path as the API describes it, and what of it is used.
    pub name: &'static str,
    path: fn(u32) -> String,
}

impl Question {
    pub fn path(&self, turn: u32) -> String {
        (self.path)(turn)
    }
}

pub fn questions() -> Vec<Question> {
    let question = |name, path| Question { name, path };
    vec![
        question("/api", |_| "/api".to_owned()),
        question("/api/v1/feeds", |_| "/api/v1/feeds".to_owned()),
        question("/api/v1/feeds/{feed}", |turn| format!("/api/v1/feeds/{}", track(turn))),
        question("/api/v1/heats", |_| "/api/v1/heats".to_owned()),
        question("/api/v1/heats?limit=500", |_| "/api/v1/heats?limit=500".to_owned()),
        question("/api/v1/heats?feed=&day=", |turn| {
            format!("/api/v1/heats?feed={}&day={}", track(turn), day(turn))
        }),
        question("/api/v1/heats?name=", |turn| format!("/api/v1/heats?name=heat+{}", turn % 60)),
        question("/api/v1/heats?name= (of none)", |_| "/api/v1/heats?name=nobody".to_owned()),
        question("/api/v1/heats?state= (of none)", |_| "/api/v1/heats?state=running".to_owned()),
        question("/api/v1/heats/{heat}", |turn| format!("/api/v1/heats/{}", heat(turn))),
        question("/api/v1/heats/{heat}/pace", |turn| format!("/api/v1/heats/{}/pace", heat(turn))),
        question("/api/v1/heats/{heat}/duel?a=&b=", |turn| {
            let heat = heat(turn);
            format!("/api/v1/heats/{heat}/duel?a={}&b={}", heat * 100 + 1, heat * 100 + 2)
        }),
        question("/api/v1/laps", |_| "/api/v1/laps".to_owned()),
        question("/api/v1/laps?feed=", |turn| format!("/api/v1/laps?feed={}", track(turn))),
        question("/api/v1/laps?heat=", |turn| format!("/api/v1/laps?heat={}", heat(turn))),
        question("/api/v1/records?feed=&window=day", |turn| records(turn, "day")),
        question("/api/v1/records?feed=&window=month", |turn| records(turn, "month")),
        question("/api/v1/records?feed=&window=year", |turn| records(turn, "year")),
        question("/api/v1/records?feed=&window=ever", |turn| records(turn, "ever")),
        question("/api/v1/records?feed=&window=ever&class=", |turn| {
            records(turn, "ever") + "&class=junior"
        }),
        question("/api/v1/karts?feed=", |turn| format!("/api/v1/karts?feed={}", track(turn))),
        question("/api/v1/drivers?feed=", |turn| format!("/api/v1/drivers?feed={}", track(turn))),
        question("/api/v1/drivers?feed=&begins=", |turn| {
            format!("/api/v1/drivers?feed={}&begins=regular+{}", track(turn), turn % 10)
        }),
        question("/api/v1/drivers/{driver}?feed=", |turn| {
            format!("/api/v1/drivers/Regular%20{}?feed={}", turn * 4, track(turn))
        }),
        question("/api/v1/drivers/{driver}?feed= (of thousands)", |_| {
            "/api/v1/drivers/Guest?feed=track-1".to_owned()
        }),
        question("/api/v1/runs", |_| "/api/v1/runs".to_owned()),
        question("/api/v1/runs?feed=", |turn| format!("/api/v1/runs?feed=ring-{}", 1 + turn % 4)),
        question("/api/v1/runs?day=", |turn| format!("/api/v1/runs?day={}", day(turn))),
        question("/api/v1/runs/{run}", |turn| format!("/api/v1/runs/{}", run(turn))),
        question("/api/v1/runs/{run}/timeline", |turn| {
            format!("/api/v1/runs/{}/timeline", run(turn))
        }),
        question("/api/v1/runs/{run}/targets", |turn| {
            format!("/api/v1/runs/{}/targets", run(turn))
        }),
        question("/api/v1/runs/{run}/until/{dorsal}", |turn| {
            let run = run(turn);
            format!("/api/v1/runs/{run}/until/{}", dorsal(run, turn))
        }),
        question("/api/v1/dogs/{dorsal}", |turn| {
            format!("/api/v1/dogs/{}", dorsal(run(turn), turn))
        }),
        question("/api/v1/handlers/{handler}", |turn| {
            format!("/api/v1/handlers/Handler%20{}", 7 * (1 + turn % 40))
        }),
        question("/api/v1/clubs?event=", |turn| format!("/api/v1/clubs?event={}", event(turn))),
        question("/api/v1/countries?event=", |turn| {
            format!("/api/v1/countries?event={}", event(turn))
        }),
        question("/api/v1/combined?event=", |turn| {
            format!("/api/v1/combined?event={}", event(turn))
        }),
        question("/heats", |_| "/heats".to_owned()),
        question("/heats?feed=&day=", |turn| {
            format!("/heats?feed={}&day={}", track(turn), day(turn))
        }),
        question("/heats?name=", |turn| format!("/heats?name=heat+{}", turn % 60)),
        question("/heats/{heat}", |turn| format!("/heats/{}", heat(turn))),
        question("/heats/{heat}?a=&b=", |turn| {
            let heat = heat(turn);
            format!("/heats/{heat}?a={}&b={}", heat * 100 + 1, heat * 100 + 2)
        }),
        question("/records?feed=", |turn| format!("/records?feed={}", track(turn))),
        question("/records?feed=&window=ever", |turn| {
            format!("/records?feed={}&window=ever", track(turn))
        }),
        question("/karts?feed=", |turn| format!("/karts?feed={}", track(turn))),
        question("/drivers?feed=", |turn| format!("/drivers?feed={}", track(turn))),
        question("/drivers/{name}?feed=", |turn| {
            format!("/drivers/Regular%20{}?feed={}", turn * 4, track(turn))
        }),
        question("/drivers/{name}?feed= (of thousands)", |_| {
            "/drivers/Guest?feed=track-1".to_owned()
        }),
        question("/runs", |_| "/runs".to_owned()),
        question("/runs/{run}", |turn| format!("/runs/{}", run(turn))),
        question("/dogs/{dorsal}", |turn| format!("/dogs/{}", dorsal(run(turn), turn))),
        question("/handlers/{name}", |turn| format!("/handlers/Handler%20{}", 7 * (1 + turn % 40))),
    ]
}

fn records(turn: u32, window: &str) -> String {
    format!("/api/v1/records?feed={}&window={window}&day={}", track(turn), day(turn))
}

/// Every second time the busy one.
fn track(turn: u32) -> String {
    format!("track-{}", if turn.is_multiple_of(2) { 1 } else { 1 + turn % TRACKS })
}

fn heat(turn: u32) -> u32 {
    1 + turn * 7_919 % HEATS
}

/// Of the last year, and not of its last days.
fn day(turn: u32) -> String {
    let back = Days::new(u64::from(5 + turn * 37 % 350));
    (Utc::now().date_naive() - back).to_string()
}

fn run(turn: u32) -> u32 {
    1 + turn * 131 % (TRIALS * 12 - 1)
}

fn dorsal(run: u32, turn: u32) -> u32 {
    run / 48 * 100 % 800 + 1 + turn % 45
}

fn event(turn: u32) -> String {
    format!("Trial+{}", turn % (TRIALS / 4))
}

/// What the API describes is asked here, so that no new path is slow without anybody knowing.
pub async fn assert_nothing_is_left_out(address: SocketAddr, questions: &[Question]) {
    let (_, text) = get(address, "/api/openapi.json").await;
    let description: Value = serde_json::from_str(&text).unwrap();
    let path_of = |name: &'static str| name.split('?').next().unwrap();
    let asked: BTreeSet<&str> = questions.iter().map(|question| path_of(question.name)).collect();
    let left_out: Vec<_> = description["paths"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|path| !asked.iter().any(|asked| is_alike(asked, path)))
        .filter(|path| !NOT_ASKED.iter().any(|start| path.starts_with(start)))
        .collect();
    assert!(left_out.is_empty(), "nobody asks {left_out:?}");
}

/// The same path, whatever its parts are called.
fn is_alike(asked: &str, path: &str) -> bool {
    let parts = |path: &str| -> Vec<String> {
        let name = |part: &str| if part.starts_with('{') { "{}" } else { part }.to_owned();
        path.split('/').map(name).collect()
    };
    parts(asked) == parts(path)
}
