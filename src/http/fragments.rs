//! What a live view sends: the fragments of a page that differ from those its client has.
//!
//! A view draws all it shows each time, as elements with ids; the client of a socket gets the
//! elements that changed. Rows of a container come and go with the container's order.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash, Hasher},
};

use bytestring::ByteString;
use chrono::{DateTime, Utc};
use maud::Markup;
use serde::Serialize;

/// All that a view shows at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fragments {
    parts: BTreeMap<String, String>,
    order: BTreeMap<String, Vec<String>>,
}

impl Fragments {
    /// An element: its id, and the whole of it with that id in it. What changes inside of it by
    /// parts or orders of their own must not be drawn in it: it would be lost when it is replaced.
    pub fn part(&mut self, id: impl Into<String>, element: Markup) {
        self.parts.insert(id.into(), element.into_string());
    }

    /// Which elements a container has, in order; others in it are removed.
    pub fn order(&mut self, container: impl Into<String>, ids: Vec<String>) {
        self.order.insert(container.into(), ids);
    }
}

/// Knows what a client has.
#[derive(Debug, Default)]
pub struct Differ {
    parts: HashMap<String, u64>,
    order: BTreeMap<String, Vec<String>>,
}

/// What a client does not have yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parts: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    order: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(flatten)]
    changes: &'a Changes,
    stale: Option<&'a str>,
    now: i64,
}

impl Differ {
    /// What must be sent so that the client has `fragments`; all of them the first time.
    pub fn changes(&mut self, fragments: Fragments) -> Changes {
        let Fragments { mut parts, mut order } = fragments;
        let hashes = parts.iter().map(|(id, html)| (id.clone(), hash(html))).collect();
        // What is shown no more is forgotten: the client has removed it.
        let before = std::mem::replace(&mut self.parts, hashes);
        parts.retain(|id, _| before.get(id) != self.parts.get(id));
        let before = std::mem::replace(&mut self.order, order.clone());
        order.retain(|container, ids| before.get(container) != Some(ids));
        Changes { parts, order }
    }
}

impl Changes {
    /// The text for the client: what to do, whether what it shows is true no more and why (in the
    /// client's language), and our time, by which its clocks go.
    pub fn message(&self, stale: Option<&str>, now: DateTime<Utc>) -> ByteString {
        let message = Message { changes: self, stale, now: now.timestamp_millis() };
        // Maps of texts to texts can always be written.
        serde_json::to_string(&message).map(ByteString::from).unwrap_or_else(|_| "{}".into())
    }
}

fn hash(html: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    html.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;

    fn fragments(parts: &[(&str, &str)], order: &[&str]) -> Fragments {
        let mut fragments = Fragments::default();
        for (id, words) in parts {
            fragments.part(*id, html! { li id=(id) { (words) } });
        }
        fragments.order("rows", order.iter().map(|id| (*id).to_owned()).collect());
        fragments
    }

    fn message(changes: &Changes) -> String {
        changes.message(None, DateTime::UNIX_EPOCH).to_string()
    }

    #[test]
    fn differ_sends_everything_first_and_then_what_changed() {
        let mut differ = Differ::default();
        let first = differ.changes(fragments(&[("a", "1"), ("b", "<2>")], &["a", "b"]));
        assert_eq!(
            message(&first),
            r#"{"parts":{"a":"<li id=\"a\">1</li>","b":"<li id=\"b\">&lt;2&gt;</li>"},"order":{"rows":["a","b"]},"stale":null,"now":0}"#
        );
        let same = differ.changes(fragments(&[("a", "1"), ("b", "<2>")], &["a", "b"]));
        assert_eq!(same, Changes::default());
        assert_eq!(message(&same), r#"{"stale":null,"now":0}"#);
        let one = differ.changes(fragments(&[("a", "3"), ("b", "<2>")], &["a", "b"]));
        assert_eq!(message(&one), r#"{"parts":{"a":"<li id=\"a\">3</li>"},"stale":null,"now":0}"#);
        let turned = differ.changes(fragments(&[("a", "3"), ("b", "<2>")], &["b", "a"]));
        assert_eq!(message(&turned), r#"{"order":{"rows":["b","a"]},"stale":null,"now":0}"#);
    }

    #[test]
    fn differ_sends_a_row_again_when_it_comes_back() {
        let mut differ = Differ::default();
        let whole = fragments(&[("a", "1")], &["a"]);
        let first = differ.changes(whole.clone());
        assert_eq!(
            message(&differ.changes(fragments(&[], &[]))),
            r#"{"order":{"rows":[]},"stale":null,"now":0}"#
        );
        assert_eq!(differ.changes(whole), first);
    }

    #[test]
    fn message_says_why_and_when() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let message = Changes::default().message(Some("no \"connection\""), at);
        assert_eq!(message, r#"{"stale":"no \"connection\"","now":1700000000123}"#);
    }
}
