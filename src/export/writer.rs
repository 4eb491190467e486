//! One writer for every format.

use std::io::Write;

use crate::db::export::{DataSet, Row};

use super::{ExportError, Format, csv, json_lines::JsonLines, parquet::Parquet};

/// Writes pages of rows to `W`, and a header before them.
pub(super) enum Writer<W: Write + Send> {
    Csv(W),
    JsonLines(JsonLines, W),
    Parquet(Box<Parquet<W>>),
}

impl<W: Write + Send> Writer<W> {
    pub fn new(what: DataSet, format: Format, mut out: W) -> Result<Self, ExportError> {
        Ok(match format {
            Format::Csv { bom } => {
                out.write_all(&csv::header(what, bom))?;
                Self::Csv(out)
            }
            Format::JsonLines => Self::JsonLines(JsonLines::new(what), out),
            Format::Parquet => Self::Parquet(Box::new(Parquet::new(what, out)?)),
        })
    }

    pub fn write(&mut self, rows: &[Row]) -> Result<(), ExportError> {
        match self {
            Self::Csv(out) => Ok(out.write_all(&csv::lines(rows))?),
            Self::JsonLines(form, out) => Ok(out.write_all(&form.lines(rows)?)?),
            Self::Parquet(file) => file.write(rows),
        }
    }

    pub fn out(&mut self) -> &mut W {
        match self {
            Self::Csv(out) | Self::JsonLines(_, out) => out,
            Self::Parquet(file) => file.out(),
        }
    }

    pub fn finish(self) -> Result<W, ExportError> {
        match self {
            Self::Csv(out) | Self::JsonLines(_, out) => Ok(out),
            Self::Parquet(file) => file.finish(),
        }
    }
}
