//! A season's tables, made by Postgres itself: five million laps of twenty tracks, of which one is as
//! busy as all the others together, and two hundred trials with twelve runs each.

use crate::support::postgres::TestDb;

pub const TRACKS: u32 = 20;
/// Of ten drivers with fifteen laps each.
pub const HEATS: u32 = 34_000;
pub const TRIALS: u32 = 200;

/// Everything happened within the year before now; times are made from the numbers, so that two
/// fillings are alike.
pub fn fill(db: &TestDb) {
    for statement in statements() {
        db.execute(&statement);
    }
}

fn statements() -> Vec<String> {
    vec![
        format!(
            "INSERT INTO feeds (id, slug, kind, venue, name) \
             SELECT n, 'track-' || n, 'bmi', 'Park ' || n, 'Main track' \
             FROM generate_series(1, {TRACKS}) AS n \
             UNION ALL SELECT 100 + n, 'ring-' || n, 'flowagility', 'Club ' || n, 'Ring ' || n \
             FROM generate_series(1, 4) AS n"
        ),
        // Every second heat is the big track's.
        format!(
            "INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, \
                 race_mode, clock_ms, clock_started, clock_enabled, remaining_laps, end_mode, \
                 started_at, finished_at, first_seen_at, last_seen_at) \
             SELECT n, CASE n % 2 WHEN 0 THEN 1 ELSE 2 + n / 2 % ({TRACKS} - 1) END, \
                    extract(epoch FROM at)::bigint, \
                    'Heat ' || n % 60 || (ARRAY['', ' Junior', ' GT', '', ' Kids'])[1 + n % 5], 0, \
                    'finished', 'time', (ARRAY['best_lap', 'best_lap', 'most_laps'])[1 + n % 3], \
                    0, false, true, 0, 0, at, at + interval '12 min', at, at + interval '13 min' \
             FROM generate_series(1, {HEATS}) AS n, \
                  LATERAL (SELECT date_trunc('second', now()) - interval '1 year' * \
                      (1 - n::float / {HEATS}) - interval '20 min') AS made (at)"
        ),
        // Some thousand people come often, many once.
        "INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, \
             position, laps, last_lap_ms, average_lap_ms, best_lap_ms, gap, last_passing, updated_at) \
         SELECT heats.id, heats.feed_id, heats.id * 100 + d, \
                CASE WHEN d < 5 THEN 'Regular ' || heats.id * 7 % 1009 * d % 400 \
                     WHEN d < 9 THEN 'Guest ' || heats.id * 31 % 7919 * d % 9000 ELSE 'Guest' END, \
                (1 + (heats.id * 13 + d * 3) % 24)::text, 0, d, 15, 45000, 45000, 43000, '', false, \
                heats.last_seen_at \
         FROM heats, generate_series(1, 10) AS d"
            .to_owned(),
        // A kart's worth, a driver's, some noise, and a spin here and there.
        "INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, position, crossed_at, source) \
         SELECT drivers.heat_id, drivers.driver_id, lap, \
                38000 + drivers.feed_id * 700 + drivers.kart::integer * 37 \
                    + abs(hashtext(drivers.name)) % 4000 \
                    + abs(hashint8(drivers.driver_id * 31 + lap)) % 900 \
                    + CASE WHEN hashint8(drivers.driver_id * 17 + lap) % 40 = 0 THEN 9000 ELSE 0 END \
                    + CASE lap WHEN 1 THEN 6000 ELSE 0 END, \
                drivers.kart, drivers.position, \
                heats.started_at + lap * interval '46 s' + drivers.position * interval '2 s', 'timed' \
         FROM heat_drivers AS drivers JOIN heats ON heats.id = drivers.heat_id, \
              generate_series(1, 15) AS lap \
         ORDER BY drivers.heat_id, drivers.driver_id, lap"
            .to_owned(),
        "UPDATE heat_drivers SET best_lap_ms = best.ms FROM ( \
             SELECT heat_id, driver_id, min(lap_ms) AS ms FROM laps GROUP BY 1, 2) AS best \
         WHERE heat_drivers.heat_id = best.heat_id AND heat_drivers.driver_id = best.driver_id"
            .to_owned(),
        format!(
            "INSERT INTO agility_runs (id, feed_id, event_name, ring_name, trial_name, name, type, \
                 judge_name, length_m, obstacles, standard_time, maximum_time, first_seen_at, \
                 last_seen_at) \
             SELECT n, 101 + n / 12 % 4, 'Trial ' || n / 12 / 4, 'Ring ' || 1 + n / 12 % 4, 'Trial', \
                    'Grade ' || n / 2 % 6, (ARRAY['AG', 'JP'])[1 + n % 2], 'Judge', 180, 20, 45, 70, \
                    at, at + interval '1 hour' \
             FROM generate_series(0, {TRIALS} * 12 - 1) AS n, \
                  LATERAL (SELECT date_trunc('second', now()) - interval '1 year' * \
                      (1 - n::float / {TRIALS} / 12) - interval '1 hour') AS made (at)"
        ),
        "INSERT INTO playsets (run_id, playset_id, dorsal, start_order, handler, club, country, \
             dog_family_name, dog_breed, dog_height_cm, status, faults, refusals, disqualification, \
             qualification, classification, time_s, speed_m_s, total_penalization, updated_at) \
         SELECT runs.id, runs.id || '-' || d, (runs.id / 12 / 4 * 100 % 800 + d)::text, d, \
                'Handler ' || d * 7 % 300, 'Club ' || d % 40, (ARRAY['ESP', 'FRA', 'DEU'])[1 + d % 3], \
                'Dog ' || d * 7 % 300, 'Border Collie', 50, 'calculated', d % 3, 0, \
                CASE d % 11 WHEN 0 THEN 'elim' END, \
                CASE d % 11 WHEN 0 THEN 'DISQ' ELSE (ARRAY['EXC_0', 'EXC', 'V_GOOD'])[1 + d % 3] END, \
                CASE WHEN d % 11 > 0 THEN d END, CASE WHEN d % 11 > 0 THEN 38 + d * 0.11 END, 4.20, \
                CASE d % 11 WHEN 0 THEN 100.00 ELSE d % 3 * 5.00 END, \
                runs.first_seen_at + d * interval '70 s' \
         FROM agility_runs AS runs, generate_series(1, 45) AS d"
            .to_owned(),
        "INSERT INTO playset_changes (run_id, playset_id, changed_at, status, faults, refusals) \
         SELECT run_id, playset_id, updated_at - (5 - n) * interval '9 s', \
                (ARRAY['ready', 'running', 'running', 'calculated'])[n], (n - 1) / 2, 0 \
         FROM playsets, generate_series(1, 4) AS n"
            .to_owned(),
        "INSERT INTO combined_results (feed_id, event_name, ring_name, trial_name, name, dorsal, \
             classification, handler, dog_family_name, time_s, total_penalization, updated_at) \
         SELECT runs.feed_id, runs.event_name, runs.ring_name, runs.trial_name, runs.name, \
                playsets.dorsal, min(playsets.classification), min(playsets.handler), \
                min(playsets.dog_family_name), sum(playsets.time_s), \
                sum(playsets.total_penalization), max(playsets.updated_at) \
         FROM playsets JOIN agility_runs AS runs ON runs.id = playsets.run_id \
         GROUP BY 1, 2, 3, 4, 5, 6"
            .to_owned(),
        "SELECT setval(pg_get_serial_sequence('heats', 'id'), 1000000), \
                setval(pg_get_serial_sequence('agility_runs', 'id'), 1000000), \
                setval(pg_get_serial_sequence('feeds', 'id'), 1000000)"
            .to_owned(),
        "ANALYZE".to_owned(),
    ]
}
