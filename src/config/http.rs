//! `[http]`: where the service is seen, by whom, and how much of it.

use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
};

use crate::{
    http::{
        Privacy,
        guard::{Identity, IdentityError, Limits, Public, Rules, Token},
    },
    spelling,
};

use super::{Problem, Section};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    pub bind: SocketAddr,
    /// How names of people are shown.
    pub privacy: Privacy,
    pub rules: Rules,
}

/// `[relay]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelayConfig {
    /// A port of its own for BMI clients that know only a host and a port.
    pub bmi_bind: Option<SocketAddr>,
}

impl RelayConfig {
    pub(super) fn notes(self) -> Vec<String> {
        let open = self.bmi_bind.filter(|bind| !bind.ip().is_loopback());
        let note = |bind| {
            format!(
                "[relay]: bmi_bind {bind} can be reached from the network and asks for no token"
            )
        };
        open.map(note).into_iter().collect()
    }
}

impl HttpConfig {
    /// What is allowed, and what an operator should know of it.
    pub(super) fn notes(&self) -> Vec<String> {
        let Self { bind, privacy, rules } = self;
        let mut notes = Vec::new();
        if !bind.ip().is_loopback() && rules.token.is_none() {
            notes.push(format!(
                "[http]: bind {bind} can be reached from the network and there is no token: \
                 everybody there sees everything"
            ));
        }
        if !bind.ip().is_loopback() && rules.identity.is_none() && rules.proxies.is_empty() {
            notes.push(format!(
                "[http]: bind {bind} without [http.tls]: what is sent, the token too, can be read \
                 on its way"
            ));
        }
        if *privacy == Privacy::Initials && (rules.public.relay || rules.token.is_none()) {
            notes.push(
                "[http]: privacy = \"initials\" does not reach the relay, which passes names on \
                 to everybody"
                    .to_owned(),
            );
        }
        notes
    }
}

pub(super) fn read_http(
    section: Option<Section>,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Option<HttpConfig> {
    let default = SocketAddr::from(([127, 0, 0, 1], 8080));
    let mut section = section.unwrap_or_else(|| Section::empty("[http]"));
    let bind = read_address("bind", &mut section, problems);
    let privacy = read_privacy(&mut section, problems);
    let token = read_token(&mut section, problems);
    let public = read_public(&mut section, problems);
    if public != Public::default() && token.is_none() {
        let words = "is of no use without a token: without one everything is public";
        section.problem("public", words, problems);
    }
    let hosts = read_hosts(&mut section, problems);
    let proxies = read_proxies(&mut section, problems);
    let identity = read_tls(section.section("tls", problems), folder, problems);
    let limits = read_limits(section.section("limits", problems), problems);
    let keys = ["bind", "token", "public", "privacy", "hosts", "proxies", "tls", "limits"];
    section.finish(&keys, problems);
    let rules = Rules { token: token.flatten(), public, hosts, proxies, limits, identity };
    Some(HttpConfig { bind: bind?.unwrap_or(default), privacy, rules })
}

pub(super) fn read_relay(
    section: Option<Section>,
    http: Option<&HttpConfig>,
    problems: &mut Vec<Problem>,
) -> RelayConfig {
    let Some(mut section) = section else { return RelayConfig::default() };
    let bmi_bind = read_address("bmi_bind", &mut section, problems).flatten();
    if let (Some(bmi), Some(http)) = (bmi_bind, http) {
        if bmi.port() != 0 && bmi == http.bind {
            section.problem("bmi_bind", "is the same as bind in [http]", problems);
        }
        if !bmi.ip().is_loopback() && http.rules.token.is_some() && !http.rules.public.relay {
            let words = "can't ask for the token, which the protocol has no place for: add \
                         \"relay\" to public in [http], or bind it to 127.0.0.1";
            section.problem("bmi_bind", words, problems);
        }
    }
    section.finish(&["bmi_bind"], problems);
    RelayConfig { bmi_bind }
}

/// None when it is wrong, none within when it is not there.
fn read_address(
    key: &str,
    section: &mut Section,
    problems: &mut Vec<Problem>,
) -> Option<Option<SocketAddr>> {
    if !section.has(key) {
        return Some(None);
    }
    let text = section.text(key, problems)?;
    let address = text.parse().ok();
    if address.is_none() {
        let words = "must be an address and a port, such as \"127.0.0.1:8080\"";
        section.problem(key, words, problems);
    }
    address.map(Some)
}

fn read_privacy(section: &mut Section, problems: &mut Vec<Problem>) -> Privacy {
    match section.text("privacy", problems).as_deref() {
        None | Some("names") => Privacy::Names,
        Some("initials") => Privacy::Initials,
        Some(_) => {
            section.problem("privacy", "must be \"names\" or \"initials\"", problems);
            Privacy::Initials
        }
    }
}

/// None where no token was meant; none within when it is wrong.
fn read_token(section: &mut Section, problems: &mut Vec<Problem>) -> Option<Option<Token>> {
    if !section.has("token") {
        return None;
    }
    let Some(text) = section.text("token", problems) else { return Some(None) };
    if text.chars().count() < Token::MIN_CHARACTERS {
        let words = format!("must have at least {} characters", Token::MIN_CHARACTERS);
        section.problem("token", words, problems);
        return Some(None);
    }
    // It travels in addresses and headers.
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let words = "must be of ASCII letters, digits and signs, without spaces";
        section.problem("token", words, problems);
        return Some(None);
    }
    Some(Some(Token::new(text)))
}

fn read_public(section: &mut Section, problems: &mut Vec<Problem>) -> Public {
    let mut public = Public::default();
    for word in section.texts("public", problems) {
        if public.open(&word) {
            continue;
        }
        let meant = match spelling::closest(&word, &Public::WORDS) {
            Some(meant) => format!("holds an unknown word; is {meant:?} meant?"),
            None => format!("holds an unknown word; there are {}", Public::WORDS.join(", ")),
        };
        section.problem("public", meant, problems);
    }
    public
}

fn read_hosts(section: &mut Section, problems: &mut Vec<Problem>) -> Vec<String> {
    let hosts = section.texts("hosts", problems);
    let is_name = |host: &String| {
        !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    };
    if !hosts.iter().all(is_name) {
        let words = "must be names such as \"timing.example.com\", without a scheme or a port";
        section.problem("hosts", words, problems);
    }
    hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect()
}

fn read_proxies(section: &mut Section, problems: &mut Vec<Problem>) -> Vec<IpAddr> {
    let texts = section.texts("proxies", problems);
    let proxies: Vec<IpAddr> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    if proxies.len() != texts.len() {
        section.problem("proxies", "must be addresses such as \"127.0.0.1\"", problems);
    }
    proxies
}

fn read_tls(
    section: Option<Section>,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Option<Identity> {
    let mut section = section?;
    let certificate = section.required("certificate", problems);
    let key = section.required("key", problems);
    let identity = certificate.zip(key).and_then(|(certificate, key)| {
        match Identity::read(&folder.join(certificate), &folder.join(key)) {
            Ok(identity) => Some(identity),
            Err(IdentityError::Certificate(problem)) => {
                section.problem("certificate", problem, problems);
                None
            }
            Err(IdentityError::Key(problem)) => {
                section.problem("key", problem, problems);
                None
            }
        }
    });
    section.finish(&["certificate", "key"], problems);
    identity
}

fn read_limits(section: Option<Section>, problems: &mut Vec<Problem>) -> Limits {
    let mut limits = Limits::default();
    let Some(mut section) = section else { return limits };
    let keys = ["connections_per_address", "sockets", "requests_per_second_per_address"];
    let fields = [
        &mut limits.connections_per_address,
        &mut limits.sockets,
        &mut limits.requests_per_second_per_address,
    ];
    for (key, field) in keys.iter().zip(fields) {
        if let Some(n) = section.number(key, 1..=1_000_000, problems) {
            *field = n as u32;
        }
    }
    section.finish(&keys, problems);
    limits
}
