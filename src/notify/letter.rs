//! What is written to a target: the whole of it as JSON, with one line for people in it.

mod parts;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::{
    db::notices::{FeedLine, HeatNews, OldBest, Place, RunHead, RunStarter, TakenNotice},
    http::{Privacy, words::Lang},
};

use parts::{
    BestLap, Bettered, Broken, Connection, Dog, Exact, Feed, Heat, Letterhead, Record, Row, Run,
    Tally, Test, Turn,
};

use super::{Form, Target, Watched, chat, words::NoticeWords};

/// Names in the line for people; what a stranger typed in may be long.
const NAME_CHARACTERS: usize = 60;
const ON_PODIUM: usize = 3;
const PERIODS: [&str; 5] = ["day", "week", "month", "year", "ever"];

/// What is sent, and what it is called.
pub(super) struct Letter {
    pub id: String,
    pub kind: String,
    pub body: String,
}

/// A notice as `target` gets it: with its id, which is the same at every try.
pub(super) fn of(target: &Target, notice: &TakenNotice) -> Letter {
    // Another database counts from 1 as well, and began at another time.
    let id = format!("{:x}-{}", notice.created_at.timestamp_micros(), notice.id);
    let body = match target.form {
        Form::Chat => as_chat(&text_of(&notice.body)),
        Form::Event => match notice.body.trim_start().strip_prefix('{').map(str::trim_start) {
            Some("}") | None => format!("{{\"id\":\"{id}\"}}"),
            Some(rest) => format!("{{\"id\":\"{id}\",{rest}"),
        },
    };
    Letter { id, kind: notice.kind.clone(), body }
}

pub(super) fn test(target: &Target) -> Letter {
    let words = NoticeWords::of(target.lang);
    let text = (words.test)(&target.name);
    let id = format!("{:x}-test", Utc::now().timestamp_micros());
    let body = match target.form {
        Form::Chat => as_chat(&text),
        Form::Event => json(&Test { id: &id, kind: "test", at: time(Utc::now()), text: &text }),
    };
    Letter { id, kind: "test".to_owned(), body }
}

fn as_chat(text: &str) -> String {
    #[derive(Serialize)]
    struct Content {
        content: String,
    }
    json(&Content { content: chat::line(text) })
}

fn text_of(body: &str) -> String {
    #[derive(serde::Deserialize)]
    struct HasText {
        text: String,
    }
    // A body without a line is one that was emptied: the chat is told that much.
    serde_json::from_str::<HasText>(body).map_or_else(|_| "…".to_owned(), |has| has.text)
}

/// Writes letters about one feed in one language.
pub(super) struct Scribe<'a> {
    pub feed: &'a Watched,
    pub lang: Lang,
    pub privacy: Privacy,
}

impl Scribe<'_> {
    pub fn heat_finished(&self, news: &HeatNews) -> String {
        let words = self.words();
        let first: Vec<_> = news
            .table
            .iter()
            .take(ON_PODIUM)
            .map(|place| {
                let lap = place.best_lap_ms.map_or_else(String::new, |ms| format!(" {}", lap(ms)));
                format!("{}. {}{lap}", place.position, self.short(&place.name))
            })
            .collect();
        let mut text = self.about(&(words.heat_over)(news.heat.name.trim()));
        if !first.is_empty() {
            text += &format!(": {}", first.join(", "));
        }
        if let Some(best) = &news.best {
            let kart = self.in_kart(&best.kart);
            let (ms, name) = (lap(best.best_lap_ms), self.short(&best.name));
            text += &format!(". {}: {ms} {name}{kart}", words.best_lap);
        }
        let table = news.table.iter().map(|place| self.row(place)).collect();
        let best = news.best.as_ref().map(|best| BestLap {
            name: self.name(&best.name),
            kart: &best.kart,
            lap: best.best_lap,
            lap_ms: best.best_lap_ms,
            at: time(best.best_at),
        });
        self.letter("heat_finished", news.heat.finished_at, &text, |letter| Letterhead {
            heat: Some(heat(news)),
            table: Some(table),
            best: Some(best),
            ..letter
        })
    }

    /// None where no record was broken: a first lap breaks none, an equal one neither.
    pub fn record_broken(&self, news: &HeatNews) -> Option<String> {
        let words = self.words();
        let best = news.best.as_ref()?;
        let beaten: Vec<&OldBest> =
            news.before.iter().filter(|old| best.best_lap_ms < old.best_lap_ms).collect();
        let widest = *beaten.last()?;
        let rank = PERIODS.iter().position(|period| *period == widest.period)?;
        let title = words.records.get(rank)?;
        let class = if best.class.is_empty() { "" } else { &format!(" ({})", best.class) };
        let text = self.about(&format!(
            "{title}{class}: {} {}{} · {}: {} {}",
            lap(best.best_lap_ms),
            self.short(&best.name),
            self.in_kart(&best.kart),
            words.before,
            lap(widest.best_lap_ms),
            self.short(&widest.name),
        ));
        let record = Record {
            class: (!best.class.is_empty()).then_some(&best.class),
            name: self.name(&best.name),
            kart: &best.kart,
            lap: best.best_lap,
            lap_ms: best.best_lap_ms,
            at: time(best.best_at),
            broken: beaten
                .iter()
                .map(|old| Broken {
                    period: &old.period,
                    name: self.name(&old.name),
                    kart: &old.kart,
                    lap_ms: old.best_lap_ms,
                    at: time(old.best_at),
                })
                .collect(),
        };
        Some(self.letter("record_broken", best.best_at, &text, |letter| Letterhead {
            heat: Some(heat(news)),
            record: Some(record),
            ..letter
        }))
    }

    /// None where nobody was quicker than ever before.
    pub fn personal_best(&self, news: &HeatNews) -> Option<String> {
        /// More in one line nobody reads.
        const IN_LINE: usize = 10;
        if news.personal_bests.is_empty() {
            return None;
        }
        let words = self.words();
        let line: Vec<_> = news
            .personal_bests
            .iter()
            .take(IN_LINE)
            .map(|best| {
                let gain = best.before_ms - best.best_lap_ms;
                let (s, ms) = (gain / 1_000, gain % 1_000);
                format!("{} {} (−{s}.{ms:03})", self.short(&best.name), lap(best.best_lap_ms))
            })
            .collect();
        let title = words.personal_bests;
        let text = format!(
            "{}: {}",
            self.about(&format!("{title}, {}", news.heat.name.trim())),
            line.join(", ")
        );
        let bests = news.personal_bests.iter().map(|best| Bettered {
            name: self.name(&best.name),
            kart: &best.kart,
            lap_ms: best.best_lap_ms,
            at: time(best.best_at),
            before_ms: best.before_ms,
            before_at: time(best.before_at),
        });
        let bests = bests.collect();
        Some(self.letter("personal_best", news.heat.finished_at, &text, |letter| Letterhead {
            heat: Some(heat(news)),
            bests: Some(bests),
            ..letter
        }))
    }

    pub fn run_finished(&self, run: &RunHead, dogs: &[RunStarter], at: DateTime<Utc>) -> String {
        let words = self.words();
        let mut placed: Vec<_> = dogs.iter().filter(|dog| dog.classification.is_some()).collect();
        placed.sort_by_key(|dog| dog.classification);
        placed.truncate(ON_PODIUM);
        let line: Vec<_> = placed
            .iter()
            .map(|dog| {
                let time = dog.time_s.as_ref().map_or_else(String::new, |s| format!(" {s} s"));
                format!("{}. {}{time}", dog.classification.unwrap_or_default(), self.pair(dog))
            })
            .collect();
        let mut text = self.about(&(words.run_over)(&title(run)));
        if !line.is_empty() {
            text += &format!(": {}", line.join(", "));
        }
        let done = || dogs.iter().filter(|dog| dog.status.as_deref() == Some("calculated"));
        let eliminated = done().filter(|dog| dog.disqualification.is_some()).count();
        if eliminated > 0 {
            text += &format!(" · {}", (words.eliminated)(eliminated));
        }
        let podium = placed.into_iter().map(|dog| self.dog(dog)).collect();
        let tally = Tally { dogs: done().count(), eliminated };
        self.letter("run_finished", at, &text, |letter| Letterhead {
            run: Some(run_of(run)),
            tally: Some(tally),
            podium: Some(podium),
            ..letter
        })
    }

    pub fn dogs_before(
        &self,
        run: &RunHead,
        dog: &RunStarter,
        dogs: usize,
        at: DateTime<Utc>,
    ) -> String {
        let dorsal = dog.dorsal.as_deref().unwrap_or_default().trim();
        let line = (self.words().dogs_before)(dogs, dorsal);
        let text = self.about(&format!("{line} ({}), {}", self.pair(dog), title(run)));
        let turn = Turn { dogs_before: dogs, dog: self.dog(dog) };
        self.letter("dogs_before", at, &text, |letter| Letterhead {
            run: Some(run_of(run)),
            turn: Some(turn),
            ..letter
        })
    }

    pub fn feed_down(&self, line: &FeedLine, since: DateTime<Utc>) -> String {
        let minutes = (line.now - since).num_minutes();
        let text = self.about(&(self.words().down)(minutes));
        let reason = line.reason.as_deref();
        let connection = Connection { generation: line.generation, since: time(since), reason };
        self.letter("feed_down", since, &text, |letter| Letterhead {
            connection: Some(connection),
            ..letter
        })
    }

    pub fn feed_back(&self, line: &FeedLine, since: DateTime<Utc>) -> String {
        let text = self.about(self.words().back);
        let connection =
            Connection { generation: line.generation, since: time(since), reason: None };
        self.letter("feed_back", since, &text, |letter| Letterhead {
            connection: Some(connection),
            ..letter
        })
    }

    fn words(&self) -> &'static NoticeWords {
        NoticeWords::of(self.lang)
    }

    fn about(&self, words: &str) -> String {
        format!("{} · {}: {words}", self.feed.venue, self.feed.name)
    }

    fn name(&self, name: &str) -> String {
        self.privacy.show(name).into_owned()
    }

    fn short(&self, name: &str) -> String {
        let name = self.privacy.show(name.trim());
        match name.char_indices().nth(NAME_CHARACTERS) {
            Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
            None => name.into_owned(),
        }
    }

    fn in_kart(&self, kart: &str) -> String {
        if kart.is_empty() { String::new() } else { format!(", {}", (self.words().in_kart)(kart)) }
    }

    fn pair(&self, dog: &RunStarter) -> String {
        let handler = dog.handler.as_deref().map(|name| self.short(name));
        let dog = dog.dog_family_name.as_deref().map(|name| name.trim().to_owned());
        let known: Vec<_> = [handler, dog].into_iter().flatten().collect();
        known.join(" & ")
    }

    fn row<'r>(&self, place: &'r Place) -> Row<'r> {
        let Place { position, name, kart, laps, best_lap_ms, gap } = place;
        let (position, laps, best_lap_ms) = (*position, *laps, *best_lap_ms);
        Row { position, name: self.name(name), kart, laps, best_lap_ms, gap }
    }

    fn dog<'r>(&self, dog: &'r RunStarter) -> Dog<'r> {
        Dog {
            classification: dog.classification,
            dorsal: dog.dorsal.as_deref(),
            start_order: dog.start_order,
            handler: dog.handler.as_deref().map(|name| self.name(name)),
            dog: dog.dog_family_name.as_deref(),
            faults: dog.faults,
            refusals: dog.refusals,
            time_s: dog.time_s.as_deref().map(Exact),
            total_penalization: dog.total_penalization.as_deref().map(Exact),
        }
    }

    fn letter<'r>(
        &'r self,
        kind: &'static str,
        at: DateTime<Utc>,
        text: &'r str,
        fill: impl FnOnce(Letterhead<'r>) -> Letterhead<'r>,
    ) -> String {
        let Watched { slug, kind: of, venue, name, .. } = self.feed;
        let feed = Feed { id: slug, kind: of, venue, name };
        json(&fill(Letterhead {
            kind,
            at: time(at),
            text,
            feed: Some(feed),
            ..Letterhead::default()
        }))
    }
}

fn heat(news: &HeatNews) -> Heat<'_> {
    let head = &news.heat;
    Heat {
        id: head.id,
        name: &head.name,
        race_mode: &head.race_mode,
        started_at: head.started_at.map(time),
        finished_at: time(head.finished_at),
        drivers: head.drivers,
    }
}

fn run_of(run: &RunHead) -> Run<'_> {
    let RunHead { id, event_name, ring_name, trial_name, name, kind, .. } = run;
    Run { id: *id, event_name, ring_name, trial_name, name, kind }
}

fn title(run: &RunHead) -> String {
    format!("{} {}", run.name.trim(), run.kind.trim()).trim().to_owned()
}

/// As timing screens write it: `45.123`, `1:02.149`.
fn lap(ms: i32) -> String {
    let ms = ms.max(0);
    let (min, s, thousandths) = (ms / 60_000, ms / 1_000 % 60, ms % 1_000);
    match min {
        0 => format!("{s}.{thousandths:03}"),
        _ => format!("{min}:{s:02}.{thousandths:03}"),
    }
}

/// To the millisecond: nobody needs more to be told.
fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn json(value: &impl Serialize) -> String {
    // Texts, numbers and lists can always be JSON.
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}
