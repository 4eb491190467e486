//! What an operator knows of a venue and the venue does not tell: in which time zone its days begin
//! and end, and which names mean one person.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono_tz::Tz;

use crate::event::FeedId;

/// Asked by handlers; what it says can be replaced at any time.
#[derive(Debug, Default)]
pub struct Almanac {
    entries: RwLock<Arc<Entries>>,
}

/// What the config says of venues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// Where a feed is not named, its days are those of UTC.
    pub zones: HashMap<FeedId, Tz>,
    pub aliases: Vec<Alias>,
}

/// Names that mean one person within a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    pub venue: String,
    /// What the person is called.
    pub name: String,
    /// What the person is in the rows as well.
    pub also: Vec<String>,
}

/// Whom a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What to call the person.
    pub name: String,
    /// Every name to look for, in any case; not empty.
    pub names: Vec<String>,
    /// The config says that these are one.
    pub has_aliases: bool,
}

impl Almanac {
    pub fn new(entries: Entries) -> Self {
        Self { entries: RwLock::new(Arc::new(entries)) }
    }

    /// Goes by these from now on; whether they are others than before.
    pub fn replace(&self, new: Entries) -> bool {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let differs = **entries != new;
        *entries = Arc::new(new);
        differs
    }

    /// The time zone of a feed: its days begin and end at midnight there.
    pub fn zone(&self, feed: &FeedId) -> Tz {
        self.entries().zones.get(feed).copied().unwrap_or(Tz::UTC)
    }

    /// Whom `name` means at a venue.
    pub fn names_of(&self, venue: &str, name: &str) -> Person {
        let entries = self.entries();
        let key = key(name);
        let alias = entries
            .aliases
            .iter()
            .find(|alias| alias.venue == venue && alias.all().any(|one| self::key(one) == key));
        match alias {
            Some(alias) => Person {
                name: alias.name.clone(),
                names: alias.all().flat_map(spellings).collect(),
                has_aliases: true,
            },
            None => {
                Person { name: name.trim().to_owned(), names: spellings(name), has_aliases: false }
            }
        }
    }

    fn entries(&self) -> Arc<Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Alias {
    /// All names, the first is the one to show.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.also).map(String::as_str)
    }
}

/// Names that differ only in this are one.
pub fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// A database whose locale is `C`, as the private one, knows small letters of ASCII only: what else
/// there is in a name has to be asked for as it may have been written.
///
/// Not every name has one in capitals: `Gross` is not `Groß`.
fn spellings(name: &str) -> Vec<String> {
    let (name, lower) = (name.trim(), key(name));
    let upper = Some(name.to_uppercase()).filter(|upper| key(upper) == lower);
    [name.to_owned(), lower].into_iter().chain(upper).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn almanac() -> Almanac {
        let alias = Alias {
            venue: "SpeedPark".into(),
            name: "Max Verstappen".into(),
            also: vec!["Maxi".into(), " MV 33".into()],
        };
        let zones = [(FeedId::new("main"), Tz::Europe__Madrid)].into();
        Almanac::new(Entries { zones, aliases: vec![alias] })
    }

    #[test]
    fn feed_has_its_zone_and_else_that_of_the_world() {
        assert_eq!(almanac().zone(&FeedId::new("main")), Tz::Europe__Madrid);
        assert_eq!(almanac().zone(&FeedId::new("other")), Tz::UTC);
    }

    #[test]
    fn name_means_all_its_aliases_within_the_venue() {
        for name in ["max verstappen", "MAXI ", "mv 33"] {
            let person = almanac().names_of("SpeedPark", name);
            assert_eq!(person.name, "Max Verstappen", "{name}");
            assert!(person.has_aliases);
            for name in ["Max Verstappen", "Maxi", "MV 33"] {
                assert!(person.names.iter().any(|one| one == name), "{name}");
            }
        }
        let elsewhere = almanac().names_of("Other", " Maxi ");
        assert_eq!((elsewhere.name.as_str(), elsewhere.has_aliases), ("Maxi", false));
        assert_eq!(elsewhere.names, ["Maxi", "maxi", "MAXI"]);
    }

    #[test]
    fn almanac_goes_by_what_is_new() {
        let almanac = almanac();
        let same = (*almanac.entries()).clone();
        assert!(!almanac.replace(same));
        assert!(almanac.replace(Entries::default()));
        assert_eq!(almanac.zone(&FeedId::new("main")), Tz::UTC);
    }
}
