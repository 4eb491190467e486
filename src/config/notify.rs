//! `[[notify]]`: webhooks, and what they are told.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use url::{Host, Url};

use crate::{
    http::words::Lang,
    notify::{Form, Kind, Secret, Target},
    spelling,
};

use super::{FeedConfig, Problem, Section, is_id};

const KEYS: [&str; 12] = [
    "name", "url", "secret", "on", "feeds", "form", "lang", "down_for", "max_age", "dorsals",
    "dogs", "insecure",
];
/// A feed is connected again within seconds after most faults.
const DOWN_AT_LEAST: Duration = Duration::from_secs(10);
const AGE_AT_LEAST: Duration = Duration::from_secs(60);
/// The outbox forgets what was told long ago, and what is older must not be told again.
const AGE_AT_MOST: Duration = Duration::from_secs(7 * 86_400);

pub(super) fn read_notify(
    sections: Vec<Section>,
    feeds: &[FeedConfig],
    problems: &mut Vec<Problem>,
) -> Vec<Arc<Target>> {
    let mut names = HashSet::new();
    let mut targets = Vec::new();
    for (index, mut section) in sections.into_iter().enumerate() {
        section.rename(match section.peek_text("name") {
            Some(name) => format!("notify {name}"),
            None => format!("notify {} (without a name)", index + 1),
        });
        let target = read_target(&mut section, feeds, problems);
        if let Some(target) = target {
            if !names.insert(target.name.clone()) {
                section.problem("name", "is taken twice", problems);
            }
            targets.push(Arc::new(target));
        }
        section.finish(&KEYS, problems);
    }
    targets
}

fn read_target(
    section: &mut Section,
    feeds: &[FeedConfig],
    problems: &mut Vec<Problem>,
) -> Option<Target> {
    let name = section.required("name", problems).filter(|name| {
        let fine = is_id(name);
        if !fine {
            section.problem("name", "must be 1 to 64 of a-z, 0-9 and '-'", problems);
        }
        fine
    });
    let insecure = section.switch("insecure", problems).unwrap_or(false);
    let url = read_url(section, insecure, problems);
    let secret = read_secret(section, problems);
    let on = read_on(section, problems);
    let feeds = read_feeds(section, feeds, problems);
    let form = match section.text("form", problems).as_deref() {
        None | Some("event") => Form::Event,
        Some("chat") => Form::Chat,
        Some(_) => {
            section.problem("form", "must be \"event\" or \"chat\"", problems);
            Form::Event
        }
    };
    let lang = read_lang(section, problems);
    let down_for = section.duration("down_for", DOWN_AT_LEAST, problems);
    let max_age = section.duration("max_age", AGE_AT_LEAST, problems);
    if max_age.is_some_and(|age| age > AGE_AT_MOST) {
        section.problem("max_age", "must be at most \"7d\"", problems);
    }
    let has_dorsals = section.has("dorsals");
    let dorsals = section.texts("dorsals", problems);
    let dogs = section.number("dogs", 0..=100, problems);
    if on.contains(&Kind::DogsBefore) && !has_dorsals {
        section.problem("dorsals", "is missing: dogs_before has to know whose turn", problems);
    }
    Some(Target {
        name: name?,
        url: url?,
        secret,
        on,
        feeds,
        form,
        lang,
        max_age: max_age.unwrap_or(Target::MAX_AGE),
        down_for: down_for.unwrap_or(Target::DOWN_FOR),
        dorsals,
        dogs: dogs.and_then(|dogs| usize::try_from(dogs).ok()).unwrap_or(Target::DOGS),
    })
}

/// Never repeats the address: it is a secret.
fn read_url(section: &mut Section, insecure: bool, problems: &mut Vec<Problem>) -> Option<Url> {
    let text = section.required("url", problems)?;
    let Ok(url) = Url::parse(&text) else {
        section.problem("url", "must be an address such as \"https://example.com/…\"", problems);
        return None;
    };
    let is_ours = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Some(url),
        "http" if is_ours || insecure => Some(url),
        "http" => {
            let words = "must begin with https://: over http:// everybody on the way reads names \
                         and the address, which is all it takes to write there; insecure = true \
                         allows it";
            section.problem("url", words, problems);
            None
        }
        _ => {
            section.problem("url", "must begin with https://", problems);
            None
        }
    }
}

fn read_secret(section: &mut Section, problems: &mut Vec<Problem>) -> Option<Secret> {
    let secret = section.text("secret", problems)?;
    if secret.chars().count() < Secret::MIN_CHARACTERS {
        let words = format!("must have at least {} characters", Secret::MIN_CHARACTERS);
        section.problem("secret", words, problems);
        return None;
    }
    Some(Secret::new(secret))
}

fn read_on(section: &mut Section, problems: &mut Vec<Problem>) -> BTreeSet<Kind> {
    let known = Kind::ALL.map(Kind::as_str);
    if !section.has("on") {
        section.problem("on", format!("is missing; there are {}", known.join(", ")), problems);
    }
    let mut on = BTreeSet::new();
    for word in section.texts("on", problems) {
        match Kind::named(&word) {
            Some(kind) => {
                on.insert(kind);
            }
            None => {
                let words = match spelling::closest(&word, &known) {
                    Some(meant) => format!("holds an unknown word; is {meant:?} meant?"),
                    None => format!("holds an unknown word; there are {}", known.join(", ")),
                };
                section.problem("on", words, problems);
            }
        }
    }
    on
}

fn read_feeds(
    section: &mut Section,
    feeds: &[FeedConfig],
    problems: &mut Vec<Problem>,
) -> Option<BTreeSet<String>> {
    if !section.has("feeds") {
        return None;
    }
    let known: Vec<&str> = feeds.iter().map(|feed| feed.info.id.as_str()).collect();
    let wanted = section.texts("feeds", problems);
    for slug in wanted.iter().filter(|slug| !known.contains(&slug.as_str())) {
        let words = match spelling::closest(slug, &known) {
            Some(meant) => format!("names a feed that is not there; is {meant:?} meant?"),
            None => "names a feed that is not there".to_owned(),
        };
        section.problem("feeds", words, problems);
    }
    Some(wanted.into_iter().collect())
}

fn read_lang(section: &mut Section, problems: &mut Vec<Problem>) -> Lang {
    let Some(tag) = section.text("lang", problems) else { return Lang::default() };
    Lang::named(&tag).unwrap_or_else(|| {
        let tags = Lang::ALL.map(Lang::tag).join(", ");
        section.problem("lang", format!("must be one of {tags}"), problems);
        Lang::default()
    })
}
