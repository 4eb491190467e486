//! What an overlay shows of a feed: a plain function of the feed's state, the layout and the time.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::{
    board::Board,
    http::{
        fragments::Fragments,
        privacy::Privacy,
        view::Shown,
        words::{self, Lang},
    },
    pipeline::live::{Live, Staleness},
};

use super::{
    agility,
    choice::Choice,
    karting,
    layout::{Layout, Names},
    part::{Part, Place, Sport},
    words::{AirWords, Words},
};

/// For whom is drawn.
pub(super) struct Screen {
    pub layout: Layout,
    pub lang: Lang,
    pub privacy: Privacy,
}

impl Screen {
    /// What is on air `now`.
    pub fn show(&self, live: &Live, now: DateTime<Utc>) -> Shown {
        let (sport, parts) = match &live.board {
            Board::Heat(heat) => {
                let draw = |part| karting::part(self, heat, part, now);
                (Sport::Karting, self.drawn(Sport::Karting, draw))
            }
            Board::Ring(ring) => {
                let draw = |part| agility::part(self, ring, part);
                (Sport::Agility, self.drawn(Sport::Agility, draw))
            }
            Board::Unknown | Board::Empty | Board::NotReady(_) => (Sport::Karting, Vec::new()),
        };
        let mut fragments = Fragments::default();
        for place in Place::ALL {
            let here =
                parts.iter().filter(|(part, _)| self.layout.place_of(sport, *part) == *place);
            fragments.order(place.id(), here.map(|(part, _)| part.word().to_owned()).collect());
        }
        for (part, element) in parts {
            fragments.part(part.word(), element);
        }
        if let Board::Heat(heat) = &live.board
            && self.layout.parts_of(Sport::Karting).contains(&Part::Tower)
        {
            karting::tower_rows(self, heat, &mut fragments);
        }
        let stale = match live.staleness(now) {
            Staleness::Fresh => None,
            Staleness::Never | Staleness::Disconnected { .. } | Staleness::Silent { .. } => {
                Some(Cow::Borrowed(self.words().link.no_data))
            }
        };
        Shown { fragments, stale }
    }

    /// The parts that have something to show, in order.
    fn drawn(&self, sport: Sport, draw: impl Fn(Part) -> Option<Markup>) -> Vec<(Part, Markup)> {
        let parts = self.layout.parts_of(sport).into_iter();
        parts.filter_map(|part| Some((part, draw(part)?))).collect()
    }

    pub fn words(&self) -> &'static words::Words {
        self.lang.words()
    }

    pub fn air_words(&self) -> &'static AirWords {
        &Words::of(self.lang).air
    }

    /// A person as the overlay names people; none where it does not, or there is no name.
    pub fn person<'a>(&self, name: &'a str) -> Option<Cow<'a, str>> {
        let name = name.trim();
        let shown = match self.layout.names {
            Names::Full => self.privacy.show(name),
            Names::Initials => Privacy::Initials.show(name),
            Names::None => return None,
        };
        Some(shown).filter(|shown| !shown.is_empty())
    }
}

/// The frame of a part, with the part's word as its id.
pub(super) struct Panel {
    part: Part,
    mood: Option<&'static str>,
    about: Option<String>,
}

impl Panel {
    pub fn of(part: Part) -> Self {
        Self { part, mood: None, about: None }
    }

    /// A class, where there is one.
    pub fn mood(self, mood: Option<&'static str>) -> Self {
        Self { mood, ..self }
    }

    /// What it is about, where that may change: then it comes in as a new one.
    pub fn about(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }

    pub fn around(self, inside: Markup) -> Markup {
        let class = classes(&["panel", self.part.word()], self.mood);
        html! { section id=(self.part.word()) class=(class) data-key=[self.about] { (inside) } }
    }
}

/// Classes of an element, with one more where there is one.
pub(super) fn classes(usual: &[&str], more: Option<&str>) -> String {
    let all: Vec<_> = usual.iter().copied().chain(more).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::TimeDelta;

    use crate::{
        board::{RingBoard, agility::OnCourse},
        event::{FeedId, FeedInfo, agility::Playset},
        http::{fragments::Differ, overlay::agility::a_dog},
        pipeline::live::Link,
    };

    use super::*;

    fn live(board: Board, at: DateTime<Utc>) -> Live {
        let feed = FeedInfo {
            id: FeedId::new("ring"),
            kind: "flowagility".to_owned(),
            venue: "Venue".to_owned(),
            name: "Ring".to_owned(),
        };
        let link = Link::Up { since: at };
        Live { link, last_at: Some(at), board, ..Live::new(Arc::new(feed)) }
    }

    fn with_next(next: Playset, on_course: Playset) -> Board {
        let on_course = Some(OnCourse { playset: on_course.into(), running_since: None });
        let next = Some(next.into());
        Board::Ring(Arc::new(RingBoard { next, on_course, ..RingBoard::default() }))
    }

    fn screen(query: &str) -> Screen {
        Screen { layout: Layout::read(query).0, lang: Lang::De, privacy: Privacy::Names }
    }

    fn order(shown: Shown) -> serde_json::Value {
        let message =
            Differ::default().changes(shown.fragments).message(None, DateTime::UNIX_EPOCH);
        let message: serde_json::Value = serde_json::from_str(&message).unwrap();
        let mut order = message["order"].as_object().unwrap().clone();
        // All places are told each time, so that what a client had before goes.
        assert_eq!(order.len(), Place::ALL.len());
        order.retain(|_, ids| !ids.as_array().unwrap().is_empty());
        order.into()
    }

    #[test]
    fn parts_stand_at_their_places_in_the_order_of_the_address() {
        let now = Utc::now();
        let live = live(with_next(a_dog("Duna", "ready"), a_dog("Nala", "running")), now);
        let usual = order(screen("").show(&live, now));
        assert_eq!(usual, serde_json::json!({ "at-bottom-left": ["dog", "next"] }));
        // A tower is nothing for a ring.
        let own = screen("parts=next,tower,dog&next=top&dog=top").show(&live, now);
        assert_eq!(order(own), serde_json::json!({ "at-top": ["next", "dog"] }));
    }

    #[test]
    fn nothing_is_shown_when_nothing_is_on() {
        let now = Utc::now();
        for board in [Board::Unknown, Board::Empty, Board::NotReady("soon".to_owned())] {
            let shown = screen("").show(&live(board, now), now);
            assert_eq!(shown.stale, None);
            assert_eq!(order(shown), serde_json::json!({}));
        }
    }

    #[test]
    fn screen_is_stale_when_its_feed_is() {
        let now = Utc::now();
        let mut live = live(Board::Empty, now);
        assert_eq!(screen("").show(&live, now).stale, None);
        live.link = Link::Down { since: now, reason: "silence".to_owned() };
        let stale = screen("").show(&live, now + TimeDelta::seconds(1)).stale;
        assert_eq!(stale.as_deref(), Some(Lang::De.words().link.no_data));
    }
}
