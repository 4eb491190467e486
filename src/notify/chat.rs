//! A line for a chat that many read, made of names that strangers chose.

/// What chats take, in UTF-16 units, which is how the strictest of them counts.
const MOST_UNITS: usize = 2_000;

/// Comes between signs that mean something to a chat together; nobody sees it.
const NOTHING: char = '\u{200b}';

/// `text` as one line that calls nobody and links nowhere, of 2,000 characters at most.
pub(super) fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut units = 0;
    for c in text.chars() {
        let c = if c.is_control() { ' ' } else { c };
        let parts = matches!((line.chars().next_back(), c), (Some(']'), '(') | (Some(':'), '/'));
        if parts {
            line.push(NOTHING);
            units += 1;
        }
        line.push(c);
        units += c.len_utf16();
        // `@everyone`, `<@123>`, `<#123>`
        if matches!(c, '@' | '<') {
            line.push(NOTHING);
            units += 1;
        }
        if units > MOST_UNITS {
            return cut(&line);
        }
    }
    line
}

fn cut(line: &str) -> String {
    const DOTS: char = '…';
    let mut units = 0;
    let kept = line.chars().take_while(|c| {
        units += c.len_utf16();
        units < MOST_UNITS
    });
    kept.chain([DOTS]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chat_line_calls_nobody_and_links_nowhere() {
        for (text, expected) in [
            ("Ann won", "Ann won"),
            ("@everyone look", "@\u{200b}everyone look"),
            ("<@123> <#9>", "<\u{200b}@\u{200b}123> <\u{200b}#9>"),
            ("[free karts](https://x.example)", "[free karts]\u{200b}(https:\u{200b}//x.example)"),
            ("Ann\nBob\u{7}", "Ann Bob "),
        ] {
            assert_eq!(line(text), expected);
        }
    }

    #[test]
    fn chat_line_is_cut_where_chats_take_no_more() {
        let of = |text: &str| line(text).encode_utf16().count();
        assert_eq!(line(&"a".repeat(2_000)), "a".repeat(2_000));
        assert_eq!((of(&"a".repeat(2_001)), of(&"@".repeat(5_000))), (2_000, 2_000));
        assert!(line(&"a".repeat(9_000)).ends_with("a…"));
        assert!(of(&"🏁".repeat(3_000)) <= 2_000);
    }
}
