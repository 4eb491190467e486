//! `/metrics` for Prometheus: the counters of `/health`, prefix `ringside_`, label `feed`. Names of
//! people are no labels, nor are addresses.

use std::sync::atomic::Ordering;

use actix_web::{HttpResponse, web};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::pipeline::supervisor::{FeedHealth, FeedState};

use super::{
    NoticesHealth, Sources,
    gaps::GapWatch,
    guard::Guard,
    health::{Health, gather},
    notices::TargetHealth,
    session::{End, Sessions},
};

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FeedLabel {
    feed: String,
}

/// The name of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TargetLabel {
    target: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabel {
    reason: &'static str,
}

pub(super) async fn metrics(
    sources: web::Data<Sources>,
    gaps: web::Data<GapWatch>,
    guard: web::Data<Guard>,
) -> HttpResponse {
    let health = gather(&sources, &gaps).await;
    let mut text = String::new();
    let mut registry = registry(&health);
    let passed_over = sources.live.basin.passed_over.load(Ordering::Relaxed);
    counter(&mut registry, "live_passed_over", "Records that no screen saw", passed_over);
    count_sessions(&mut registry, &sources.sessions);
    guard.register(&mut registry);
    match encode(&mut text, &registry) {
        Ok(()) => HttpResponse::Ok().content_type(CONTENT_TYPE).body(text),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

/// A registry of this moment: the truth is in the stages' own counters.
fn registry(health: &Health) -> Registry {
    let mut registry = Registry::with_prefix("ringside");
    let to = &mut registry;
    let feeds = &health.feeds;
    let up = |feed: &FeedHealth| Some(f64::from(feed.state == FeedState::Up));
    let quarantined = |feed: &FeedHealth| Some(f64::from(feed.state == FeedState::Quarantined));
    gauges(to, feeds, "feed_up", "The connection is open", up);
    gauges(to, feeds, "feed_quarantined", "Off after repeated faults of ours", quarantined);
    gauges(to, feeds, "feed_active", "A heat runs or a dog is on course", |feed| {
        Some(f64::from(feed.active))
    });
    gauges(to, feeds, "feed_generation", "Which connection of the feed", |feed| {
        Some(feed.generation as f64)
    });
    gauges(to, feeds, "feed_data_age_seconds", "Since the last decoded frame", |f| f.data_age_s);
    gauges(to, feeds, "feed_gaps_24h", "Times it was not heard in the last 24 h", |feed| {
        feed.gaps_24h.map(|gaps| gaps as f64)
    });
    counters(to, feeds, "feed_frames", "Whole messages received", |feed| feed.frames);
    counters(to, feeds, "feed_bytes", "Bytes of whole messages received", |feed| feed.bytes);
    counters(to, feeds, "feed_rejected_frames", "Frames nobody could read", |f| f.rejected);
    counters(to, feeds, "feed_unkept_frames", "Rejected too fast to be kept", |f| f.unkept);
    counters(to, feeds, "frames_paced", "Frames that made the venue wait", |feed| feed.paced);
    counters(to, feeds, "feed_unknown", "Fields, codes, values nobody knows", |f| f.unknown);
    counters(to, feeds, "feed_laps", "Laps seen", |feed| feed.laps);
    counters(to, feeds, "feed_restarts", "Connections that ended by themselves", |f| f.restarts);

    let journal = &health.journal;
    counter(to, "journal_records", "Frames and marks taken in", journal.recorded);
    gauge(to, "journal_behind_records", "Not with the writer yet", journal.behind as f64);
    gauge(to, "journal_waiting_records", "Left by connections, not taken in yet", {
        journal.waiting as f64
    });
    gauge(to, "journal_unsaved_bytes", "On no disk yet", journal.unsaved_bytes as f64);
    gauge(to, "journal_bytes", "In use in the file", journal.bytes as f64);
    counter(to, "journal_lost_frames", "Dropped before they were written", journal.lost_frames);
    counter(to, "journal_files_set_aside", "Damaged files", journal.set_aside);

    let writer = &health.writer;
    gauge(to, "writer_held_events", "Decoded and not yet in Postgres", writer.held as f64);
    gauge(to, "writer_waiting", "Events for which there is no room", writer.waiting as f64);
    let took = writer.last_batch_ms as f64 / 1000.0;
    gauge(to, "writer_last_batch_seconds", "How long the last batch took", took);
    counter(to, "writer_accepted_events", "Events taken", writer.accepted);
    counter(to, "writer_written_events", "Events in Postgres", writer.written);
    counter(to, "writer_batches", "Batches written", writer.batches);
    counter(to, "writer_rows", "Rows inserted or updated", writer.rows);
    counter(to, "writer_rejected_rows", "Rows Postgres did not take", writer.rejected_rows);
    counter(to, "writer_retries", "Batches tried again", writer.retries);
    if let Some(gaps) = &health.gaps {
        let lost = gaps.lost_frames as f64;
        gauge(to, "lost_frames_24h", "Received and never written in the last 24 h", lost);
    }
    if let Some(notices) = &health.notices {
        count_notices(to, notices);
    }
    let reachable = f64::from(health.database.reachable);
    gauge(to, "database_up", "The database answers and has our schema", reachable);
    gauge(to, "uptime_seconds", "Since the start of the process", health.uptime_s);
    registry
}

fn count_notices(to: &mut Registry, notices: &NoticesHealth) {
    let mut count = |name, help, value: fn(&TargetHealth) -> i64| {
        let family = Family::<TargetLabel, Counter>::default();
        for target in &notices.targets {
            let label = TargetLabel { target: target.name.clone() };
            family.get_or_create(&label).inc_by(value(target).unsigned_abs());
        }
        to.register(name, help, family);
    };
    count("notices_delivered", "Notices that a webhook took", |target| target.delivered);
    count("notices_failed", "Calls of a webhook that failed", |target| target.failed);
    count("notices_given_up", "Notices that nobody took", |target| target.given_up);
    gauge(to, "notices_pending", "Found and not delivered yet", notices.pending as f64);
    let oldest = notices.oldest_s.unwrap_or(0.0);
    gauge(to, "notices_oldest_seconds", "How long the oldest of them waits", oldest);
}

fn count_sessions(to: &mut Registry, sessions: &Sessions) {
    gauge(to, "local_sockets", "Websockets of local clients", sessions.open() as f64);
    counter(to, "local_sockets_opened", "Websockets that were opened", sessions.opened());
    counter(
        to,
        "local_sockets_refused",
        "Too many were open, or the service stopped",
        sessions.refused(),
    );
    let ended = Family::<EndLabel, Counter>::default();
    for end in End::ALL {
        ended.get_or_create(&EndLabel { reason: end.as_str() }).inc_by(sessions.ended(end));
    }
    to.register("local_sockets_ended", "Websockets that ended", ended);
}

fn gauges(
    to: &mut Registry,
    feeds: &[FeedHealth],
    name: &str,
    help: &str,
    value: impl Fn(&FeedHealth) -> Option<f64>,
) {
    let family = Family::<FeedLabel, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
    for feed in feeds {
        if let Some(value) = value(feed) {
            family.get_or_create(&FeedLabel { feed: feed.id.clone() }).set(value);
        }
    }
    to.register(name, help, family);
}

fn counters(
    to: &mut Registry,
    feeds: &[FeedHealth],
    name: &str,
    help: &str,
    value: impl Fn(&FeedHealth) -> u64,
) {
    let family = Family::<FeedLabel, Counter>::default();
    for feed in feeds {
        family.get_or_create(&FeedLabel { feed: feed.id.clone() }).inc_by(value(feed));
    }
    to.register(name, help, family);
}

fn gauge(to: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
    gauge.set(value);
    to.register(name, help, gauge);
}

fn counter(to: &mut Registry, name: &str, help: &str, value: u64) {
    let counter = Counter::<u64>::default();
    counter.inc_by(value);
    to.register(name, help, counter);
}
