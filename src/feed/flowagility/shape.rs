//! The shape of a message, looked at before anything of it is built: a value of three bytes can
//! take hundreds in memory, and 4 MiB of them too much.

use crate::feed::DecodeError;

/// Objects and lists within each other; the protocol has four.
const MAX_DEPTH: usize = 32;
/// Values in one message; as many results as can be true have some 30,000.
const MAX_VALUES: usize = 50_000;

/// # Errors
/// [`DecodeError::Implausible`] for what is deeper or has more values than any real message.
/// Whether it is JSON is not asked.
pub fn check(payload: &str) -> Result<(), DecodeError> {
    // A value has a byte at least, and a level begins with a bracket: nearly all messages are short
    // and have too few of these.
    if payload.len() <= MAX_VALUES && brackets(payload) <= MAX_DEPTH {
        return Ok(());
    }
    let (mut depth, mut values) = (0_usize, 0);
    let mut bytes = payload.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_text(&mut bytes),
            b'{' | b'[' => {
                depth += 1;
                values += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(implausible(format!("more than {MAX_DEPTH} levels")));
        }
        if values > MAX_VALUES {
            return Err(implausible(format!("more than {MAX_VALUES} values")));
        }
    }
    Ok(())
}

/// How many `{` and `[` there are, in texts too. In chunks whose sums fit a byte, which the compiler
/// makes sixteen sums at a time of.
fn brackets(payload: &str) -> usize {
    let is_bracket = |byte: &u8| u8::from(matches!(byte, b'{' | b'['));
    let chunks = payload.as_bytes().chunks(usize::from(u8::MAX));
    chunks.map(|chunk| usize::from(chunk.iter().map(is_bracket).sum::<u8>())).sum()
}

/// To the quote that ends the text.
fn skip_text(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return,
            _ => {}
        }
    }
}

fn implausible(problem: String) -> DecodeError {
    DecodeError::Implausible(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(payload: &str) -> Option<String> {
        check(payload).err().map(|problem| problem.to_string())
    }

    #[test]
    fn shape_is_fine_up_to_the_limits_and_not_beyond() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(problem(&nested(MAX_DEPTH)), None);
        assert_eq!(problem(&nested(MAX_DEPTH + 1)).unwrap(), "more than 32 levels");
        let flat = |values: usize| format!("[{}0]", "0,".repeat(values - 1));
        assert_eq!(problem(&flat(MAX_VALUES)), None);
        assert_eq!(problem(&flat(MAX_VALUES + 1)).unwrap(), "more than 50000 values");
    }

    #[test]
    fn shape_counts_depth_and_not_brackets() {
        assert_eq!(problem(&"[],".repeat(MAX_VALUES / 2)), None);
        assert_eq!(problem(&"]".repeat(100)), None);
    }

    #[test]
    fn shape_does_not_look_into_texts() {
        let brackets = "[".repeat(100) + &",".repeat(MAX_VALUES);
        assert_eq!(problem(&format!(r#"{{"a\\\"{brackets}\\":"{brackets}"}}"#)), None);
        assert_eq!(problem(&format!(r#"{{"a\\":{brackets}}}"#)).unwrap(), "more than 32 levels");
        assert_eq!(problem("\"\\"), None);
    }
}
