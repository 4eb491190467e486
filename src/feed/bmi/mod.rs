//! BMI Leisure / SMS-Timing: live timing of karting tracks.
//!
//! One socket per resource, one text message `START <resourceId>@<clientKey>` after it opened, then
//! snapshots of the heat on the track: about one a second while its clock runs, and one at every
//! passing. Nothing else is ever sent; the venue answers websocket pings.
//!
//! The way of a frame: `raw.rs` reads it, `wire.rs` judges it, `decode.rs` finds its heat,
//! `heat.rs` tells what changed there, `laps.rs` what that proves of each driver's laps.

mod bounds;
mod codes;
mod decode;
mod heat;
mod laps;
mod last;
mod pieces;
mod raw;
mod scalar;
mod wire;

#[cfg(test)]
mod heat_tests;
#[cfg(test)]
mod limit_tests;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use url::Url;

use super::{
    Decoder, FeedKind, FrameClass, Keepalive, NOWHERE, ParamProblem, Params, Ping, Wish,
    address_secrets,
};

use self::{decode::BmiDecoder, scalar::Scalar};

/// The name of this kind in a `[[feed]]` table.
pub const KIND: &str = "bmi";

/// The one word that clients say, before the resource they want.
const START: &str = "START";

/// No counter says more. Endurance races take a day, but one that nobody stops may count for weeks.
const LONGEST_HEAT: TimeDelta = TimeDelta::days(100);

/// One resource (a track, or a venue's combined tracks) of one venue.
pub struct Bmi {
    url: Url,
    resource: String,
}

impl Bmi {
    /// Reads `url` (`ws://` or `wss://`) and `resource` (`<resourceId>@<clientKey>`).
    ///
    /// # Errors
    /// Every problem at once.
    pub fn from_params(mut params: Params) -> Result<Self, Vec<ParamProblem>> {
        let mut problems = Vec::new();
        let url = params.text("url", &mut problems);
        let url = url.and_then(|url| noted(read_url(&url), "url", &mut problems));
        let resource = params.text("resource", &mut problems);
        let resource =
            resource.and_then(|text| noted(read_resource(text), "resource", &mut problems));
        params.finish(&mut problems);
        match (url, resource) {
            (Some(url), Some(resource)) if problems.is_empty() => Ok(Self { url, resource }),
            _ => Err(problems),
        }
    }

    /// A feed that nobody connects any more.
    pub(super) fn retired() -> Option<Self> {
        Some(Self { url: Url::parse(NOWHERE).ok()?, resource: String::new() })
    }
}

/// The greeting that a client means with these words, as [`FeedKind::hello`] has it; none if they
/// are no greeting. Clients are forgiven white space and small letters.
pub fn greeting(words: &str) -> Option<String> {
    let mut words = words.split_whitespace();
    let is_start = words.next()?.eq_ignore_ascii_case(START);
    let resource = words.next()?;
    (is_start && words.next().is_none()).then(|| start(resource))
}

fn start(resource: &str) -> String {
    format!("{START} {resource}")
}

fn noted<T>(
    read: Result<T, &'static str>,
    key: &str,
    problems: &mut Vec<ParamProblem>,
) -> Option<T> {
    read.map_err(|problem| problems.push(ParamProblem::new(key, problem))).ok()
}

fn read_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text.trim())
        .map_err(|_| "is no address; it should look like wss://host:port/")?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err("must begin with wss:// or ws://");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("has no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password, which this kind of venue never asks for");
    }
    Ok(url)
}

fn read_resource(text: String) -> Result<String, &'static str> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("must not contain white space");
    }
    match text.split_once('@') {
        Some((id, key)) if !id.is_empty() && !key.is_empty() && !key.contains('@') => Ok(text),
        _ => Err("must be <resourceId>@<clientKey>, like 8501@speedpark"),
    }
}

impl FeedKind for Bmi {
    fn url(&self) -> &Url {
        &self.url
    }

    fn secrets(&self) -> Vec<String> {
        let mut secrets = address_secrets(&self.url);
        secrets.push(self.resource.clone());
        // The key of the venue; the number before it is no secret.
        secrets.extend(self.resource.split_once('@').map(|(_, key)| key.to_owned()));
        secrets
    }

    fn hello(&self) -> Vec<String> {
        vec![start(&self.resource)]
    }

    /// Idle venues are silent for long, so only pings tell a quiet socket from a dead one.
    fn keepalive(&self) -> Keepalive {
        Keepalive {
            ping: Ping::Websocket,
            every: Duration::from_secs(20),
            pong_within: Duration::from_secs(15),
        }
    }

    fn classify(&self, payload: &str) -> FrameClass {
        if payload.trim_start().is_empty() { FrameClass::Empty } else { FrameClass::Data }
    }

    /// A running heat sends a frame a second, at most 1.5 s apart as measured. Servers were seen to
    /// pause for 15 s and more and then to go on, and a reconnect then costs more than it brings.
    fn silence_limit(&self) -> Duration {
        Duration::from_secs(20)
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        Box::new(BmiDecoder::default())
    }

    /// The scheduled start, and with it the counter where it counts up from there.
    /// Everything but nothing: also `{}`, without which a screen would keep a heat that is gone.
    fn is_news(&self, _: Option<&str>, payload: &str) -> bool {
        !payload.trim().is_empty()
    }

    /// A venue is not known to answer who asks for what it does not have.
    fn wish(&self, words: &str) -> Wish {
        match greeting(words) {
            Some(greeting) if greeting == start(&self.resource) => Wish::Frames,
            _ => Wish::Nothing,
        }
    }

    fn venue_time(&self, payload: &str) -> Option<DateTime<Utc>> {
        let clock: Clock<'_> = serde_json::from_str(payload).ok()?;
        let start =
            whole(clock.start).filter(|start| (0..=wire::MAX_START_UNIX).contains(start))?;
        let start = DateTime::from_timestamp(start, 0)?;
        let started = whole(clock.started).is_some_and(|flag| flag != 0);
        let end_condition = whole(clock.end_condition);
        if !started || !end_condition.is_some_and(codes::counts_up) {
            return Some(start);
        }
        start.checked_add_signed(run_for(whole(clock.counter)?)?)
    }

    fn venue_countdown(&self, payload: &str) -> Option<TimeDelta> {
        let clock: Clock<'_> = serde_json::from_str(payload).ok()?;
        let started = whole(clock.started).is_some_and(|flag| flag != 0);
        let counts_down = whole(clock.end_condition).is_some_and(|code| !codes::counts_up(code));
        let left = whole(clock.counter)?;
        run_for(left).filter(|_| started && counts_down)
    }
}

/// What a counter of so many milliseconds means; none for one that no heat has.
fn run_for(counter_ms: i64) -> Option<TimeDelta> {
    TimeDelta::try_milliseconds(counter_ms).filter(|run| run.abs() <= LONGEST_HEAT)
}

/// The few fields that tell the venue's time; the drivers are not read.
#[derive(Deserialize)]
struct Clock<'a> {
    #[serde(rename = "T", borrow)]
    start: Option<Scalar<'a>>,
    #[serde(rename = "CS", borrow)]
    started: Option<Scalar<'a>>,
    #[serde(rename = "E", borrow)]
    end_condition: Option<Scalar<'a>>,
    #[serde(rename = "C", borrow)]
    counter: Option<Scalar<'a>>,
}

fn whole(value: Option<Scalar<'_>>) -> Option<i64> {
    value?.whole().ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(entries: &[(&str, &str)]) -> Params {
        Params::new(entries.iter().map(|(key, text)| ((*key).to_owned(), toml::Value::from(*text))))
    }

    fn problems(entries: &[(&str, &str)]) -> Vec<(String, String)> {
        let problems = Bmi::from_params(params(entries)).err().unwrap();
        problems.into_iter().map(|problem| (problem.key, problem.problem)).collect()
    }

    fn feed() -> Bmi {
        Bmi::from_params(params(&[
            ("url", " wss://webserver22.sms-timing.com:10015/ "),
            ("resource", "8501@speedpark"),
        ]))
        .unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    fn venue_seconds(payload: &str) -> Option<f64> {
        feed().venue_time(payload).map(|time| time.timestamp_millis() as f64 / 1_000.0)
    }

    #[test]
    fn bmi_greets_with_its_resource() {
        assert_eq!(feed().url().as_str(), "wss://webserver22.sms-timing.com:10015/");
        assert_eq!(feed().hello(), ["START 8501@speedpark"]);
    }

    #[test]
    fn local_clients_get_frames_when_they_start_this_resource() {
        let feed = feed();
        assert!(!feed.tells_unasked());
        for words in ["START 8501@speedpark", " start  8501@speedpark\r\n"] {
            assert_eq!(feed.wish(words), Wish::Frames, "{words:?}");
            assert_eq!(greeting(words).as_ref(), feed.hello().first());
        }
        for words in ["START 8502@speedpark", "START", "8501@speedpark", "START 8501@speedpark x"] {
            assert_eq!(feed.wish(words), Wish::Nothing, "{words:?}");
        }
        assert_eq!(greeting("START"), None);
        assert_eq!(greeting("STOP 8501@speedpark"), None);
    }

    #[test]
    fn bmi_keeps_its_resource_and_the_venues_key_secret() {
        let secrets = feed().secrets();
        for secret in ["8501@speedpark", "speedpark"] {
            assert!(secrets.iter().any(|found| found == secret), "{secret}");
        }
    }

    #[test]
    fn bmi_takes_a_combined_track_and_a_plain_socket() {
        let feed = Bmi::from_params(params(&[("url", "ws://[::1]:9/"), ("resource", "-1@park")]));
        assert_eq!(feed.ok().unwrap().hello(), ["START -1@park"]);
    }

    #[test]
    fn bmi_reports_every_problem_at_once() {
        let found = problems(&[("url", "https://venue.example/"), ("resource", "8501"), ("x", "")]);
        let keys: Vec<_> = found.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["url", "resource", "x"]);
        assert_eq!(found[0].1, "must begin with wss:// or ws://");
        assert_eq!(problems(&[]).len(), 2);
    }

    #[test]
    fn bmi_refuses_urls_without_echoing_them() {
        for url in ["secret", "wss://", "wss://secret:word@host/", "wss:// secret/", "file:///s"] {
            let found = problems(&[("url", url), ("resource", "1@a")]);
            assert_eq!(found.len(), 1, "{url}");
            assert!(!found[0].1.contains("secret"), "{url}");
        }
    }

    #[test]
    fn bmi_refuses_resources_that_are_not_two_parts() {
        for resource in ["8501", "@park", "8501@", "85 01@park", "8501@park\n", "1@a@b"] {
            assert_eq!(problems(&[("url", "wss://h/"), ("resource", resource)]).len(), 1);
        }
    }

    #[test]
    fn bmi_tells_empty_frames_from_data() {
        for payload in ["", " ", "\r\n\t"] {
            assert_eq!(feed().classify(payload), FrameClass::Empty);
        }
        for payload in ["{}", " {}", "x"] {
            assert_eq!(feed().classify(payload), FrameClass::Data);
        }
    }

    #[test]
    fn venue_time_moves_with_a_clock_that_counts_up() {
        assert_eq!(venue_seconds(r#"{"T":300,"C":1500,"E":0,"CS":1,"D":[{}]}"#), Some(301.5));
        assert_eq!(venue_seconds(r#"{"T":"300","C":"1500","E":2,"CS":true}"#), Some(301.5));
    }

    #[test]
    fn venue_time_is_the_start_when_the_clock_counts_down_or_stands() {
        assert_eq!(venue_seconds(r#"{"T":300,"C":1500,"E":1,"CS":1}"#), Some(300.0));
        assert_eq!(venue_seconds(r#"{"T":300,"C":1500,"E":0,"CS":0}"#), Some(300.0));
        assert_eq!(venue_seconds(r#"{"T":300}"#), Some(300.0));
    }

    #[test]
    fn venue_time_is_none_where_nothing_tells_it() {
        for payload in ["", "{}", "[]", "nonsense", r#"{"T":"x"}"#, r#"{"T":9223372036854775807}"#]
        {
            assert_eq!(venue_seconds(payload), None, "{payload}");
        }
        for start in ["-1", "253402300800", "8000000000000"] {
            assert_eq!(venue_seconds(&format!(r#"{{"T":{start}}}"#)), None, "{start}");
        }
        assert_eq!(venue_seconds(r#"{"T":1,"C":9223372036854775807,"E":0,"CS":1}"#), None);
        assert_eq!(venue_seconds(r#"{"T":1,"C":-8640000001,"E":0,"CS":1}"#), None);
        assert_eq!(feed().venue_countdown(r#"{"T":1,"C":8640000001,"E":1,"CS":1}"#), None);
    }
}
