//! Wiring only: who knows whom, and the order of start (bottom up) and stop (top down).

mod claims;
mod database;
mod journal;
mod notices;
mod stages;
mod tally;
mod watchdog;

use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use actix::{Actor, Addr, Arbiter, Recipient};
use actix_web::{
    dev::{Server, ServerHandle},
    web,
};
use anyhow::Context;
use log::{error, warn};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    config::{Config, FeedConfig, RelayConfig},
    event::Event,
    feed::bmi,
    http::{
        self, Desk, NoticeNames, Privacy, RelayPort,
        almanac::Almanac,
        guard::{Guard, RulesChanged},
        session::{SessionLimits, Sessions},
    },
    notify::{self, Notices},
    pipeline::{
        connection::Deadlines,
        journal::{Journal, JournalCounters, intake},
        liveness::{Liveness, LivenessParams},
        message::{
            BatchWritten, CloseJournal, Drain, Entry, EventsDecoded, FeedsChanged, FeedsConfigured,
            LearnGenerations, ReportPanics, ResumeFrom, SaveAll, SetFeeds, StopFeeds,
        },
        source::FeedSource,
        supervisor::{FeedSupervisor, Patience, SupervisorParams, on_threads},
        websocket::SocketSettings,
    },
    retention::{Keeper, Keeping},
};

use claims::{allow_many_files, bind, lock_data_dir};
use database::{Opened, Opening, Wanted};
use stages::{Screens, look_at};

pub use database::{Database, private_dir};
pub use journal::journal_dir;
pub use stages::Stages;
pub use watchdog::{Watchdog, WatchdogParams};

/// Draining gets so long; what is not written by then is counted and said.
pub const DRAIN_WITHIN: Duration = Duration::from_secs(10);
/// What is older than it may be is looked for so often.
const TIDY_EVERY: Duration = Duration::from_secs(3_600);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A feed that the journal does not know may have a past in the database; it is waited for so long.
const PAST_WITHIN: Duration = Duration::from_secs(5);

/// BMI clients greet with the resource they want.
const BMI_PORT: RelayPort = RelayPort { kind: bmi::KIND, greeting: bmi::greeting };

/// The running service.
pub struct App {
    supervisor: Addr<FeedSupervisor>,
    journal: Addr<Journal>,
    journal_counters: Arc<JournalCounters>,
    stages: Stages,
    screens: Screens,
    http: Vec<ServerHandle>,
    sessions: Arc<Sessions>,
    guard: Arc<Guard>,
    almanac: Arc<Almanac>,
    seen: Seen,
    liveness: Arc<Liveness>,
    address: SocketAddr,
    relay_address: Option<SocketAddr>,
    threads: Vec<Arbiter>,
    database: Opening,
    tally: JoinHandle<()>,
    keeper: JoinHandle<()>,
    keeping: watch::Sender<Keeping>,
    notices: Mutex<Notices>,
    notice_names: Arc<NoticeNames>,
    /// Held as long as the service runs: one service a data directory.
    _lock: File,
}

/// Where and how the service is seen: what of it only a restart changes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    bind: SocketAddr,
    privacy: Privacy,
    relay: RelayConfig,
}

impl Seen {
    fn of(config: &Config) -> Self {
        let Config { http, relay, .. } = config;
        Self { bind: http.bind, privacy: http.privacy, relay: *relay }
    }
}

/// What tests and the demo set and operators do not.
#[derive(Default)]
pub struct Options {
    pub patience: Patience,
    pub deadlines: Deadlines,
    pub sessions: SessionLimits,
    pub notices: notify::Patience,
    /// Hears of every batch that was written.
    pub written: Option<Recipient<BatchWritten>>,
}

/// What was done when the service stopped.
#[derive(Clone, Copy, Debug)]
pub struct StopReport {
    pub events_written: u64,
    pub rows: u64,
    /// Records that the database does not have yet; they are in the journal, and the next start
    /// goes on with them.
    pub records_left: u64,
    /// Everything that was received is in the journal.
    pub saved: bool,
}

impl App {
    /// Starts everything; returns when the feeds are being connected. A deployment that has a
    /// journal does so without its database, which is opened as soon as it is there; only the first
    /// start of all needs it.
    ///
    /// # Errors
    /// The first thing that could not be started, with what to do about it.
    pub async fn start(config: Config, options: Options) -> anyhow::Result<Self> {
        let lock = lock_data_dir(&config.data_dir).await?;
        let listener = bind("[http] bind", config.http.bind)?;
        let address = listener.local_addr()?;
        let relay = config.relay.bmi_bind.map(|to| bind("[relay] bmi_bind", to)).transpose()?;
        let relay_address = relay.as_ref().map(TcpListener::local_addr).transpose()?;
        let sockets = Arc::new(socket_settings(&config)?);
        allow_many_files();

        let started = Instant::now();
        let wanted = Wanted::of(&config);
        let mut opened = journal::open(&config.data_dir).await?;
        let journal_id = opened.file.id().clone();
        let mut database = match opened.file.is_new() {
            true => Opening::at_once(&wanted, journal_id.clone()).await?,
            false => Opening::begin(wanted.clone(), journal_id.clone()),
        };
        let early = opened.learn_generations(&config.feeds, &mut database).await;

        let pool = database.pool().clone();
        let tally = actix::spawn(tally::keep(pool.clone()));
        let (keeping, kept) = watch::channel(config.retention.clone());
        let keeper = Keeper {
            pool: pool.clone(),
            data_dir: config.data_dir.clone(),
            journal_dir: journal_dir(&config.data_dir),
            every: TIDY_EVERY,
        };
        let keeper = actix::spawn(keeper.keep(kept));
        let plan = notices::plan(&config);
        let notice_names = Arc::new(NoticeNames::default());
        notice_names.set(notices::names(&plan));
        let extra_roots = config.extra_roots.clone();
        let notices = Notices::start(pool.clone(), plan, options.notices, extra_roots)
            .context("[tls] ca_file holds a certificate that can't be used")?;
        let stages =
            Stages::start(pool.clone(), config.batching, Some(journal_id), options.written);
        let generations = std::mem::take(&mut opened.generations);
        let screens = Screens::start(&stages);
        let (intake, received) = intake();
        let (journal, journal_counters) =
            opened.start(config.journal, &stages, screens.tap.clone(), received);

        let threads: Vec<_> =
            (0..config.limits.connection_threads).map(|_| Arbiter::new()).collect();
        let supervisor = FeedSupervisor::new(SupervisorParams {
            patience: Patience {
                connects_per_second_per_host: config.limits.connects_per_second_per_host,
                ..options.patience
            },
            deadlines: options.deadlines,
            pace: config.limits.pace,
            sockets,
            intake,
            parser: stages.parser.clone().recipient(),
            spawn: on_threads(threads.iter().map(Arbiter::handle).collect()),
            generations,
        })
        .start();
        stages.parser.send(ReportPanics(supervisor.clone().recipient())).await?;

        let liveness = Arc::new(Liveness::new(LivenessParams {
            stages: vec![
                supervisor.clone().recipient(),
                journal.clone().recipient(),
                stages.parser.clone().recipient(),
                stages.writer.clone().recipient(),
                screens.hub.clone().recipient(),
            ],
            look: look_at(&journal_counters, &stages.counters, &pool),
            flush_after: config.batching.flush_after,
        }));
        let sessions = Arc::new(Sessions::new(options.sessions));
        let guard = Arc::new(Guard::new(config.http.rules.clone()));
        let almanac = Arc::new(Almanac::new(config.almanac.clone()));
        let sources = web::Data::new(http::Sources {
            fleet: supervisor.clone().recipient(),
            live: screens.desk(),
            privacy: config.http.privacy,
            almanac: almanac.clone(),
            notices: notice_names.clone(),
            liveness: liveness.clone(),
            writer: stages.counters.clone(),
            journal: journal_counters.clone(),
            journal_max_bytes: config.journal.max_bytes,
            desk: Desk::new(pool.clone()),
            pool,
            database: wanted.shown(),
            private_database: wanted.is_private(),
            sessions: sessions.clone(),
            started,
        });
        let server = http::serve(listener, guard.clone(), sources.clone());
        let server = server.context("the HTTP server can't be started")?;
        let mut http = vec![server.handle()];
        actix::spawn(run_server("HTTP server", server));
        if let Some(listener) = relay {
            let server = http::serve_port(listener, guard.clone(), sources, BMI_PORT);
            let server = server.context("the relay's own port can't be served")?;
            http.push(server.handle());
            actix::spawn(run_server("relay's own port", server));
        }

        let mut app = Self {
            supervisor,
            journal,
            journal_counters,
            stages,
            screens,
            http,
            sessions,
            guard,
            almanac,
            seen: Seen::of(&config),
            liveness,
            address,
            relay_address,
            threads,
            database,
            tally,
            keeper,
            keeping,
            notices: Mutex::new(notices),
            notice_names,
            _lock: lock,
        };
        app.set_feeds(config.feeds).await?;
        app.resume_when_open(early);
        Ok(app)
    }

    /// Lets the journal go on from where the database is, when that is known.
    fn resume_when_open(&mut self, early: Option<Opened>) {
        let (_, nobody) = oneshot::channel();
        let later = std::mem::replace(self.database.opened(), nobody);
        let (journal, counters) = (self.journal.clone(), self.stages.counters.clone());
        let supervisor = self.supervisor.clone();
        actix::spawn(async move {
            let opened = match early {
                Some(opened) => opened,
                None => match later.await {
                    Ok(opened) => opened,
                    // The service stops before the database was there.
                    Err(_) => return,
                },
            };
            counters.start_from(opened.checkpoint);
            supervisor.do_send(LearnGenerations(opened.generations));
            journal.do_send(ResumeFrom(opened.checkpoint));
        });
    }

    /// Where HTTP is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where BMI clients are served that know no path; none unless configured.
    pub fn relay_address(&self) -> Option<SocketAddr> {
        self.relay_address
    }

    /// The address of the database, with its password; none while it is not open.
    pub fn database_url(&self) -> Option<&str> {
        self.database.pool().url()
    }

    /// What the watchdog needs to know of this service.
    pub fn watchdog(&self) -> WatchdogParams {
        WatchdogParams {
            liveness: self.liveness.clone(),
            fleet: self.supervisor.clone().recipient(),
            writer: self.stages.counters.clone(),
            frames_behind: Arc::new({
                let counters = self.journal_counters.clone();
                move || counters.behind()
            }),
        }
    }

    /// Makes these the feeds; those that did not change are not touched.
    ///
    /// # Errors
    /// The pipeline is gone.
    pub async fn set_feeds(&self, feeds: Vec<FeedConfig>) -> anyhow::Result<FeedsChanged> {
        let sources: Vec<_> = feeds.into_iter().map(source_of).map(Arc::new).collect();
        self.screens.hub.send(FeedsConfigured(sources.clone())).await?;
        self.journal.send(FeedsConfigured(sources.clone())).await?;
        let changed = self.supervisor.send(SetFeeds(sources.clone())).await?;
        let writer = self.stages.writer.clone();
        // Also a feed that never connects is in the table of feeds. The writer may be full for as
        // long as the database is away, and the feeds do not wait for that.
        actix::spawn(async move {
            let entries = sources
                .iter()
                .map(|source| Entry { feed: source.info.clone(), event: Event::Configured })
                .collect();
            // An error means that the service stops.
            writer.send(EventsDecoded { entries, seq: None }).await.ok();
        });
        Ok(changed)
    }

    /// Who may see what; its rules can be changed at any time.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Goes by the `[http]` of `config` from now on, and says what of it needs a restart.
    pub fn set_rules(&self, config: &Config) -> RulesChanged {
        let mut changed = self.guard.set_rules(config.http.rules.clone());
        let (old, new) = (self.seen, Seen::of(config));
        let keys = [
            ("bind", old.bind != new.bind),
            ("privacy", old.privacy != new.privacy),
            ("bmi_bind", old.relay != new.relay),
        ];
        changed.left.extend(keys.iter().filter(|(_, differs)| *differs).map(|(key, _)| *key));
        changed
    }

    /// Goes by these time zones and aliases from now on; whether they are others than before.
    pub fn set_almanac(&self, config: &Config) -> bool {
        self.almanac.replace(config.almanac.clone())
    }

    /// Tells these targets of these feeds from now on; those that are new or others than before.
    pub fn set_notify(&self, config: &Config) -> Vec<String> {
        let plan = notices::plan(config);
        self.notice_names.set(notices::names(&plan));
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).set(plan)
    }

    /// Keeps names and rows for so long from now on; whether that is a change.
    pub fn set_retention(&self, config: &Config) -> bool {
        self.keeping.send_if_modified(|keeping| {
            let is_news = *keeping != config.retention;
            keeping.clone_from(&config.retention);
            is_news
        })
    }

    /// Whether every stage still runs; a stage that is gone does not come back by itself.
    pub fn is_whole(&self) -> bool {
        self.supervisor.connected()
            && self.journal.connected()
            && self.stages.parser.connected()
            && self.stages.writer.connected()
    }

    /// Stops top down: no more frames, those in hand to the disk, as much as goes quickly on to
    /// Postgres, then the rest.
    pub async fn stop(self) -> StopReport {
        let saved = timeout(DRAIN_WITHIN, async {
            let stopped = timeout(DRAIN_WITHIN / 2, self.supervisor.send(StopFeeds)).await;
            let all_ended = stopped.is_ok_and(|stopped| stopped.is_ok());
            self.journal.send(SaveAll).await.map(|()| all_ended)
        })
        .await;
        match &saved {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => warn!("not every connection ended in time"),
            Ok(Err(gone)) => error!("the journal was gone at the stop: {gone}"),
            Err(_) => warn!("not everything could be saved within {DRAIN_WITHIN:?}"),
        }
        if timeout(DRAIN_WITHIN, self.drain()).await.is_err() {
            warn!("not everything could be written within {DRAIN_WITHIN:?}");
        }
        let counters = &self.stages.counters;
        let report = StopReport {
            events_written: counters.written.load(Ordering::Relaxed),
            rows: counters.rows.load(Ordering::Relaxed),
            records_left: self.journal_counters.behind(),
            saved: matches!(saved, Ok(Ok(true))),
        };
        if timeout(DRAIN_WITHIN, self.journal.send(CloseJournal)).await.is_err() {
            warn!("the journal was not closed within {DRAIN_WITHIN:?}");
        }
        self.tally.abort();
        self.keeper.abort();
        self.notices.into_inner().unwrap_or_else(PoisonError::into_inner).stop().await;
        self.sessions.end_all();
        for server in &self.http {
            server.stop(true).await;
        }
        for thread in &self.threads {
            thread.stop();
        }
        self.screens.stop();
        self.stages.stop();
        self.database.close().await;
        report
    }

    /// Everything through to Postgres; what can't go there now is left to the next start.
    async fn drain(&self) {
        let is_well =
            || self.database.pool().get().is_ok() && self.stages.counters.trouble().is_none();
        while is_well() && self.journal_counters.behind() > 0 {
            sleep(LOOK_EVERY).await;
        }
        if !is_well() {
            return;
        }
        if let Err(gone) = self.stages.writer.send(Drain).await {
            error!("the writer was gone at the stop: {gone}");
        }
    }
}

pub fn source_of(feed: FeedConfig) -> FeedSource {
    FeedSource::new(feed.info, feed.kind, feed.fingerprint)
}

async fn run_server(name: &str, server: Server) {
    if let Err(error) = server.await {
        error!("the {name} ended: {error}");
    }
}

fn socket_settings(config: &Config) -> anyhow::Result<SocketSettings> {
    let limits = &config.limits;
    let roots = config.extra_roots.clone();
    SocketSettings::new(limits.max_message_bytes, limits.frugal_sockets, roots)
        .context("[tls] ca_file holds a certificate that can't be used")
}
