//! A small trial, made by hand: two rings, brother runs, and all that goes wrong at a ring.

use crate::support::postgres::TestDb;

/// Run 1 (jumping, 160 m in 40 s, out beyond 60 s) is over:
///
/// | order | dorsal | dog | F | R | time | total penalization |
/// |---|---|---|---|---|---|---|
/// | 1 | 9 | Flow | 0 | 0 | 35.40 | 0.00 |
/// | 2 | 41 | Mel | 1 | 0 | 33.00 | 5.00 |
/// | 3 | 007 | Bond | 0 | 0 | 34.200 | 0.00 |
/// | 4 | 7 | Rex | 2 | 3 | | eliminated |
/// | 5 | 12 | Zip | 0 | 1 | 44.00 | 5 + 4 = 9.00 |
/// | 6 | 13 | Zap | 1 | 0 | 44.00 | 5 + 4 = 9.00 |
/// | 7 | 50 | Ghost | | | | does not start |
///
/// Run 2 (its brother, agility, 42.50 s) is on: 007 and 9 are done, 41 is on course with a fault,
/// 12 was announced, 13 was announced before it and swapped behind it. Run 3 is in the other ring,
/// told without a course. Run 4 is of an event of the same name a year ago, run 5 of another one.
const TRIAL: &str = "
    INSERT INTO feeds (id, slug, kind, venue, name) VALUES
        (1, 'ring-1', 'flowagility', 'Pawer', 'Ring 1'), (2, 'ring-2', 'flowagility', 'Pawer', 'Ring 2'),
        (3, 'track', 'bmi', 'Karting', 'Track');
    INSERT INTO agility_runs (id, feed_id, event_name, ring_name, trial_name, name, type, judge_name,
            length_m, obstacles, standard_time, maximum_time, first_seen_at, last_seen_at) VALUES
        (4, 1, 'Spring Cup', '1', 'Saturday ', 'G3 / M', 'JP', NULL, NULL, NULL, NULL, NULL,
            now() - interval '366 days', now() - interval '366 days'),
        (5, 1, 'Autumn Cup', '1', 'Sunday', 'G3 / L', 'AG', NULL, NULL, NULL, NULL, NULL,
            now() - interval '200 days', now() - interval '200 days'),
        (1, 1, 'Spring Cup', '1', 'Saturday ', 'G3 / L', 'JP', 'Ana Juez', 160, 20, 40, 60,
            now() - interval '3 hours', now() - interval '2 hours'),
        (3, 2, 'Spring Cup', '2', 'Saturday ', 'Open', 'JP', NULL, NULL, NULL, NULL, NULL,
            now() - interval '2 hours', now() - interval '2 hours'),
        (2, 1, 'Spring Cup', '1', 'Saturday ', 'G3 / L', 'AG', 'Ana Juez', 170.5, 21, 42.50, 65,
            now() - interval '20 minutes', now());
    INSERT INTO playsets (run_id, playset_id, start_order, dorsal, dog_family_name, handler, club, country,
            status, faults, refusals, disqualification, qualification, classification, time_s,
            speed_m_s, total_penalization, updated_at) VALUES
        (1, 'a1', 1, '9', 'Flow', 'Julen Lázaro', 'Pawer', 'ES', 'calculated', 0, 0, NULL, 'EXC_0', 2, 35.40, 4.52, 0.00, now() - interval '2 hours'),
        (1, 'a2', 2, '41', 'Mel', 'Anna Nogués', 'Baix', 'ES', 'calculated', 1, 0, NULL, 'EXC', 3, 33.00, 4.85, 5.00, now() - interval '2 hours'),
        (1, 'a3', 3, '007', 'Bond', 'Ülle Tamm', 'Tartu', 'EE', 'calculated', 0, 0, NULL, 'EXC_0', 1, 34.200, 4.68, 0.00, now() - interval '2 hours'),
        (1, 'a4', 4, '7', 'Rex', 'Ann Lee', 'pawer ', 'GB', 'calculated', 2, 3, 'elim', 'DISQ (R)', NULL, NULL, NULL, 100.00, now() - interval '2 hours'),
        (1, 'a5', 5, '12', 'Zip', 'Anna Nogués', 'Baix', 'ES', 'calculated', 0, 1, NULL, 'V_GOOD', 4, 44.00, 3.64, 9.00, now() - interval '2 hours'),
        (1, 'a6', 6, '13', 'Zap', 'Ülle Tamm', 'Tartu', 'EE', 'calculated', 1, 0, NULL, 'V_GOOD', 4, 44.00, 3.64, 9.00, now() - interval '2 hours'),
        (1, 'a7', 7, '50', 'Ghost', 'Nobody', NULL, NULL, 'ready', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, now() - interval '2 hours'),
        (2, 'b1', 1, '007', 'Bond', 'Ülle Tamm', 'Tartu', 'EE', 'calculated', 0, 0, NULL, 'EXC_0', 1, 40.00, 4.26, 0.00, now() - interval '9 minutes'),
        (2, 'b2', 2, '9', 'Flow', 'Julen Lázaro', 'Pawer', 'ES', 'calculated', 0, 1, NULL, 'V_GOOD', 2, 45.50, 3.75, 8.00, now() - interval '2 minutes'),
        (2, 'b3', 3, '41', 'Mel', 'Anna Nogués', 'Baix', 'ES', 'running', 1, 0, NULL, NULL, NULL, NULL, NULL, NULL, now() - interval '1 minute'),
        (2, 'b4', 4, '12', 'Zip', 'Anna Nogués', 'Baix', 'ES', 'ready', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, now() - interval '1 minute'),
        (2, 'b5', 5, '13', 'Zap', 'Ülle Tamm', 'Tartu', 'EE', 'pending', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, now() - interval '1 minute'),
        (3, 'c1', 3, '9', 'Flow', 'julen lázaro ', 'Pawer', 'ES', 'calculated', 0, 0, NULL, NULL, NULL, 30.00, NULL, 0.00, now() - interval '2 hours'),
        (4, 'd1', 1, '9', 'Other', 'Someone Else', 'Far', 'FR', 'calculated', 0, 0, NULL, 'EXC_0', 1, 29.00, NULL, 0.00, now() - interval '366 days'),
        (5, 'e1', 1, '41', 'Mel', 'Anna Nogués', 'Baix', 'ES', 'calculated', 0, 0, NULL, 'EXC_0', 1, 31.00, NULL, 0.00, now() - interval '200 days');
    INSERT INTO playset_changes (run_id, playset_id, changed_at, status, faults, refusals, disqualification, time_s) VALUES
        (1, 'a4', now() - interval '150 minutes', 'running', 2, 2, NULL, NULL),
        (1, 'a4', now() - interval '149 minutes', 'running', 2, 3, 'elim', NULL),
        (1, 'a4', now() - interval '148 minutes', 'calculated', 2, 3, 'elim', NULL),
        (2, 'b1', now() - interval '12 minutes', 'ready', 0, 0, NULL, NULL),
        (2, 'b1', now() - interval '10 minutes', 'running', 0, 0, NULL, NULL),
        (2, 'b1', now() - interval '9 minutes', 'calculated', 0, 0, NULL, 40.00),
        (2, 'b2', now() - interval '8 minutes', 'ready', 0, 0, NULL, NULL),
        (2, 'b2', now() - interval '2 minutes', 'calculated', 0, 1, NULL, 45.50),
        (2, 'b5', now() - interval '110 seconds', 'ready', 0, 0, NULL, NULL),
        (2, 'b3', now() - interval '100 seconds', 'ready', 0, 0, NULL, NULL),
        (2, 'b3', now() - interval '80 seconds', 'running', 0, 0, NULL, NULL),
        (2, 'b3', now() - interval '60 seconds', 'running', 1, 0, NULL, NULL),
        (2, 'b5', now() - interval '55 seconds', 'pending', 0, 0, NULL, NULL),
        (2, 'b4', now() - interval '50 seconds', 'ready', 0, 0, NULL, NULL);
    INSERT INTO combined_results (feed_id, event_name, ring_name, trial_name, name, dorsal, handler,
            dog_family_name, classification, time_s, total_penalization, updated_at) VALUES
        (1, 'Spring Cup', '1', 'Saturday ', 'G3 / L', '9', 'Julen Lázaro', 'Flow', 2, 80.90, 8.00, now()),
        (1, 'Spring Cup', '1', 'Saturday ', 'G3 / L', '007', 'Ülle Tamm', 'Bond', 1, 74.200, 0.00, now()),
        (1, 'Spring Cup', '1', 'Saturday ', 'G3 / M', '9', 'Someone Else', 'Other', 1, 60.00, 0.00, now() - interval '366 days');
";

/// A database with the trial in it.
pub fn held() -> TestDb {
    let db = TestDb::new();
    db.execute(TRIAL);
    db
}
