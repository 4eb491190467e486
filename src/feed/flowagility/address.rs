//! The address of a ring as people paste it, made into one that can be dialled.
//!
//! The path ends in a token that is the only secret of the feed, so no problem says anything of
//! what was in the address.

use url::Url;

/// What people paste in front of the host, and the scheme that is meant.
const SCHEMES: &[(&str, &str)] =
    &[("wss:", "wss"), ("ws:", "ws"), ("https:", "wss"), ("http:", "ws")];
/// The last segment before the token: an address that ends here lost its token.
const BEFORE_TOKEN: &str = "streaming";

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("holds white space")]
    WhiteSpace,
    #[error("holds characters that no address has")]
    Characters,
    #[error("has more than one scheme")]
    Schemes,
    #[error("must begin with wss:// or ws://")]
    Scheme,
    #[error("has no host")]
    NoHost,
    #[error("can't be read: {0}")]
    Unreadable(url::ParseError),
    #[error("holds a #, which no venue would get to see")]
    Fragment,
    #[error("has no token: it must end like /ws/streaming/ABCDEFGH")]
    NoToken,
}

/// Reads `wss://host/ws/streaming/token`, also without a scheme, as `wss:host/…`, with `http(s)`
/// instead of `ws(s)`, and with white space around it.
pub fn normalise(pasted: &str) -> Result<Url, AddressError> {
    let pasted = pasted.trim();
    // The url crate would quietly drop some of these, and with them a part of the token.
    if pasted.chars().any(char::is_whitespace) {
        return Err(AddressError::WhiteSpace);
    }
    if !pasted.chars().all(|c| c.is_ascii_graphic()) {
        return Err(AddressError::Characters);
    }
    let (scheme, rest) = split_scheme(pasted)?;
    // The url crate would skip these and take the first segment of the path for the host.
    if rest.is_empty() || rest.starts_with(['/', '\\']) {
        return Err(AddressError::NoHost);
    }
    let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|problem| match problem {
        url::ParseError::EmptyHost => AddressError::NoHost,
        other => AddressError::Unreadable(other),
    })?;
    // A second scheme may show only now that `\` is `/` and `.` and `..` are gone from the path.
    split_scheme(url.as_str())?;
    if url.fragment().is_some() {
        return Err(AddressError::Fragment);
    }
    match url.path_segments().and_then(|mut segments| segments.next_back()) {
        None | Some("" | BEFORE_TOKEN) => Err(AddressError::NoToken),
        Some(_) => Ok(url),
    }
}

fn split_scheme(pasted: &str) -> Result<(&'static str, &str), AddressError> {
    let named = SCHEMES.iter().find_map(|&(prefix, scheme)| {
        let head = pasted.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix).then(|| (scheme, &pasted[prefix.len()..]))
    });
    let (scheme, rest) = named.unwrap_or(("wss", pasted));
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    match (rest.contains("://"), named) {
        (true, Some(_)) => Err(AddressError::Schemes),
        (true, None) => Err(AddressError::Scheme),
        (false, _) => Ok((scheme, rest)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "-aB3_xYz";

    #[test]
    fn address_is_the_same_however_it_was_pasted() {
        let wanted = format!("wss://flowagility.com/ws/streaming/{TOKEN}");
        for pasted in [
            "wss://flowagility.com/ws/streaming/-aB3_xYz",
            "  wss://flowagility.com/ws/streaming/-aB3_xYz\t\r\n",
            "WSS://FlowAgility.com/ws/streaming/-aB3_xYz",
            "wss:flowagility.com/ws/streaming/-aB3_xYz",
            "https://flowagility.com/ws/streaming/-aB3_xYz",
            "https:flowagility.com/ws/streaming/-aB3_xYz",
            "//flowagility.com/ws/streaming/-aB3_xYz",
            "flowagility.com/ws/streaming/-aB3_xYz",
            "flowagility.com:443/ws/streaming/-aB3_xYz",
        ] {
            assert_eq!(normalise(pasted).unwrap().as_str(), wanted, "{pasted:?}");
        }
    }

    #[test]
    fn address_stays_unencrypted_when_pasted_so() {
        for pasted in ["ws://localhost:9001/ring-1", "http://localhost:9001/ring-1"] {
            assert_eq!(normalise(pasted).unwrap().as_str(), "ws://localhost:9001/ring-1");
        }
        let bare = normalise("localhost:9001/ring-1").unwrap();
        assert_eq!(bare.as_str(), "wss://localhost:9001/ring-1");
    }

    #[test]
    fn address_is_rejected_with_the_reason_when_it_cannot_be_meant() {
        use AddressError::*;
        for (pasted, problem) in [
            ("wss://flowagility.com/ws/stre aming/x", WhiteSpace),
            ("wss://flowagility.com/ws/streaming/ab\ncd", WhiteSpace),
            ("wss://flowagility.com/ws/streaming/ab\u{200b}cd", Characters),
            ("wss://flowagility.com/ws/streaming/ab\0cd", Characters),
            ("wss:https://flowagility.com/ws/streaming/x", Schemes),
            ("wss://https://flowagility.com/ws/streaming/x", Schemes),
            ("wss://flowagility.com/ws/streaming/xwss://flowagility.com/ws/streaming/x", Schemes),
            (r"flowagility.com\ws\streaming\xwss:\/flowagility.com", Schemes),
            ("flowagility.com/ws/streaming/xwss:/.//flowagility.com", Schemes),
            ("ftp://flowagility.com/ws/streaming/x", Scheme),
            ("wss://", NoHost),
            ("wss:///ws/streaming/x", NoHost),
            ("/ws/streaming/x", NoHost),
            ("wss://?x", NoHost),
            ("wss://flowagility.com:port/x", Unreadable(url::ParseError::InvalidPort)),
            ("wss://flowagility.com/ws/streaming/x#y", Fragment),
            ("wss://flowagility.com", NoToken),
            ("wss://flowagility.com/", NoToken),
            ("flowagility.com", NoToken),
            ("wss://flowagility.com/ws/streaming", NoToken),
            ("wss://flowagility.com/ws/streaming/", NoToken),
            ("wss://flowagility.com/ws/streaming/x/..", NoToken),
            ("wss://flowagility.com/?token=x", NoToken),
        ] {
            assert_eq!(normalise(pasted), Err(problem), "{pasted:?}");
        }
    }

    proptest! {
        #[test]
        fn address_never_panics_and_is_stable_once_normalised(pasted in "\\PC*|[ -~]{0,40}|[a:/\\\\.?@%2e]{0,20}") {
            if let Ok(url) = normalise(&pasted) {
                prop_assert!(matches!(url.scheme(), "ws" | "wss"));
                prop_assert!(url.has_host());
                prop_assert_eq!(normalise(url.as_str()), Ok(url.clone()));
            }
        }

        #[test]
        fn address_never_panics_when_it_is_nearly_right(
            head in "(wss|ws|https|http|ftp)?:?/{0,3}",
            host in "([a-z.\\[\\]%@:0-9é]{0,12})",
            path in "(/[-A-Za-z0-9_.%?#]{0,9}){0,3}",
        ) {
            if let Ok(url) = normalise(&format!("{head}{host}{path}")) {
                prop_assert!(url.has_host());
            }
        }

        #[test]
        fn problem_never_echoes_the_token(token in "[A-Za-z0-9_-]{8}") {
            for pasted in [format!("wss:// x/{token}"), format!("ftp://x/{token}"),
                           format!("wss:///{token}"), format!("wss://x:y/{token}"),
                           format!("wss://x/{token}#"), format!("wss://{token}/streaming/")] {
                if let Err(problem) = normalise(&pasted) {
                    prop_assert!(!problem.to_string().contains(&token));
                }
            }
        }
    }
}
