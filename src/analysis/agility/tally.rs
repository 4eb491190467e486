//! How the dogs of a club or a country did, over several runs.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::event::agility::{Pair, Playset};

use super::results::{Placed, is_clear, is_out, results};

/// Places with a step on the podium.
const PODIUM: i32 = 3;

/// What the dogs of one name came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As it was spelled first; none for pairs that name none.
    pub name: Option<String>,
    /// Pairs, each counted once.
    pub dogs: usize,
    /// Results of theirs.
    pub runs: usize,
    pub clear_rounds: usize,
    /// Eliminated, or out for another reason.
    pub out: usize,
    /// Results by the venue's word for them: `EXC_0`, `V_GOOD`, ….
    pub qualifications: BTreeMap<String, usize>,
    pub wins: usize,
    /// First to third places, wins included.
    pub podiums: usize,
    pub best_place: Option<i32>,
}

/// Counts by club, the most successful first, those without one last. Every slice is one run.
pub fn by_club<'a>(runs: impl IntoIterator<Item = &'a [Playset]>) -> Vec<Tally> {
    by(runs, |pair| pair.club.as_deref())
}

/// Counts by country, the most successful first, those without one last. Every slice is one run.
pub fn by_country<'a>(runs: impl IntoIterator<Item = &'a [Playset]>) -> Vec<Tally> {
    by(runs, |pair| pair.country.as_deref())
}

/// Case and the blanks around a name do not matter.
fn by<'a>(
    runs: impl IntoIterator<Item = &'a [Playset]>,
    name: impl Fn(&Pair) -> Option<&str>,
) -> Vec<Tally> {
    let mut counted: BTreeMap<String, (Tally, BTreeSet<String>)> = BTreeMap::new();
    for run in runs {
        for placed in results(run) {
            let pair = &placed.dog.pair;
            let name = name(pair).map(str::trim).unwrap_or_default();
            let (tally, dogs) = counted.entry(name.to_lowercase()).or_insert_with(|| {
                let name = (!name.is_empty()).then(|| name.to_owned());
                (Tally { name, ..Tally::default() }, BTreeSet::new())
            });
            tally.add(&placed);
            dogs.insert(who(pair));
        }
    }
    let mut tallies: Vec<_> =
        counted.into_values().map(|(tally, dogs)| Tally { dogs: dogs.len(), ..tally }).collect();
    // Stable: those with the same success stay in the order of their names.
    tallies.sort_by_key(|one| {
        let success = (one.podiums, one.wins, one.clear_rounds, one.runs);
        (one.name.is_none(), Reverse(success))
    });
    tallies
}

impl Tally {
    fn add(&mut self, placed: &Placed<'_>) {
        self.runs += 1;
        self.clear_rounds += usize::from(is_clear(placed.dog));
        self.out += usize::from(is_out(placed.dog));
        if let Some(place) = placed.place {
            self.wins += usize::from(place == 1);
            self.podiums += usize::from(place <= PODIUM);
            self.best_place = Some(self.best_place.map_or(place, |best| best.min(place)));
        }
        let word = placed.dog.qualification.as_deref().map(str::trim).unwrap_or_default();
        if !word.is_empty() {
            *self.qualifications.entry(word.to_owned()).or_default() += 1;
        }
    }
}

/// A dorsal is a pair's within its event; without one the names have to do.
fn who(pair: &Pair) -> String {
    let named =
        |name: &Option<String>| name.as_deref().map(str::trim).unwrap_or_default().to_lowercase();
    match pair.dorsal.as_deref().map(str::trim) {
        Some(dorsal) if !dorsal.is_empty() => format!("#{dorsal}"),
        _ => format!("{}\n{}", named(&pair.handler), named(&pair.dog_family_name)),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::sample::{calculated, dog, out},
        *,
    };

    fn of(club: &str, dorsal: &str, mut playset: Playset, word: &str) -> Playset {
        playset.pair.club = Some(club.into());
        playset.pair.dorsal = Some(dorsal.into());
        playset.qualification = Some(word.into()).filter(|word: &String| !word.is_empty());
        playset
    }

    #[test]
    fn clubs_are_counted_over_runs_and_the_most_successful_comes_first() {
        let jumping = [
            of("Pawer", "9", calculated("a", "0.00", "31.00"), "EXC_0"),
            of("pawer ", "41", calculated("b", "5.00", "30.00"), "EXC"),
            of("Baix", "7", calculated("c", "0.00", "35.00"), "EXC_0"),
            of("Baix", "8", dog("d", "running"), ""),
        ];
        let agility = [
            of("Pawer", "9", out("e", 1), "DISQ"),
            of("Baix", "7", calculated("f", "27.00", "60.00"), "NQ"),
            of("", "1", calculated("g", "0.00", "32.00"), "EXC_0"),
        ];
        let clubs = by_club([&jumping[..], &agility[..]]);
        let words = |words: &[(&str, usize)]| {
            words.iter().map(|(word, count)| ((*word).to_owned(), *count)).collect()
        };
        let pawer = Tally {
            name: Some("Pawer".into()),
            dogs: 2,
            runs: 3,
            clear_rounds: 1,
            out: 1,
            qualifications: words(&[("DISQ", 1), ("EXC", 1), ("EXC_0", 1)]),
            wins: 1,
            podiums: 2,
            best_place: Some(1),
        };
        let baix = Tally {
            name: Some("Baix".into()),
            dogs: 1,
            runs: 2,
            clear_rounds: 1,
            out: 0,
            qualifications: words(&[("EXC_0", 1), ("NQ", 1)]),
            wins: 0,
            podiums: 2,
            best_place: Some(2),
        };
        let unnamed = Tally {
            name: None,
            dogs: 1,
            runs: 1,
            clear_rounds: 1,
            out: 0,
            qualifications: words(&[("EXC_0", 1)]),
            wins: 1,
            podiums: 1,
            best_place: Some(1),
        };
        assert_eq!(clubs, [pawer, baix, unnamed]);
        assert_eq!(by_country([&jumping[..]]).len(), 1);
    }
}
