//! A real Postgres for tests: one private server per test process, one database per test.
//!
//! The server ends with the process, however that ends: a shell holds it and waits for the end of
//! a pipe whose other end only this process has.

use std::{
    net::{Ipv4Addr, TcpListener},
    os::unix::{fs::chown, process::CommandExt as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    dsl::sql,
    r2d2::{ConnectionManager, PooledConnection},
    sql_query,
    sql_types::{Integer, Jsonb},
};
use ringside::db::{self, Pool};
use serde_json::Value;

use super::wait_until;

const TEMPLATE: &str = "template_ringside";
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Somebody may take the port between its choice and the server's start.
const PORT_ATTEMPTS: u32 = 5;

/// Arguments: folder of the programs, folder of the server, port. What the programs say goes to a
/// file there; the folder is removed at the end.
const HOLD_SERVER: &str = r#"
exec 3<&0
"$1/initdb" -D "$2/data" -U ringside -A trust -E UTF8 --locale=C --no-sync \
    >"$2/log" 2>&1 3<&- || { cat "$2/log" >&2; exit 1; }
"$1/postgres" -D "$2/data" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c max_connections=300 -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
    -c lc_messages=C >"$2/log" 2>&1 3<&- &
server=$!
# A server that has only just started may miss the first signal.
{ cat <&3 >/dev/null; while kill -INT $server 2>/dev/null; do sleep 0.2; done; } &
wait $server
cd / && rm -rf "$2"
"#;

struct Server {
    port: u16,
    /// Its input is the pipe; it must never be dropped.
    _holder: Child,
}

impl Server {
    fn shared() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| {
            let server = Self::start();
            let mut admin = server.connect("postgres");
            admin.batch_execute(&format!("CREATE DATABASE {TEMPLATE}")).unwrap();
            // A template may have no connections: this one ends here.
            db::migrate::migrate_connection(&mut server.connect(TEMPLATE)).unwrap();
            server
        })
    }

    fn start() -> Self {
        let programs = db::embedded::find_programs().unwrap_or_else(|missing| panic!("{missing}"));
        for _ in 0..PORT_ATTEMPTS {
            let dir =
                tempfile::Builder::new().prefix("ringside-test-pg-").tempdir().unwrap().keep();
            let owner = Owner::of(&dir);
            let port = free_port();
            let mut holder = owner
                .command(Path::new("/bin/sh"), &dir)
                .args(["-c", HOLD_SERVER, "hold-server"])
                .arg(&programs)
                .arg(&dir)
                .arg(port.to_string())
                .stdin(Stdio::piped())
                // Ctrl-C must not take the shell before it has cleaned up.
                .process_group(0)
                .spawn()
                .unwrap();
            if comes_up(port, &mut holder) {
                return Self { port, _holder: holder };
            }
        }
        panic!("no Postgres for tests came up");
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://ringside@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    fn connect(&self, database: &str) -> PgConnection {
        PgConnection::establish(&self.url(database)).unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "there is no actor here to block")]
fn comes_up(port: u16, holder: &mut Child) -> bool {
    let url = format!("postgres://ringside@127.0.0.1:{port}/postgres?sslmode=disable");
    let deadline = Instant::now() + READY_WITHIN;
    while Instant::now() < deadline && holder.try_wait().unwrap().is_none() {
        if PgConnection::establish(&url).is_ok() {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Postgres does not run as root.
pub(super) struct Owner(Option<nix::unistd::User>);

impl Owner {
    pub(super) fn of(dir: &Path) -> Self {
        if !nix::unistd::geteuid().is_root() {
            return Self(None);
        }
        let by_name = |name| nix::unistd::User::from_name(name).unwrap();
        let user = by_name("postgres").or_else(|| by_name("nobody")).unwrap();
        chown(dir, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        Self(Some(user))
    }

    pub(super) fn command(&self, program: &Path, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(dir).env("LC_ALL", "C");
        if let Some(user) = &self.0 {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }
}

/// A database of the test's own on the shared server.
pub struct TestDb {
    pub url: String,
    pub pool: Pool,
}

impl TestDb {
    /// With the schema of this build.
    pub fn new() -> Self {
        Self::create(&format!("TEMPLATE {TEMPLATE}"))
    }

    /// Without any table.
    pub fn empty() -> Self {
        Self::create("")
    }

    fn create(options: &str) -> Self {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        let server = Server::shared();
        let name = format!("test_{}", CREATED.fetch_add(1, Ordering::Relaxed));
        let mut admin = server.connect("postgres");
        admin.batch_execute(&format!("CREATE DATABASE {name} {options}")).unwrap();
        let url = server.url(&name);
        Self { pool: db::connect(&url, 4), url }
    }

    pub fn conn(&self) -> PooledConnection<ConnectionManager<PgConnection>> {
        self.pool.get().unwrap()
    }

    pub fn execute(&self, statements: &str) {
        self.conn().batch_execute(statements).unwrap();
    }

    /// The rows of a query, each as a JSON object.
    pub fn rows(&self, query: &str) -> Vec<Value> {
        let as_json = format!("SELECT to_jsonb(query) AS value FROM ({query}) AS query");
        let rows: Vec<JsonRow> = sql_query(as_json).load(&mut self.conn()).unwrap();
        rows.into_iter().map(|row| row.value).collect()
    }

    /// The one value of the one row of a query.
    pub fn value(&self, query: &str) -> Value {
        let rows = self.rows(query);
        let [Value::Object(row)] = rows.as_slice() else { panic!("not one row: {rows:?}") };
        assert_eq!(row.len(), 1, "not one column: {row:?}");
        row.values().next().unwrap().clone()
    }

    /// Waits until a connection has ended: what it did to tables is counted then for sure.
    pub async fn has_ended(&self, pid: i32) {
        let left = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
        wait_until("a connection has ended", async || self.value(&left) == 0).await;
    }

    /// Every row of every table, to tell whether two databases hold the same: without what is worked
    /// out from them, and the numbers of transactions.
    pub fn dump(&self) -> String {
        let tables = self.rows(
            "SELECT relname AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
             WHERE nspname = 'public' AND relkind = 'r' ORDER BY relname",
        );
        let mut dump = String::new();
        for table in tables {
            let table = table["name"].as_str().unwrap();
            if ["__diesel_schema_migrations", "stints", "tallies"].contains(&table) {
                continue;
            }
            dump.push_str(&format!("-- {table}\n"));
            for mut row in self.rows(&format!("SELECT * FROM {table} AS t ORDER BY t::text")) {
                row.as_object_mut().unwrap().remove("changed_in");
                dump.push_str(&format!("{row}\n"));
            }
        }
        dump
    }
}

/// The server's process for a connection.
pub fn pid_of(conn: &mut PgConnection) -> i32 {
    diesel::select(sql::<Integer>("pg_backend_pid()")).get_result(conn).unwrap()
}

#[derive(QueryableByName)]
struct JsonRow {
    #[diesel(sql_type = Jsonb)]
    value: Value,
}
