//! FlowAgility: dog agility, one address per event, ring and day.
//!
//! The venue pushes the whole state of the ring whenever something changes, and on request. What
//! is asked and answered is plain text: `ping` → `pong`, `streaming_data` → the present state,
//! `version` → a version. The messages themselves are in `wire.rs`.

mod address;
mod decode;
mod known;
mod memory;
mod message;
mod part;
mod plain;
mod scene;
mod shape;
mod snapshot;
mod text;
mod value;
mod wire;

use std::{fmt, time::Duration};

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use serde::Deserialize;
use url::Url;

use super::{Decoder, FeedKind, FrameClass, Keepalive, NOWHERE, ParamProblem, Params, Ping, Wish};

use decode::FlowAgilityDecoder;

pub const KIND: &str = "flowagility";

/// The venue drops who is silent for 60 s; its own clients ping every 25 s.
const PING_EVERY: Duration = Duration::from_secs(25);
/// A pong comes within a second or never. One that is missing when the next ping is due leaves the
/// dead connection behind before the venue's own minute is over.
const PONG_WITHIN: Duration = Duration::from_secs(25);
/// A faultless dog brings no message from start to finish, and courses allow up to two minutes or
/// so; a judge may stop and repeat. Only a longer silence is a fault, and pongs prove life
/// meanwhile.
const SILENCE_LIMIT: Duration = Duration::from_secs(300);

/// What the venue says before the first start order, and what a local client hears before the venue
/// has said anything.
const NOT_READY: &str = r#"{"error":"Runs are not ready yet"}"#;
/// The only revision of the messages that was ever named.
const VERSION: &str = "1.0.0";

/// One ring on one day.
pub struct FlowAgility {
    url: Url,
}

impl FlowAgility {
    /// Reads the one key `url`, in any of the forms in which people paste it.
    ///
    /// # Errors
    /// Every problem at once; none says what the address was, since it ends in a token.
    pub fn from_params(mut params: Params) -> Result<Self, Vec<ParamProblem>> {
        let mut problems = Vec::new();
        let url = params.text("url", &mut problems).and_then(|pasted| {
            address::normalise(&pasted)
                .map_err(|problem| problems.push(ParamProblem::new("url", problem.to_string())))
                .ok()
        });
        params.finish(&mut problems);
        match url {
            Some(url) if problems.is_empty() => Ok(Self { url }),
            _ => Err(problems),
        }
    }

    /// A feed that nobody connects any more.
    pub(super) fn retired() -> Option<Self> {
        Some(Self { url: Url::parse(NOWHERE).ok()? })
    }
}

/// Without the path, which ends in the token.
impl fmt::Debug for FlowAgility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowAgility").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl FeedKind for FlowAgility {
    fn url(&self) -> &Url {
        &self.url
    }

    fn hello(&self) -> Vec<String> {
        vec!["streaming_data".to_owned(), "version".to_owned()]
    }

    fn keepalive(&self) -> Keepalive {
        Keepalive { ping: Ping::Text("ping"), every: PING_EVERY, pong_within: PONG_WITHIN }
    }

    fn classify(&self, payload: &str) -> FrameClass {
        match payload.trim() {
            "" => FrameClass::Empty,
            "pong" => FrameClass::Pong,
            _ => FrameClass::Data,
        }
    }

    fn silence_limit(&self) -> Duration {
        SILENCE_LIMIT
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(FlowAgilityDecoder::new())
    }

    /// Clients count the seconds to the next dog anew with each message, so one that says nothing
    /// new but the time is none; and they can read nothing but objects.
    fn is_news(&self, before: Option<&str>, payload: &str) -> bool {
        payload.trim_start().starts_with('{')
            && before
                .is_none_or(|before| before != payload && !differs_in_time_only(before, payload))
    }

    fn tells_unasked(&self) -> bool {
        true
    }

    fn wish(&self, words: &str) -> Wish {
        let wishes = [
            ("ping", Wish::Words("pong")),
            ("streaming_data", Wish::Last { or: NOT_READY }),
            ("version", Wish::Words(VERSION)),
        ];
        let words = words.trim();
        let wish = wishes.into_iter().find(|(known, _)| words.eq_ignore_ascii_case(known));
        wish.map_or(Wish::Nothing, |(_, wish)| wish)
    }

    fn venue_time(&self, payload: &str) -> Option<DateTime<Utc>> {
        #[derive(Deserialize)]
        struct Timed {
            timestamp: String,
        }
        let Timed { timestamp } = serde_json::from_str(payload).ok()?;
        let at = NaiveDateTime::parse_from_str(timestamp.trim(), "%Y-%m-%d %H:%M:%S").ok()?;
        // chrono knows years that nothing can be added to any more.
        (0..=9_999).contains(&at.year()).then(|| at.and_utc())
    }
}

fn differs_in_time_only(before: &str, payload: &str) -> bool {
    let timeless = |text: &str| {
        let mut message: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).ok()?;
        message.remove("timestamp");
        Some(message)
    };
    timeless(payload).is_some_and(|payload| timeless(before) == Some(payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_is_news_when_it_says_more_than_another_time() {
        let feed = feed();
        let first = r#"{"run":"","run_ready":"","timestamp":"2022-09-05 00:43:47"}"#;
        let later = r#"{"run":"","run_ready":"","timestamp":"2022-09-05 00:43:48"}"#;
        let other = r#"{"error":"Runs are not ready yet"}"#;
        assert!(feed.is_news(None, first));
        assert!(!feed.is_news(Some(first), first));
        assert!(!feed.is_news(Some(first), later));
        assert!(feed.is_news(Some(first), other));
        for noise in ["1.0.0", "pong", "", "[]"] {
            assert!(!feed.is_news(None, noise), "{noise:?}");
        }
    }

    const URL: &str = "wss://flowagility.com/ws/streaming/-aB3_xYz";

    fn params(keys: &[(&str, &str)]) -> Params {
        Params::new(keys.iter().map(|&(key, value)| (key.to_owned(), value.into())))
    }

    fn feed() -> FlowAgility {
        FlowAgility::from_params(params(&[("url", URL)])).unwrap()
    }

    #[test]
    fn feed_dials_the_normalised_address() {
        let pasted = params(&[("url", " https:flowagility.com/ws/streaming/-aB3_xYz ")]);
        assert_eq!(FlowAgility::from_params(pasted).unwrap().url().as_str(), URL);
    }

    #[test]
    fn feed_reports_every_problem_at_once_without_the_address() {
        let both = params(&[("url", "wss://flowagility.com/ws/stre aming/s3cr3t"), ("ring", "1")]);
        let problems = FlowAgility::from_params(both).unwrap_err();
        assert_eq!(problems[0], ParamProblem::new("url", "holds white space"));
        assert_eq!(problems[1].key, "ring");
        assert_eq!(problems.len(), 2);
        assert!(!format!("{problems:?}").contains("s3cr3t"));
        assert_eq!(
            FlowAgility::from_params(params(&[])).unwrap_err(),
            [ParamProblem::new("url", "is missing")]
        );
    }

    #[test]
    fn feed_hides_its_token_from_debug() {
        assert_eq!(format!("{:?}", feed()), "FlowAgility { host: Some(\"flowagility.com\"), .. }");
    }

    #[test]
    fn feed_keeps_its_token_and_its_path_secret() {
        let secrets = feed().secrets();
        for secret in ["-aB3_xYz", "ws/streaming/-aB3_xYz"] {
            assert!(secrets.iter().any(|found| found == secret), "{secret}");
        }
    }

    #[test]
    fn feed_asks_for_the_state_first_and_then_for_the_version() {
        assert_eq!(feed().hello(), ["streaming_data", "version"]);
    }

    #[test]
    fn feed_tells_pongs_and_nothing_from_data() {
        let feed = feed();
        for (payload, class) in [
            ("pong", FrameClass::Pong),
            (" pong\n", FrameClass::Pong),
            ("", FrameClass::Empty),
            (" \r\n", FrameClass::Empty),
            ("1.0.0", FrameClass::Data),
            ("{}", FrameClass::Data),
            (r#"{"error":"pong"}"#, FrameClass::Data),
        ] {
            assert_eq!(feed.classify(payload), class, "{payload:?}");
        }
    }

    #[test]
    fn local_clients_are_answered_as_the_venue_would() {
        let feed = feed();
        assert!(feed.tells_unasked());
        for (words, wish) in [
            ("ping", Wish::Words("pong")),
            ("version", Wish::Words("1.0.0")),
            (" Streaming_Data\n", Wish::Last { or: NOT_READY }),
            ("pong", Wish::Nothing),
            ("streaming data", Wish::Nothing),
            ("", Wish::Nothing),
        ] {
            assert_eq!(feed.wish(words), wish, "{words:?}");
        }
    }

    #[test]
    fn venue_time_is_the_timestamp_in_utc() {
        let feed = feed();
        let at = feed.venue_time(r#"{"run":"","timestamp":"2022-09-05 00:43:47"}"#).unwrap();
        assert_eq!(at.to_rfc3339(), "2022-09-05T00:43:47+00:00");
        let ages = r#"{"timestamp":"+262142-12-31 23:59:59"}"#;
        for timeless in [ages, "1.0.0", "{}", r#"{"timestamp":""}"#, r#"{"timestamp":7}"#, ""] {
            assert_eq!(feed.venue_time(timeless), None, "{timeless}");
        }
    }
}
