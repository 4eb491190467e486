//! The one secret that opens everything, and the cookie that stands for it.

use std::fmt;

use ring::hmac;

/// Parts the keys that are made from one token.
const COOKIE_KEY: &[u8] = b"ringside cookie key 1";

/// `[http] token`. It shows itself nowhere.
#[derive(Clone)]
pub struct Token {
    text: String,
    /// Under a key of its own, so that two texts are compared in a time that tells nothing.
    key: hmac::Key,
    tag: hmac::Tag,
    /// Made from the token: another token makes all cookies of this one void.
    cookies: hmac::Key,
}

impl Token {
    /// So few characters could be guessed.
    pub const MIN_CHARACTERS: usize = 16;

    pub fn new(text: String) -> Self {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()), COOKIE_KEY);
        let key = hmac::Key::new(hmac::HMAC_SHA256, COOKIE_KEY);
        let tag = hmac::sign(&key, text.as_bytes());
        let cookies = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
        Self { text, key, tag, cookies }
    }

    /// The token itself, for who has to send it.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    pub fn is(&self, offered: &str) -> bool {
        hmac::verify(&self.key, offered.as_bytes(), self.tag.as_ref()).is_ok()
    }

    /// What a browser keeps in place of the token, until `expires_unix`.
    pub fn cookie(&self, expires_unix: i64) -> String {
        let tag = hmac::sign(&self.cookies, expires_unix.to_string().as_bytes());
        format!("{expires_unix}.{}", hex(tag.as_ref()))
    }

    /// Of its own for each token: two services on one host must not overwrite each other's.
    pub fn cookie_name(&self) -> String {
        let tag = hmac::sign(&self.cookies, b"name");
        format!("ringside-{:.8}", hex(tag.as_ref()))
    }

    /// Whether a cookie was made by this token and may still be used.
    pub fn made(&self, cookie: &str, now_unix: i64) -> bool {
        let Some((expires, tag)) = cookie.split_once('.') else { return false };
        let Some(tag) = unhex(tag) else { return false };
        hmac::verify(&self.cookies, expires.as_bytes(), &tag).is_ok()
            && expires.parse().is_ok_and(|expires: i64| now_unix < expires)
    }
}

impl Eq for Token {}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.is(&other.text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String does not fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a-token-of-some-length";

    #[test]
    fn token_knows_itself_and_nothing_else() {
        let token = Token::new(TEXT.into());
        assert!(token.is(TEXT));
        for other in
            ["", "a-token-of-some-lengt", "a-token-of-some-length ", "A-token-of-some-length"]
        {
            assert!(!token.is(other), "{other}");
        }
        assert_eq!(format!("{token:?}"), "Token");
    }

    #[test]
    fn cookie_serves_until_it_expires_or_the_token_changes() {
        let token = Token::new(TEXT.into());
        let cookie = token.cookie(1_000);
        assert!(!cookie.contains(TEXT));
        assert!(token.made(&cookie, 999));
        assert!(!token.made(&cookie, 1_000), "expired");
        assert!(!Token::new("another-token-of-length".into()).made(&cookie, 999));
    }

    #[test]
    fn cookie_serves_only_as_it_was_made() {
        let token = Token::new(TEXT.into());
        let (_, tag) =
            token.cookie(1_000).split_once('.').map(|(e, t)| (e.to_owned(), t.to_owned())).unwrap();
        for forged in [
            format!("9999.{tag}"),
            format!("01000.{tag}"),
            format!("1000.{}", &tag[2..]),
            format!("1000.{tag}00"),
            "1000.".into(),
            "1000".into(),
            ".".into(),
            format!("1000.{}é", &tag[2..]),
            String::new(),
        ] {
            assert!(!token.made(&forged, 0), "{forged}");
        }
    }
}
