//! The service over TLS.

use std::io::{Read, Write};

use ringside::http::guard::{Identity, Limits};
use rustls::pki_types::CertificateDer;

use crate::support::wait_until;

use super::{client::aside, *};

/// A certificate for `localhost` and its key, in a folder.
pub struct Paper {
    pub folder: tempfile::TempDir,
    pub certificate: CertificateDer<'static>,
}

impl Paper {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificate = write_paper(folder.path());
        Self { folder, certificate }
    }

    pub fn identity(&self) -> Identity {
        let folder = self.folder.path();
        Identity::read(&folder.join("ringside.pem"), &folder.join("ringside.key")).unwrap()
    }
}

/// Writes a new `ringside.pem` and `ringside.key`.
pub fn write_paper(folder: &std::path::Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("ringside.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("ringside.key"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

#[test]
fn service_over_tls_shows_its_certificate_and_tells_browsers_to_stay() {
    on_system(async {
        let db = TestDb::new();
        let paper = Paper::new();
        let (service, client) = service(&db, |rules| {
            with_token(rules);
            rules.identity = Some(paper.identity());
        })
        .await;
        let ask = async |path: &str, headers: &str| {
            client.get_over_tls(&paper.certificate, path, headers).await.unwrap()
        };
        let (answer, shown) = ask("/livez", "").await;
        assert_eq!((answer.status, &shown), (200, &paper.certificate));
        assert_eq!(answer.header("strict-transport-security"), "max-age=2592000");
        let (answer, _) = ask(&format!("/?token={TOKEN}"), PAGE).await;
        assert!(answer.header("set-cookie").contains("; Secure"), "{answer:?}");
        assert_eq!(ask("/health", "").await.0.status, 401);
        // Who speaks no TLS gets nothing.
        assert!(client.try_get("/livez", "").await.is_err());
        // Who trusts another certificate trusts this one not.
        let other = Paper::new();
        assert!(client.get_over_tls(&other.certificate, "/livez", "").await.is_err());
        service.stop().await;
    });
}

#[test]
fn new_certificate_is_shown_from_the_next_handshake_on_and_open_connections_stay() {
    on_system(async {
        let db = TestDb::new();
        let (old, new) = (Paper::new(), Paper::new());
        let (service, client) = service(&db, |rules| rules.identity = Some(old.identity())).await;
        let mut rules = Rules::clone(&rules_of(&service));
        rules.identity = Some(new.identity());
        assert_eq!(service.app.guard().set_rules(rules.clone()).applied, ["tls"]);
        let (_, shown) = client.get_over_tls(&new.certificate, "/livez", "").await.unwrap();
        assert_eq!(shown, new.certificate);
        // Without any the port would have to be opened anew.
        rules.identity = None;
        let changed = service.app.guard().set_rules(rules);
        assert_eq!((changed.applied.len(), changed.left), (0, vec!["tls"]));
        assert!(client.get_over_tls(&new.certificate, "/livez", "").await.is_ok());
        service.stop().await;
    });
}

/// A server that accepts no more while handshakes are half done is stopped by anybody.
#[test]
fn half_open_handshakes_of_one_address_make_nobody_wait() {
    on_system(async {
        let db = TestDb::new();
        let paper = Paper::new();
        let (service, client) = service(&db, |rules| {
            rules.identity = Some(paper.identity());
            rules.limits = Limits { connections_per_address: 800, ..Limits::default() };
        })
        .await;
        let mut half_open = Vec::new();
        for n in 0..900 {
            let mut stream = client.connect().await.unwrap();
            // The head of a handshake's first record.
            if n % 2 == 0 {
                stream.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00]).ok();
            }
            half_open.push(stream);
        }
        let monitor = client.from(2);
        let begun = std::time::Instant::now();
        for _ in 0..5 {
            let answer = monitor.get_over_tls(&paper.certificate, "/livez", "").await.unwrap();
            assert_eq!(answer.0.status, 200);
        }
        assert!(begun.elapsed().as_secs() < 3, "{:?}", begun.elapsed());
        // And each is cut in time.
        let first = half_open.swap_remove(0);
        aside(move || {
            let mut rest = Vec::new();
            (&first).read_to_end(&mut rest).ok();
        })
        .await;
        wait_until("the crowd is gone", async || {
            let (answer, _) =
                monitor.get_over_tls(&paper.certificate, "/metrics", "").await.unwrap();
            answer.body.contains("ringside_http_connections 1\n")
        })
        .await;
        service.stop().await;
    });
}
