//! Rows of the tables as files: CSV, JSON Lines, Parquet.
//!
//! [`db::export`](crate::db::export) says what a data set is and gives its rows a page at a time;
//! a [`Format`] writes them anywhere. An [`Export`] is both, and never holds more than a page, or a
//! row group of a Parquet file. It blocks.

mod csv;
mod json_lines;
mod parquet;
mod writer;

use std::{borrow::Cow, io, io::Write};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::db::export::{Cell, Column, Row, Tells};

pub use crate::db::export::{Cursor, CursorError, DataSet, Wanted};

use self::writer::Writer;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, UTF-8, with a header. Null is nothing between the commas, an empty text is `""`.
    Csv {
        /// Begins with the mark by which spreadsheets tell UTF-8.
        bom: bool,
    },
    /// A JSON object a line, with the keys in the order of the columns.
    JsonLines,
    /// Packed with zstd.
    Parquet,
}

/// How somebody's name is shown.
pub type ShowName = fn(&str) -> Cow<'_, str>;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// A value that the format has no room for.
    #[error("{0}")]
    Unfit(String),
    /// It can't be written there.
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the Parquet file can't be made: {0}")]
    Parquet(String),
}

/// Rows on their way to `W`.
pub struct Export<W: Write + Send> {
    cursor: Cursor,
    writer: Writer<W>,
    show: Option<ShowName>,
    rows: u64,
}

impl Format {
    pub const NAMES: [&'static str; 3] = ["csv", "jsonl", "parquet"];

    /// By its name, which is also how the names of such files end.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv { bom: false }),
            "jsonl" => Some(Self::JsonLines),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv { .. } => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/jsonl",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl<W: Write + Send> Export<W> {
    /// Begins what `cursor` gives. Names are written as `show` shows them, and nothing that may hold
    /// one unnoticed; without it all is written as it is stored.
    ///
    /// # Errors
    /// The header can't be written.
    pub fn new(
        cursor: Cursor,
        format: Format,
        show: Option<ShowName>,
        out: W,
    ) -> Result<Self, ExportError> {
        let writer = Writer::new(cursor.what(), format, out)?;
        Ok(Self { cursor, writer, show, rows: 0 })
    }

    /// About how many rows it will be.
    pub fn estimate(&self) -> u64 {
        self.cursor.estimate().max(self.rows)
    }

    /// How many rows are written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the next rows; false when there are none left.
    ///
    /// # Errors
    /// What was written so far is no whole file.
    pub fn step(&mut self) -> Result<bool, ExportError> {
        let mut rows = self.cursor.page()?;
        if rows.is_empty() {
            return Ok(false);
        }
        if let Some(show) = self.show {
            hide(&mut rows, self.cursor.what(), show);
        }
        self.writer.write(&rows)?;
        self.rows += rows.len() as u64;
        Ok(true)
    }

    /// Where it is written; what is taken out of there counts as written.
    pub fn out(&mut self) -> &mut W {
        self.writer.out()
    }

    /// Writes the end.
    ///
    /// # Errors
    /// It can't be written.
    pub fn finish(self) -> Result<W, ExportError> {
        self.writer.finish()
    }
}

/// The columns of a data set as a table in Markdown: in the description of the API and in
/// `docs/data.md`.
pub fn table(what: DataSet) -> String {
    let mut table = "| column | type | meaning |\n|---|---|---|\n".to_owned();
    for column in what.columns() {
        let null = if column.nullable { ", or null" } else { "" };
        let kind = column.kind.as_str();
        table.push_str(&format!("| `{}` | {kind}{null} | {} |\n", column.name, column.meaning));
    }
    table
}

/// Leaves no more of people in the rows than may be shown.
fn hide(rows: &mut [Row], what: DataSet, show: ShowName) {
    let told = what.columns().enumerate().filter(|(_, column)| column.tells != Tells::Facts);
    for (at, column) in told {
        for cell in rows.iter_mut().filter_map(|Row(cells)| cells.get_mut(at)) {
            match (column.tells, &cell) {
                (Tells::Name, Cell::Text(name)) => *cell = Cell::Text(show(name).into_owned()),
                (Tells::Number, Cell::Int(_)) => *cell = Cell::Int(0),
                (Tells::Anything, Cell::Text(_)) => *cell = Cell::Text("{}".to_owned()),
                _ => {}
            }
        }
    }
}

/// As all text formats write a moment.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The query does not give what its description says: a fault of ours.
fn unlike(column: &Column) -> ExportError {
    ExportError::Unfit(format!("{} is not of the kind that it should be", column.name))
}
