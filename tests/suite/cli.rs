//! The program as an operator meets it: what it says, how it ends, what it leaves behind.

use std::{
    cell::RefCell,
    fs,
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use actix::System;
use nix::sys::signal::Signal;
use ringside::{
    http::Health,
    pipeline::supervisor::FeedState,
    simulator::{KartOptions, Plays, Simulator, SimulatorOptions, Start, TrackOptions},
};

use crate::support::{
    postgres::TestDb,
    program::{Deployment, Program, command, ringside, stderr, stdout},
    service::{get, track_table},
    truth::{laps_sent, laps_stored},
    wait_for, wait_until,
};
use crate::worlds::recorded_laps;

const TRACK: &str = "[[feed]]\nid = \"t\"\nkind = \"bmi\"\nvenue = \"V\"\nname = \"N\"\n\
                     url = \"ws://127.0.0.1:9/\"\nresource = \"1@x\"\n";

#[test]
fn check_tells_every_problem_and_ends_with_1() {
    let deployment = Deployment::new(
        "[[feed]]\nid = \"a\"\nkind = \"bmi\"\nvenue = \"V\"\nname = \"N\"\nurl = \"nowhere\"\n\
         [[feed]]\nid = \"b\"\nkind = \"carting\"\nvenue = \"V\"\nname = \"${NOT_SET_ANYWHERE}\"\n",
    );
    for command in ["check", "run"] {
        let output = ringside(&["--config", deployment.config(), command]);
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        for expected in [
            "4 problems",
            "feed a: url",
            "feed a: resource is missing",
            "feed b: kind no kind of feed is called \"carting\"; there are bmi, flowagility",
            "feed b: name needs the environment variable NOT_SET_ANYWHERE, which is not set",
        ] {
            assert!(said.contains(expected), "no {expected:?} in {said}");
        }
    }
}

#[test]
fn check_opens_the_certificates_as_run_does() {
    let deployment = Deployment::new(&format!("[tls]\nca_file = \"ca.pem\"\n{TRACK}"));
    for command in ["check", "run"] {
        let output = ringside(&["--config", deployment.config(), command]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains("ca.pem can't be read"), "{}", stderr(&output));
    }
}

#[test]
fn check_is_content_with_the_example() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/ringside.example.toml");
    let output = ringside(&["--config", example, "check"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("fine, 1 feeds"));
    let output = ringside(&["--config", "/nowhere/ringside.toml", "check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("ringside.example.toml"), "{}", stderr(&output));
}

#[test]
fn run_ends_with_2_when_the_port_is_in_use() {
    let db = TestDb::new();
    let deployment = Deployment::on(&db, TRACK);
    let _taken = std::net::TcpListener::bind(deployment.address).unwrap();
    let output = ringside(&["--config", deployment.config(), "run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains(&format!("{} is in use", deployment.address)));
}

#[test]
fn run_ends_with_2_when_the_database_has_a_newer_schema() {
    let db = TestDb::new();
    db.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000001')");
    let deployment = Deployment::on(&db, TRACK);
    let output = ringside(&["--config", deployment.config(), "run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("29990101000001"), "{}", stderr(&output));
}

#[test]
fn run_ends_with_2_when_data_dir_can_not_be_made() {
    // Also root can't make a folder in a file.
    let deployment = Deployment::new(TRACK);
    let file = deployment.folder.path().join("file");
    fs::write(&file, "").unwrap();
    let text = fs::read_to_string(&deployment.config).unwrap();
    fs::write(&deployment.config, format!("data_dir = \"file/data\"\n{text}")).unwrap();
    let output = ringside(&["--config", deployment.config(), "run"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("data_dir") && said.contains("can't be made"), "{said}");
}

#[test]
fn run_ends_with_2_and_says_how_to_get_postgres_when_its_programs_are_missing() {
    let deployment = Deployment::new(TRACK);
    let output = command(&["--config", deployment.config(), "run"])
        .env("PATH", "/nowhere")
        .env("RINGSIDE_POSTGRES_BIN", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("install"), "{}", stderr(&output));
}

#[test]
fn run_refuses_a_data_dir_that_another_one_uses() {
    System::new().block_on(async {
        let db = TestDb::new();
        let deployment = Deployment::on(&db, TRACK);
        let _first = deployment.started().await;
        let text = fs::read_to_string(&deployment.config).unwrap();
        let other = deployment.folder.path().join("other.toml");
        fs::write(&other, text.replace(&deployment.address.to_string(), "127.0.0.1:0")).unwrap();
        let output = ringside(&["--config", other.to_str().unwrap(), "run"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("in use by another Ringside"), "{}", stderr(&output));
    });
}

/// The whole way with a private Postgres: run, database-url, status, a clean stop.
#[test]
fn run_with_a_private_postgres_serves_and_leaves_nothing_behind() {
    System::new().block_on(async {
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = simulator.add_track(TrackOptions { speed: 20.0, ..TrackOptions::new("1@x") });
        let deployment = Deployment::new(&track_table("t", &track));
        let config = deployment.config();
        let output = ringside(&["--config", config, "database-url"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("is not running"), "{}", stderr(&output));

        let mut program = deployment.started().await;
        let url = stdout(&ringside(&["--config", config, "database-url"]));
        let url = url.trim();
        let db = TestDb { url: url.into(), pool: ringside::db::connect(url, 1) };
        wait_until("a lap", async || db.value("SELECT count(*) FROM laps").as_i64().unwrap() > 0)
            .await;
        assert!(!program.log().contains(url.split(':').nth(2).unwrap()), "a password in the log");

        let plain = stdout(&ringside(&["--config", config, "status"]));
        assert!(plain.contains("1 of 1 feeds up") && !plain.contains('\u{1b}'), "{plain}");
        let json = stdout(&ringside(&["--config", config, "status", "--json"]));
        let health: Health = serde_json::from_str(&json).unwrap();
        assert_eq!(health.feeds[0].state, FeedState::Up);

        let pid_file = deployment.folder.path().join("ringside-data/postgres/data/postmaster.pid");
        let postmaster = fs::read_to_string(&pid_file)
            .unwrap_or_else(|error| panic!("{}: {error}", pid_file.display()));
        let postmaster = postmaster.lines().next().unwrap().to_owned();
        drop(db);
        program.signal(Signal::SIGTERM);
        let status = program.ended(Duration::from_secs(20)).await;
        assert!(status.success(), "{}", program.log());
        assert!(program.log().contains("stopped events_written="), "{}", program.log());
        let left = fs::read_to_string(format!("/proc/{postmaster}/stat"));
        assert!(left.is_err(), "Postgres {postmaster} still runs: {left:?}");
        let output = ringside(&["--config", config, "status"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("no service answers"), "{}", stderr(&output));
    });
}

#[test]
fn stop_writes_what_was_received() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = simulator.add_track(TrackOptions {
            speed: 50.0,
            start: Start::WithFirstSubscriber,
            plays: Plays::World(KartOptions { heats: Some(50), ..KartOptions::default() }),
            ..TrackOptions::new("1@x")
        });
        // Batches so slow that a stop finds events in hand.
        let feeds = format!("[writer]\nflush_after_ms = 60000\n{}", track_table("t", &track));
        let deployment = Deployment::on(&db, &feeds);
        let mut program = deployment.started().await;
        wait_until("laps are driven", async || laps_sent(&track).len() > 20).await;
        track.pause();
        let address = deployment.address;
        wait_until("all is received", async || {
            let health: Health = serde_json::from_str(&get(address, "/health").await.1).unwrap();
            health.feeds[0].frames == track.frames_sent()
        })
        .await;
        assert_ne!(laps_sent(&track), laps_stored(&db, "t"));
        program.signal(Signal::SIGINT);
        assert!(program.ended(Duration::from_secs(15)).await.success());
        assert_eq!(laps_sent(&track), laps_stored(&db, "t"));
    });
}

#[test]
fn second_signal_ends_at_once() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = simulator.add_track(TrackOptions { speed: 20.0, ..TrackOptions::new("1@x") });
        let deployment = Deployment::on(&db, &track_table("t", &track));
        let mut program = deployment.started().await;
        // Nothing can be written, so that the drain lasts.
        wait_until("heats", async || db.value("SELECT count(*) FROM heats") != 0).await;
        let mut locked = db.conn();
        diesel::connection::SimpleConnection::batch_execute(
            &mut *locked,
            "BEGIN; LOCK TABLE feeds, heats, heat_drivers, laps IN ACCESS EXCLUSIVE MODE",
        )
        .unwrap();
        let address = deployment.address;
        wait_until("events are held", async || {
            let health: Health = serde_json::from_str(&get(address, "/health").await.1).unwrap();
            health.writer.held > 50
        })
        .await;
        program.signal(Signal::SIGTERM);
        wait_until("the drain", async || program.log().contains("a second signal")).await;
        program.signal(Signal::SIGTERM);
        let status = program.ended(Duration::from_secs(5)).await;
        assert_eq!(status.code(), Some(2), "{}", program.log());
    });
}

#[test]
fn hang_up_touches_only_the_feeds_that_changed() {
    System::new().block_on(async {
        let db = TestDb::new();
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = |resource: &str| simulator.add_track(TrackOptions::new(resource));
        let (a, b, c) = (track("1@a"), track("1@b"), track("1@c"));
        let table = |id, track| track_table(id, track);
        let deployment = Deployment::on(&db, &(table("a", &a) + &table("b", &b)));
        let program = deployment.started().await;
        let up = async |ids: &[&str]| {
            let health: Health =
                serde_json::from_str(&get(deployment.address, "/health").await.1).unwrap();
            health.feeds.iter().map(|feed| feed.id.as_str()).eq(ids.iter().copied())
                && health.feeds.iter().all(|feed| feed.state == FeedState::Up)
        };
        wait_until("a and b", async || up(&["a", "b"]).await).await;
        let again = |rest: String| format!("[database]\nurl = {:?}\n{rest}", db.url);
        deployment.write(&again(table("a", &a) + &table("c", &c)));
        program.signal(Signal::SIGHUP);
        wait_until("a and c", async || up(&["a", "c"]).await).await;
        assert_eq!((a.connections(), b.connections(), c.connections()), (1, 1, 1));
        let open = || (a.open_connections(), b.open_connections());
        wait_for("the end of b, and of b alone", (1, 0), async || open()).await;
        // A config with a mistake changes nothing.
        deployment.write("[[feed]]\nid = \"a\"\n");
        program.signal(Signal::SIGHUP);
        wait_until("it is refused", async || program.log().contains("nothing changed")).await;
        assert!(up(&["a", "c"]).await);
    });
}

/// What systemd would hear, from the start with a private Postgres to the stop.
#[test]
fn systemd_hears_when_the_service_is_ready_alive_reloading_and_stopping() {
    System::new().block_on(async {
        let simulator = Simulator::start(SimulatorOptions::default()).await.unwrap();
        let track = simulator.add_track(TrackOptions { speed: 20.0, ..TrackOptions::new("1@x") });
        let deployment = Deployment::new(&track_table("t", &track));
        let systemd = Systemd::listen(deployment.folder.path());
        let mut command = command(&["--config", deployment.config(), "run"]);
        command.env("NOTIFY_SOCKET", &systemd.path).env("WATCHDOG_USEC", "1000000");
        command.env_remove("WATCHDOG_PID");
        let mut program = Program::spawn(command, deployment.folder.path());

        wait_until("ready", async || systemd.heard("READY=1") == 1).await;
        assert!(systemd.messages()[0].contains("READY=1"), "{:?}", systemd.messages());
        deployment.is_live().await;
        wait_until("how it is", async || systemd.heard("STATUS=1 of 1 feeds up, ") > 0).await;
        // Half of the second that it is given.
        wait_until("signs of life", async || systemd.heard("WATCHDOG=1") >= 4).await;
        let began = Instant::now();
        let before = systemd.heard("WATCHDOG=1");
        wait_until("four more", async || systemd.heard("WATCHDOG=1") >= before + 4).await;
        assert!(began.elapsed() > Duration::from_millis(1_300), "{:?}", began.elapsed());

        assert_eq!(systemd.heard("RELOADING=1"), 0);
        program.signal(Signal::SIGHUP);
        wait_until("ready again", async || systemd.heard("READY=1") == 2).await;
        assert_eq!(systemd.heard("RELOADING=1\nMONOTONIC_USEC="), 1);
        program.signal(Signal::SIGTERM);
        assert!(program.ended(Duration::from_secs(20)).await.success(), "{}", program.log());
        assert_eq!(systemd.heard("STOPPING=1"), 1);
        assert_eq!(systemd.heard("READY=1"), 2, "and nobody speaks in our name");
    });
}

/// The socket on which systemd listens to its services, and all that came.
struct Systemd {
    path: PathBuf,
    socket: UnixDatagram,
    messages: RefCell<Vec<String>>,
}

impl Systemd {
    fn listen(folder: &Path) -> Self {
        let path = folder.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        // Also a Postgres that runs as another user could speak.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        Self { path, socket, messages: RefCell::default() }
    }

    fn messages(&self) -> Vec<String> {
        let mut buffer = [0; 4_096];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let message = String::from_utf8(buffer[..length].to_vec()).unwrap();
            self.messages.borrow_mut().push(message);
        }
        self.messages.borrow().clone()
    }

    /// How many messages have these words in them.
    fn heard(&self, words: &str) -> usize {
        self.messages().iter().filter(|message| message.contains(words)).count()
    }
}

#[test]
fn replay_twice_gives_the_same_rows() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/recordings/bmi-one-heat.jsonl");
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bmi");
    let folder = tempfile::tempdir().unwrap();
    // Of the project's own: the documented messages, one a line.
    let mut lines = String::new();
    for entry in ["before_start_timed", "running_by_laps", "seed", "finished_timed"] {
        let text = fs::read_to_string(format!("{own}/{entry}.json")).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        lines += &format!("{value}\n");
    }
    let documented = folder.path().join("documented.jsonl");
    fs::write(&documented, lines).unwrap();
    let mut files = vec![(documented.to_str().unwrap(), false)];
    if std::path::Path::new(file).exists() {
        files.push((file, true));
    }
    for (file, is_recorded) in files {
        let db = TestDb::new();
        let deployment = Deployment::on(&db, TRACK);
        let arguments = ["--config", deployment.config(), "replay", "--feed", "t", file];
        let output = ringside(&arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stdout(&output).contains("rejected=0"), "{}", stdout(&output));
        let first = db.dump();
        assert!(first.contains("lap_ms"), "{first}");
        assert!(ringside(&arguments).status.success());
        assert_eq!(db.dump(), first, "{file}");
        if is_recorded {
            let laps = fs::read_to_string(file.replace(".jsonl", ".laps.csv")).unwrap();
            let laps: Vec<_> = laps.lines().skip(1).map(str::to_owned).collect();
            assert_eq!(recorded_laps(&db), laps);
            let last: serde_json::Value =
                serde_json::from_str(fs::read_to_string(file).unwrap().lines().last().unwrap())
                    .unwrap();
            for driver in last["D"].as_array().unwrap() {
                let stored = db.rows(&format!(
                    "SELECT best_lap_ms, average_lap_ms FROM heat_drivers WHERE driver_id = {}",
                    driver["D"]
                ));
                assert_eq!(stored[0]["best_lap_ms"], driver["B"]);
                assert_eq!(stored[0]["average_lap_ms"], driver["A"]);
            }
        }
    }
}

#[test]
fn replay_names_the_feeds_when_the_one_it_is_given_is_not_configured() {
    let db = TestDb::new();
    let deployment = Deployment::on(&db, TRACK);
    let output = ringside(&["--config", deployment.config(), "replay", "--feed", "x", "/nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("there are: t"), "{}", stderr(&output));
}

#[test]
fn demo_shows_life_and_leaves_nothing_behind() {
    System::new().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let said = folder.path().join("said");
        let mut child = command(&["demo", "--bind", "127.0.0.1:0", "--speed", "40"])
            .env("TMPDIR", folder.path())
            .stdout(fs::File::create(&said).unwrap())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let read = || fs::read_to_string(&said).unwrap();
        wait_until("laps and results", async || {
            let said = read();
            said.contains("watch     http://127.0.0.1:")
                && said.contains("/overlay")
                && said.contains("/health")
                && said.contains(" lap 1 ")
                && said.contains("place")
                && said.contains("psql")
        })
        .await;
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::kill(pid, Signal::SIGINT).unwrap();
        wait_until("its end", async || child.try_wait().unwrap().is_some()).await;
        assert!(child.wait().unwrap().success());
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| name != "said")
            .collect();
        assert!(left.is_empty(), "{left:?} left behind");
    });
}

#[test]
fn simulate_writes_a_configuration_that_runs() {
    System::new().block_on(async {
        let db = TestDb::new();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("sim.toml");
        let arguments = ["simulate", "--port", "0", "--karting", "2", "--agility", "1"];
        let write = ["--write-config", config.to_str().unwrap()];
        let _venues = Program::start(&[&arguments[..], &write[..]].concat(), folder.path());
        wait_until("the configuration", async || config.exists()).await;
        wait_until("it is whole", async || {
            ringside(&["--config", config.to_str().unwrap(), "check"]).status.success()
        })
        .await;
        let text = fs::read_to_string(&config).unwrap();
        let feeds = text.find("[[feed]]").unwrap();
        let deployment = Deployment::on(&db, &text[feeds..]);
        let _program = deployment.started().await;
        wait_for("three feeds", 3, async || {
            let health: Health =
                serde_json::from_str(&get(deployment.address, "/health").await.1).unwrap();
            health.feeds.iter().filter(|feed| feed.state == FeedState::Up).count()
        })
        .await;
    });
}
