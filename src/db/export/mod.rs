//! What can be taken out of the tables as flat rows, and the cursor that reads it.
//!
//! A [`DataSet`] is described in one place, column by column: the question to the database, the
//! header of a CSV, the schema of a Parquet file and the tables of `docs/data.md` are all made of
//! that. The rows come over a connection of their own, a page at a time, all of one moment.

mod agility;
mod cursor;
mod karting;

pub use cursor::{Cell, Cursor, CursorError, Row, Wanted};

/// A kind of row that can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataSet {
    Laps,
    Standings,
    Heats,
    Playsets,
    Results,
}

/// A column of a data set.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// Whether there may be no value.
    pub nullable: bool,
    pub tells: Tells,
    /// With its unit, and what null means; one line.
    pub meaning: &'static str,
    /// Of the tables that [`DataSet::tables`] names.
    sql: &'static str,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    Bool,
    Text,
    /// A number with exactly the decimals that were sent; a [`Cell::Text`].
    Decimal,
    /// A moment, to the microsecond.
    Time,
    /// A JSON object; a [`Cell::Text`].
    Json,
}

/// What a column tells of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// Nothing.
    Facts,
    /// Somebody's name.
    Name,
    /// A number that stands for somebody.
    Number,
    /// Whatever a venue may have sent.
    Anything,
}

/// What a data set is made of.
struct Source {
    /// Groups of columns, in their order.
    columns: &'static [&'static [Column]],
    /// What follows FROM.
    tables: &'static str,
    /// When a row was, for spans of time.
    at: &'static str,
    /// The heat of a row, where it has one.
    heat: Option<&'static str>,
    /// A key, in an order that an index gives.
    order: &'static str,
}

impl DataSet {
    pub const ALL: [Self; 5] =
        [Self::Laps, Self::Standings, Self::Heats, Self::Playsets, Self::Results];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Laps => "laps",
            Self::Standings => "standings",
            Self::Heats => "heats",
            Self::Playsets => "playsets",
            Self::Results => "results",
        }
    }

    /// The data set of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.as_str() == name)
    }

    /// What a row of it is.
    pub fn row(self) -> &'static str {
        match self {
            Self::Laps => "every lap of every driver, those that officials took away too",
            Self::Standings => "every driver of every heat, as last seen",
            Self::Heats => "every heat, as last seen",
            Self::Playsets => "every dog in every run, as last seen",
            Self::Results => "every pair's place over brother runs, as last seen",
        }
    }

    /// What a span of time goes by.
    pub fn span(self) -> &'static str {
        match self {
            Self::Laps | Self::Standings | Self::Heats => "heat_began_at",
            Self::Playsets | Self::Results => "updated_at",
        }
    }

    /// Whether its rows belong to heats.
    pub fn has_heats(self) -> bool {
        self.source().heat.is_some()
    }

    pub fn columns(self) -> impl Iterator<Item = &'static Column> {
        self.source().columns.iter().copied().flatten()
    }

    fn source(self) -> &'static Source {
        match self {
            Self::Laps => &karting::LAPS,
            Self::Standings => &karting::STANDINGS,
            Self::Heats => &karting::HEATS,
            Self::Playsets => &agility::PLAYSETS,
            Self::Results => &agility::RESULTS,
        }
    }
}

impl Kind {
    /// In words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Int32 => "integer, 32 bits",
            Self::Int64 => "integer, 64 bits",
            Self::Bool => "true or false",
            Self::Text => "text",
            Self::Decimal => "decimal",
            Self::Time => "time, UTC",
            Self::Json => "JSON",
        }
    }
}

impl Column {
    const fn new(name: &'static str, kind: Kind, sql: &'static str, meaning: &'static str) -> Self {
        Self { name, kind, nullable: false, tells: Tells::Facts, meaning, sql }
    }

    const fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }

    const fn telling(self, tells: Tells) -> Self {
        Self { tells, ..self }
    }
}
