//! `ringside demo`: everything at work in one command, on nothing but this machine.
//!
//! Simulated venues, the service with a private Postgres, and a line for every lap and result as
//! it reaches the database. All of it lives in a temporary folder that goes at the end.

use std::{net::SocketAddr, path::Path, time::Duration};

use actix::{Actor, Context as ActorContext, Handler};
use anyhow::Context;
use tokio::select;

use crate::{
    app::{App, Options},
    config,
    event::{
        Event,
        agility::{AgilityEvent, Playset},
        karting::{KartingEvent, Lap},
    },
    pipeline::message::{BatchWritten, Entry},
    simulator::{
        KartOptions, LeadIn, Plays, RingDayOptions, RingOptions, Simulator, SimulatorOptions,
        Start, TrackOptions,
    },
};

use super::{
    Failure, browser,
    run::{Signals, serve},
    say,
};

const MINUTE: Duration = Duration::from_secs(60);
/// By then a track's first heat is on, and not yet near its end three minutes later.
const HEAT_IS_ON: Duration = Duration::from_secs(150);
/// By then a ring has results.
const DOGS_DONE: Duration = Duration::from_secs(400);
/// As quick as every frame still reaches the screens.
const LEAD_IN_SPEED: f64 = 50.0;

#[derive(clap::Args)]
pub(super) struct Demo {
    /// Where to serve HTTP
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    bind: SocketAddr,
    /// Open it in the browser
    #[arg(long)]
    open: bool,
    /// How much faster than real; clocks on the pages go at real speed
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    #[arg(long, default_value_t = 3)]
    tracks: usize,
    #[arg(long, default_value_t = 2)]
    rings: usize,
    /// Another number, other races
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Demo {
    pub async fn run(self) -> Result<(), Failure> {
        let mut signals = Signals::new()?;
        let folder = tempfile::Builder::new()
            .prefix("ringside-demo-")
            .tempdir()
            .context("a temporary folder can't be made")?;
        // The private Postgres may run as another user, who has to get through here.
        open_to_others(folder.path()).context("the temporary folder can't be opened to others")?;
        let simulator = Simulator::start(SimulatorOptions::default())
            .await
            .context("the simulated venues can't be started")?;
        let text = self.configuration(&simulator, folder.path());
        let config = || Ok(config::parse(&text, Path::new("demo"), folder.path(), &|_| None)?);
        say(format_args!(
            "simulated venues: {} kart tracks and {} agility rings at {} x real speed; starting …",
            self.tracks, self.rings, self.speed
        ));
        let options =
            Options { written: Some(Announcer.start().recipient()), ..Options::default() };
        let app = select! {
            app = App::start(config()?, options) => app?,
            () = signals.end() => return Ok(()),
        };
        let program = std::env::current_exe().context("this program can't be found")?;
        let address = format!("http://{}", app.address());
        say(format_args!("watch     {address}/"));
        say(format_args!("overlays  {address}/overlay   (for OBS)"));
        say(format_args!("health    {address}/health   (also /metrics, /readyz)"));
        say(format_args!("fleet     {} status --at {}", program.display(), app.address()));
        if let Some(url) = app.database_url() {
            say(format_args!("database  psql '{url}'"));
        }
        say(format_args!("          select * from laps order by crossed_at desc limit 10;"));
        say(format_args!("Ctrl-C ends everything.\n"));
        if self.open {
            // Some openers end only with the browser.
            actix::spawn(browser::open(format!("{address}/")));
        }
        let ended = serve(app, &mut signals, config).await;
        simulator.stop().await;
        ended
    }

    /// The configuration that somebody would write who has these venues, so that the demo goes the
    /// same way as the service.
    fn configuration(&self, simulator: &Simulator, folder: &Path) -> String {
        let mut text = format!("data_dir = {:?}\n[http]\nbind = \"{}\"\n", folder, self.bind);
        for n in 1..=self.tracks {
            let track = simulator.add_track(TrackOptions {
                seed: self.seed.wrapping_mul(1_000).wrapping_add(n as u64),
                plays: Plays::World(busy_track(n)),
                speed: self.speed,
                start: Start::WithFirstSubscriber,
                lead_in: Some(self.lead_in(HEAT_IS_ON, n)),
                ..TrackOptions::new(format!("{n}@demo"))
            });
            text += &format!(
                "[[feed]]\nid = \"track-{n}\"\nkind = \"bmi\"\nvenue = \"Demo Karting\"\n\
                 name = \"Track {n}\"\nurl = {:?}\nresource = {:?}\n",
                track.url(),
                track.resource()
            );
        }
        for n in 1..=self.rings {
            let ring = simulator.add_ring(RingOptions {
                seed: self.seed.wrapping_mul(2_000).wrapping_add(n as u64),
                plays: Plays::World(busy_ring()),
                speed: self.speed,
                start: Start::WithFirstSubscriber,
                lead_in: Some(self.lead_in(DOGS_DONE, n)),
                ..RingOptions::new(format!("demo{n:04}"))
            });
            text += &format!(
                "[[feed]]\nid = \"ring-{n}\"\nkind = \"flowagility\"\nvenue = \"Demo Agility\"\n\
                 name = \"Ring {n}\"\nurl = {:?}\n",
                ring.url()
            );
        }
        text
    }

    /// Heats and runs are under way when somebody looks, each venue's further than the one's before.
    fn lead_in(&self, at_least: Duration, n: usize) -> LeadIn {
        let further = MINUTE * [1, 2, 3, 0][n % 4];
        LeadIn { lasts: at_least + further, speed: self.speed.max(LEAD_IN_SPEED) }
    }
}

/// Laps short enough that something happens every few seconds.
fn busy_track(n: usize) -> KartOptions {
    let lap_ms = Some([34_000, 41_000, 29_000][n % 3]);
    KartOptions { heat_s: 480, lap_ms, drivers: 9..=14, ..KartOptions::default() }
}

/// One whose clock is on the wire.
fn busy_ring() -> RingDayOptions {
    RingDayOptions {
        not_ready_s: 5,
        has_timer: Some(true),
        is_later_revision: Some(true),
        ..RingDayOptions::default()
    }
}

fn open_to_others(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

/// Says a line for every lap and result that was written.
struct Announcer;

impl Actor for Announcer {
    type Context = ActorContext<Self>;
}

impl Handler<BatchWritten> for Announcer {
    type Result = ();

    fn handle(&mut self, BatchWritten(batch): BatchWritten, _: &mut Self::Context) {
        for Entry { feed, event } in &batch.entries {
            match event {
                Event::Karting(KartingEvent::Lap(lap)) => announce_lap(feed.id.as_str(), lap),
                Event::Agility(AgilityEvent::Playset(playset)) => {
                    announce_result(feed.id.as_str(), playset);
                }
                _ => {}
            }
        }
    }
}

fn announce_lap(feed: &str, lap: &Lap) {
    let Lap { heat, driver_id, lap_ms, kart, position, source, .. } = lap;
    let number = lap.lap;
    if lap.removed_at.is_some() {
        return say(format_args!(
            "{feed:8} lap {number} of driver {driver_id} removed by officials"
        ));
    }
    let seconds = f64::from(*lap_ms) / 1000.0;
    let kart = kart.as_deref().filter(|kart| !kart.is_empty()).unwrap_or("?");
    let position = position.map(|p| format!(" P{p}")).unwrap_or_default();
    let word = source.as_str();
    let heat = heat.name.trim();
    say(format_args!(
        "{feed:8} {heat}: kart {kart} lap {number} {seconds:.3} s{position} ({word})"
    ));
}

fn announce_result(feed: &str, playset: &Playset) {
    if playset.status.as_deref() != Some("calculated") {
        return;
    }
    let dog = playset.pair.dog_family_name.as_deref().unwrap_or("a dog");
    let handler = playset.pair.handler.as_deref().unwrap_or("somebody");
    let run = &playset.run;
    let result = match (&playset.disqualification, &playset.time_s) {
        (Some(_), _) => "eliminated".to_owned(),
        (None, Some(time)) => format!("{time} s"),
        (None, None) => "no time".to_owned(),
    };
    let place = playset.classification.map(|place| format!(", place {place}")).unwrap_or_default();
    say(format_args!(
        "{feed:8} {} {}: {dog} with {handler} {result}{place}",
        run.name, run.run_type
    ));
}
