INSERT INTO feeds (id, slug, kind, venue, name) VALUES
    (1, 'alfa', 'bmi', 'Karting Alfa', 'Main track'),
    (2, 'beta', 'bmi', 'Beta Hall', 'Indoor'),
    (3, 'ring', 'flowagility', 'RSCE Pawer', 'Ring 1'),
    (4, 'silent', 'bmi', 'Nowhere', 'Never heard');

INSERT INTO feed_connections (feed_id, generation, connected_at, disconnected_at, reason, frames) VALUES
    (1, 1, '2026-11-23 09:00Z', '2026-11-23 09:30Z', 'remote_closed', 10),
    (1, 2, '2026-11-23 09:31Z', '2026-11-23 11:00Z', 'silence', 500),
    (3, 1, '2026-11-22 08:00Z', '2026-11-22 18:00Z', 'requested', 70);

-- Heat 3 began on the day before in Madrid's summer, but not in UTC; heats 4 and 5 were seen at once.
INSERT INTO heats (id, feed_id, start_unix, name, occurrence, state, end_condition, race_mode, clock_ms,
                   clock_started, clock_enabled, remaining_laps, end_mode, started_at, finished_at,
                   first_seen_at, last_seen_at) VALUES
    (1, 1, 1795428000, 'Sprint 12 min', 0, 'finished', 'time', 'best_lap', 0, true, true, 0, 0,
     '2026-11-23 10:00:05Z', '2026-11-23 10:12:05Z', '2026-11-23 10:00:00Z', '2026-11-23 10:13:00.123456Z'),
    (2, 1, 1795429200, 'Junior Sprint', 0, 'running', 'laps', 'most_laps', 0, true, true, 7, 0,
     '2026-11-23 10:20:05Z', NULL, '2026-11-23 10:20:00Z', '2026-11-23 10:25:00Z'),
    (3, 2, 1795428600, 'Grand Prix', 1, 'unknown(9)', 'manual', 'best_average', 0, false, true, 0, 0,
     NULL, NULL, '2026-11-23 10:10:00Z', '2026-11-23 10:11:00Z'),
    (4, 2, 1795341600, '100%_\ Ñandú', 0, 'finished', 'time', 'best_lap', 0, true, true, 0, 0,
     '2026-11-22 10:00:00Z', '2026-11-22 10:10:00Z', '2026-11-22 10:00:00Z', '2026-11-22 10:10:00Z'),
    (5, 1, 1795341600, 'Sprint 12 min', 0, 'finished', 'time', 'best_lap', 0, true, true, 0, 0,
     '2026-11-22 10:00:00Z', '2026-11-22 10:10:00Z', '2026-11-22 10:00:00Z', '2026-11-22 10:10:00Z');

INSERT INTO heat_drivers (heat_id, feed_id, driver_id, name, kart, web_member_id, position, laps, last_lap_ms,
                          average_lap_ms, best_lap_ms, gap, last_passing, last_record, updated_at) VALUES
    (1, 1, 11, 'Ann Vega', '7', 4711, 1, 4, 40500, 41300, 40000, '', false, 'day', '2026-11-23 10:12:00Z'),
    (1, 1, 12, 'Bob', '07', 0, 2, 2, 42500, 42500, 42000, '+2.000', false, NULL, '2026-11-23 10:11:00Z'),
    -- Withdrew while first, before Ann was.
    (1, 1, 13, 'Cleo', '3', 0, 1, 0, NULL, NULL, NULL, '', false, NULL, '2026-11-23 10:01:00Z'),
    (2, 1, 21, 'Dan', '1', 0, 1, 1, 50000, 50000, 50000, '', false, NULL, '2026-11-23 10:25:00Z');

INSERT INTO laps (heat_id, driver_id, lap, lap_ms, kart, position, crossed_at, source, error_ms, removed_at) VALUES
    (1, 11, 1, 44000, '7', 2, '2026-11-23 10:00:49Z', 'timed', 0, NULL),
    (1, 11, 2, 40000, NULL, NULL, NULL, 'reconstructed', 3, NULL),
    (1, 11, 4, 40500, '7', 1, '2026-11-23 10:02:50.500Z', 'corrected', 0, NULL),
    (1, 12, 1, 42000, '07', 1, '2026-11-23 10:00:47Z', 'timed', 0, NULL),
    (1, 12, 2, 43000, '07', 2, '2026-11-23 10:01:30Z', 'timed', 0, NULL),
    (1, 12, 3, 20000, '07', 1, '2026-11-23 10:01:50Z', 'timed', 0, '2026-11-23 10:05:00Z'),
    (2, 21, 1, 50000, '1', 1, '2026-11-23 10:20:55Z', 'timed', 0, NULL);

INSERT INTO lap_gaps (heat_id, driver_id, first_lap, last_lap, total_ms, error_ms) VALUES
    (1, 11, 3, 3, 41000, 5);
