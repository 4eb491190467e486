//! What kind of page an address is: the unit in which things are public.

use super::Public;

/// Decided by the first part of the path alone. What is not known here needs the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// What everybody may have at any time: the sign of life, assets, the way in.
    Open,
    /// The fleet, feeds live, and all pages of the past.
    Live,
    /// The past for programs.
    Api,
    /// Overlays, and where they are put together.
    Overlay,
    Relay,
    /// All else: health, metrics, and what does not exist.
    Private,
}

impl Class {
    /// `path` as it was sent: what is written with `%` is not taken for what is open, and asks for
    /// the token.
    pub fn of(path: &str) -> Self {
        let first = path.strip_prefix('/').unwrap_or(path).split('/').next().unwrap_or_default();
        match first {
            "livez" | "assets" | "login" | "favicon.ico" => Self::Open,
            // The socket is the fleet's.
            "" | "socket" | "feeds" | "heats" | "karts" | "records" | "drivers" | "runs"
            | "dogs" | "handlers" => Self::Live,
            "api" => Self::Api,
            "overlay" => Self::Overlay,
            "relay" => Self::Relay,
            _ => Self::Private,
        }
    }

    pub fn is_public(self, public: Public) -> bool {
        match self {
            Self::Open => true,
            Self::Live => public.live,
            Self::Api => public.api,
            Self::Overlay => public.overlay,
            Self::Relay => public.relay,
            Self::Private => false,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Live => "live",
            Self::Api => "api",
            Self::Overlay => "overlay",
            Self::Relay => "relay",
            Self::Private => "private",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_is_told_by_the_first_part_of_the_path() {
        for (path, class) in [
            ("/", Class::Live),
            ("", Class::Live),
            ("/socket", Class::Live),
            ("/feeds/speedpark", Class::Live),
            ("/feeds/speedpark/socket", Class::Live),
            ("/heats/7", Class::Live),
            ("/drivers/Ann", Class::Live),
            ("/api/v1/feeds", Class::Api),
            ("/api", Class::Api),
            ("/overlay", Class::Overlay),
            ("/overlay/speedpark", Class::Overlay),
            ("/relay/speedpark", Class::Relay),
            ("/livez", Class::Open),
            ("/assets/page.css", Class::Open),
            ("/login", Class::Open),
        ] {
            assert_eq!(Class::of(path), class, "{path}");
        }
    }

    #[test]
    fn class_is_private_when_nothing_else_is_known() {
        for path in [
            "/health",
            "/metrics",
            "/readyz",
            "/nowhere",
            "/feedsx",
            "/Feeds",
            "/%66eeds/x",
            "/overlay%2f",
            "/.well-known",
            "/relay.txt",
            "/a//feeds",
            "/assets.zip",
        ] {
            assert_eq!(Class::of(path), Class::Private, "{path}");
        }
    }
}
