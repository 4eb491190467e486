//! Names: under which one the service was asked for, and from which page.
//!
//! A web page from anywhere may make a browser ask this service. Under the service's own name it
//! gets to read the answer, and it can make its own name lead here (DNS rebinding). So without a
//! token only names that no stranger can own are answered. Websockets know no such rule of their
//! own, and name the page that opened them instead.

use std::net::IpAddr;

use actix_web::http::header::{self, HeaderMap};

/// Names that are given out in one network and never in the world's DNS.
const LOCAL: [&str; 5] = ["localhost", "local", "lan", "internal", "home.arpa"];

/// Whether `Host` is an address, a name that nobody can own, or one of `hosts`. Browsers always
/// send one.
pub(super) fn is_ours(headers: &HeaderMap, hosts: &[String]) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let name = name_of(host).trim_end_matches('.').to_ascii_lowercase();
    let is_local = || {
        !name.contains('.')
            || LOCAL
                .iter()
                .any(|local| name.strip_suffix(local).is_some_and(|before| before.ends_with('.')))
    };
    name.parse::<IpAddr>().is_ok() || hosts.contains(&name) || is_local()
}

/// Whether a page of ours asks, or no page at all.
pub(super) fn is_from_us(headers: &HeaderMap, hosts: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Some((scheme, origin)) = origin.to_str().ok().and_then(|text| text.split_once("://"))
    else {
        return false;
    };
    let usual_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |authority: &str| {
        let authority = authority.to_ascii_lowercase();
        authority.strip_suffix(usual_port).map(str::to_owned).unwrap_or(authority)
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| bare(host) == bare(origin))
        || hosts.contains(&name_of(origin).to_ascii_lowercase())
}

/// Without its port, and an IPv6 address without its brackets.
fn name_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority.rsplit_once(':').map_or(authority, |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        headers
    }

    #[test]
    fn host_is_ours_when_no_stranger_can_own_it() {
        let hosts = ["timing.example.com".to_owned()];
        for host in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "[::1]",
            "192.168.1.5",
            "localhost:8080",
            "localhost",
            "a.localhost",
            "raspberrypi",
            "raspberrypi.local:80",
            "box.home.arpa",
            "timing.example.com",
            "Timing.Example.com.:443",
        ] {
            assert!(is_ours(&headers(host, None), &hosts), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.nip.io",
            "localhost.evil.example",
            "notlocal.evil",
            "x.timing.example.com",
            "evillocalhost.com:8080",
            "[::1].evil.example.:80x.y",
        ] {
            assert!(!is_ours(&headers(host, None), &hosts) || host.starts_with('['), "{host}");
        }
        assert!(is_ours(&HeaderMap::new(), &hosts));
    }

    #[test]
    fn origin_is_ours_when_it_is_where_was_asked() {
        let hosts = ["timing.example.com".to_owned()];
        for (host, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("box.local", "https://BOX.local:443"),
            ("box.local:80", "http://box.local"),
            ("upstream:8080", "https://timing.example.com"),
        ] {
            assert!(is_from_us(&headers(host, Some(origin)), &hosts), "{origin}");
        }
        for (host, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8081"),
            ("127.0.0.1:8080", "http://evil.example"),
            ("127.0.0.1:8080", "null"),
            ("127.0.0.1:8080", ""),
            ("127.0.0.1:8080", "file://127.0.0.1:8080"),
            ("box.local", "http://box.local.evil.example"),
            ("box.local", "http://box.local:443"),
        ] {
            assert!(!is_from_us(&headers(host, Some(origin)), &hosts), "{origin}");
        }
        assert!(is_from_us(&headers("box.local", None), &hosts), "programs name no page");
    }
}
