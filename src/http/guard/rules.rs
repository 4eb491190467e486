//! What an operator may set of it: `[http]`.

use std::net::IpAddr;

use super::{Identity, Token};

/// All that guards the service. What is in here can be changed while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// None: everything is open to whoever reaches the port.
    pub token: Option<Token>,
    pub public: Public,
    /// Names under which the service is reached, beside `localhost` and addresses.
    pub hosts: Vec<String>,
    /// Reverse proxies: what they say of the client's address is believed.
    pub proxies: Vec<IpAddr>,
    pub limits: Limits,
    pub identity: Option<Identity>,
}

/// What is open without the token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Public {
    /// The fleet, feeds live, and all pages of the past.
    pub live: bool,
    /// The past for programs, and exports.
    pub api: bool,
    pub overlay: bool,
    pub relay: bool,
}

impl Public {
    pub const WORDS: [&str; 4] = ["live", "api", "overlay", "relay"];

    /// Opens one of [`Self::WORDS`]; false when it is none.
    pub fn open(&mut self, word: &str) -> bool {
        match word {
            "live" => self.live = true,
            "api" => self.api = true,
            "overlay" => self.overlay = true,
            "relay" => self.relay = true,
            _ => return false,
        }
        true
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open at the same time. A venue's whole audience may come from one address.
    pub connections_per_address: u32,
    /// Open at the same time, all together.
    pub sockets: u32,
    pub requests_per_second_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Hundreds of viewers with a socket each and pages between, behind the address of one
            // venue; and four such addresses.
            connections_per_address: 1_500,
            sockets: 6_000,
            // Three hundred screens that load a page anew within ten seconds.
            requests_per_second_per_address: 100,
        }
    }
}
