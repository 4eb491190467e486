//! `[[alias]]` and `time_zone`: what the venues do not tell of their people and days.

use std::collections::HashSet;

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::{
    http::almanac::{Alias, key},
    spelling,
};

use super::{FeedConfig, Problem, Section};

/// None where it is wrong or not there.
pub(super) fn read_time_zone(section: &mut Section, problems: &mut Vec<Problem>) -> Option<Tz> {
    let name = section.text("time_zone", problems)?;
    let zone = name.parse().ok();
    if zone.is_none() {
        let words = match meant(&name) {
            Some(meant) => format!("is no time zone; is {meant:?} meant?"),
            None => "must be a time zone such as \"Europe/Madrid\"".to_owned(),
        };
        section.problem("time_zone", words, problems);
    }
    zone
}

/// The zone that is written alike, or the one of this city.
fn meant(name: &str) -> Option<&'static str> {
    let city = |zone: &&Tz| {
        let city = zone.name().rsplit('/').next();
        city.is_some_and(|city| city.replace('_', " ").eq_ignore_ascii_case(name))
    };
    let names: Vec<&'static str> = TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
    TZ_VARIANTS
        .iter()
        .find(city)
        .map(|zone| zone.name())
        .or_else(|| spelling::closest(name, &names))
}

pub(super) fn read_aliases(sections: Vec<Section>, problems: &mut Vec<Problem>) -> Vec<Alias> {
    let mut aliases = Vec::new();
    // By venue and name: one that meant two people would mean neither.
    let mut taken = HashSet::new();
    for (index, mut section) in sections.into_iter().enumerate() {
        section.rename(format!("alias {}", index + 1));
        let venue = section.required("venue", problems);
        let name = section.required("name", problems);
        if !section.has("also") {
            section.problem("also", "is missing", problems);
        }
        let also = section.texts("also", problems);
        if also.iter().any(|name| name.trim().is_empty()) {
            section.problem("also", "holds an empty name", problems);
        }
        if let (Some(venue), Some(name)) = (venue, name) {
            let alias = Alias { venue, name, also };
            let keys: HashSet<String> = alias.all().map(key).collect();
            if keys.into_iter().any(|key| !taken.insert((alias.venue.clone(), key))) {
                let words = "or one of its other names is in another [[alias]] of this venue too";
                section.problem("name", words, problems);
            }
            aliases.push(alias);
        }
        section.finish(&["venue", "name", "also"], problems);
    }
    aliases
}

/// What may be meant otherwise: a venue may also be one of the past.
pub(super) fn notes(aliases: &[Alias], feeds: &[FeedConfig]) -> Vec<String> {
    let venues: Vec<&str> = feeds.iter().map(|feed| feed.info.venue.as_str()).collect();
    let note = |(index, alias): (usize, &Alias)| {
        if venues.contains(&alias.venue.as_str()) {
            return None;
        }
        let meant = spelling::closest(&alias.venue, &venues)
            .map_or_else(String::new, |meant| format!("; is {meant:?} meant?"));
        Some(format!("alias {}: no feed is of venue {:?}{meant}", index + 1, alias.venue))
    };
    aliases.iter().enumerate().filter_map(note).collect()
}
