//! A feed as a card of the fleet.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use crate::{
    board::{Board, HeatBoard, RingBoard},
    http::words::Words,
    pipeline::{live::Link, supervisor::FeedState},
};

use super::{
    super::{
        heat,
        reader::Reader,
        ring,
        sheet::Element,
        status::{self, Badge},
        time::{self, Moment},
    },
    Seen,
};

/// Somebody should look at it.
pub(super) fn is_in_trouble(seen: &Seen, now: DateTime<Utc>) -> bool {
    let link = &seen.live.link;
    // One that was just configured is connecting, and that is no trouble.
    let is_away = match &seen.health {
        Some(health) => health.state != FeedState::Up && health.last_error.is_some(),
        None => matches!(link, Link::Down { .. }),
    };
    let is_off = |state| matches!(state, FeedState::Quarantined | FeedState::Stopped);
    is_away
        || seen.health.as_ref().is_some_and(|health| is_off(health.state))
        || is_unreadable(seen)
        || badge(seen, now, crate::http::words::Lang::En.words()).class == "bad"
}

pub(super) fn draw(seen: &Seen, reader: &Reader, moment: Moment) -> Element {
    let (words, live) = (reader.words(), &seen.live);
    let feed = &live.feed;
    let id = format!("f-{}", feed.id);
    let badge = badge(seen, moment.now, words);
    let age = status::age(live, badge);
    let class = if is_in_trouble(seen, moment.now) { "card trouble" } else { "card" };
    // What it showed last is no news when it is not connected.
    let is_true = badge.class != "bad";
    let html = html! {
        li id=(id) class=(class) data-find={ (feed.venue) " " (feed.id) } {
            p.card-head {
                a href=(reader.link(&format!("/feeds/{}", feed.id))) dir="auto" { (feed.name) }
                (badge.draw())
            }
            (faults(seen, words, moment))
            @if is_true { (on(&live.board, reader, moment)) }
            @if let Some(at) = age {
                p.age { (words.link.last_data.around(time::ago(at, moment, &words.time))) }
            }
        }
    };
    Element { id, html }
}

fn badge(seen: &Seen, now: DateTime<Utc>, words: &'static Words) -> Badge {
    let link = &words.link;
    match seen.health.as_ref().map(|health| health.state) {
        Some(FeedState::Quarantined) => {
            Badge { class: "bad", glyph: "✕", words: link.quarantined }
        }
        Some(FeedState::Stopped) => Badge { class: "bad", glyph: "■", words: link.stopped },
        _ => Badge::of(&seen.live, now, words),
    }
}

fn is_unreadable(seen: &Seen) -> bool {
    let of_health = seen.health.as_ref().is_some_and(|health| health.trouble.is_some());
    of_health || seen.live.trouble.is_some()
}

/// What is wrong, in plain words, and when the next try is.
fn faults(seen: &Seen, words: &'static Words, moment: Moment) -> Markup {
    let link = &words.link;
    let Some(health) = &seen.health else { return html! {} };
    let is_away = health.state != FeedState::Up;
    // The reason is a word, the detail behind it is for the operator.
    let reason = health.last_error.as_deref().filter(|_| is_away);
    let reason = reason.map(|error| error.split(':').next().unwrap_or(error));
    let retry_at =
        health.retry_in_s.filter(|_| reason.is_some()).map(|wait| next_second(moment.now, wait));
    html! {
        @if health.state == FeedState::Quarantined {
            p.fault { (link.was_quarantined) }
        } @else if let Some(reason) = reason {
            p.fault {
                (link.reason(reason))
                @if let Some(at) = retry_at {
                    " " (link.next_try.around(time::until(at, moment, &words.time)))
                }
            }
        }
        @if is_unreadable(seen) { p.fault { (link.unreadable) } }
    }
}

/// To the second, so that the card stays the same while the wait goes on.
fn next_second(now: DateTime<Utc>, wait_s: f64) -> DateTime<Utc> {
    let wait = TimeDelta::milliseconds((wait_s * 1_000.0) as i64);
    let at = (now + wait).timestamp_millis();
    DateTime::from_timestamp(at.div_euclid(1_000), 0).unwrap_or(now)
}

fn on(board: &Board, reader: &Reader, moment: Moment) -> Markup {
    let words = reader.words();
    match board {
        Board::Heat(board) => of_heat(board, reader, moment),
        Board::Ring(board) => of_ring(board, reader, moment),
        Board::Empty => html! { p.calm { (words.heat.no_heat) } },
        Board::NotReady(_) => html! { p.calm { (words.ring.not_ready) } },
        Board::Unknown => html! { p.calm { (words.heat.waiting) } },
    }
}

fn of_heat(heat: &HeatBoard, reader: &Reader, moment: Moment) -> Markup {
    let words = &reader.words().heat;
    let leader = heat.leader().map(|line| &line.standing);
    html! {
        p.on {
            b dir="auto" { (heat::title(&heat.heat.key.name)) }
            @if heat.clock.runs { " " (time::steady_clock(&heat.clock, moment)) }
        }
        p.facts {
            (heat::state(&heat.heat.state, words))
            @if let Some(leader) = leader {
                span {
                    (reader.words().fleet.leader) " "
                    bdi { (reader.names.show(leader.name.trim())) }
                    @if let Some(best) = leader.best_lap_ms { " " span.num { (time::lap(best)) } }
                }
            }
        }
    }
}

fn of_ring(ring: &RingBoard, reader: &Reader, moment: Moment) -> Markup {
    let words = &reader.words().ring;
    let title = ring.run.as_ref().map(|run| ring::title(&run.key, words));
    let dog = ring.on_course.as_ref().map(|on| &on.playset);
    html! {
        p.on {
            @match dog {
                Some(dog) => b { bdi { (ring::dog_name(&dog.pair).unwrap_or("–")) } },
                None => span { (words.nobody) },
            }
            @if let Some(on) = &ring.on_course {
                @if let Some(since) = on.running_since.filter(|_| on.is_running()) {
                    " " (time::running_clock(since, moment))
                } @else if let Some(time) = on.playset.time_s.as_ref().filter(|_| on.is_done()) {
                    " " span.num { (time) }
                }
            }
        }
        p.facts {
            @if let Some(dog) = dog { span { (ring::marks(dog, words)) } }
            @if let Some(title) = title { span dir="auto" { (title) } }
        }
    }
}
