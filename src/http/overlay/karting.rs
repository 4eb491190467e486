//! The parts of a heat.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use crate::{
    board::{HeatBoard, karting::Line},
    event::karting::Lap,
    http::fragments::Fragments,
};

use super::{
    layout::{Column, Laps},
    part::Part,
    screen::{Panel, Screen, classes},
};

/// How long a lap is news.
const LAP_IS_NEWS: TimeDelta = TimeDelta::seconds(6);
/// Two who are further apart do not fight.
const CLOSE_MS: i64 = 1_500;
/// Of the rows of the tower; their container.
const ROWS: &str = "tower-rows";

/// A part as it is now; none where it has nothing to show.
pub(super) fn part(
    screen: &Screen,
    heat: &HeatBoard,
    part: Part,
    now: DateTime<Utc>,
) -> Option<Markup> {
    match part {
        Part::Clock => Some(clock(screen, heat)),
        Part::Tower if heat.lines.is_empty() => None,
        // Its rows come and go by themselves: nothing else in it ever changes.
        Part::Tower => Some(Panel::of(part).around(html! { ol id=(ROWS) {} })),
        Part::Last => last(screen, heat, now),
        Part::Best => best(screen, heat),
        Part::Battle => battle(screen, heat),
        _ => None,
    }
}

/// The rows of the tower, each a fragment of its own.
pub(super) fn tower_rows(screen: &Screen, heat: &HeatBoard, fragments: &mut Fragments) {
    if heat.lines.is_empty() {
        return;
    }
    let rows = usize::try_from(screen.layout.rows).unwrap_or(usize::MAX);
    let id = |line: &Line| format!("driver-{}", line.standing.driver_id);
    let mut before = None;
    for line in heat.lines.iter().take(rows) {
        fragments.part(id(line), row(screen, heat, line, before, &id(line)));
        before = Some(line.as_ref());
    }
    fragments.order(ROWS, heat.lines.iter().take(rows).map(|line| id(line)).collect());
}

fn row(screen: &Screen, heat: &HeatBoard, line: &Line, before: Option<&Line>, id: &str) -> Markup {
    let standing = &line.standing;
    let columns = columns(screen, heat);
    html! {
        li.row id=(id) {
            span.position { (standing.position) }
            @if columns.contains(&Column::Kart) { span.kart { (standing.kart.trim()) } }
            span.name { (who(screen, line)) }
            @for column in columns.iter().filter(|column| **column != Column::Kart) {
                (cell(heat, line, before, *column))
            }
        }
    }
}

fn columns(screen: &Screen, heat: &HeatBoard) -> Vec<Column> {
    if !screen.layout.columns.is_empty() {
        return screen.layout.columns.clone();
    }
    let decides = match &*heat.heat.race_mode {
        "best_lap" => Column::Best,
        "best_average" => Column::Average,
        _ => Column::Last,
    };
    vec![Column::Kart, decides, Column::Gap]
}

fn cell(heat: &HeatBoard, line: &Line, before: Option<&Line>, column: Column) -> Markup {
    let standing = &line.standing;
    let best_of_all = heat.best_lap_ms();
    let mood = |lap_ms: Option<i32>, is_own_best: bool| match lap_ms {
        Some(_) if lap_ms == best_of_all => Some("fastest"),
        Some(_) if is_own_best => Some("own-best"),
        _ => None,
    };
    let time = |lap_ms: Option<i32>, mood: Option<&str>| {
        let shown = lap_ms.map(lap_time).unwrap_or_default();
        html! { span class=(classes(&["cell", "time"], mood)) { (shown) } }
    };
    match column {
        Column::Kart => html! {},
        Column::Places => {
            let won = line.places_gained().unwrap_or(0);
            let (mood, sign) = match won {
                1.. => (Some("won"), "▲"),
                0 => (None, ""),
                _ => (Some("lost"), "▼"),
            };
            let shown = Some(won.unsigned_abs()).filter(|places| *places > 0);
            html! { span class=(classes(&["cell", "places"], mood)) { (sign) @if let Some(shown) = shown { (shown) } } }
        }
        Column::Laps => html! { span.cell.laps { (standing.laps) } },
        Column::Last => {
            let lap_ms = standing.last_lap_ms;
            time(lap_ms, mood(lap_ms, line.last_is_best()))
        }
        Column::Best => time(standing.best_lap_ms, mood(standing.best_lap_ms, false)),
        Column::Average => time(standing.average_lap_ms, None),
        Column::Gap => html! { span.cell.gap { (gap(&standing.gap)) } },
        Column::Interval => {
            let ahead = before.and_then(|before| apart_ms(heat, before, line));
            html! { span.cell.gap { @if let Some(ms) = ahead { "+" (seconds(ms)) } } }
        }
    }
}

fn clock(screen: &Screen, heat: &HeatBoard) -> Markup {
    let (words, clock) = (&screen.words().heat, &heat.clock);
    let state = match &*heat.heat.state {
        "running" if heat.heat.clock_started => None,
        "running" => Some(screen.air_words().about_to_start),
        other => Some(words.state(other)),
    };
    // What is left in the counter of a heat that is over, or of one that has no end, says nothing.
    let is_over = matches!(&*heat.heat.state, "finished" | "stopped");
    let has_time = !is_over && (clock.runs || clock.ms > 0);
    let to_go = heat.heat.remaining_laps;
    Panel::of(Part::Clock).mood(clock.runs.then_some("running")).around(html! {
        span.title { (title(&heat.heat.key.name)) }
        @if let Some(state) = state { span.state { (state) } }
        @if to_go > 0 && !is_over { span.to-go { (words.laps_to_go.of(to_go)) } }
        @if has_time {
            time data-clock-ms=(clock.ms) data-clock-at=(clock.at.timestamp_millis())
                data-clock-dir=(if clock.counts_down { "down" } else { "up" })
                data-clock-runs[clock.runs] data-clock-form="minutes" {}
        }
    })
}

/// The lap that is news: of those driven just now the one that matters most, else the latest.
fn last(screen: &Screen, heat: &HeatBoard, now: DateTime<Utc>) -> Option<Markup> {
    let crossed = |line: &Arc<Line>| {
        let lap = line.laps.last()?.clone();
        let is_news = lap.crossed_at.is_some_and(|at| now - at < LAP_IS_NEWS);
        is_news.then(|| (worth(heat, line, &lap), lap.crossed_at, line.clone(), lap))
    };
    let news = heat.lines.iter().filter_map(crossed);
    let news = news.filter(|(worth, ..)| screen.layout.laps == Laps::All || *worth > Worth::Lap);
    let (worth, _, line, lap) = news.max_by_key(|(worth, at, ..)| (*worth, *at))?;
    let (words, all) = (screen.air_words(), screen.words());
    let (mood, headline) = match (worth, line.standing.last_record.as_deref()) {
        (Worth::Record, Some(record)) => (Some("fastest"), all.sign.record(record)),
        (Worth::Record | Worth::Fastest, _) => (Some("fastest"), words.fastest_lap),
        (Worth::OwnBest, _) => (Some("own-best"), words.personal_best),
        (Worth::Lap, _) => (None, words.last_lap),
    };
    let about = format!("{}-{}", line.standing.driver_id, lap.lap);
    Some(Panel::of(Part::Last).mood(mood).about(about).around(html! {
        span.headline { (headline) }
        span.name { (who(screen, &line)) }
        span.detail { (words.lap) " " (lap.lap) }
        span.figure { (lap_time(lap.lap_ms)) }
    }))
}

/// How much of a lap people want to hear of, rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Lap,
    OwnBest,
    Fastest,
    Record,
}

fn worth(heat: &HeatBoard, line: &Line, lap: &Lap) -> Worth {
    let standing = &line.standing;
    let is_own_best = standing.best_lap_ms == Some(lap.lap_ms);
    match () {
        () if standing.last_record.is_some() => Worth::Record,
        () if is_own_best && heat.best_lap_ms() == Some(lap.lap_ms) => Worth::Fastest,
        // A first lap is everybody's best.
        () if is_own_best && lap.lap > 1 => Worth::OwnBest,
        () => Worth::Lap,
    }
}

fn best(screen: &Screen, heat: &HeatBoard) -> Option<Markup> {
    let best = heat.best_lap_ms()?;
    let line = heat.lines.iter().find(|line| line.standing.best_lap_ms == Some(best))?;
    Some(Panel::of(Part::Best).mood(Some("fastest")).around(html! {
        span.headline { (screen.air_words().fastest_lap) }
        span.name { (who(screen, line)) }
        span.figure { (lap_time(best)) }
    }))
}

/// The two neighbours in the table who are closest by what decides the heat.
fn battle(screen: &Screen, heat: &HeatBoard) -> Option<Markup> {
    if !heat.clock.runs {
        return None;
    }
    let pairs = heat.lines.windows(2).filter_map(|pair| match pair {
        [ahead, behind] => Some((apart_ms(heat, ahead, behind)?, ahead, behind)),
        _ => None,
    });
    let (apart, ahead, behind) =
        pairs.filter(|(apart, ..)| *apart <= CLOSE_MS).min_by_key(|(apart, ..)| *apart)?;
    Some(Panel::of(Part::Battle).around(html! {
        span.headline { (screen.air_words().battle_for) " P" (ahead.standing.position) }
        span.name { (who(screen, ahead)) }
        span.figure { (seconds(apart)) }
        span.name { (who(screen, behind)) }
    }))
}

/// How far `behind` is behind `ahead` in what decides the heat; none where nobody can tell.
fn apart_ms(heat: &HeatBoard, ahead: &Line, behind: &Line) -> Option<i64> {
    let (ahead, behind) = (&ahead.standing, &behind.standing);
    let apart = match &*heat.heat.race_mode {
        "best_lap" => i64::from(behind.best_lap_ms? - ahead.best_lap_ms?),
        "best_average" => i64::from(behind.average_lap_ms? - ahead.average_lap_ms?),
        _ if ahead.laps != behind.laps || ahead.laps == 0 => return None,
        _ if ahead.gap.trim().is_empty() => gap_ms(&behind.gap)?,
        _ => gap_ms(&behind.gap)? - gap_ms(&ahead.gap)?,
    };
    Some(apart).filter(|apart| *apart >= 0)
}

/// The name, or the kart where names are not shown or there is none.
fn who(screen: &Screen, line: &Line) -> String {
    let standing = &line.standing;
    let kart = || format!("{} {}", screen.words().heat.kart.long, standing.kart.trim());
    screen.person(&standing.name).map_or_else(kart, |name| name.into_owned())
}

/// Without the venue's own token.
fn title(name: &str) -> &str {
    name.trim().trim_start_matches("[HEAT]").trim_start()
}

/// `34.567`, `1:04.740`.
fn lap_time(ms: i32) -> String {
    match ms / 60_000 {
        0 => seconds(i64::from(ms)),
        minutes => format!("{minutes}:{:02}.{:03}", ms / 1_000 % 60, ms % 1_000),
    }
}

/// `0.067`
fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

/// As `+1.265`; what nobody can read stays as it was sent.
fn gap(sent: &str) -> String {
    gap_ms(sent).map_or_else(|| sent.trim().to_owned(), |ms| format!("+{}", seconds(ms)))
}

/// Of a gap as `+01.265` or `01.265`.
fn gap_ms(sent: &str) -> Option<i64> {
    let (seconds, thousandths) = sent.trim().trim_start_matches('+').split_once('.')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(seconds) || !is_number(thousandths) || thousandths.len() != 3 {
        return None;
    }
    let (seconds, thousandths) = (seconds.parse::<i32>().ok()?, thousandths.parse::<i64>().ok()?);
    Some(i64::from(seconds) * 1_000 + thousandths)
}

#[cfg(test)]
mod tests;
