use std::sync::Arc;

use chrono::TimeDelta;

use crate::{
    board::Board,
    event::{FeedId, FeedInfo},
    http::words::Lang,
    pipeline::{live::Link, supervisor::FeedState},
};

use super::{
    super::sample::{at, heat, line, live, reader, ring},
    *,
};

fn seen(venue: &str, id: &str, board: Board) -> Seen {
    let feed = FeedInfo {
        id: FeedId::new(id),
        kind: "bmi".into(),
        venue: venue.into(),
        name: format!("Track <{id}>"),
    };
    let live = Live { feed: Arc::new(feed), ..live(board) };
    let health = health(&live, FeedState::Up);
    Seen { live, health: Some(health) }
}

/// As the supervisor tells it to monitors.
fn health(live: &Live, state: FeedState) -> FeedHealth {
    let json = serde_json::json!({
        "id": live.feed.id.as_str(), "kind": "bmi", "venue": live.feed.venue,
        "name": live.feed.name, "state": state, "generation": 1, "active": true, "frames": 1,
        "bytes": 1, "rejected": 0, "unkept": 0, "paced": 0, "unknown": 0, "unknown_names": {},
        "laps": 0, "restarts": 0,
    });
    serde_json::from_value(json).unwrap()
}

fn away(venue: &str, id: &str) -> Seen {
    let mut seen = seen(venue, id, Board::Empty);
    let reason = "remote_closed".to_owned();
    seen.live.link = Link::Down { since: at(0), reason };
    let mut health = health(&seen.live, FeedState::Waiting);
    health.last_error = Some("remote_closed: code 1001".into());
    health.retry_in_s = Some(7.6);
    seen.health = Some(health);
    seen
}

fn drawn(fleet: &[Seen], lang: Lang, seconds: i64) -> String {
    page(fleet, &reader(lang), at(seconds)).into_string()
}

fn order(html: &str, ids: &[&str]) -> Vec<usize> {
    let place = |id| html.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {html}"));
    ids.iter().map(|id| place(*id)).collect()
}

#[test]
fn fleet_shows_what_is_on() {
    let heat = Board::Heat(Arc::new(heat(vec![line(1, "Ale", &[60_123])])));
    let fleet = [seen("Nord", "a", heat), seen("Nord", "b", Board::Ring(Arc::new(ring())))];
    let html = drawn(&fleet, Lang::De, 1);
    assert!(html.contains("2 Anzeigen · alles in Ordnung"), "{html}");
    assert!(html.contains("<a href=\"/feeds/a\" dir=\"auto\">Track &lt;a&gt;</a>"), "{html}");
    assert!(html.contains("<b dir=\"auto\">46 - Final</b> <time"), "{html}");
    assert!(html.contains("Führt <bdi>Ale</bdi> <span class=\"num\">1:00.123</span>"), "{html}");
    assert!(html.contains("<b><bdi>Mel</bdi></b> <time"), "{html}");
    assert!(html.contains("Fehler 1 · Verweigerungen 0"), "{html}");
}

#[test]
fn fleet_shows_trouble_first_and_says_what_it_is() {
    let fleet = [
        seen("Alfa", "a", Board::Empty),
        seen("Beta", "b", Board::Empty),
        seen("Zulu", "x", Board::Empty),
        away("Zulu", "z"),
    ];
    let html = drawn(&fleet, Lang::Es, 1);
    let places = order(&html, &["v-Zulu", "f-z", "f-x", "v-Alfa", "f-a", "v-Beta", "f-b"]);
    assert!(places.is_sorted(), "{places:?}");
    assert!(html.contains("4 pistas · <b class=\"fault\">1 con problemas</b>"), "{html}");
    let fault = "La pista cerró la conexión. Próximo intento en \
                 <span data-until=\"1700000008000\">7 s</span>.";
    assert!(html.contains(fault), "{html}");
    assert!(!html.contains("1001"), "details are for the operator: {html}");
}

#[test]
fn fleet_says_what_is_wrong_in_every_language() {
    for lang in Lang::ALL {
        let words = &lang.words().link;
        let mut off = seen("Nord", "off", Board::Empty);
        off.health.as_mut().unwrap().state = FeedState::Quarantined;
        let mut unreadable = seen("Nord", "unreadable", Board::Empty);
        unreadable.live.trouble = Some("no JSON".into());
        let silent = seen("Nord", "silent", Board::Heat(Arc::new(heat(Vec::new()))));
        let html = drawn(&[off, unreadable, silent], lang, 60);
        for said in [words.was_quarantined, words.unreadable, words.silent, words.quarantined] {
            assert!(html.contains(said), "{said}: {html}");
        }
    }
}

#[test]
fn card_stays_the_same_while_its_clock_just_goes_on() {
    let card = |ms, later: i64| {
        let mut heat = heat(vec![line(1, "Ale", &[60_123])]);
        heat.clock.ms = ms;
        heat.clock.at += TimeDelta::milliseconds(later);
        let mut seen = seen("Nord", "a", Board::Heat(Arc::new(heat)));
        seen.live.last_at = Some(at(0) + TimeDelta::milliseconds(later));
        let moment = Moment::on_socket(at(2) + TimeDelta::milliseconds(later));
        card::draw(&seen, &reader(Lang::En), moment).html.into_string()
    };
    assert_eq!(card(300_000, 0), card(299_000, 1_040));
    assert_ne!(card(300_000, 0), card(290_000, 1_000));
}

#[test]
fn card_stays_the_same_while_nothing_comes() {
    let fleet = [seen("Nord", "a", Board::Ring(Arc::new(ring()))), seen("Nord", "b", Board::Empty)];
    let cards = |seconds| {
        let drawn = |seen| card::draw(seen, &reader(Lang::Nl), Moment::on_socket(at(seconds)));
        fleet.each_ref().map(drawn).map(|card| card.html.into_string())
    };
    assert_eq!(cards(1), cards(2));
    let [ring, _] = cards(1);
    assert!(ring.contains("data-clock-tenths></time>"), "{ring}");
}

#[test]
fn fleet_of_hundreds_has_an_id_for_every_venue() {
    assert_eq!(venue_id("Karting Nord"), "v-Karting_20Nord");
    assert_ne!(venue_id("Łódź"), venue_id("Lodz"));
    let fleet: Vec<_> = (0..300)
        .map(|n| seen(&format!("Venue {}", n / 2), &format!("feed-{n:03}"), Board::Empty))
        .collect();
    let html = drawn(&fleet, Lang::En, 1);
    assert_eq!(html.matches("class=\"venue many\"").count(), 150);
    assert_eq!(html.matches("class=\"card\"").count(), 300);
}

#[test]
fn empty_fleet_says_so() {
    assert!(drawn(&[], Lang::Fr, 1).contains("Aucune piste n’est configurée."));
}
