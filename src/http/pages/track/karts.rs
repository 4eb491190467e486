//! `/karts`: how quick each kart of a track really is.

use actix_web::{HttpRequest, HttpResponse, Responder, web};
use chrono::Utc;
use maud::{Markup, html};

use crate::{
    analysis::karting::{KartRow, kart_model::KartEffect},
    http::{
        Sources,
        calendar::{self, Span},
        charts::{BoxOf, WhiskerOf, box_chart, seconds, whisker_chart},
        karts::{KartDesk, Karts, KartsWanted},
        pages::{layout, page, reader::Reader, time},
    },
};

use super::{Asked, Tracks, asking, away, choice, class_choice, nothing, words::TrackWords};

/// Days that can be chosen, and those that are where nothing is.
const DAYS: [u32; 5] = [7, 30, 90, 180, 365];
const USUAL_DAYS: u32 = 30;

pub(super) async fn karts_page(
    request: HttpRequest,
    sources: web::Data<Sources>,
    desk: web::Data<KartDesk>,
) -> impl Responder {
    let reader = Reader::of(&request, sources.privacy);
    let asked = Asked::of(&request);
    match Tracks::of(&asked, &sources, &reader).await {
        Ok(tracks) => of_track(&asked, &tracks, &sources, &desk, &reader).await,
        Err(instead) => instead,
    }
}

async fn of_track(
    asked: &Asked,
    tracks: &Tracks,
    sources: &Sources,
    desk: &KartDesk,
    reader: &Reader,
) -> HttpResponse {
    let feed = tracks.chosen.id.clone();
    let zone = sources.almanac.zone(&feed);
    let days = asked.get("days").and_then(|days| days.parse().ok());
    let days = days.filter(|days| DAYS.contains(days)).unwrap_or(USUAL_DAYS);
    let today = calendar::day(Utc::now(), zone);
    let span = Span::of_days(days, today, zone).unwrap_or(Span::EVER);
    let class = asked.get("class").map(str::to_owned);
    let wanted = KartsWanted { feed, span, class: class.clone() };
    match desk.karts(sources, wanted).await {
        Ok(Some(karts)) => {
            let words = TrackWords::of(reader.lang);
            let spans = DAYS.iter().map(|days| (days.to_string(), (words.days)(*days))).collect();
            let fields = html! {
                (choice("days", words.span, spans, &days.to_string()))
                (class_choice(&karts.classes, class.as_deref(), words))
            };
            asking(words.karts, tracks, reader, &fields, &answer(&karts, reader))
        }
        Ok(None) => page(actix_web::http::StatusCode::NOT_FOUND, layout::no_such_feed(reader)),
        Err(why) => away(&why, reader),
    }
}

fn answer(karts: &Karts, reader: &Reader) -> Markup {
    let words = TrackWords::of(reader.lang);
    let rows = &karts.table.karts;
    let whiskers: Vec<WhiskerOf> = rows.iter().filter_map(whisker).collect();
    let boxes: Vec<BoxOf> = rows.iter().filter_map(box_of).collect();
    html! {
        @if rows.is_empty() {
            (nothing(words.no_laps))
        } @else {
            section #charts {
                div #charts-rows {
                    @if !whiskers.is_empty() {
                        (whisker_chart("kart-effects", (words.kart_effects, words.kart_effects_note), &whiskers, reader.lang))
                    }
                    (box_chart("kart-spreads", words.kart_spreads, &boxes, reader.lang))
                }
            }
            section #karts.panel {
                h3 { (words.karts) }
                @if whiskers.is_empty() { p { (words.none_compared) } }
                div.sideways tabindex="0" role="region" aria-label=(words.karts) {
                    (table(rows, reader))
                }
                details.means {
                    summary { (words.how_to_read) }
                    @for sentence in words.kart_means { p { (sentence) } }
                    @if let Some(scatter_ms) = karts.table.median_scatter_ms {
                        p { (words.scatter) " " (seconds(scatter_ms).trim_start_matches('+')) " s." }
                    }
                }
            }
        }
        @if karts.is_cut { p.facts { (words.is_cut) } }
        @if let Some(since) = karts.missing_since {
            p.facts { (words.missing_since) " " (time::date(since)) }
        }
    }
}

fn whisker(row: &KartRow) -> Option<WhiskerOf> {
    let median = row.median.as_ref()?;
    let interval_ms = median.error.map(|error| (error.low_ms, error.high_ms));
    Some(WhiskerOf { label: row.kart.clone(), value_ms: median.effect_ms, interval_ms })
}

fn box_of(row: &KartRow) -> Option<BoxOf> {
    let spread = row.spread?;
    Some(BoxOf {
        label: row.kart.clone(),
        low_ms: spread.low,
        quarter_ms: spread.quarter,
        median_ms: spread.median,
        three_quarters_ms: spread.three_quarters,
        high_ms: spread.high,
        count: spread.count,
        hue: 0,
    })
}

fn table(rows: &[KartRow], reader: &Reader) -> Markup {
    let words = TrackWords::of(reader.lang);
    html! {
        table.figures-of {
            thead {
                tr {
                    th.kart scope="col" { (reader.words().heat.kart.long) }
                    th scope="col" { (words.effect) }
                    th scope="col" { (words.interval) }
                    th scope="col" { (words.effect_on_best) }
                    th scope="col" { (words.best_lap) }
                    th scope="col" { (words.stints) }
                    th scope="col" { (words.drivers) }
                    th scope="col" { (words.laps) }
                }
            }
            tbody {
                @for row in rows {
                    tr {
                        th.kart scope="row" { b { (row.kart) } }
                        (effect(row.median.as_ref()))
                        td { (row.best.as_ref().map_or("–".to_owned(), |best| seconds(best.effect_ms))) }
                        td { (time::lap(row.best_lap_ms)) }
                        td { (row.stints) }
                        td { (row.median.as_ref().map_or("–".to_owned(), |one| one.drivers.to_string())) }
                        td { (row.laps) }
                    }
                }
            }
        }
    }
}

fn effect(effect: Option<&KartEffect>) -> Markup {
    let interval = effect.and_then(|effect| effect.error);
    html! {
        td { b { (effect.map_or("–".to_owned(), |effect| seconds(effect.effect_ms))) } }
        td.aside {
            @match interval {
                Some(error) => { (seconds(error.low_ms)) " … " (seconds(error.high_ms)) }
                None => "–",
            }
        }
    }
}
