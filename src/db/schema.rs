// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;

    /// One run of a trial: all its dogs take the same course.
    agility_runs (id) {
        id -> Int8,
        feed_id -> Int8,
        event_name -> Text,
        ring_name -> Text,
        /// As sent: may end with a space.
        trial_name -> Text,
        name -> Text,
        /// AG, JP or as sent.
        #[sql_name = "type"]
        type_ -> Text,
        /// Null when the venue never told, as every fact about the course.
        judge_name -> Nullable<Text>,
        /// Length of the course, m.
        length_m -> Nullable<Numeric>,
        obstacles -> Nullable<Int4>,
        /// Standard course time, s.
        standard_time -> Nullable<Numeric>,
        /// Maximum course time, s.
        maximum_time -> Nullable<Numeric>,
        first_seen_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        /// Fields that no known revision of the protocol has, by key.
        extra -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How far each journal is written to this database.
    checkpoints (journal_id) {
        journal_id -> Text,
        /// The last frame of the journal whose rows are all here.
        seq -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// A pair's place over brother runs, as last seen.
    combined_results (feed_id, event_name, ring_name, trial_name, name, dorsal) {
        feed_id -> Int8,
        event_name -> Text,
        ring_name -> Text,
        trial_name -> Text,
        /// The name that the brother runs share.
        name -> Text,
        /// The pair's number within the event: links to playsets.
        dorsal -> Text,
        /// The venue's id of this result; not a playset's.
        combined_id -> Nullable<Text>,
        classification -> Nullable<Int4>,
        handler -> Nullable<Text>,
        club -> Nullable<Text>,
        country -> Nullable<Text>,
        team_name -> Nullable<Text>,
        dog_family_name -> Nullable<Text>,
        dog_studbook_name -> Nullable<Text>,
        dog_breed -> Nullable<Text>,
        dog_gender -> Nullable<Text>,
        dog_age -> Nullable<Text>,
        dog_height_cm -> Nullable<Numeric>,
        /// Seconds over all legs that were not eliminated.
        time_s -> Nullable<Numeric>,
        /// Seconds; an eliminated leg counts 100.00.
        total_penalization -> Nullable<Numeric>,
        updated_at -> Timestamptz,
        /// Fields that no known revision of the protocol has, by key.
        extra -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The spans in which a feed was connected; between them it was not heard.
    feed_connections (feed_id, generation) {
        feed_id -> Int8,
        /// Which connection of the feed: 1 for the first ever.
        generation -> Int8,
        connected_at -> Timestamptz,
        /// Null while the connection is open.
        disconnected_at -> Nullable<Timestamptz>,
        /// Why it ended: remote_closed, silence, ...; lost when its end was not witnessed and only the next connection shows that it is over.
        reason -> Nullable<Text>,
        /// Whole messages received, pongs included; null while open or when lost.
        frames -> Nullable<Int8>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The sources of live timing that are or once were configured.
    feeds (id) {
        id -> Int8,
        /// The id of the feed in the config: a-z, 0-9 and -.
        slug -> Text,
        /// The protocol: bmi, flowagility.
        kind -> Text,
        venue -> Text,
        name -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Frames that were received and had to be dropped before they were written.
    frames_lost (feed_id, from_at, reason) {
        feed_id -> Int8,
        /// When the first of them was received.
        from_at -> Timestamptz,
        /// When the last of them was received.
        to_at -> Timestamptz,
        /// How many, at least: a loss only grows.
        frames -> Int8,
        /// journal_full: Postgres was away for longer than the journal has room. journal_damaged: they were in a file that can not be read.
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The standing of every driver of a heat, as last seen.
    heat_drivers (heat_id, driver_id) {
        heat_id -> Int8,
        /// The venue's number of this heat entry: new in every heat, even for the same person.
        driver_id -> Int8,
        /// As sent: nicknames and duplicates occur, it is no identity.
        name -> Text,
        /// As sent: 7 and 07 are different; empty for a late joiner without a kart.
        kart -> Text,
        web_member_id -> Int8,
        position -> Int4,
        /// Completed laps by the venue's count.
        laps -> Int4,
        /// Null before the first lap.
        last_lap_ms -> Nullable<Int4>,
        /// Over all laps, rounded down by the venue; null before the first lap.
        average_lap_ms -> Nullable<Int4>,
        /// Null before the first lap.
        best_lap_ms -> Nullable<Int4>,
        /// As sent; its format depends on the race mode; empty for the leader.
        gap -> Text,
        last_passing -> Bool,
        /// The record that the last lap broke: day, week, month, year, ever; null for none.
        last_record -> Nullable<Text>,
        updated_at -> Timestamptz,
        /// Fields that no known revision of the protocol has, by key.
        extra -> Jsonb,
        /// As of the heat.
        feed_id -> Int8,
        /// The name in small letters without blanks around it: what drivers are looked up by.
        name_key -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// One race of karts, as last seen.
    heats (id) {
        id -> Int8,
        feed_id -> Int8,
        /// The scheduled start as sent, unix seconds; whether UTC or local wall time is unknown.
        start_unix -> Int8,
        /// As sent: may repeat every day and end with a space.
        name -> Text,
        /// 0, or 1, 2, ... for further heats with the same start and name that share no driver.
        occurrence -> Int4,
        /// not_started, running, paused, stopped, finished, next_heat or unknown(n).
        state -> Text,
        /// manual, time, laps, time_or_laps or unknown(n).
        end_condition -> Text,
        /// Who wins: most_laps, best_lap, best_average or unknown(n).
        race_mode -> Text,
        /// The counter as sent, ms; counts down where the heat ends by time, else up.
        clock_ms -> Int8,
        clock_started -> Bool,
        clock_enabled -> Bool,
        /// Laps to go where the heat ends by laps, else 0.
        remaining_laps -> Int4,
        /// As sent; its meaning is unknown.
        end_mode -> Int4,
        /// When the clock was first seen running; null when it never was.
        started_at -> Nullable<Timestamptz>,
        /// When the heat was first seen finished; null when it never was.
        finished_at -> Nullable<Timestamptz>,
        first_seen_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        /// Fields that no known revision of the protocol has, by key.
        extra -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Laps known to be missing from laps.
    lap_gaps (heat_id, driver_id, first_lap) {
        heat_id -> Int8,
        driver_id -> Int8,
        /// The first missing lap; the last one is last_lap, both included.
        first_lap -> Int4,
        last_lap -> Int4,
        /// Their sum lies in total_ms .. total_ms + error_ms; null where even that is unknown.
        total_ms -> Nullable<Int8>,
        error_ms -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Every lap of every driver.
    laps (heat_id, driver_id, lap) {
        heat_id -> Int8,
        /// As in heat_drivers.
        driver_id -> Int8,
        /// 1 for the driver's first.
        lap -> Int4,
        /// The true time lies in lap_ms .. lap_ms + error_ms.
        lap_ms -> Int4,
        /// The kart when the lap was seen; null where that moment was missed.
        kart -> Nullable<Text>,
        /// The position after this lap; null where that moment was missed.
        position -> Nullable<Int4>,
        /// When the kart crossed the line, to about 0.4 s; null for a lap that was already there when the connection began.
        crossed_at -> Nullable<Timestamptz>,
        /// timed: sent by the venue. reconstructed: missed and computed from what came before and after. corrected: sent with one time, later with another.
        source -> Text,
        /// 0 unless reconstructed.
        error_ms -> Int4,
        /// When officials took the lap away; null for a lap that counts.
        removed_at -> Nullable<Timestamptz>,
        /// The transaction that wrote the lap or changed it last; 0 for laps older than this column.
        changed_in -> Int8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The webhooks that are or once were configured.
    notice_targets (name) {
        /// The name of the [[notify]] in the config.
        name -> Text,
        /// What happened before this is not told.
        since -> Timestamptz,
        /// Notices that were delivered, ever.
        delivered -> Int8,
        /// Tries that failed, ever.
        failed -> Int8,
        /// Notices that were given up, ever.
        given_up -> Int8,
        /// When the receiver said that it is gone (410); null while it is told.
        stopped_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What webhooks are told, and how far that is done.
    notices (id) {
        id -> Int8,
        /// The name of the [[notify]] in the config.
        target -> Text,
        /// heat_finished, record_broken, personal_best, run_finished, dogs_before, feed_down, feed_back.
        kind -> Text,
        /// What it is about: a target is told of it once.
        key -> Text,
        /// The feed that it is about.
        feed_id -> Nullable<Int8>,
        /// What is sent, but for its id; {} once it is settled and names are no longer kept.
        body -> Jsonb,
        created_at -> Timestamptz,
        /// Not sent before this: after a failure later and later, and while a process sends it beyond the end of that.
        due_at -> Timestamptz,
        /// How often it was sent.
        tries -> Int4,
        delivered_at -> Nullable<Timestamptz>,
        /// When it was refused for good, or had failed for three days.
        given_up_at -> Nullable<Timestamptz>,
        /// Why the last try failed; never the address.
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The time line of a run: what is true of a playset from changed_at on.
    playset_changes (run_id, playset_id, changed_at) {
        run_id -> Int8,
        playset_id -> Text,
        /// When the change was received.
        changed_at -> Timestamptz,
        status -> Nullable<Text>,
        /// The count from then on; it can go down.
        faults -> Nullable<Int4>,
        /// The count from then on; it can go down.
        refusals -> Nullable<Int4>,
        disqualification -> Nullable<Text>,
        /// Seconds; null until calculated.
        time_s -> Nullable<Numeric>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// One dog in one run, as last seen. Null means that the venue sent nothing.
    playsets (run_id, playset_id) {
        run_id -> Int8,
        /// The venue's id; text, since it is not always a valid UUID.
        playset_id -> Text,
        /// The pair's number within the event, as sent.
        dorsal -> Nullable<Text>,
        /// Changes while a run is prepared; no key.
        start_order -> Nullable<Int4>,
        handler -> Nullable<Text>,
        club -> Nullable<Text>,
        country -> Nullable<Text>,
        team_name -> Nullable<Text>,
        dog_family_name -> Nullable<Text>,
        dog_studbook_name -> Nullable<Text>,
        dog_breed -> Nullable<Text>,
        dog_gender -> Nullable<Text>,
        /// As sent: 6 years, 8 months.
        dog_age -> Nullable<Text>,
        dog_height_cm -> Nullable<Numeric>,
        /// pending, ready, running, calculated or as sent.
        status -> Nullable<Text>,
        faults -> Nullable<Int4>,
        refusals -> Nullable<Int4>,
        /// elim for an eliminated pair; kept from running on.
        disqualification -> Nullable<Text>,
        /// Open text: EXC_0, EXC, V_GOOD, ...; as all results null until calculated.
        qualification -> Nullable<Text>,
        /// The place, 1 for the best; null for an eliminated pair.
        classification -> Nullable<Int4>,
        /// Seconds, with the decimals that were sent.
        time_s -> Nullable<Numeric>,
        time_marker -> Nullable<Bool>,
        /// Metres per second.
        speed_m_s -> Nullable<Numeric>,
        /// Seconds, with the decimals that were sent; 100.00 for an eliminated pair.
        total_penalization -> Nullable<Numeric>,
        updated_at -> Timestamptz,
        /// Fields that no known revision of the protocol has and values that could not be read, by key.
        extra -> Jsonb,
        /// The handler in small letters without blanks around it: what handlers are looked up by.
        handler_key -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Frames that no decoder could read, as they came.
    rejected_frames (feed_id, received_at, payload_md5) {
        feed_id -> Int8,
        received_at -> Timestamptz,
        reason -> Text,
        /// Without NUL characters, which Postgres does not take; hexadecimal for a binary frame.
        payload -> Text,
        payload_md5 -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Rows that Postgres would not take into their table.
    rejected_rows (table_name, row_md5) {
        /// The table that the row was meant for.
        table_name -> Text,
        /// The words of Postgres, or which parent row is missing.
        reason -> Text,
        /// The row by column name.
        row -> Jsonb,
        /// When it was first refused.
        at -> Timestamptz,
        row_md5 -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What a driver did with a kart in a heat: its exact laps that count, summed up.
    stints (heat_id, driver_id, kart) {
        heat_id -> Int8,
        /// As in heat_drivers.
        driver_id -> Int8,
        /// As in laps, else as in heat_drivers; empty where neither knows.
        kart -> Text,
        /// As of the heat.
        feed_id -> Int8,
        /// The class of karts, by the name of the heat; empty where it gives none.
        class -> Text,
        /// How many laps: neither computed nor taken away by officials.
        laps -> Int4,
        /// Which lap was the best; the first of equal ones.
        best_lap -> Int4,
        best_lap_ms -> Int4,
        /// When the best lap ended; where that was missed, the start of the heat.
        best_at -> Timestamptz,
        /// A quarter of the laps was not slower. The first lap of the heat is left out of this and the next two where there is another one.
        quarter_ms -> Int4,
        /// The middle lap.
        median_ms -> Int4,
        /// Three quarters of the laps were not slower.
        three_quarters_ms -> Int4,
        /// The month of best_at, of UTC.
        best_month -> Date,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How far tables that are worked out from others are up to date.
    tallies (name) {
        /// The table that is worked out.
        name -> Text,
        /// By which revision of the rules; another one works all out anew.
        rules -> Int4,
        /// The change of laps that was the last to be counted, as this and the next three columns say.
        changed_in -> Int8,
        heat_id -> Int8,
        driver_id -> Int8,
        lap -> Int4,
    }
}

diesel::joinable!(agility_runs -> feeds (feed_id));
diesel::joinable!(combined_results -> feeds (feed_id));
diesel::joinable!(feed_connections -> feeds (feed_id));
diesel::joinable!(frames_lost -> feeds (feed_id));
diesel::joinable!(heat_drivers -> feeds (feed_id));
diesel::joinable!(heat_drivers -> heats (heat_id));
diesel::joinable!(heats -> feeds (feed_id));
diesel::joinable!(lap_gaps -> heats (heat_id));
diesel::joinable!(laps -> heats (heat_id));
diesel::joinable!(notices -> feeds (feed_id));
diesel::joinable!(playset_changes -> agility_runs (run_id));
diesel::joinable!(playsets -> agility_runs (run_id));
diesel::joinable!(rejected_frames -> feeds (feed_id));
diesel::joinable!(stints -> feeds (feed_id));
diesel::joinable!(stints -> heats (heat_id));

diesel::allow_tables_to_appear_in_same_query!(
    agility_runs,
    checkpoints,
    combined_results,
    feed_connections,
    feeds,
    frames_lost,
    heat_drivers,
    heats,
    lap_gaps,
    laps,
    notice_targets,
    notices,
    playset_changes,
    playsets,
    rejected_frames,
    rejected_rows,
    stints,
    tallies,
);
