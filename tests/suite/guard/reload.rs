//! The real program: what SIGHUP changes, what `status` needs, and what the log must not say.

use std::fs;

use nix::sys::signal::Signal;
use rustls::pki_types::CertificateDer;

use crate::support::{
    program::{Deployment, Program, ringside, stderr, stdout},
    wait_until,
};

use super::{tls::write_paper, *};

const TLS: &str = "[http.tls]\ncertificate = \"ringside.pem\"\nkey = \"ringside.key\"\n";

/// A deployment over TLS with the token, running.
async fn deployed(db: &TestDb) -> (Deployment, Program, Client, CertificateDer<'static>) {
    let deployment =
        Deployment::new(&format!("token = \"{TOKEN}\"\n{TLS}[database]\nurl = {:?}\n", db.url));
    let certificate = write_paper(deployment.folder.path());
    let program = deployment.start();
    let client = Client::new(deployment.address);
    serves(client, &certificate).await;
    (deployment, program, client, certificate)
}

async fn serves(client: Client, certificate: &CertificateDer<'static>) {
    wait_until("the program serves with this certificate", async || {
        client.get_over_tls(certificate, "/livez", "").await.is_ok()
    })
    .await;
}

async fn says(program: &Program, words: &str) {
    wait_until(words, async || program.log().contains(words)).await;
}

#[test]
fn hang_up_takes_up_a_new_certificate_and_keeps_the_old_one_when_it_is_broken() {
    on_system(async {
        let db = TestDb::new();
        let (deployment, program, client, old) = deployed(&db).await;
        let folder = deployment.folder.path();

        fs::write(folder.join("ringside.pem"), "no certificate").unwrap();
        program.signal(Signal::SIGHUP);
        says(&program, "nothing changed: ").await;
        assert!(program.log().contains("[http.tls]: certificate"), "{}", program.log());
        serves(client, &old).await;

        // A certificate without its key, as in the middle of a renewal.
        let key = fs::read(folder.join("ringside.key")).unwrap();
        let new = write_paper(folder);
        let new_key = fs::read(folder.join("ringside.key")).unwrap();
        fs::write(folder.join("ringside.key"), key).unwrap();
        program.signal(Signal::SIGHUP);
        says(&program, "does not fit the certificate").await;
        serves(client, &old).await;

        fs::write(folder.join("ringside.key"), new_key).unwrap();
        program.signal(Signal::SIGHUP);
        serves(client, &new).await;
        says(&program, "[http] read again changed=tls").await;
    });
}

#[test]
fn hang_up_applies_what_it_can_and_says_what_needs_a_restart() {
    on_system(async {
        let db = TestDb::new();
        let (deployment, program, client, certificate) = deployed(&db).await;
        let ask = async |path: &str, token: &str| {
            let header = format!("Authorization: Bearer {token}\r\n");
            client.get_over_tls(&certificate, path, &header).await.unwrap().0.status
        };
        assert_eq!(ask("/health", TOKEN).await, 200);
        deployment.write(&format!(
            "token = \"another-token-of-length\"\npublic = [\"live\"]\nprivacy = \"initials\"\n\
             {TLS}[http.limits]\nsockets = 50\n[database]\nurl = {:?}\n",
            db.url
        ));
        program.signal(Signal::SIGHUP);
        says(&program, "[http] read again changed=token,public,limits").await;
        says(&program, "a change of these needs a restart: privacy").await;
        assert_eq!(ask("/health", TOKEN).await, 401);
        assert_eq!(ask("/health", "another-token-of-length").await, 200);
        assert_ne!(ask("/feeds/t", "").await, 401);
    });
}

#[test]
fn status_finds_token_and_certificate_in_the_configuration() {
    on_system(async {
        let db = TestDb::new();
        let (deployment, _program, client, _) = deployed(&db).await;
        let config = deployment.config();
        let at = client.to.to_string();
        for arguments in
            [vec!["--config", config, "status"], vec!["--config", config, "status", "--at", &at]]
        {
            let output = ringside(&arguments);
            assert!(output.status.success(), "{}", stderr(&output));
            assert!(stdout(&output).contains("0 of 0 feeds up"), "{}", stdout(&output));
        }
        let text = fs::read_to_string(config).unwrap();
        let wrong = deployment.folder.path().join("wrong.toml");
        fs::write(&wrong, text.replace(TOKEN, "another-token-of-length")).unwrap();
        let output = ringside(&["--config", wrong.to_str().unwrap(), "status"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("another token"), "{}", stderr(&output));
        // The files are others than the ones the service has read.
        write_paper(deployment.folder.path());
        let output = ringside(&["--config", config, "status"]);
        assert!(stderr(&output).contains("another certificate"), "{}", stderr(&output));
    });
}

#[test]
fn token_is_in_no_line_of_the_log() {
    on_system(async {
        let db = TestDb::new();
        let rest = format!("token = \"{TOKEN}\"\n[database]\nurl = {:?}\n", db.url);
        let deployment = Deployment::new(&rest);
        let mut command = crate::support::program::command(&deployment.arguments());
        command.env("RUST_LOG", "debug");
        let program = Program::spawn(command, deployment.folder.path());
        deployment.is_live().await;
        let client = Client::new(deployment.address);
        let secret_guess = "a-guess-that-is-nearly-right";
        for (path, headers) in [
            (format!("/?token={TOKEN}"), PAGE.to_owned()),
            (format!("/relay/t?token={TOKEN}"), UPGRADE.to_owned()),
            (format!("/relay/t?token={secret_guess}"), String::new()),
            ("/health".to_owned(), format!("Authorization: Bearer {TOKEN}\r\n")),
            ("/health".to_owned(), format!("Authorization: Bearer {secret_guess}x\r\n")),
            (format!("/x?token={TOKEN}"), "Content-Length: 9\r\n".to_owned()),
        ] {
            client.get(&path, &headers).await;
        }
        client.post("/login", &format!("token={TOKEN}")).await;
        client.post("/login", "no form at all \u{1}").await;
        client.send(&format!("GET /?token={TOKEN} HTTP/9\r\n\r\n")).await.ok();
        client.send(&format!("{TOKEN}\r\n\r\n")).await.ok();
        program.signal(Signal::SIGHUP);
        says(&program, "configuration read again").await;
        let log = program.log();
        assert!(log.contains("a wrong token was offered from=127.0.0.1"), "{log}");
        for secret in [TOKEN, secret_guess] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None);
        }
    });
}

#[test]
fn bind_to_the_network_without_a_token_is_warned_of() {
    on_system(async {
        let db = TestDb::new();
        let deployment = Deployment::on(&db, "");
        let text = fs::read_to_string(&deployment.config).unwrap();
        let open = format!("0.0.0.0:{}", deployment.address.port());
        fs::write(&deployment.config, text.replace(&deployment.address.to_string(), &open))
            .unwrap();
        let output = ringside(&["--config", deployment.config(), "check"]);
        assert!(output.status.success());
        assert!(stdout(&output).contains("note: [http]: bind 0.0.0.0:"), "{}", stdout(&output));
        let program = deployment.started().await;
        assert!(program.log().contains("WARN"), "{}", program.log());
        assert!(program.log().contains("there is no token: everybody there sees everything"));
    });
}
