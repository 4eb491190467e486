//! Receivers that fail, a service that is killed, a database that is away.

use std::{process::Command, time::Duration};

use actix::System;
use ringside::simulator::{KartOptions, Plays, Simulator, SimulatorOptions, Start, TrackOptions};
use serde_json::{Value, json};

use crate::support::{
    mortal::MortalPostgres,
    program::{Deployment, ringside, stderr, stdout},
    service::{Service, options, track_table},
    wait_until,
};

use super::{
    configured, database, finish_heat, is_settled, outbox, plan, prepare,
    receiver::{Answer, Receiver},
    start, table,
};

const ON: &str = "on = [\"heat_finished\"]";

fn heats(db: &crate::support::postgres::TestDb, number: i64) {
    for id in 1..=number {
        let ago = format!("{} seconds", 100 - id);
        finish_heat(db, id, &format!("Heat {id}"), &ago, &[("Ann", 30_000)]);
    }
}

#[test]
fn notice_is_sent_again_under_its_id_until_it_is_taken_and_the_next_waits_for_it() {
    System::new().block_on(async {
        let answers = [
            Answer::Status(500),
            Answer::Closes,
            Answer::Hangs,
            Answer::Status(301),
            Answer::Status(404),
        ];
        let receiver = Receiver::start(answers).await;
        let db = database(&["club"]);
        heats(&db, 3);
        let notices = start(&db, plan(&table("club", &receiver.url(), ON)));
        wait_until("all is taken", async || is_settled(&db, 3)).await;
        notices.stop().await;
        let calls = receiver.calls();
        let names: Vec<_> = calls.iter().map(|call| call.json()["heat"]["name"].clone()).collect();
        let first = ["Heat 1"; 6].map(Value::from);
        assert_eq!(names[..6], first);
        assert_eq!(names[6..], ["Heat 2", "Heat 3"]);
        assert!(calls[..6].iter().all(|call| call.id() == calls[0].id()));
        assert!(calls[5].id() != calls[6].id());
        let rows = outbox(&db);
        let tries: Vec<_> = rows.iter().map(|row| row["tries"].clone()).collect();
        assert_eq!(tries, [6, 1, 1]);
        let counted = db.rows("SELECT delivered, failed, given_up FROM notice_targets");
        assert_eq!(counted, [json!({ "delivered": 3, "failed": 5, "given_up": 0 })]);
    });
}

#[test]
fn receiver_that_asks_for_patience_is_not_called_before() {
    System::new().block_on(async {
        let receiver = Receiver::start([Answer::Later(2)]).await;
        let db = database(&["club"]);
        heats(&db, 1);
        let notices = start(&db, plan(&table("club", &receiver.url(), ON)));
        let calls = receiver.called(2).await;
        notices.stop().await;
        // Every other failure is followed by a call within a quarter of a second.
        let waited = calls[1].at - calls[0].at;
        assert!(waited >= Duration::from_millis(1_900), "{waited:?}");
    });
}

#[test]
fn receiver_that_was_away_gets_everything_in_order() {
    System::new().block_on(async {
        // Nobody listens there until the second receiver does.
        let address = Receiver::start([]).await.address;
        let db = database(&["club", "other"]);
        heats(&db, 4);
        let other = Receiver::start([]).await;
        let url = format!("http://{address}/");
        let tables = [table("club", &url, ON), table("other", &other.url(), ON)].concat();
        let notices = start(&db, plan(&tables));
        wait_until("the first one failed", async || {
            outbox(&db).iter().any(|row| row["last_error"] == "it can't be connected to")
        })
        .await;
        // One that is away is no matter of the others.
        other.called(4).await;
        let receiver = Receiver::start_at(address, []).await;
        wait_until("all is taken", async || is_settled(&db, 8)).await;
        notices.stop().await;
        let names: Vec<_> =
            receiver.calls().iter().map(|call| call.json()["heat"]["name"].clone()).collect();
        assert_eq!(names, ["Heat 1", "Heat 2", "Heat 3", "Heat 4"]);
    });
}

#[test]
fn notice_that_is_refused_for_good_is_given_up_and_the_next_is_sent() {
    System::new().block_on(async {
        let receiver = Receiver::start([Answer::Status(422)]).await;
        let db = database(&["club"]);
        heats(&db, 2);
        let notices = start(&db, plan(&table("club", &receiver.url(), ON)));
        wait_until("both are settled", async || is_settled(&db, 2)).await;
        notices.stop().await;
        let rows = outbox(&db);
        assert_eq!((&rows[0]["given_up"], &rows[1]["delivered"]), (&json!(true), &json!(true)));
    });
}

#[test]
fn notice_that_nobody_took_for_three_days_is_given_up() {
    System::new().block_on(async {
        let receiver = Receiver::start(vec![Answer::Status(500); 100]).await;
        let db = database(&["club"]);
        heats(&db, 1);
        let notices = start(&db, plan(&table("club", &receiver.url(), ON)));
        receiver.called(1).await;
        db.execute("UPDATE notices SET created_at = created_at - interval '73 hours'");
        wait_until("it is given up", async || outbox(&db)[0]["given_up"] == true).await;
        notices.stop().await;
    });
}

#[test]
fn target_that_is_gone_is_told_nothing_until_the_next_start() {
    System::new().block_on(async {
        let receiver = Receiver::start([Answer::Status(410)]).await;
        let db = database(&["club"]);
        heats(&db, 2);
        let notices = start(&db, plan(&table("club", &receiver.url(), ON)));
        let stopped = "SELECT count(*) FROM notice_targets WHERE stopped_at IS NOT NULL";
        wait_until("it stopped", async || db.value(stopped) == 1).await;
        finish_heat(&db, 9, "Heat 9", "50 seconds", &[("Ann", 30_000)]);
        wait_until("it is found", async || outbox(&db).len() == 3).await;
        notices.stop().await;
        assert_eq!(receiver.calls().len(), 1);
        let notices = start(&db, plan(&table("club", &receiver.url(), ON)));
        receiver.called(2).await;
        wait_until("it is told again", async || db.value(stopped) == 0).await;
        notices.stop().await;
        assert_eq!(receiver.calls()[1].json()["heat"]["name"], "Heat 9");
    });
}

#[test]
fn two_processes_on_one_database_tell_everything_once_and_in_order() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["club"]);
        heats(&db, 30);
        let tables = table("club", &receiver.url(), ON);
        let (one, two) = (start(&db, plan(&tables)), start(&db, plan(&tables)));
        wait_until("all is taken", async || is_settled(&db, 30)).await;
        one.stop().await;
        two.stop().await;
        let names: Vec<_> =
            receiver.calls().iter().map(|call| call.json()["heat"]["name"].clone()).collect();
        let expected: Vec<_> = (1..=30).map(|id| Value::from(format!("Heat {id}"))).collect();
        assert_eq!(names, expected);
    });
}

#[test]
fn nothing_is_lost_or_doubled_when_the_database_is_away_for_a_moment() {
    System::new().block_on(async {
        let mut server = MortalPostgres::start();
        let db = server.database();
        ringside::db::migrate(&db.pool).unwrap();
        prepare(&db, &["club"]);
        heats(&db, 1);
        // The answer comes while the database is away.
        let receiver = Receiver::start([]).await;
        let notices = start(&db, plan(&table("club", &receiver.url(), ON)));
        receiver.called(1).await;
        server.kill();
        server.start_again();
        wait_until("the database answers", async || db.pool.get().is_ok()).await;
        finish_heat(&db, 2, "Heat 2", "50 seconds", &[("Ann", 30_000)]);
        wait_until("both are taken", async || is_settled(&db, 2)).await;
        notices.stop().await;
        let mut names: Vec<_> =
            receiver.calls().iter().map(|call| call.json()["heat"]["name"].clone()).collect();
        names.dedup();
        assert_eq!(names, ["Heat 1", "Heat 2"]);
    });
}

/// The program with one target, on a database that has a heat to tell of.
fn deployment(db: &crate::support::postgres::TestDb, receiver: &Receiver) -> Deployment {
    Deployment::on(db, &table("club", &receiver.url(), ON))
}

#[test]
fn notice_is_sent_again_when_the_program_was_killed_before_it_was_marked() {
    System::new().block_on(async {
        // The first call is in when the program dies; whether it was taken nobody knows.
        let receiver = Receiver::start([Answer::Hangs]).await;
        let db = database(&["club"]);
        let feed = "[[feed]]\nid = \"speedpark\"\nkind = \"bmi\"\nvenue = \"SpeedPark\"\n\
                    name = \"Main track\"\nurl = \"ws://127.0.0.1:1/\"\nresource = \"1@x\"\n";
        let deployment = deployment(&db, &receiver);
        deployment.write(&format!(
            "[database]\nurl = {:?}\n{feed}{}",
            db.url,
            table("club", &receiver.url(), ON)
        ));
        heats(&db, 2);
        let program = deployment.started().await;
        receiver.called(1).await;
        program.kill();
        assert_eq!(db.value("SELECT count(*) FROM notices WHERE delivered_at IS NOT NULL"), 0);
        // What would pass in twenty seconds.
        db.execute("UPDATE notices SET due_at = now()");
        let program = deployment.started().await;
        wait_until("both are taken", async || is_settled(&db, 2)).await;
        let (_, health) = crate::support::service::get(deployment.address, "/health").await;
        let (_, metrics) = crate::support::service::get(deployment.address, "/metrics").await;
        let log = program.log();
        program.kill();

        let calls = receiver.calls();
        let names: Vec<_> = calls.iter().map(|call| call.json()["heat"]["name"].clone()).collect();
        assert_eq!(names, ["Heat 1", "Heat 1", "Heat 2"]);
        assert_eq!(calls[0].id(), calls[1].id());
        let health: Value = serde_json::from_str(&health).unwrap();
        assert_eq!(health["notices"]["pending"], 0);
        assert_eq!(health["notices"]["targets"][0]["delivered"], 2);
        assert!(
            metrics.contains("ringside_notices_delivered_total{target=\"club\"} 2"),
            "{metrics}"
        );
        // The address is a secret.
        for text in [health.to_string(), metrics, log] {
            assert!(!text.contains("s3cr3t"), "{text}");
        }
    });
}

#[test]
fn targets_are_others_after_sighup_and_what_waits_is_sent_there() {
    System::new().block_on(async {
        let old = Receiver::start(vec![Answer::Status(500); 100]).await;
        let new = Receiver::start([]).await;
        let db = database(&["club"]);
        heats(&db, 1);
        let feed = "[[feed]]\nid = \"speedpark\"\nkind = \"bmi\"\nvenue = \"SpeedPark\"\n\
                    name = \"Main track\"\nurl = \"ws://127.0.0.1:1/\"\nresource = \"1@x\"\n";
        let told = |receiver: &Receiver| {
            let table = table("club", &receiver.url(), ON);
            format!("[database]\nurl = {:?}\n{feed}{table}", db.url)
        };
        let deployment = Deployment::new(&told(&old));
        let program = deployment.started().await;
        old.called(1).await;
        deployment.write(&told(&new));
        program.signal(nix::sys::signal::Signal::SIGHUP);
        wait_until("the change is taken up", async || {
            program.log().contains("[[notify]] read again changed=club")
        })
        .await;
        db.execute("UPDATE notices SET due_at = now()");
        new.called(1).await;
        wait_until("it is taken", async || is_settled(&db, 1)).await;
        program.kill();
        assert_eq!(new.calls()[0].id(), old.calls()[0].id());
    });
}

/// The function that `docs/notices.md` gives to receivers.
fn documented(language: &str) -> String {
    let docs = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/notices.md"));
    let (_, rest) = docs.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn signature_is_verified_as_the_docs_say() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let db = database(&["club"]);
        heats(&db, 1);
        let rest = format!("{ON}\nsecret = \"0123456789abcdef\"");
        let notices = start(&db, plan(&table("club", &receiver.url(), &rest)));
        let call = receiver.called(1).await.remove(0);
        notices.stop().await;
        let python = "\nimport sys\n\
                      print(is_ours(sys.argv[1], sys.argv[2], sys.argv[3].encode()))";
        let node = "\nconst [secret, signature, body] = process.argv.slice(1);\n\
                    console.log(isOurs(secret, signature, Buffer.from(body)));";
        let languages = [
            ("python3", "-c", documented("python") + python),
            ("node", "-e", documented("javascript") + node),
        ];
        let mut verified = 0;
        for (program, flag, script) in &languages {
            let verify = |secret: &str, body: &str| {
                let signature = call.headers["ringside-signature"].as_str();
                let arguments = [flag, script.as_str(), secret, signature, body];
                let output = Command::new(program).args(arguments).output().unwrap();
                assert!(output.status.success(), "{}", stderr(&output));
                stdout(&output).trim().to_lowercase()
            };
            if Command::new(program).arg("--version").output().is_err() {
                eprintln!("no {program} on this machine");
                continue;
            }
            verified += 1;
            assert_eq!(verify("0123456789abcdef", &call.body), "true", "{program}");
            assert_eq!(verify("0123456789abcdeg", &call.body), "false", "{program}");
            let other = call.body.replace("Ann", "Bob");
            assert_eq!(verify("0123456789abcdef", &other), "false", "{program}");
        }
        assert!(verified > 0, "neither Python nor Node is on this machine");
    });
}

#[test]
fn service_tells_of_the_heats_of_a_venue_as_they_end() {
    System::new().block_on(async {
        let receiver = Receiver::start([]).await;
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let world = KartOptions { heat_s: 120, heats: Some(2), ..KartOptions::default() };
        let track = simulator.add_track(TrackOptions {
            speed: 30.0,
            plays: Plays::World(world),
            start: Start::WithFirstSubscriber,
            ..TrackOptions::new("1@x")
        });
        let db = crate::support::postgres::TestDb::new();
        let on = "on = [\"heat_finished\", \"feed_down\"]\ndown_for = \"10s\"";
        let text = format!("{}{}", track_table("main", &track), table("club", &receiver.url(), on));
        let service = Service::start_with(&db, &text, options(), |_| {}).await;
        let calls = receiver.called(2).await;
        wait_until("both are marked", async || is_settled(&db, 2)).await;
        service.stop().await;
        let told: Vec<_> = calls.iter().map(|call| call.json()["heat"]["id"].clone()).collect();
        let stored =
            db.rows("SELECT id FROM heats WHERE finished_at IS NOT NULL ORDER BY finished_at");
        let stored: Vec<_> = stored.iter().map(|row| row["id"].clone()).collect();
        assert_eq!(told, stored[..2]);
        let drivers =
            db.value(&format!("SELECT count(*) FROM heat_drivers WHERE heat_id = {}", told[0]));
        assert_eq!(calls[0].json()["heat"]["drivers"], drivers);
    });
}

#[test]
fn command_sends_a_test_and_says_what_came_back() {
    System::new().block_on(async {
        let receiver = Receiver::start([Answer::Status(200), Answer::Status(403)]).await;
        let deployment = Deployment::new(&table("club", &receiver.url(), ON));
        let test = async |name: &str| {
            let arguments = ["--config", deployment.config(), "notify", "--test", name];
            let arguments = arguments.map(str::to_owned);
            let run = move || ringside(&arguments.each_ref().map(String::as_str));
            tokio::task::spawn_blocking(run).await.unwrap()
        };
        assert_eq!(stdout(&test("club").await).trim(), "club: taken (200)");
        assert_eq!(receiver.calls()[0].json()["kind"], "test");
        let refused = test("club").await;
        assert_eq!(refused.status.code(), Some(2));
        assert_eq!(stderr(&refused).trim(), "ringside: club: it answered 403 (Forbidden)");
        assert!(stderr(&test("clbu").await).contains("is \"club\" meant?"));
    });
}

#[test]
fn debug_words_of_a_target_hold_no_address() {
    let config = configured(&table("club", "https://x.example/s3cr3t", ON));
    assert!(!format!("{:?}", config.notify).contains("s3cr3t"));
}
