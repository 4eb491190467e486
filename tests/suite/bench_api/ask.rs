//! What is asked: every path of the API and every page of the past, about ever other things.

use std::{collections::BTreeSet, net::SocketAddr};

use serde_json::Value;

use crate::support::service::get;

use super::fill::{HEATS, TRACKS};

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
        question("/api/v1/feeds", |_| "/api/v1/feeds".to_owned()),
        question("/feeds/{feed}/heats", |turn| format!("/feeds/{}/heats", track(turn))),
        question("/feeds/{feed}/heats?before=", |turn| {
            format!("/feeds/{}/heats?before={}", track(turn), heat(turn))
        }),
        question("/heats/{heat}", |turn| format!("/heats/{}", heat(turn))),
    ]
}

/// Every second time the busy one.
fn track(turn: u32) -> String {
    format!("track-{}", if turn.is_multiple_of(2) { 1 } else { 1 + turn % TRACKS })
}

fn heat(turn: u32) -> u32 {
    1 + turn * 7_919 % HEATS
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
        .filter(|path| !asked.contains(path.as_str()))
        .filter(|path| !NOT_ASKED.iter().any(|start| path.starts_with(start)))
        .collect();
    assert!(left_out.is_empty(), "nobody asks {left_out:?}");
}
