//! Takes one name out of texts that were received.

/// Looks for one name, whatever its case and the blanks around it.
pub struct Eraser {
    /// Folded letter by letter.
    key: String,
}

impl Eraser {
    pub fn new(name: &str) -> Self {
        Self { key: name.trim().chars().flat_map(fold).collect() }
    }

    /// Whether this is the name.
    pub fn is_it(&self, name: &str) -> bool {
        name.trim().chars().flat_map(fold).eq(self.key.chars())
    }

    /// Whether the name stands in `text` as words of its own, also where letters are escaped as in
    /// JSON.
    pub fn occurs_in(&self, text: &str) -> bool {
        let folded = |text: &str| text.chars().flat_map(fold).collect::<String>();
        !self.places(&folded(text)).is_empty() || !self.places(&folded(&unescape(text))).is_empty()
    }

    /// The JSON `text` with `instead` where a string in it is the name, also in JSON that is itself
    /// a string; all else as it was, to the byte. None where it is nowhere.
    pub fn rewrite(&self, text: &str, instead: &str) -> Option<String> {
        self.rewrite_strings(text, &|string| self.is_it(string).then(|| instead.to_owned()))
    }

    /// As [`Self::rewrite`], and where the name stands within a string as well: for sentences.
    pub fn rewrite_within(&self, text: &str, instead: &str) -> Option<String> {
        self.rewrite_strings(text, &|string| self.replace_words(string, instead))
    }

    fn rewrite_strings(
        &self,
        text: &str,
        replace: &dyn Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let mut rewritten = String::new();
        let mut done = 0;
        let mut from = 0;
        while let Some((begin, end)) = next_string(text, from) {
            from = end;
            let Some(literal) = text.get(begin..end) else { break };
            let Ok(string) = serde_json::from_str::<String>(literal) else { continue };
            let inner = || match string.contains('"') {
                true => self.rewrite_strings(&string, replace),
                false => None,
            };
            let Some(new) = replace(&string).or_else(inner) else { continue };
            let Ok(new) = serde_json::to_string(&new) else { continue };
            rewritten.push_str(text.get(done..begin)?);
            rewritten.push_str(&new);
            done = end;
        }
        if done == 0 {
            return None;
        }
        rewritten.push_str(text.get(done..)?);
        Some(rewritten)
    }

    /// `text` with `instead` for each time the name stands there as words of its own.
    fn replace_words(&self, text: &str, instead: &str) -> Option<String> {
        // A folded letter can be several: of each byte it is known which letter it came from.
        let (mut folded, mut origins) = (String::new(), Vec::new());
        for (at, c) in text.char_indices() {
            folded.extend(fold(c));
            origins.resize(folded.len(), (at, at + c.len_utf8()));
        }
        let mut replaced = String::new();
        let mut done = 0;
        for place in self.places(&folded) {
            let (from, _) = *origins.get(place)?;
            let (_, to) = *origins.get(place + self.key.len() - 1)?;
            replaced.push_str(text.get(done..from)?);
            replaced.push_str(instead);
            done = to;
        }
        if done == 0 {
            return None;
        }
        replaced.push_str(text.get(done..)?);
        Some(replaced)
    }

    /// Where the name stands in `folded`, with no letter or digit right before or behind it.
    fn places(&self, folded: &str) -> Vec<usize> {
        if self.key.is_empty() {
            return Vec::new();
        }
        let is_apart = |at: usize, found: &str| {
            let before = folded.get(..at).and_then(|before| before.chars().next_back());
            let behind = folded.get(at + found.len()..).and_then(|behind| behind.chars().next());
            let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            !is_word(before) && !is_word(behind)
        };
        let found = folded.match_indices(&self.key);
        found.filter(|(at, found)| is_apart(*at, found)).map(|(at, _)| at).collect()
    }
}

/// The small letters of a letter, alike wherever in a word it stands; the dot that stays behind of
/// `İ` is none.
fn fold(c: char) -> impl Iterator<Item = char> {
    const DOT_ABOVE: char = '\u{307}';
    let small = c.to_lowercase().filter(|small| *small != DOT_ABOVE);
    small.map(|small| if small == 'ς' { 'σ' } else { small })
}

/// From the opening quote of the next string at or behind `from` to behind its closing one.
fn next_string(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let begin = from + bytes.get(from..)?.iter().position(|byte| *byte == b'"')?;
    let mut at = begin + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some((begin, at + 1)),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// `text` without the escapes of JSON, as far as they are some.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        rest = after;
        match after.chars().next() {
            Some('u') => rest = unescape_unit(after, &mut out),
            Some(c @ ('"' | '\\' | '/')) => {
                out.push(c);
                rest = after.get(1..).unwrap_or_default();
            }
            _ => out.push('\\'),
        }
    }
    out.push_str(rest);
    out
}

/// What is behind `uXXXX`, or behind two of them that are one letter.
fn unescape_unit<'a>(text: &'a str, out: &mut String) -> &'a str {
    let unit = |text: &str| u16::from_str_radix(text.get(1..5)?, 16).ok();
    let Some(first) = unit(text) else {
        out.push('\\');
        return text;
    };
    let mut rest = text.get(5..).unwrap_or_default();
    let mut units = vec![first];
    if (0xD800..0xDC00).contains(&first)
        && let Some(second) =
            rest.strip_prefix('\\').filter(|rest| rest.starts_with('u')).and_then(unit)
    {
        units.push(second);
        rest = rest.get(6..).unwrap_or_default();
    }
    out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eraser_changes_the_strings_that_are_the_name_and_nothing_else() {
        let eraser = Eraser::new("Ann Lée");
        let instead = "Driver 1";
        for (text, expected) in [
            (r#"{"N": "Ann Lée" ,"K":7}"#, Some(r#"{"N": "Driver 1" ,"K":7}"#)),
            (r#"["  ann lÉE  ","Ann Léeson","x"]"#, Some(r#"["Driver 1","Ann Léeson","x"]"#)),
            (r#"{"N":"Ann L\u00e9e"}"#, Some(r#"{"N":"Driver 1"}"#)),
            (r#"{"N":"\u0041nn L\u00c9e"}"#, Some(r#"{"N":"Driver 1"}"#)),
            (r#"{"p":"{\"N\":\"Ann Lée\"}"}"#, Some(r#"{"p":"{\"N\":\"Driver 1\"}"}"#)),
            (r#"{"N":"Ann"}"#, None),
            (r#"{"N":"say \"Ann Lée\" loud"}"#, Some(r#"{"N":"say \"Driver 1\" loud"}"#)),
            (r#"Ann Lée, no JSON"#, None),
            (r#"{"N":"Ann Lée"#, None),
            ("", None),
        ] {
            assert_eq!(eraser.rewrite(text, instead).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn eraser_finds_the_name_within_sentences_as_words_of_its_own() {
        let eraser = Eraser::new("Ann");
        let within = |text| eraser.rewrite_within(text, "Driver 1");
        assert_eq!(
            within(r#"{"text":"1. ANN 30.0, 2. Joann"}"#).as_deref(),
            Some(r#"{"text":"1. Driver 1 30.0, 2. Joann"}"#)
        );
        assert_eq!(
            within(r#"{"text":"İstanbul: ann"}"#).as_deref(),
            Some(r#"{"text":"İstanbul: Driver 1"}"#)
        );
        assert_eq!(within(r#"{"text":"Anna, Hannes"}"#), None);
        assert!(eraser.occurs_in("START \\u0041nn."));
        assert!(!eraser.occurs_in("Anna"));
        assert!(!Eraser::new(" ").occurs_in("anything  at all"));
    }

    #[test]
    fn eraser_finds_names_whose_small_letters_are_others_or_more() {
        for (name, text, expected) in [
            ("İbrahim Öz", r#"{"text":"1. İBRAHİM ÖZ, 2. Ann"}"#, r#"{"text":"1. X, 2. Ann"}"#),
            ("ΣΊΣΥΦΟΣ", r#"{"text":"1. Σίσυφος!"}"#, r#"{"text":"1. X!"}"#),
            ("Σίσυφος", r#"{"text":"1. ΣΊΣΥΦΟΣ!"}"#, r#"{"text":"1. X!"}"#),
        ] {
            let eraser = Eraser::new(name);
            assert_eq!(eraser.rewrite_within(text, "X").as_deref(), Some(expected));
            assert!(eraser.occurs_in(text), "{name}");
            assert!(eraser.rewrite(&format!("[{name:?}]"), "X").is_some(), "{name}");
        }
    }

    #[test]
    fn eraser_finds_names_that_are_escaped() {
        for (name, text) in [
            (r"O\Brien", r#"{"N":"O\\Brien"}"#),
            (r#"Tom "Flash" Lee"#, r#"{"N":"Tom \"Flash\" Lee"}"#),
            ("a/b", r#"{"N":"a\/b"}"#),
            ("Zoë", r#"{"N":"Zo\u00eb"}"#),
            ("Zoë", "Zo\u{eb}, no JSON"),
        ] {
            assert!(Eraser::new(name).occurs_in(text), "{name} in {text}");
        }
    }
}
