//! How people's names are shown: many who drive karts are children.

use std::borrow::Cow;

/// Shown where somebody has a name without any letter.
const NAMELESS: &str = "?";

/// How names of people are shown on pages, overlays and charts. What is saved, and the relay, have
/// them as the venue sent them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    /// As the venue sends them.
    #[default]
    Names,
    /// `M. V.`
    Initials,
}

impl Privacy {
    /// `name` as it may be shown: `Max Verstappen`, or `M. V.`
    pub fn show(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::Names => Cow::Borrowed(name),
            Self::Initials => Cow::Owned(initials(name)),
        }
    }
}

/// The first letter or digit of each word, in any script; a hyphen parts words as a space does.
fn initials(name: &str) -> String {
    let words = name.split(|c: char| c.is_whitespace() || matches!(c, '-' | '‐' | '_' | '.'));
    let firsts = words.filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let initials: Vec<_> =
        firsts.map(|first| first.to_uppercase().chain(['.']).collect::<String>()).collect();
    match initials.as_slice() {
        [] if name.trim().is_empty() => String::new(),
        [] => NAMELESS.to_owned(),
        initials => initials.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_leave_one_letter_of_each_word_in_any_script() {
        for (name, shown) in [
            ("Max Verstappen", "M. V."),
            ("  max   verstappen ", "M. V."),
            ("Мишаня", "М."),
            ("Jean-Luc Picard", "J. L. P."),
            ("J.P. Montoya", "J. P. M."),
            ("élodie", "É."),
            ("李 明", "李. 明."),
            ("(Ana) García", "A. G."),
            ("speed_king99", "S. K."),
            ("🏎️ Bob", "B."),
            ("🏎️", "?"),
            ("<img src=x onerror=alert(1)>", "I. S. O."),
            ("", ""),
            ("  ", ""),
        ] {
            assert_eq!(Privacy::Initials.show(name), shown, "{name}");
        }
    }

    #[test]
    fn names_are_shown_as_sent_when_nothing_else_is_asked() {
        assert_eq!(Privacy::default().show(" Max  V "), " Max  V ");
    }
}
