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
    format!("is no key here; {}", hint(key, known))
}

/// Which of `known` may be meant by `word`, or what there is.
pub fn hint(word: &str, known: &[&str]) -> String {
    match closest(word, known) {
        Some(meant) => format!("is {meant:?} meant?"),
        None if known.is_empty() => "there are none".to_owned(),
        None => format!("there are {}", known.join(", ")),
    }
}
