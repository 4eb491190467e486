//! Takes one name out of texts that were received.

use super::pseudonym::key_of;

/// Looks for one name, whatever its case and the blanks around it.
pub struct Eraser {
    key: String,
}

impl Eraser {
    pub fn new(name: &str) -> Self {
        Self { key: key_of(name) }
    }

    /// Whether this is the name.
    pub fn is_it(&self, name: &str) -> bool {
        key_of(name) == self.key
    }

    /// Whether the name stands in `text` as words of its own, also where letters are escaped as in
    /// JSON.
    pub fn occurs_in(&self, text: &str) -> bool {
        !self.places(&unescape(text).to_lowercase()).is_empty()
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
        // Small letters can be longer than great ones, and places must be those of `text`.
        let lower: String = text.chars().map(small).collect();
        let places = self.places(&lower);
        if places.is_empty() {
            return None;
        }
        let at: Vec<usize> = lower.char_indices().map(|(at, _)| at).collect();
        let chars: Vec<char> = text.chars().collect();
        let length = self.key.chars().count();
        let mut replaced = String::new();
        let mut index = 0;
        while let Some(c) = chars.get(index) {
            if at.get(index).is_some_and(|at| places.contains(at)) {
                replaced.push_str(instead);
                index += length;
            } else {
                replaced.push(*c);
                index += 1;
            }
        }
        Some(replaced)
    }

    /// Where the name stands in `lower`, with no letter or digit right before or behind it.
    fn places(&self, lower: &str) -> Vec<usize> {
        if self.key.is_empty() {
            return Vec::new();
        }
        let is_apart = |at: usize, found: &str| {
            let before = lower.get(..at).and_then(|before| before.chars().next_back());
            let behind = lower.get(at + found.len()..).and_then(|behind| behind.chars().next());
            let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            !is_word(before) && !is_word(behind)
        };
        let found = lower.match_indices(&self.key);
        found.filter(|(at, found)| is_apart(*at, found)).map(|(at, _)| at).collect()
    }
}

/// One small letter for one letter.
fn small(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
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

/// `text` with its `\uXXXX` as letters, as far as they are some.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\u") {
        out.push_str(before);
        let unit = |text: &str| u16::from_str_radix(text.get(..4)?, 16).ok();
        let Some(first) = unit(after) else {
            out.push_str("\\u");
            rest = after;
            continue;
        };
        rest = after.get(4..).unwrap_or_default();
        let mut units = vec![first];
        if (0xD800..0xDC00).contains(&first)
            && let Some(second) = rest.strip_prefix("\\u").and_then(unit)
        {
            units.push(second);
            rest = rest.get(6..).unwrap_or_default();
        }
        out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    }
    out.push_str(rest);
    out
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
}
