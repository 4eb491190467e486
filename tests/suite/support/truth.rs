//! What the venues sent and what the tables hold, as lines that can be compared.

use ringside::simulator::{Ring, Track};
use serde_json::Value;

use super::postgres::TestDb;

/// Every lap that a track sent: heat, driver, lap, time, kart, whether corrected or removed.
pub fn laps_sent(track: &Track) -> Vec<String> {
    let mut lines = Vec::new();
    for heat in track.truth().heats {
        for driver in &heat.drivers {
            for lap in &driver.laps {
                lines.push(format!(
                    "{} {:?} {} driver={} lap={} ms={} {}{}",
                    heat.start_unix,
                    heat.name,
                    heat.occurrence,
                    driver.driver_id,
                    lap.lap,
                    lap.lap_ms,
                    if lap.corrected { "corrected" } else { "timed" },
                    if lap.removed { " removed" } else { "" },
                ));
            }
        }
    }
    lines.sort();
    lines
}

/// The same of the table of laps.
pub fn laps_stored(db: &TestDb, feed: &str) -> Vec<String> {
    let rows = db.rows(&format!(
        "SELECT h.start_unix, h.name, h.occurrence, l.driver_id, l.lap, l.lap_ms, l.source, \
         l.removed_at IS NOT NULL AS removed FROM laps l JOIN heats h ON h.id = l.heat_id \
         JOIN feeds f ON f.id = h.feed_id WHERE f.slug = '{feed}'"
    ));
    let mut lines: Vec<_> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {} driver={} lap={} ms={} {}{}",
                row["start_unix"],
                row["name"],
                row["occurrence"],
                row["driver_id"],
                row["lap"],
                row["lap_ms"],
                row["source"].as_str().unwrap(),
                if row["removed"] == Value::Bool(true) { " removed" } else { "" },
            )
        })
        .collect();
    lines.sort();
    lines
}

/// Every driver's last standing that a track sent: laps, best, average.
pub fn standings_sent(track: &Track) -> Vec<String> {
    let mut lines = Vec::new();
    for heat in track.truth().heats {
        for driver in heat.drivers.iter().filter(|driver| !driver.withdrawn) {
            let number = |value: Option<u32>| value.map_or("null".into(), |v| v.to_string());
            lines.push(format!(
                "{} {:?} {} driver={} name={:?} kart={:?} laps={} best={} average={} position={}",
                heat.start_unix,
                heat.name,
                heat.occurrence,
                driver.driver_id,
                driver.name,
                driver.kart,
                driver.lap_count,
                number(driver.best_ms),
                number(driver.average_ms),
                driver.position,
            ));
        }
    }
    lines.sort();
    lines
}

/// The same of the table of standings, without those whom `sent` does not name.
pub fn standings_stored(db: &TestDb, feed: &str, sent: &[String]) -> Vec<String> {
    let rows = db.rows(&format!(
        "SELECT h.start_unix, h.name AS heat, h.occurrence, d.* FROM heat_drivers d \
         JOIN heats h ON h.id = d.heat_id JOIN feeds f ON f.id = h.feed_id WHERE f.slug = '{feed}'"
    ));
    let known = |id: &Value| sent.iter().any(|line| line.contains(&format!(" driver={id} ")));
    let mut lines: Vec<_> = rows
        .iter()
        .filter(|row| known(&row["driver_id"]))
        .map(|row| {
            format!(
                "{} {} {} driver={} name={} kart={} laps={} best={} average={} position={}",
                row["start_unix"],
                row["heat"],
                row["occurrence"],
                row["driver_id"],
                row["name"],
                row["kart"],
                row["laps"],
                row["best_lap_ms"],
                row["average_lap_ms"],
                row["position"],
            )
        })
        .collect();
    lines.sort();
    lines
}

/// Every playset that a ring sent, as last sent, with the number of steps in its time line.
pub fn playsets_sent(ring: &Ring) -> Vec<String> {
    let mut lines = Vec::new();
    for run in ring.truth().runs {
        for playset in &run.playsets {
            let progress = &playset.progress;
            lines.push(format!(
                "{:?} {:?} {} id={} dorsal={} {} f={} r={} dis={:?} time={:?} q={:?} c={:?} \
                 pen={:?} changes={}",
                run.trial_name,
                run.name,
                run.run_type,
                playset.playset_id,
                playset.dorsal,
                progress.status,
                progress.faults,
                progress.refusals,
                progress.disqualification,
                progress.time,
                playset.qualification,
                playset.classification,
                playset.total_penalization,
                playset.changes.len(),
            ));
        }
    }
    lines.sort();
    lines
}

/// The same of the tables of playsets and of their changes.
pub fn playsets_stored(db: &TestDb, feed: &str) -> Vec<String> {
    let rows = db.rows(&format!(
        "SELECT r.trial_name, r.name, r.type, p.playset_id, p.dorsal, p.status, p.faults, \
         p.refusals, coalesce(p.disqualification, '') AS disqualification, \
         coalesce(p.time_s::text, '') AS time, coalesce(p.qualification, '') AS qualification, \
         coalesce(p.classification::text, '') AS classification, \
         coalesce(p.total_penalization::text, '') AS penalization, \
         (SELECT count(*) FROM playset_changes c WHERE c.run_id = p.run_id \
          AND c.playset_id = p.playset_id) AS changes \
         FROM playsets p JOIN agility_runs r ON r.id = p.run_id \
         JOIN feeds f ON f.id = r.feed_id WHERE f.slug = '{feed}'"
    ));
    let text = |value: &Value| value.as_str().unwrap_or("null").to_owned();
    let mut lines: Vec<_> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {} id={} dorsal={} {} f={} r={} dis={} time={} q={} c={} pen={} changes={}",
                row["trial_name"],
                row["name"],
                text(&row["type"]),
                text(&row["playset_id"]),
                text(&row["dorsal"]),
                text(&row["status"]),
                row["faults"],
                row["refusals"],
                row["disqualification"],
                row["time"],
                row["qualification"],
                row["classification"],
                row["penalization"],
                row["changes"],
            )
        })
        .collect();
    lines.sort();
    lines
}

/// Every combined result that a ring sent.
pub fn combined_sent(ring: &Ring) -> Vec<String> {
    let truth = ring.truth();
    let mut lines: Vec<_> = truth
        .combined
        .iter()
        .map(|result| {
            format!(
                "{:?} {:?} dorsal={} c={:?} time={:?} pen={:?}",
                result.trial_name,
                result.name,
                result.dorsal,
                result.classification,
                result.time,
                result.total_penalization,
            )
        })
        .collect();
    lines.sort();
    lines
}

/// The same of the table of combined results.
pub fn combined_stored(db: &TestDb, feed: &str) -> Vec<String> {
    let rows = db.rows(&format!(
        "SELECT c.trial_name, c.name, c.dorsal, coalesce(c.classification::text, '') AS place, \
         coalesce(c.time_s::text, '') AS time, coalesce(c.total_penalization::text, '') AS pen \
         FROM combined_results c JOIN feeds f ON f.id = c.feed_id WHERE f.slug = '{feed}'"
    ));
    let mut lines: Vec<_> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} dorsal={} c={} time={} pen={}",
                row["trial_name"],
                row["name"],
                row["dorsal"].as_str().unwrap(),
                row["place"],
                row["time"],
                row["pen"],
            )
        })
        .collect();
    lines.sort();
    lines
}
