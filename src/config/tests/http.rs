//! `[http]` and `[relay]`.

use super::*;

use crate::http::{
    Privacy,
    guard::{Limits, Public},
};

const TOKEN: &str = "0123456789abcdef";

fn read(text: &str) -> Config {
    read_text(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn http_is_on_loopback_and_shows_names_when_nothing_is_set() {
    let config = read("");
    assert_eq!(config.http.bind.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.privacy, Privacy::Names);
    assert_eq!(config.http.rules.token, None);
    assert_eq!(config.http.rules.limits, Limits::default());
    assert_eq!(config.relay.bmi_bind, None);
    assert_eq!(config.notes, [""; 0]);
}

#[test]
fn http_reads_all_that_can_be_set() {
    let config = read(&format!(
        "[http]\nbind = \"127.0.0.1:1\"\ntoken = \"{TOKEN}\"\npublic = [\"live\", \"relay\"]\n\
         privacy = \"initials\"\nhosts = [\"Timing.example.com\"]\nproxies = [\"::1\"]\n\
         [http.limits]\nconnections_per_address = 7\nsockets = 8\n\
         requests_per_second_per_address = 9\n[relay]\nbmi_bind = \"127.0.0.1:2\"\n"
    ));
    let rules = &config.http.rules;
    assert!(rules.token.as_ref().is_some_and(|token| token.is(TOKEN)));
    assert_eq!(rules.public, Public { live: true, api: false, overlay: false, relay: true });
    assert_eq!(rules.hosts, ["timing.example.com"]);
    assert_eq!(rules.proxies, [std::net::IpAddr::from([0u16, 0, 0, 0, 0, 0, 0, 1])]);
    let limits =
        Limits { connections_per_address: 7, sockets: 8, requests_per_second_per_address: 9 };
    assert_eq!(rules.limits, limits);
    assert_eq!(config.http.privacy, Privacy::Initials);
    assert_eq!(config.relay.bmi_bind, Some(([127, 0, 0, 1], 2).into()));
    assert_eq!(config.notes.len(), 1, "{:?}", config.notes);
    assert!(config.notes[0].contains("the relay"), "{:?}", config.notes);
}

#[test]
fn http_reports_each_wrong_key() {
    let found = problems(
        "[http]\nbind = 80\ntoken = \"short\"\npublic = [\"love\"]\nprivacy = \"none\"\n\
         hosts = [\"https://x\"]\nproxies = [\"nowhere\"]\ntokn = 1\n\
         [http.limits]\nsockets = 0\nconnections = 1\n[relay]\nbmi_bind = \"x\"\n",
    );
    let expect = [
        "[http]: bind must be a text in quotes",
        "[http]: token must have at least 16 characters",
        "[http]: public holds an unknown word; is \"live\" meant?",
        "[http]: privacy must be \"names\" or \"initials\"",
        "[http]: hosts must be names",
        "[http]: proxies must be addresses",
        "[http]: tokn is no key here; is \"token\" meant?",
        "[http.limits]: sockets must be a whole number from 1 to 1000000",
        "[http.limits]: connections is no key here",
        "[relay]: bmi_bind must be an address and a port",
    ];
    for expected in expect {
        assert!(found.iter().any(|f| f.starts_with(expected)), "no {expected:?} in {found:#?}");
    }
    assert_eq!(found.len(), expect.len(), "{found:#?}");
}

#[test]
fn http_wants_a_token_that_can_travel_and_never_repeats_it() {
    for token in ["0123456789abcde f", "0123456789abcdeé", "0123456789abcde"] {
        let found = problems(&format!("[http]\ntoken = \"{token}\"\n")).join("\n");
        assert!(found.starts_with("[http]: token must"), "{found}");
        assert!(!found.contains("0123456789"), "{found}");
    }
    let missing = problems("[http]\ntoken = \"${NO_TOKEN}\"\n");
    assert!(missing[0].contains("NO_TOKEN, which is not set"), "{missing:?}");
    let config = read(&format!("[http]\ntoken = \"{TOKEN}\"\n"));
    assert!(!format!("{:?}", config.http).contains("0123456789"));
}

#[test]
fn public_without_a_token_is_a_problem() {
    let found = problems("[http]\npublic = [\"live\"]\n");
    assert_eq!(
        found,
        ["[http]: public is of no use without a token: without one everything is public"]
    );
}

#[test]
fn bind_to_the_network_is_told_of_while_it_is_open_or_can_be_read() {
    let notes = |rest: &str| read(&format!("[http]\nbind = \"0.0.0.0:80\"\n{rest}")).notes;
    let open = notes("");
    assert_eq!(open.len(), 2, "{open:?}");
    assert!(open[0].contains("there is no token") && open[1].contains("without [http.tls]"));
    assert_eq!(notes(&format!("token = \"{TOKEN}\"\n")).len(), 1);
    let behind = notes(&format!("token = \"{TOKEN}\"\nproxies = [\"10.0.0.1\"]\n"));
    assert_eq!(behind, [""; 0]);
}

#[test]
fn port_for_bmi_clients_is_its_own_and_open_to_whom_the_relay_is() {
    let same = "[http]\nbind = \"127.0.0.1:9\"\n[relay]\nbmi_bind = \"127.0.0.1:9\"\n";
    assert_eq!(problems(same), ["[relay]: bmi_bind is the same as bind in [http]"]);
    let closed = format!("[http]\ntoken = \"{TOKEN}\"\n[relay]\nbmi_bind = \"0.0.0.0:9\"\n");
    assert!(problems(&closed)[0].starts_with("[relay]: bmi_bind can't ask for the token"));
    let open = closed.replace("[relay]", "public = [\"relay\"]\n[relay]");
    assert_eq!(read(&open).notes.len(), 1);
}

#[test]
fn certificate_and_key_are_opened_and_have_to_fit() {
    let folder = tempfile::tempdir().unwrap();
    let make = || rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (one, other) = (make(), make());
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("one.pem", &one.cert.pem());
    write("one.key", &one.signing_key.serialize_pem());
    write("other.key", &other.signing_key.serialize_pem());
    write("empty", "");
    let read = |certificate: &str, key: &str| {
        let text = format!("[http.tls]\ncertificate = {certificate:?}\nkey = {key:?}\n");
        parse(&text, Path::new("ringside.toml"), folder.path(), &|_| None)
    };
    assert!(read("one.pem", "one.key").is_ok_and(|config| config.http.rules.identity.is_some()));
    for (certificate, key, expected) in [
        ("one.pem", "other.key", "[http.tls]: key"),
        ("one.pem", "empty", "[http.tls]: key"),
        ("one.pem", "nowhere", "[http.tls]: key"),
        ("empty", "one.key", "[http.tls]: certificate"),
        ("nowhere", "one.key", "[http.tls]: certificate"),
        ("one.key", "one.key", "[http.tls]: certificate"),
        ("", "one.key", "[http.tls]: certificate is empty"),
    ] {
        let Err(error) = read(certificate, key) else { panic!("{certificate} {key}") };
        assert!(error.to_string().contains(expected), "{error}");
    }
    let misfit = read("one.pem", "other.key").map(|_| ()).unwrap_err().to_string();
    assert!(misfit.contains("does not fit the certificate"), "{misfit}");
}
