//! How a receiver knows that a notice is ours, and that nobody sends an old one again.

use ring::hmac;

use super::Secret;

/// `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`
pub(super) fn sign(secret: &Secret, unix_s: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
    let tag = hmac::sign(&key, format!("{unix_s}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={unix_s},v1={hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef`.
    #[test]
    fn signature_is_what_others_compute() {
        let secret = Secret::new("0123456789abcdef".to_owned());
        assert_eq!(sign(&secret, 1_700_000_000, r#"{"a":1}"#), format!("t=1700000000,v1={KNOWN}"));
    }

    const KNOWN: &str = "9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23";
}
