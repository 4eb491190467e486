//! A recording as a venue: any client of the real feed can watch yesterday's race.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context;
use tokio::{
    select,
    time::{MissedTickBehavior, interval},
};

use crate::{
    recording::Recording,
    simulator::{Playback, Recorded, Simulator, SimulatorOptions},
};

use super::{
    super::{Failure, progress, run::Signals, say, when::Speed},
    Excerpt, position,
};

const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Plays the excerpt to whoever connects, until a signal ends it.
pub(super) async fn serve(
    excerpt: Excerpt,
    listen: SocketAddr,
    again: bool,
) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let Excerpt { recording, offsets, from, speed: Speed(speed) } = excerpt;
    let simulator = Simulator::start(SimulatorOptions { listen, ..SimulatorOptions::default() })
        .await
        .with_context(|| format!("can't listen on {listen}"))?;
    let playback = Playback { recording: recording.clone(), from, again };
    let venue = simulator.add_recording(playback, speed).context("this can't be served")?;
    announce(&recording, &venue, simulator.addr());
    select! {
        watched = watch(&venue, &recording, &offsets) => watched?,
        () = signals.end() => {}
    }
    simulator.stop().await;
    Ok(())
}

fn announce(recording: &Recording, venue: &Recorded, listening: SocketAddr) {
    let (frames, kind) = (recording.frames().len(), recording.kind().unwrap_or("?"));
    match recording.header() {
        Some(header) => say(format_args!("{frames} frames of {} ({kind})", header.feed)),
        None => say(format_args!("{frames} frames ({kind})")),
    }
    let mut reachable = listening;
    if listening.ip().is_unspecified() {
        // Served everywhere, so also here.
        reachable.set_ip(match listening {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
        say(format_args!("on every address of this machine, port {}", listening.port()));
    }
    let url = venue.url().replace(&listening.to_string(), &reachable.to_string());
    say(format_args!("url       {url}"));
    if let Recorded::Track(track) = venue {
        say(format_args!("resource  {}", track.resource()));
    }
    say(format_args!("begins with the first client; Ctrl-C ends it"));
}

/// Shows how far it is, for ever.
async fn watch(
    venue: &Recorded,
    recording: &Recording,
    offsets: &[Duration],
) -> anyhow::Result<()> {
    let bar = progress::frames_bar(offsets.len() as u64)?;
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !venue.has_ended() {
        looks.tick().await;
        let played = venue.position().unwrap_or_default();
        let done = offsets.partition_point(|offset| *offset <= played);
        bar.set_position(done as u64);
        let shown = done.checked_sub(1).and_then(|last| recording.frames().get(last));
        let at = shown.map(|frame| position(frame, played)).unwrap_or_default();
        bar.set_message(format!("{at}  {} clients", venue.open_connections()));
    }
    bar.finish();
    say(format_args!("the recording is over; its last message stays there until Ctrl-C"));
    std::future::pending().await
}
