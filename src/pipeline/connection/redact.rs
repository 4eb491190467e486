//! Words from outside, made fit for logs and health: no secrets, nothing that plays with a
//! terminal, no endless lines.

/// Stands for a secret.
const HIDDEN: &str = "…";
/// A piece of an address as short as `ws` opens no door, and as a word it is everywhere.
const SHORTEST_SECRET: usize = 4;
const MAX_CHARS: usize = 200;

/// `words` without any of the `secrets`, also where a venue cut one off at the end of what it said.
pub(super) fn redact(words: &str, mut secrets: Vec<String>) -> String {
    let mut words: String = words.chars().filter(|c| !is_unseen(*c)).collect();
    secrets.retain(|secret| secret.chars().count() >= SHORTEST_SECRET);
    // The whole before its pieces.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in &secrets {
        words = replace(&words, secret);
    }
    for secret in &secrets {
        words = cut_beginning(words, secret);
    }
    match words.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

/// Control characters, and those that change the direction of a line or take no room in it: a
/// secret could be spelt with them in between.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Hides `secret` in any case of its letters.
fn replace(words: &str, secret: &str) -> String {
    // Lowering ASCII moves no byte, so that places in the one are places in the other.
    let (lower, wanted) = (words.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut shown = String::with_capacity(words.len());
    let mut from = 0;
    for (at, found) in lower.match_indices(&wanted) {
        shown += &words[from..at];
        shown += HIDDEN;
        from = at + found.len();
    }
    shown + &words[from..]
}

/// Hides the beginning of `secret` where the words end with it, also in brackets of ours.
fn cut_beginning(words: String, secret: &str) -> String {
    let said = words.trim_end_matches(')');
    let lower = said.to_ascii_lowercase();
    let wanted = secret.to_ascii_lowercase();
    let beginnings = wanted.char_indices().skip(SHORTEST_SECRET).map(|(end, _)| &wanted[..end]);
    match beginnings.filter(|beginning| lower.ends_with(beginning)).last() {
        Some(longest) => {
            let kept = said.len() - longest.len();
            format!("{}{HIDDEN}{}", &words[..kept], &words[said.len()..])
        }
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &str) -> String {
        let secrets = ["", "ws", "ws/streaming/-aB3_xYz", "streaming", "-aB3_xYz", "8501@park"];
        redact(words, secrets.map(str::to_owned).to_vec())
    }

    #[test]
    fn secrets_are_hidden_wherever_and_however_they_stand() {
        for (words, expected) in [
            ("no such path /ws/streaming/-aB3_xYz, sorry", "no such path /…, sorry"),
            ("token -AB3_XYZ and again -ab3_xyz", "token … and again …"),
            ("-a\u{200b}B3_\u{0}xYz", "…"),
            ("resource 8501@park is busy", "resource … is busy"),
            ("cut off at -aB3_xY", "cut off at …"),
            ("it closed (cut off at /ws/streaming/-aB3)", "it closed (cut off at /ws/…/…)"),
        ] {
            assert_eq!(shown(words), expected);
        }
    }

    #[test]
    fn words_without_secrets_stay_as_they_are() {
        for words in ["1001 going away", "news", "", "Grüße – à bientôt"] {
            assert_eq!(shown(words), words);
        }
    }

    #[test]
    fn words_are_cut_and_lose_what_plays_with_a_terminal() {
        assert_eq!(shown("a\u{1b}[31mb\nc\u{202e}d"), "a[31mbcd");
        let long = shown(&"ä".repeat(5_000));
        assert_eq!(long.chars().count(), MAX_CHARS + 1);
        assert!(long.ends_with('…'));
    }
}
