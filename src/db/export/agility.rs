//! Playsets and combined results: both are of a pair, under the name `pairs`.

use super::{
    Column,
    Kind::{Bool, Decimal, Int32, Int64, Json, Text, Time},
    Source, Tells,
};

const RING: &[Column] = &[
    Column::new("feed", Text, "feeds.slug", "the id of the feed in the config"),
    Column::new("venue", Text, "feeds.venue", "what people call the place"),
    Column::new("ring", Text, "feeds.name", "what people call the ring"),
];

const RUN: &[Column] = &[
    Column::new("run_id", Int64, "runs.id", "the run: `/runs/<run_id>` shows it"),
    Column::new("event_name", Text, "runs.event_name", "as sent, as the next three"),
    Column::new("ring_name", Text, "runs.ring_name", "the ring's name in the event"),
    Column::new("trial_name", Text, "runs.trial_name", "may end with a space"),
    Column::new("run_name", Text, "runs.name", "brother runs of one trial share it"),
    Column::new("run_type", Text, "runs.type", "`AG` (agility), `JP` (jumping), or as sent"),
    Column::new(
        "judge_name",
        Text,
        "runs.judge_name",
        "null when the venue never told, as the next four",
    )
    .or_null()
    .telling(Tells::Name),
    Column::new("length_m", Decimal, "runs.length_m::text", "length of the course, metres")
        .or_null(),
    Column::new("obstacles", Int32, "runs.obstacles", "how many").or_null(),
    Column::new(
        "standard_time_s",
        Decimal,
        "runs.standard_time::text",
        "standard course time, seconds",
    )
    .or_null(),
    Column::new(
        "maximum_time_s",
        Decimal,
        "runs.maximum_time::text",
        "maximum course time, seconds",
    )
    .or_null(),
];

/// What the result of a combination says in place of the run.
const COMBINATION: &[Column] = &[
    Column::new("event_name", Text, "pairs.event_name", "as sent, as the next three"),
    Column::new("ring_name", Text, "pairs.ring_name", "the ring's name in the event"),
    Column::new("trial_name", Text, "pairs.trial_name", "may end with a space"),
    Column::new("run_name", Text, "pairs.name", "the name that the brother runs share"),
];

const DORSAL: Column = Column::new(
    "dorsal",
    Text,
    "pairs.dorsal",
    "the pair's number within the event; text, as sent",
);

const PAIR: &[Column] = &[
    Column::new("handler", Text, "pairs.handler", "a name, no identity")
        .or_null()
        .telling(Tells::Name),
    Column::new("club", Text, "pairs.club", "as sent").or_null(),
    Column::new("country", Text, "pairs.country", "as sent").or_null(),
    Column::new("team_name", Text, "pairs.team_name", "as sent").or_null(),
    Column::new("dog_family_name", Text, "pairs.dog_family_name", "what the dog is called")
        .or_null(),
    Column::new("dog_studbook_name", Text, "pairs.dog_studbook_name", "as sent").or_null(),
    Column::new("dog_breed", Text, "pairs.dog_breed", "as sent").or_null(),
    Column::new("dog_gender", Text, "pairs.dog_gender", "as sent").or_null(),
    Column::new("dog_age", Text, "pairs.dog_age", "text, as sent: `6 years`, `8 months`").or_null(),
    Column::new("dog_height_cm", Decimal, "pairs.dog_height_cm::text", "centimetres").or_null(),
];

const CLASSIFICATION: Column = Column::new(
    "classification",
    Int32,
    "pairs.classification",
    "the place, 1 for the best; null for an eliminated pair",
)
.or_null();

const TIME_S: Column =
    Column::new("time_s", Decimal, "pairs.time_s::text", "of the course, seconds").or_null();

const PENALIZATION: Column = Column::new(
    "total_penalization",
    Decimal,
    "pairs.total_penalization::text",
    "seconds; 100.00 for an eliminated pair",
)
.or_null();

const UPDATED: Column =
    Column::new("updated_at", Time, "pairs.updated_at", "when this was last received");

const EXTRA: Column = Column::new(
    "extra",
    Json,
    "pairs.extra::text",
    "fields that no known revision of the protocol has and values that could not be read, by key; `{}` for none",
)
.telling(Tells::Anything);

pub(super) const PLAYSETS: Source = Source {
    columns: &[
        RING,
        RUN,
        &[
            Column::new(
                "playset_id",
                Text,
                "pairs.playset_id",
                "the venue's id; text, since it is not always a valid UUID",
            ),
            DORSAL.or_null(),
            Column::new(
                "start_order",
                Int32,
                "pairs.start_order",
                "changes while a run is prepared",
            )
            .or_null(),
        ],
        PAIR,
        &[
            Column::new(
                "status",
                Text,
                "pairs.status",
                "`pending`, `ready`, `running`, `calculated` or as sent",
            )
            .or_null(),
            Column::new("faults", Int32, "pairs.faults", "a count").or_null(),
            Column::new("refusals", Int32, "pairs.refusals", "a count").or_null(),
            Column::new(
                "disqualification",
                Text,
                "pairs.disqualification",
                "`elim` for an eliminated pair",
            )
            .or_null(),
            Column::new(
                "qualification",
                Text,
                "pairs.qualification",
                "open text: `EXC_0`, `EXC`, `V_GOOD`, …; null until calculated, as all below",
            )
            .or_null(),
            CLASSIFICATION,
            TIME_S,
            Column::new("time_marker", Bool, "pairs.time_marker", "as sent").or_null(),
            Column::new("speed_m_s", Decimal, "pairs.speed_m_s::text", "metres per second")
                .or_null(),
            PENALIZATION,
            UPDATED,
            EXTRA,
        ],
    ],
    tables: "playsets AS pairs \
             JOIN agility_runs AS runs ON runs.id = pairs.run_id \
             JOIN feeds ON feeds.id = runs.feed_id",
    at: "pairs.updated_at",
    heat: None,
    // A primary key of bytes, so that the order is the same in every database.
    order: "pairs.run_id, pairs.playset_id COLLATE \"C\"",
};

pub(super) const RESULTS: Source = Source {
    columns: &[
        RING,
        COMBINATION,
        &[
            DORSAL,
            Column::new(
                "combined_id",
                Text,
                "pairs.combined_id",
                "the venue's id of this result, not a playset's: `dorsal` is the link to playsets",
            )
            .or_null(),
            CLASSIFICATION,
        ],
        PAIR,
        &[
            Column { meaning: "seconds over all legs that were not eliminated", ..TIME_S },
            Column { meaning: "seconds; an eliminated leg counts 100.00", ..PENALIZATION },
            UPDATED,
            EXTRA,
        ],
    ],
    tables: "combined_results AS pairs JOIN feeds ON feeds.id = pairs.feed_id",
    at: "pairs.updated_at",
    heat: None,
    order: "pairs.feed_id, pairs.event_name COLLATE \"C\", pairs.ring_name COLLATE \"C\", \
            pairs.trial_name COLLATE \"C\", pairs.name COLLATE \"C\", pairs.dorsal COLLATE \"C\"",
};
