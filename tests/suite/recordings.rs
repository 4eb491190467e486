//! Recordings as people use them: out of the journal, back into a database, and as a venue.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::Duration,
};

use actix::System;
use bytestring::ByteString;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{SinkExt, StreamExt};
use nix::sys::signal::Signal;
use ringside::{
    event::{FeedId, Generation},
    http::Health,
    recording::{Content, Entry, FrameFile, Header, Payload, Received, Recording},
    simulator::{
        KartOptions, Plays, RingDayOptions, RingOptions, Simulator, SimulatorOptions, Start,
        TrackOptions, Venue,
    },
};
use serde_json::Value;

use crate::support::{
    LIMIT,
    postgres::TestDb,
    program::{Deployment, Program, command, ringside, stderr, stdout},
    service::{get, ring_table, track_table},
    wait_until,
};

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

async fn frames_of(deployment: &Deployment) -> u64 {
    let health: Health = serde_json::from_str(&get(deployment.address, "/health").await.1).unwrap();
    health.feeds[0].frames
}

async fn stop(mut program: Program) {
    program.signal(Signal::SIGTERM);
    assert!(program.ended(Duration::from_secs(30)).await.success(), "{}", program.log());
}

/// All rows but those that tell of connections and of the journal. Numbers of heats and runs have
/// holes of any size; only their order counts.
fn rows_of_the_sport(db: &TestDb) -> Vec<String> {
    let mut rows = Vec::new();
    for (parents, children, key) in [
        ("heats", &["heat_drivers", "laps", "lap_gaps"][..], "heat_id"),
        ("agility_runs", &["playsets", "playset_changes"], "run_id"),
    ] {
        let mut parents_rows = db.rows(&format!("SELECT * FROM {parents} ORDER BY id"));
        let ids: Vec<Value> = parents_rows.iter_mut().map(|row| row["id"].take()).collect();
        let rank = |id: &Value| ids.iter().position(|known| known == id).unwrap().into();
        rows.extend(parents_rows.iter().map(|row| format!("{parents} {row}")));
        for children in children {
            for mut row in db.rows(&format!("SELECT * FROM {children}")) {
                row[key] = rank(&row[key]);
                // The number of a transaction.
                row.as_object_mut().unwrap().remove("changed_in");
                rows.push(format!("{children} {row}"));
            }
        }
    }
    for table in ["feeds", "combined_results", "rejected_frames", "rejected_rows"] {
        let all = db.rows(&format!("SELECT * FROM {table}"));
        rows.extend(all.iter().map(|row| format!("{table} {row}")));
    }
    rows.sort();
    rows
}

/// Runs the service with one feed, cuts its connection now and then, exports what it journaled, and
/// replays that into another database: the rows are the same.
async fn replayed_is_as_lived(feed: &str, venue: &Venue, table: &str) {
    let lived = TestDb::new();
    let deployment = Deployment::on(&lived, table);
    let folder = deployment.folder.path();
    let program = deployment.started().await;
    /// Few, since each lets the service wait longer.
    const CUTS: u64 = 3;
    /// Each connection hears so much before it is cut that some of it is in the recording.
    const HEARD: u64 = 10;
    let (mut cuts, mut sent) = (0, 0);
    wait_until("the world ends", async || {
        let is_heard = venue.frames_sent() > sent + HEARD && venue.open_connections() == 1;
        if cuts < CUTS && venue.frames_made() > (cuts + 1) * 20 && is_heard {
            venue.drop_connections();
            (cuts, sent) = (cuts + 1, venue.frames_sent());
        }
        venue.has_ended()
    })
    .await;
    assert_eq!(cuts, CUTS, "in {} frames", venue.frames_made());
    wait_until("it is connected again", async || venue.open_connections() == 1).await;
    let export = |file: &str| {
        let file = path(folder, file);
        let arguments = ["--config", deployment.config(), "export", "frames", "--feed", feed];
        let output = ringside(&[&arguments[..], &[&file]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        (PathBuf::from(file), stdout(&output))
    };
    let (beside, _) = export("beside.jsonl");
    assert!(Recording::read(&beside).unwrap().frames().len() > 50);
    stop(program).await;
    let (file, said) = export("race.jsonl.zst");
    let recording = Recording::read(&file).unwrap();
    let frames = recording.frames();
    assert!(said.contains(&format!("feed={feed} frames={} ", frames.len())), "{said}");
    let generations: std::collections::BTreeSet<_> =
        frames.iter().map(|frame| frame.received.unwrap().generation).collect();
    assert!(generations.len() as u64 > CUTS, "{generations:?}");

    let again = TestDb::new();
    let deployment = Deployment::on(&again, table);
    let replay = ["--config", deployment.config(), "replay", "--feed", feed];
    let output = ringside(&[&replay[..], &[file.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let expected = rows_of_the_sport(&lived);
    let found = rows_of_the_sport(&again);
    assert!(expected.len() > 50, "{expected:?}");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn replay_of_an_exported_track_gives_the_rows_of_the_service() {
    System::new().block_on(async {
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let world = KartOptions { heat_s: 240, heats: Some(2), ..KartOptions::default() };
        let track = simulator.add_track(TrackOptions {
            plays: Plays::World(world),
            speed: 40.0,
            start: Start::WithFirstSubscriber,
            ..TrackOptions::new("1@x")
        });
        replayed_is_as_lived("t", &track, &track_table("t", &track)).await;
    });
}

#[test]
fn replay_of_an_exported_ring_gives_the_rows_of_the_service() {
    System::new().block_on(async {
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let day = RingDayOptions {
            classes: 1,
            dogs: 10..=10,
            days: Some(1),
            ..RingDayOptions::default()
        };
        let ring = simulator.add_ring(RingOptions {
            plays: Plays::World(day),
            speed: 40.0,
            start: Start::WithFirstSubscriber,
            ..RingOptions::new("day")
        });
        replayed_is_as_lived("r", &ring, &ring_table("r", &ring)).await;
    });
}

#[test]
fn export_tells_what_is_wrong_and_replaces_nothing_unasked() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let nothing = TrackOptions { plays: Plays::Nothing, ..TrackOptions::new("1@x") };
        let track = simulator.add_track(nothing);
        let deployment = Deployment::on(&db, &track_table("t", &track));
        let folder = deployment.folder.path();
        let export = |arguments: &[&str]| {
            ringside(&[&["--config", deployment.config(), "export", "frames"], arguments].concat())
        };
        let refused = |arguments: &[&str], words: &str| {
            let output = export(arguments);
            assert_eq!(output.status.code(), Some(2), "{arguments:?}");
            assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
        };
        let json = path(folder, "race.json");
        refused(&["--feed", "t", &json], "there is none at");

        let program = deployment.started().await;
        wait_until("it has asked", async || track.subscribers() == 1).await;
        let messages = ["{\"T\":1.50}", "not json", "{\"N\":\"ö\"}"];
        for message in messages {
            track.push(message);
        }
        wait_until("all is received", async || frames_of(&deployment).await == 3).await;
        stop(program).await;

        refused(&["--feed", "x", &json], "the journal has no feed \"x\"; it has: t");
        refused(&["--feed", "t", &path(folder, "race.csv")], ".jsonl.zst");
        refused(&["--feed", "t", "--from", "yesterday", &json], "\"2026-05-01 14:00\"");
        let old = ["--feed", "t", "--from", "2020-01-01", "--to", "2020-01-02", &json];
        refused(&old, "no frames of t in this time; the journal has it from 20");
        refused(
            &["--feed", "t", "--from", "2020-01-02", "--to", "2020-01-01", &json],
            "not before",
        );
        assert!(!Path::new(&json).exists());

        assert!(export(&["--feed", "t", &json]).status.success());
        let array: Vec<Value> = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
        assert_eq!(
            array,
            [r#"{"T":1.5}"#, r#""not json""#, r#"{"N":"ö"}"#]
                .map(|text| { serde_json::from_str::<Value>(text).unwrap() })
        );
        fs::write(&json, "precious").unwrap();
        refused(&["--feed", "t", &json], "it is there already");
        assert_eq!(fs::read_to_string(&json).unwrap(), "precious");
        assert!(export(&["--feed", "t", "--force", &json]).status.success());
        assert!(fs::read_to_string(&json).unwrap().starts_with('['));

        // Also when the feed is configured no more, and to a pipe.
        let text = fs::read_to_string(&deployment.config).unwrap();
        fs::write(&deployment.config, text.replace("id = \"t\"", "id = \"other\"")).unwrap();
        let output = export(&["--feed", "t", "-"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stderr(&output).contains("feed=t frames=3 from="), "{}", stderr(&output));
        let lines: Vec<Value> =
            stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["feed"], &lines[0]["kind"]), (&"t".into(), &"bmi".into()));
        assert_eq!(lines[1]["connected"], true);
        let texts: Vec<_> = lines[2..5].iter().map(|line| line["text"].as_str().unwrap()).collect();
        assert_eq!(texts, messages);
        assert_eq!(lines[5]["disconnected"], "requested");
        assert_eq!(lines.len(), 6);
        assert!(lines[1..].iter().all(|line| line["generation"] == 1), "{lines:?}");
    });
}

fn start_of_the_race() -> DateTime<Utc> {
    "2026-05-01T10:00:00Z".parse().unwrap()
}

/// A recording with a text a second.
fn record(file: &Path, kind: &str, texts: &[String]) {
    let header = Header {
        feed: FeedId::new("recorded"),
        kind: Some(kind.to_owned()),
        venue: None,
        name: None,
    };
    let mut out = FrameFile::create(file, &header, false).unwrap();
    for (second, text) in (0..).zip(texts) {
        let at = start_of_the_race() + TimeDelta::seconds(second);
        let content = Content::Frame(Payload::Text(ByteString::from(text.as_str())));
        let received = Received { at, generation: Generation(1 + second.cast_unsigned() / 10) };
        out.write(&Entry { received, content }).unwrap();
    }
    out.finish().unwrap();
}

/// Heats by laps of one driver who drives a lap in a second.
fn heat(texts: usize) -> Vec<String> {
    let frame = |lap: usize| {
        format!(
            "{{\"N\":\"Final \\u00f6 ö\",\"S\":1,\"T\":1777629600,\"E\":2,\"R\":0,\"C\":{ms},\"CE\":1,\
             \"CS\":1,\"L\":0,\"D\":[{{\"D\":7,\"M\":0,\"N\":\"Zoë\",\"K\":\"21\",\"P\":1,\"L\":{lap},\
             \"T\":{time},\"A\":{time},\"B\":{time},\"G\":\"\",\"LP\":1,\"R\":0}}]}} ",
            ms = lap * 1_000,
            time = if lap == 0 { 0 } else { 1_000 },
        )
    };
    (0..texts).map(frame).collect()
}

#[test]
fn replay_begins_in_the_middle_and_puts_what_came_before_damage() {
    let db = TestDb::new();
    let track = "[[feed]]\nid = \"t\"\nkind = \"bmi\"\nvenue = \"V\"\nname = \"N\"\n\
                 url = \"ws://127.0.0.1:9/\"\nresource = \"1@x\"\n";
    let deployment = Deployment::on(&db, track);
    let folder = deployment.folder.path();
    let file = path(folder, "race.jsonl");
    record(Path::new(&file), "bmi", &heat(20));
    let replay = |arguments: &[&str]| {
        let replay = ["--config", deployment.config(), "replay", "--feed", "t"];
        ringside(&[&replay[..], arguments].concat())
    };
    for (place, frames) in [("0:15", 5), ("2026-05-01T10:00:12Z", 8)] {
        let output = replay(&["--at", place, &file]);
        assert!(output.status.success(), "{}", stderr(&output));
        let said = stdout(&output);
        assert!(said.contains(&format!("frames={frames} rejected=0 ")), "{said}");
    }
    let later = replay(&["--at", "1h", &file]);
    assert_eq!(later.status.code(), Some(2));
    assert!(stderr(&later).contains("lasts 0:00:19"), "{}", stderr(&later));
    // Frame 12, the first that any replay saw, shows the lap before it began.
    let first = "SELECT min(lap) FROM laps WHERE crossed_at IS NOT NULL";
    assert_eq!(db.value(first), 13);

    let whole = fs::read(&file).unwrap();
    let half: usize = whole.split_inclusive(|byte| *byte == b'\n').take(11).map(<[u8]>::len).sum();
    let mut packed = zstd::encode_all(&whole[..half], 3).unwrap();
    packed.extend(&zstd::encode_all(&whole[half..], 3).unwrap()[..100]);
    let damaged = path(folder, "damaged.jsonl.zst");
    fs::write(&damaged, packed).unwrap();
    db.execute("TRUNCATE feeds CASCADE");
    let output = replay(&[&damaged]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("damaged at line 12: the file breaks off"), "{said}");
    assert!(stdout(&output).contains("frames=10 rejected=0 "), "{}", stdout(&output));
    assert_eq!(db.value("SELECT count(*) FROM laps WHERE crossed_at IS NOT NULL"), 9);

    let ring = path(folder, "ring.jsonl");
    record(Path::new(&ring), "flowagility", &["{\"run\":\"\"}".to_owned()]);
    let output = replay(&[&ring]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("of kind flowagility, feed t of kind bmi"));
}

/// `ringside replay --serve`, and what it says.
struct Served {
    child: Child,
    said: PathBuf,
    _folder: tempfile::TempDir,
}

impl Served {
    fn start(kind: &str, texts: &[String], arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("race.jsonl.zst");
        record(&file, kind, texts);
        let said = folder.path().join("said");
        let child = command(&["replay", "--serve=127.0.0.1:0"])
            .args(arguments)
            .arg(&file)
            .stdout(fs::File::create(&said).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, said, _folder: folder }
    }

    async fn tells(&self, what: &str) -> String {
        let read = || {
            let said = fs::read_to_string(&self.said).unwrap();
            let line = said.lines().find_map(|line| line.strip_prefix(what))?.trim().to_owned();
            said.ends_with('\n').then_some(line)
        };
        wait_until(what, async || read().is_some()).await;
        read().unwrap()
    }

    /// What a client hears that asks with these words, until it has heard so many texts.
    async fn texts(&self, asking: &[&str], count: usize) -> Vec<String> {
        let url = self.tells("url").await;
        let client = awc::Client::builder().connector(awc::Connector::new()).finish();
        let (_, mut socket) = client.ws(url).max_frame_size(1 << 20).connect().await.unwrap();
        for text in asking {
            socket.send(awc::ws::Message::Text((*text).into())).await.unwrap();
        }
        let mut texts = Vec::new();
        while texts.len() < count {
            match tokio::time::timeout(LIMIT, socket.next()).await.unwrap().unwrap().unwrap() {
                awc::ws::Frame::Text(text) => texts.push(String::from_utf8(text.to_vec()).unwrap()),
                awc::ws::Frame::Close(_) => panic!("closed after {texts:?}"),
                _ => {}
            }
        }
        texts
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn served_recording_reaches_a_client_byte_for_byte() {
    System::new().block_on(async {
        let mut texts = heat(30);
        texts.extend(["{\"T\": 1.50,\n \"N\":\"\\u0000 \u{1f3c1}\"}".to_owned(), " ".to_owned()]);
        texts.push(format!("{{\"N\":\"{}\"}}", "x".repeat(300_000)));
        let mut served = Served::start("bmi", &texts, &["--speed", "max"]);
        assert_eq!(served.tells("resource").await, "1@recorded");
        assert_eq!(served.texts(&["START 1@recorded"], texts.len()).await, texts);
        served.tells("the recording is over").await;
        // Whoever comes now sees the end.
        let last = texts.last().unwrap().clone();
        assert_eq!(served.texts(&["START 1@recorded"], 1).await, [last]);
        let pid = nix::unistd::Pid::from_raw(i32::try_from(served.child.id()).unwrap());
        nix::sys::signal::kill(pid, Signal::SIGTERM).unwrap();
        wait_until("its end", async || served.child.try_wait().unwrap().is_some()).await;
        assert!(served.child.wait().unwrap().success());
    });
}

#[test]
fn served_recording_begins_in_the_middle_and_again_at_its_end() {
    System::new().block_on(async {
        let texts: Vec<_> = (0..6).map(|n| format!("{{\"run\":\"\",\"n\":{n}}}")).collect();
        let served =
            Served::start("flowagility", &texts, &["--at", "4s", "--loop", "--speed", "100"]);
        // The answer to the question is the present, which may be told a second time as it comes.
        let mut heard = served.texts(&["streaming_data"], 7).await;
        heard.dedup();
        let number = |text: &String| texts.iter().position(|known| known == text).unwrap();
        let heard: Vec<_> = heard.iter().map(number).collect();
        assert!(heard.len() >= 4 && heard[0] >= 3, "{heard:?}");
        for pair in heard.windows(2) {
            assert!(matches!(pair, [3, 4] | [4, 5] | [5, 4]), "{heard:?}");
        }
    });
}
