//! The class of karts that the name of a heat gives away.

/// Counts the revisions of [`kart_class`]: what was worked out by an older one is worked out anew.
pub const CLASS_RULES: i32 = 1;

/// Words that tracks put into the names of their heats, and the class each means. The first that
/// occurs decides: `Junior Pro` drives the small karts.
const WORDS: [(&str, &str); 27] = [
    ("mini", "mini"),
    ("minis", "mini"),
    ("kids", "mini"),
    ("kid", "mini"),
    ("bambini", "mini"),
    ("kinder", "mini"),
    ("cadet", "mini"),
    ("cadets", "mini"),
    ("enfant", "mini"),
    ("enfants", "mini"),
    ("infantil", "mini"),
    ("kleintjes", "mini"),
    ("junior", "junior"),
    ("juniors", "junior"),
    ("juniores", "junior"),
    ("jeugd", "junior"),
    ("jugend", "junior"),
    ("twin", "twin"),
    ("duo", "twin"),
    ("zweisitzer", "twin"),
    ("biplaza", "twin"),
    ("biplace", "twin"),
    ("pro", "pro"),
    ("gt", "pro"),
    ("adult", "adult"),
    ("adults", "adult"),
    ("senior", "adult"),
];

/// The class of karts that a heat named so is driven with: `mini`, `junior`, `twin`, `pro` or
/// `adult`; none where the name gives none.
pub fn kart_class(heat_name: &str) -> Option<&'static str> {
    let name = heat_name.to_lowercase();
    let spoken: Vec<&str> =
        name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    WORDS.iter().find(|(word, _)| spoken.contains(word)).map(|(_, class)| *class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kart_class_is_told_by_whole_words_of_the_name() {
        for (name, class) in [
            ("Heat 12 - Junior ", Some("junior")),
            ("KIDS 8 min", Some("mini")),
            ("Junior Pro 3", Some("junior")),
            ("GT Race", Some("pro")),
            ("Profis 4", None),
            ("Heat 2", None),
            ("", None),
        ] {
            assert_eq!(kart_class(name), class, "{name:?}");
        }
    }
}
