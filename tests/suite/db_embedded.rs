//! The private Postgres: made, started, stopped, adopted, healed, and refused with a reason.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection,
    sql_query, sql_types::Text,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid, User, geteuid},
};
use ringside::db::{
    self,
    embedded::{EmbeddedError, EmbeddedPostgres, find_programs},
};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(60);

/// A directory that an unprivileged server can reach.
fn place() -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let dir = parent.path().join("postgres");
    (parent, dir)
}

fn start(dir: &Path) -> EmbeddedPostgres {
    EmbeddedPostgres::start(dir).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(dir: &Path) -> EmbeddedError {
    match EmbeddedPostgres::start(dir) {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

fn connect(postgres: &EmbeddedPostgres) -> PgConnection {
    PgConnection::establish(&postgres.url()).unwrap()
}

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = Text)]
    value: String,
}

fn value(conn: &mut PgConnection, expression: &str) -> String {
    let row: Value =
        sql_query(format!("SELECT ({expression})::text AS value")).get_result(conn).unwrap();
    row.value
}

/// Process id of the server, as the server has written it down.
fn server_pid(dir: &Path) -> Option<Pid> {
    let text = fs::read_to_string(dir.join("data/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok().map(Pid::from_raw)
}

fn is_running(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    !matches!(state, None | Some("Z"))
}

#[expect(clippy::disallowed_methods, reason = "there is no actor here to block")]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {LIMIT:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn embedded_keeps_its_data_and_its_password_when_started_again() {
    let (_parent, dir) = place();
    let postgres = start(&dir);
    let (url, pid) = (postgres.url(), server_pid(&dir).unwrap());
    let mut conn = connect(&postgres);
    conn.batch_execute("CREATE TABLE kept AS SELECT 'leiño' AS name").unwrap();
    assert_eq!(value(&mut conn, "current_setting('server_encoding')"), "UTF8");
    assert_eq!(value(&mut conn, "current_setting('fsync')"), "on");
    assert_eq!(value(&mut conn, "current_setting('synchronous_commit')"), "on");
    assert_eq!(value(&mut conn, "current_setting('listen_addresses')"), "127.0.0.1");
    assert_eq!(EmbeddedPostgres::running_url(&dir), Some(url.clone()));
    // An open connection does not hold the stop up.
    postgres.stop();
    assert!(!is_running(pid));
    assert_eq!(server_pid(&dir), None);
    assert_eq!(EmbeddedPostgres::running_url(&dir), None);

    let postgres = start(&dir);
    assert_eq!(value(&mut connect(&postgres), "SELECT name FROM kept"), "leiño");
    let password = |url: &str| url.split(['@', ':']).nth(2).unwrap().to_owned();
    assert_eq!(password(&postgres.url()), password(&url));
    drop(postgres);
    assert_eq!(server_pid(&dir), None);
}

#[test]
fn embedded_lets_nobody_in_without_the_password() {
    let (_parent, dir) = place();
    let postgres = start(&dir);
    let (_, address) =
        postgres.url().split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    for login in ["ringside", "ringside:wrong"] {
        let error = PgConnection::establish(&format!("postgres://{login}@{address}"));
        assert!(error.is_err(), "{login} came in");
    }
    let mode = fs::metadata(dir.join("password")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let log = fs::read_to_string(dir.join("postgres.log")).unwrap();
    assert!(!log.contains(fs::read_to_string(dir.join("password")).unwrap().trim()));
    assert_eq!(
        db::redact(&postgres.url()),
        format!("ringside@{}", address.split('?').next().unwrap())
    );
}

#[test]
fn embedded_takes_its_migrations_through_the_pool() {
    let (_parent, dir) = place();
    let postgres = start(&dir);
    let pool = db::connect(&postgres.url(), 2);
    assert!(!db::migrate(&pool).unwrap().applied.is_empty());
    assert!(db::queries::ping(&mut pool.get().unwrap()).unwrap().pending.is_empty());
}

#[test]
fn embedded_adopts_a_server_that_a_crash_left_running() {
    let (_parent, dir) = place();
    let first = start(&dir);
    let (url, pid) = (first.url(), server_pid(&dir).unwrap());
    first.detach();
    assert!(is_running(pid));

    let second = start(&dir);
    assert_eq!(second.url(), url);
    assert_eq!(server_pid(&dir), Some(pid));
    assert_eq!(value(&mut connect(&second), "1"), "1");
    second.stop();
    assert!(!is_running(pid));
}

#[test]
fn embedded_heals_on_the_same_port_when_its_server_is_killed() {
    let (_parent, dir) = place();
    let postgres = start(&dir);
    connect(&postgres).batch_execute("CREATE TABLE kept AS SELECT 1").unwrap();
    // The second time soon after the first.
    for _ in 0..2 {
        let killed = server_pid(&dir).unwrap();
        kill(killed, Signal::SIGKILL).unwrap();
        wait_until("another server answers", || {
            server_pid(&dir).is_some_and(|pid| pid != killed)
                && PgConnection::establish(&postgres.url()).is_ok()
        });
    }
    assert_eq!(value(&mut connect(&postgres), "SELECT count(*) FROM kept"), "1");
    let pid = server_pid(&dir).unwrap();
    postgres.stop();
    assert!(!is_running(pid));
}

#[test]
fn embedded_heals_when_a_child_of_the_killed_server_does_not_notice() {
    let (_parent, dir) = place();
    let postgres = start(&dir);
    let (killed, url) = (server_pid(&dir).unwrap(), postgres.url());
    let busy = thread::spawn(move || {
        // Longer than any test, and never at a place where it would look up.
        let count = "SELECT count(*) FROM generate_series(1, 1000000000000)";
        PgConnection::establish(&url).unwrap().batch_execute(count)
    });
    let queries = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series%'";
    wait_until("the query runs", || value(&mut connect(&postgres), queries) == "2");
    kill(killed, Signal::SIGKILL).unwrap();
    wait_until("another server answers", || {
        server_pid(&dir).is_some_and(|pid| pid != killed)
            && PgConnection::establish(&postgres.url()).is_ok()
    });
    assert!(busy.join().unwrap().is_err());
}

#[test]
fn embedded_heals_an_adopted_server_that_nobody_reaps() {
    let (_parent, dir) = place();
    start(&dir).detach();
    let postgres = start(&dir);
    let killed = server_pid(&dir).unwrap();
    kill(killed, Signal::SIGKILL).unwrap();
    // It is still a child of this process, and nobody waits for it: a corpse.
    wait_until("another server answers", || {
        server_pid(&dir).is_some_and(|pid| pid != killed)
            && PgConnection::establish(&postgres.url()).is_ok()
    });
    let stat = fs::read_to_string(format!("/proc/{killed}/stat")).unwrap();
    assert!(stat.contains(") Z "), "not a corpse: {stat}");
}

#[test]
fn embedded_starts_over_the_lock_file_of_a_dead_server() {
    let (_parent, dir) = place();
    start(&dir).detach();
    let killed = server_pid(&dir).unwrap();
    kill(killed, Signal::SIGKILL).unwrap();
    wait_until("the server is a corpse", || !is_running(killed));
    assert_eq!(server_pid(&dir), Some(killed));
    let postgres = start(&dir);
    assert_ne!(server_pid(&dir), Some(killed));
    assert_eq!(value(&mut connect(&postgres), "1"), "1");
}

#[test]
fn embedded_starts_over_a_lock_file_that_names_another_program() {
    let (_parent, dir) = place();
    start(&dir).stop();
    // As after a restart of the machine: the number is somebody else's now.
    let own = std::process::id();
    let file = dir.join("data/postmaster.pid");
    fs::write(&file, format!("{own}\n{}\n0\n5432\n\n127.0.0.1\n\nready\n", dir.display())).unwrap();
    let postgres = start(&dir);
    assert_ne!(server_pid(&dir), Some(Pid::from_raw(own.cast_signed())));
    assert_eq!(value(&mut connect(&postgres), "1"), "1");
}

#[test]
fn embedded_survives_the_interrupt_that_a_terminal_sends_to_its_group() {
    let (_parent, dir) = place();
    let postgres = start(&dir);
    let group = nix::unistd::getpgid(server_pid(&dir)).unwrap();
    assert_ne!(group, nix::unistd::getpgrp());
    drop(postgres);
}

#[test]
fn embedded_refuses_a_directory_that_another_ringside_uses() {
    let (_parent, dir) = place();
    let postgres = start(&dir);
    let error = refusal(&dir);
    assert!(matches!(error, EmbeddedError::InUse { .. }), "{error}");
    assert_eq!(value(&mut connect(&postgres), "1"), "1");
}

#[test]
fn embedded_starts_anew_when_a_crash_left_half_made_data() {
    let (_parent, dir) = place();
    fs::create_dir_all(dir.join("data.new/base")).unwrap();
    fs::write(dir.join("data.new/PG_VERSION"), "15\n").unwrap();
    let postgres = start(&dir);
    assert_eq!(value(&mut connect(&postgres), "1"), "1");
    assert!(!dir.join("data.new").exists());
}

#[test]
fn embedded_refuses_data_of_another_version_and_names_both() {
    let (_parent, dir) = place();
    start(&dir).stop();
    fs::write(dir.join("data/PG_VERSION"), "9.6\n").unwrap();
    let error = refusal(&dir);
    assert!(matches!(error, EmbeddedError::WrongVersion { .. }), "{error}");
    assert!(error.to_string().contains("made by Postgres 9.6"), "{error}");
}

#[test]
fn embedded_refuses_data_whose_password_is_gone() {
    let (_parent, dir) = place();
    start(&dir).stop();
    fs::remove_file(dir.join("password")).unwrap();
    let error = refusal(&dir);
    assert!(matches!(error, EmbeddedError::NoPassword { .. }), "{error}");
    assert!(!dir.join("password").exists());
}

#[test]
fn embedded_says_which_directory_it_can_not_write() {
    let (parent, _) = place();
    // A file in the way stops root as well, whom no permission bit does.
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let error = refusal(&file.join("postgres")).to_string();
    assert!(error.contains(&file.display().to_string()), "{error}");

    if !geteuid().is_root() {
        let closed = parent.path().join("closed");
        fs::create_dir(&closed).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
        let error = refusal(&closed.join("postgres")).to_string();
        assert!(error.contains("Permission denied"), "{error}");
    }
}

#[test]
fn embedded_as_root_names_the_directory_that_keeps_the_server_out() {
    if !geteuid().is_root() {
        eprintln!("not root: the server runs as the user of this test");
        return;
    }
    let (parent, _) = place();
    let closed = parent.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let error = refusal(&closed.join("postgres"));
    let EmbeddedError::Unreachable { blocked, .. } = &error else { panic!("{error}") };
    assert_eq!(*blocked, closed.canonicalize().unwrap());
    assert!(error.to_string().contains("chmod o+x"), "{error}");
}

#[test]
fn embedded_as_root_runs_its_server_as_somebody_else() {
    if !geteuid().is_root() {
        eprintln!("not root: the server runs as the user of this test");
        return;
    }
    let (_parent, dir) = place();
    let postgres = start(&dir);
    let process = fs::metadata(format!("/proc/{}", server_pid(&dir).unwrap())).unwrap();
    let user = User::from_uid(Uid::from_raw(process.uid())).unwrap().unwrap();
    assert!(["postgres", "nobody"].contains(&user.name.as_str()), "{}", user.name);
    drop(postgres);
}

#[test]
fn find_programs_gives_a_folder_that_has_them() {
    let bin = find_programs().unwrap();
    assert!(bin.join("postgres").is_file() && bin.join("initdb").is_file(), "{}", bin.display());
}
