//! Laps, standings and heats.
//!
//! A span of time is one of heats: a heat belongs to the moment it began, with all that is in it.

use super::{
    Column,
    Kind::{Bool, Int32, Int64, Json, Text, Time},
    Source, Tells,
};

/// Where a clock was never seen running, the first sight of the heat.
const BEGAN: &str = "COALESCE(heats.started_at, heats.first_seen_at)";

const TRACK: &[Column] = &[
    Column::new("feed", Text, "feeds.slug", "the id of the feed in the config"),
    Column::new("venue", Text, "feeds.venue", "what people call the place"),
    Column::new("track", Text, "feeds.name", "what people call the track"),
];

const HEAT: &[Column] = &[
    Column::new("heat_id", Int64, "heats.id", "the heat: `/heats/<heat_id>` shows it"),
    Column::new("heat_name", Text, "heats.name", "as sent; repeats every day"),
    Column::new(
        "heat_began_at",
        Time,
        BEGAN,
        "when the clock was first seen running; where it never was, when the heat was first seen",
    ),
];

const DRIVER_ID: Column = Column::new(
    "driver_id",
    Int64,
    "",
    "a heat entry: new in every heat, even for the same person",
);

const DRIVER: Column = Column::new(
    "driver_name",
    Text,
    "drivers.name",
    "nicknames and duplicates occur, it is no identity",
)
.telling(Tells::Name);

const EXTRA: Column = Column::new(
    "extra",
    Json,
    "",
    "fields of the message that no known revision of the protocol has, by key; `{}` for none",
)
.telling(Tells::Anything);

pub(super) const LAPS: Source = Source {
    columns: &[
        TRACK,
        HEAT,
        &[
            Column { sql: "laps.driver_id", ..DRIVER_ID },
            Column { nullable: true, ..DRIVER },
            Column::new("lap", Int32, "laps.lap", "1 for the driver's first"),
            Column::new(
                "lap_ms",
                Int32,
                "laps.lap_ms",
                "milliseconds; the true time lies in `lap_ms .. lap_ms + error_ms`",
            ),
            Column::new("error_ms", Int32, "laps.error_ms", "milliseconds; 0 unless reconstructed"),
            Column::new(
                "source",
                Text,
                "laps.source",
                "`timed`, `reconstructed` (missed, and computed) or `corrected` (by officials)",
            ),
            Column::new("kart", Text, "laps.kart", "text: `7` and `07` are different; null where the moment was missed")
                .or_null(),
            Column::new(
                "position",
                Int32,
                "laps.position",
                "after this lap; null where that moment was missed",
            )
            .or_null(),
            Column::new(
                "crossed_at",
                Time,
                "laps.crossed_at",
                "when the kart crossed the line, to about 0.4 s; null for a lap that was already there when the connection began",
            )
            .or_null(),
            Column::new(
                "removed_at",
                Time,
                "laps.removed_at",
                "when officials took the lap away; null for a lap that counts",
            )
            .or_null(),
        ],
    ],
    tables: "laps \
             JOIN heats ON heats.id = laps.heat_id \
             JOIN feeds ON feeds.id = heats.feed_id \
             LEFT JOIN heat_drivers AS drivers \
             ON drivers.heat_id = laps.heat_id AND drivers.driver_id = laps.driver_id",
    at: BEGAN,
    heat: Some("heats.id"),
    order: "laps.heat_id, laps.driver_id, laps.lap",
};

pub(super) const STANDINGS: Source = Source {
    columns: &[
        TRACK,
        HEAT,
        &[
            Column { sql: "drivers.driver_id", ..DRIVER_ID },
            DRIVER,
            Column::new(
                "kart",
                Text,
                "drivers.kart",
                "text: `7` and `07` are different; empty for a late joiner without a kart",
            ),
            Column::new("web_member_id", Int64, "drivers.web_member_id", "as sent; 0 for none")
                .telling(Tells::Number),
            Column::new("position", Int32, "drivers.position", "1 for the first"),
            Column::new("laps", Int32, "drivers.laps", "completed laps by the venue's count"),
            Column::new(
                "last_lap_ms",
                Int32,
                "drivers.last_lap_ms",
                "milliseconds; null before the first lap, as the next two",
            )
            .or_null(),
            Column::new(
                "average_lap_ms",
                Int32,
                "drivers.average_lap_ms",
                "milliseconds, rounded down by the venue",
            )
            .or_null(),
            Column::new("best_lap_ms", Int32, "drivers.best_lap_ms", "milliseconds").or_null(),
            Column::new(
                "gap",
                Text,
                "drivers.gap",
                "as sent; its format depends on the race mode; empty for the leader",
            ),
            Column::new("last_passing", Bool, "drivers.last_passing", "as sent"),
            Column::new(
                "last_record",
                Text,
                "drivers.last_record",
                "the record that the last lap broke: `day`, `week`, `month`, `year`, `ever`; null for none",
            )
            .or_null(),
            Column::new("updated_at", Time, "drivers.updated_at", "when this was last received"),
            Column { sql: "drivers.extra::text", ..EXTRA },
        ],
    ],
    tables: "heat_drivers AS drivers \
             JOIN heats ON heats.id = drivers.heat_id \
             JOIN feeds ON feeds.id = heats.feed_id",
    at: BEGAN,
    heat: Some("heats.id"),
    order: "drivers.heat_id, drivers.driver_id",
};

pub(super) const HEATS: Source = Source {
    columns: &[
        TRACK,
        HEAT,
        &[
            Column::new(
                "start_unix",
                Int64,
                "heats.start_unix",
                "the scheduled start as sent, unix seconds; whether UTC or local wall time is unknown",
            ),
            Column::new(
                "occurrence",
                Int32,
                "heats.occurrence",
                "0; 1, 2, … for further heats with the same start and name that share no driver",
            ),
            Column::new(
                "state",
                Text,
                "heats.state",
                "`not_started`, `running`, `paused`, `stopped`, `finished`, `next_heat` or `unknown(n)`",
            ),
            Column::new(
                "end_condition",
                Text,
                "heats.end_condition",
                "`manual`, `time`, `laps`, `time_or_laps` or `unknown(n)`",
            ),
            Column::new(
                "race_mode",
                Text,
                "heats.race_mode",
                "who wins: `most_laps`, `best_lap`, `best_average` or `unknown(n)`",
            ),
            Column::new(
                "clock_ms",
                Int64,
                "heats.clock_ms",
                "the counter as sent, milliseconds; counts down where the heat ends by time, else up",
            ),
            Column::new("clock_started", Bool, "heats.clock_started", "as sent"),
            Column::new("clock_enabled", Bool, "heats.clock_enabled", "as sent"),
            Column::new(
                "remaining_laps",
                Int32,
                "heats.remaining_laps",
                "laps to go where the heat ends by laps, else 0",
            ),
            Column::new("end_mode", Int32, "heats.end_mode", "as sent; its meaning is unknown"),
            Column::new(
                "started_at",
                Time,
                "heats.started_at",
                "when the clock was first seen running; null when it never was",
            )
            .or_null(),
            Column::new(
                "finished_at",
                Time,
                "heats.finished_at",
                "when the heat was first seen finished; null when it never was",
            )
            .or_null(),
            Column::new(
                "first_seen_at",
                Time,
                "heats.first_seen_at",
                "the first frame that showed the heat",
            ),
            Column::new(
                "last_seen_at",
                Time,
                "heats.last_seen_at",
                "the last frame that showed the heat",
            ),
            Column { sql: "heats.extra::text", ..EXTRA },
        ],
    ],
    tables: "heats JOIN feeds ON feeds.id = heats.feed_id",
    at: BEGAN,
    heat: Some("heats.id"),
    order: "heats.id",
};
