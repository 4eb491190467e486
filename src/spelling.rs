//! What somebody meant who wrote something else.

/// How alike two words must be for the one to be offered in place of the other.
const ALIKE: f64 = 0.8;

/// The known word that is most like `word`, if any is.
pub fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let mut alike: Vec<_> =
        known.iter().map(|known| (strsim::jaro_winkler(known, word), *known)).collect();
    alike.retain(|(likeness, _)| *likeness >= ALIKE);
    alike.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// Says that `key` is none of `known`, and which one may be meant.
pub fn unknown_key(key: &str, known: &[&str]) -> String {
    match closest(key, known) {
        Some(meant) => format!("is no key here; is {meant:?} meant?"),
        None => format!("is no key here; there are {}", known.join(", ")),
    }
}
