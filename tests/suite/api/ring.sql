-- An event in the ring of karting.sql: a run that is over, its brother that is on, and one of long ago.
INSERT INTO agility_runs (id, feed_id, event_name, ring_name, trial_name, name, type, judge_name, length_m,
                          obstacles, standard_time, maximum_time, first_seen_at, last_seen_at) VALUES
    (1, 3, 'Autumn Cup', '1', 'Sunday ', 'G3 / L', 'JP', 'Ana Juez', 160, 20, 40, 60,
     '2026-11-22 09:00Z', '2026-11-22 10:00Z'),
    (2, 3, 'Autumn Cup', '1', 'Sunday ', 'G3 / L', 'AG', NULL, 170.5, NULL, 42.50, NULL,
     '2026-11-22 10:00Z', '2026-11-22 11:00Z'),
    (3, 3, 'Spring Cup', '1', 'Saturday ', 'Open', 'JP', NULL, NULL, NULL, NULL, NULL,
     '2025-05-03 10:00Z', '2025-05-03 11:00Z');

INSERT INTO playsets (run_id, playset_id, start_order, dorsal, dog_family_name, handler, club, country, dog_height_cm,
                      status, faults, refusals, disqualification, qualification, classification, time_s,
                      speed_m_s, total_penalization, updated_at) VALUES
    (1, 'a1', 1, '007', 'Bond', 'Ülle Tamm', 'Tartu', 'EE', 45.5, 'calculated', 0, 0, NULL, 'EXC_0', 1,
     34.200, 4.68, 0.00, '2026-11-22 09:10Z'),
    (1, 'a2', 2, '7', 'Rex', 'Ann Lee', NULL, NULL, NULL, 'calculated', 2, 3, 'elim', 'DISQ (R)', NULL,
     NULL, NULL, 100.00, '2026-11-22 09:20Z'),
    (1, 'a3', 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL, '2026-11-22 09:20Z'),
    (2, 'b1', 1, '007', 'Bond', 'Ülle Tamm', 'Tartu', 'EE', 45.5, 'calculated', 0, 1, NULL, 'V_GOOD', 1,
     45.50, 3.75, 8.00, '2026-11-22 10:10Z'),
    (2, 'b2', 2, '9', 'Flow', 'Ülle Tamm', 'Tartu', 'EE', NULL, 'calculated', 0, 0, NULL, NULL, NULL,
     46.00, NULL, 3.50, '2026-11-22 10:12Z'),
    (2, 'b3', 3, '12', 'Zip', 'Zoë', 'Tartu', 'EE', NULL, 'calculated', 0, 0, NULL, NULL, NULL,
     47.00, NULL, 4.50, '2026-11-22 10:14Z'),
    (2, 'b4', 4, '13', 'Zap', 'Zoë', 'Tartu', 'EE', NULL, 'calculated', 0, 0, NULL, NULL, NULL,
     48.00, NULL, 5.50, '2026-11-22 10:16Z'),
    (2, 'b5', 5, '14', 'Zup', 'Zoë', 'Tartu', 'EE', NULL, 'running', 1, 0, NULL, NULL, NULL,
     NULL, NULL, NULL, '2026-11-22 10:17Z'),
    (2, 'b6', 6, '15', 'Pip', 'Zoë', 'Tartu', 'EE', NULL, 'pending', 0, 0, NULL, NULL, NULL,
     NULL, NULL, NULL, '2026-11-22 10:17Z');

INSERT INTO playset_changes (run_id, playset_id, changed_at, status, faults, refusals, disqualification, time_s) VALUES
    (1, 'a2', '2026-11-22 09:18Z', 'running', 2, 2, NULL, NULL),
    (1, 'a2', '2026-11-22 09:20Z', 'calculated', 2, 3, 'elim', NULL),
    (2, 'b1', '2026-11-22 10:10Z', 'calculated', 0, 1, NULL, 45.50),
    (2, 'b2', '2026-11-22 10:12Z', 'calculated', 0, 0, NULL, 46.00),
    (2, 'b3', '2026-11-22 10:14Z', 'calculated', 0, 0, NULL, 47.00),
    (2, 'b4', '2026-11-22 10:16Z', 'calculated', 0, 0, NULL, 48.00),
    (2, 'b5', '2026-11-22 10:17Z', 'running', 1, 0, NULL, NULL);

INSERT INTO combined_results (feed_id, event_name, ring_name, trial_name, name, dorsal, handler, dog_family_name,
                              classification, time_s, total_penalization, updated_at) VALUES
    (3, 'Autumn Cup', '1', 'Sunday ', 'G3 / L', '007', 'Ülle Tamm', 'Bond', 1, 79.700, 8.00, '2026-11-22 10:10Z'),
    (3, 'Autumn Cup', '1', 'Sunday ', 'G3 / L', '7', 'Ann Lee', 'Rex', NULL, NULL, NULL, '2026-11-22 10:10Z');
