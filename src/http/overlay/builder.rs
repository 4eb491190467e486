//! The page where a person puts an overlay together.
//!
//! A plain form that asks for itself again: its fields have the names of an overlay's parameters, so
//! one function reads both. A script shows each change at once where there is one.

use actix_web::{HttpRequest, HttpResponse, error::ErrorServiceUnavailable, web::Data};
use chrono::Utc;
use maud::{Markup, html};
use url::form_urlencoded;

use crate::{
    board::Board,
    http::{
        Sources,
        pages::{
            layout::{self, Frame},
            reader::Reader,
        },
        words::Lang,
    },
    pipeline::live::{GetLive, Live},
};

use super::{
    assets::{BUILDER_CSS, BUILDER_JS},
    choice::Choice,
    layout::{Column, DELAY_S, Layout, MARGIN_PX, Problem, ROWS, SCALE, Thousandths, WIDTH_PX},
    part::{Part, Place, Sport},
    words::{BuilderWords, Words},
};

/// The kind whose feeds are of rings; a feed that shows something tells by that.
const RINGS: &str = "flowagility";

pub(super) async fn page(
    request: HttpRequest,
    sources: Data<Sources>,
) -> actix_web::Result<HttpResponse> {
    let feeds = sources.live.fleet.send(GetLive).await;
    let feeds = feeds.map_err(|_| ErrorServiceUnavailable("the service is stopping"))?;
    let connection = request.connection_info();
    let builder = Builder {
        origin: format!("{}://{}", connection.scheme(), connection.host()),
        ..Builder::new(&feeds, request.query_string(), Reader::of(&request, sources.privacy))
    };
    let page = builder.page().into_string();
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

struct Builder<'a> {
    feeds: &'a [Live],
    feed: Option<&'a Live>,
    layout: Layout,
    problems: Vec<Problem>,
    reader: Reader,
    /// Where this page is served, without a slash at the end.
    origin: String,
}

impl<'a> Builder<'a> {
    fn new(feeds: &'a [Live], query: &str, reader: Reader) -> Self {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let wanted = pairs.find(|(key, _)| key == "feed").map(|(_, feed)| feed);
        let feed = feeds.iter().find(|live| Some(live.feed.id.as_str()) == wanted.as_deref());
        let (layout, problems) = Layout::read(query);
        Self {
            feeds,
            feed: feed.or(feeds.first()),
            layout,
            problems,
            reader,
            origin: String::new(),
        }
    }

    fn words(&self) -> &'static BuilderWords {
        &Words::of(self.reader.lang).builder
    }

    fn page(&self) -> Markup {
        let words = self.reader.words();
        let title = words.page.overlays;
        let frame = Frame { title, socket: None, stale: None, now: Utc::now() };
        let bench = match self.feed {
            None => html! { p.panel.notice { (words.fleet.no_feeds) } },
            Some(feed) => html! {
                div.bench {
                    (self.form(feed))
                    div.outcome {
                        (self.preview(feed))
                        (self.outcome(feed))
                    }
                }
            },
        };
        layout::page(
            &frame,
            &self.reader,
            html! {
                link rel="stylesheet" href=(BUILDER_CSS.href());
                script src=(BUILDER_JS.href()) defer {}
                header.title {
                    h1 { (title) }
                    p.status { (self.words().intro) }
                }
                (bench)
            },
        )
    }

    fn form(&self, feed: &Live) -> Markup {
        let (words, sport) = (self.words(), sport_of(feed));
        html! {
            form id="form" method="get" action="/overlay" {
                fieldset {
                    legend { (words.feed) }
                    label.field {
                        span.vh { (words.feed) }
                        select name="feed" id="feed" {
                            @for live in self.feeds {
                                option value=(live.feed.id) selected[live.feed.id == feed.feed.id] {
                                    (live.feed.venue) " · " (live.feed.name)
                                }
                            }
                        }
                    }
                }
                (self.parts(sport))
                (self.looks())
                (self.table(sport))
                button.main type="submit" { (words.show) }
            }
        }
    }

    fn parts(&self, sport: Sport) -> Markup {
        let words = self.words();
        let shown = self.layout.parts_of(sport);
        html! {
            fieldset.parts {
                legend { (words.parts) }
                @for part in sport.parts() {
                    div.part {
                        label.tick {
                            input type="checkbox" name="parts" value=(part.word())
                                checked[shown.contains(part)];
                            ((words.part)(sport, *part))
                        }
                        (self.place(sport, *part))
                    }
                }
            }
        }
    }

    fn place(&self, sport: Sport, part: Part) -> Markup {
        let words = self.words();
        let usual = sport.usual_place(part);
        let chosen = self.layout.places.get(&part);
        let name = (words.part)(sport, part);
        html! {
            select name=(part.word()) aria-label=(name) {
                option value="" { ((words.place)(usual)) }
                @for place in Place::ALL.iter().filter(|place| **place != usual) {
                    option value=(place.word()) selected[chosen == Some(place)] {
                        ((words.place)(*place))
                    }
                }
            }
        }
    }

    fn looks(&self) -> Markup {
        let (words, layout) = (self.words(), &self.layout);
        html! {
            fieldset {
                legend { (words.looks) }
                (select(words.theme, "theme", layout.theme, words.themes))
                label.field {
                    span { (words.accent) }
                    input type="color" name="accent" value={ "#" (layout.accent) };
                }
                (decimal(words.scale, "scale", layout.scale, &SCALE, "0.05"))
                (number(words.margin, "margin", layout.margin_px, &MARGIN_PX))
                (select(words.names, "names", layout.names, words.named))
                label.field {
                    span { (words.language) }
                    select name="lang" {
                        @for lang in Lang::ALL {
                            option value=(lang.tag()) lang=(lang.tag()) selected[lang == self.reader.lang] {
                                (lang.name())
                            }
                        }
                    }
                }
                (decimal(words.delay, "delay", layout.delay_s, &DELAY_S, "0.1"))
                p.note { (words.delay_note) }
            }
        }
    }

    fn table(&self, sport: Sport) -> Markup {
        let (words, layout) = (self.words(), &self.layout);
        html! {
            fieldset {
                legend { (words.table) }
                (number(words.rows, "rows", layout.rows, &ROWS))
                (number(words.width, "width", layout.width_px, &WIDTH_PX))
                @if sport == Sport::Karting {
                    (select(words.laps, "laps", layout.laps, words.told))
                    fieldset.columns {
                        legend { (words.columns) }
                        @for column in Column::ALL {
                            label.tick {
                                input type="checkbox" name="columns" value=(column.word())
                                    checked[layout.columns.contains(column)];
                                ((words.column)(*column))
                            }
                        }
                        p.note { (words.columns_note) }
                    }
                }
            }
        }
    }

    fn preview(&self, feed: &Live) -> Markup {
        let words = self.words();
        let at_once = Layout { delay_s: Thousandths(0), ..self.layout.clone() };
        html! {
            section.panel.preview {
                h2 { (words.preview) }
                div.ground id="ground" {
                    iframe id="preview" title=(words.preview) src=(self.path(feed, &at_once)) {}
                }
                p.note { (words.preview_note) }
            }
        }
    }

    /// What the script takes from the page of a changed form.
    fn outcome(&self, feed: &Live) -> Markup {
        let words = self.words();
        html! {
            div id="outcome" {
                @if !self.problems.is_empty() { (self.told()) }
                section.panel.address {
                    h2 id="address-title" { (words.address) }
                    div.line {
                        input id="address" type="text" readonly aria-labelledby="address-title"
                            value={ (self.origin) (self.path(feed, &self.layout)) };
                        button id="copy" type="button" hidden
                            data-copied=(words.copied) data-selected=(words.selected) { (words.copy) }
                    }
                    p.note id="copy-note" role="status" {}
                }
                section.panel {
                    h2 { (words.obs) }
                    ol { @for step in words.obs_steps { li { (step) } } }
                    p.note { (words.obs_note) }
                    p.note { (words.token_note) }
                }
            }
        }
    }

    fn told(&self) -> Markup {
        let words = self.words();
        html! {
            section.panel.problems role="alert" {
                p { (words.problems) }
                ul {
                    @for Problem { key, value, wanted } in &self.problems {
                        li {
                            code { (key) "=" (value) } " – "
                            @if wanted.is_empty() { (words.not_known) }
                            @else { (words.wanted) " " (wanted) }
                        }
                    }
                }
            }
        }
    }

    /// The overlay's address on this machine. OBS asks for no language, so it is always said.
    fn path(&self, feed: &Live, layout: &Layout) -> String {
        let mut path = format!("/overlay/{}?lang={}", feed.feed.id, self.reader.lang.tag());
        let query = layout.query();
        if !query.is_empty() {
            path += "&";
            path += &query;
        }
        path
    }
}

fn sport_of(live: &Live) -> Sport {
    match &live.board {
        Board::Heat(_) => Sport::Karting,
        Board::Ring(_) | Board::NotReady(_) => Sport::Agility,
        Board::Unknown | Board::Empty if live.feed.kind == RINGS => Sport::Agility,
        Board::Unknown | Board::Empty => Sport::Karting,
    }
}

fn select<C: Choice + PartialEq>(
    label: &str,
    name: &str,
    chosen: C,
    words: fn(C) -> &'static str,
) -> Markup {
    html! {
        label.field {
            span { (label) }
            select name=(name) {
                @for choice in C::ALL {
                    option value=(choice.word()) selected[*choice == chosen] { (words(*choice)) }
                }
            }
        }
    }
}

fn number(label: &str, name: &str, value: u32, range: &std::ops::RangeInclusive<u32>) -> Markup {
    html! {
        label.field {
            span { (label) }
            input type="number" name=(name) value=(value) min=(range.start()) max=(range.end());
        }
    }
}

fn decimal(
    label: &str,
    name: &str,
    value: Thousandths,
    range: &std::ops::RangeInclusive<Thousandths>,
    step: &str,
) -> Markup {
    html! {
        label.field {
            span { (label) }
            input type="number" name=(name) value=(value) min=(range.start()) max=(range.end())
                step=(step);
        }
    }
}

#[cfg(test)]
mod tests;
