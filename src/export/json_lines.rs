//! JSON Lines: an object a line. Every key is in every object, null where there is no value.

use std::io::{self, Write};

use crate::db::export::{
    Cell, Column, DataSet,
    Kind::{Decimal, Json},
    Row,
};

use super::moment;

/// The keys of a data set as they are written.
pub(super) struct JsonLines {
    columns: Vec<(&'static Column, String)>,
}

impl JsonLines {
    pub fn new(what: DataSet) -> Self {
        // Names of columns need no escapes.
        let columns = what.columns().map(|column| (column, format!("\"{}\":", column.name)));
        Self { columns: columns.collect() }
    }

    pub fn lines(&self, rows: &[Row]) -> io::Result<Vec<u8>> {
        let mut lines = Vec::new();
        for Row(cells) in rows {
            for (at, ((column, key), cell)) in self.columns.iter().zip(cells).enumerate() {
                lines.push(if at == 0 { b'{' } else { b',' });
                lines.extend_from_slice(key.as_bytes());
                match cell {
                    Cell::Null => lines.extend_from_slice(b"null"),
                    Cell::Int(int) => write!(lines, "{int}")?,
                    Cell::Bool(bool) => write!(lines, "{bool}")?,
                    // With all its digits: 35.40 is no 35.4. And Postgres writes valid JSON.
                    Cell::Text(text) if matches!(column.kind, Decimal | Json) => {
                        lines.extend_from_slice(text.as_bytes());
                    }
                    Cell::Text(text) => serde_json::to_writer(&mut lines, text)?,
                    Cell::Time(at) => write!(lines, "\"{}\"", moment(*at))?,
                }
            }
            lines.extend_from_slice(b"}\n");
        }
        Ok(lines)
    }
}
