//! Whose request it is: the address that limits count by.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use actix_web::http::header::HeaderMap;

/// Who is counted as one: an IPv4 address, or the network of one IPv6 household.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Caller(IpAddr);

impl Caller {
    /// Who has no address of their own any more.
    pub const OTHERS: Self = Self(IpAddr::V6(Ipv6Addr::UNSPECIFIED));

    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            // Each household has at least a /64 and may use any address of it.
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
            }
        }
    }

    /// The caller behind `peer`: when that is one of our proxies, the last address in
    /// `X-Forwarded-For` that is none of them. What stands before it anybody may have written.
    pub fn behind(peer: IpAddr, proxies: &[IpAddr], headers: &HeaderMap) -> Self {
        let is_proxy = |address: IpAddr| proxies.contains(&address.to_canonical());
        if !is_proxy(peer) {
            return Self::of(peer);
        }
        let lines: Vec<_> =
            headers.get_all("x-forwarded-for").filter_map(|line| line.to_str().ok()).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        for hop in hops {
            match address(hop.trim()) {
                Some(hop) if is_proxy(hop) => {}
                Some(hop) => return Self::of(hop),
                None => break,
            }
        }
        Self::of(peer)
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse().map(|socket: std::net::SocketAddr| socket.ip()).ok())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn behind(peer: &str, lines: &[&str]) -> String {
        let proxies = ["127.0.0.1", "10.0.0.1"].map(|text| text.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = HeaderName::from_static("x-forwarded-for");
            headers.append(name, HeaderValue::from_str(line).unwrap());
        }
        Caller::behind(peer.parse().unwrap(), &proxies, &headers).0.to_string()
    }

    #[test]
    fn caller_is_who_the_last_proxy_saw_and_nobody_is_believed_who_is_none() {
        assert_eq!(behind("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
        assert_eq!(behind("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(behind("127.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.1"]), "198.51.100.1");
        assert_eq!(behind("127.0.0.1", &["1.1.1.1", "198.51.100.1:5000"]), "198.51.100.1");
        assert_eq!(behind("::ffff:127.0.0.1", &["[2001:db8::9]:1"]), "2001:db8::");
        assert_eq!(behind("127.0.0.1", &["198.51.100.1, unknown"]), "127.0.0.1");
        assert_eq!(behind("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn caller_is_a_household_when_the_address_is_of_version_6() {
        let of = |text: &str| Caller::of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
