//! Parquet, through Arrow: typed columns, texts in dictionaries, packed with zstd.

use std::{collections::HashMap, io::Write, sync::Arc};

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};

use crate::db::export::{Cell, Column, DataSet, Kind, Row};

use super::{ExportError, unlike};

/// A row group is held until it is full: some megabytes, and still enough rows to pack well.
const ROW_GROUP: usize = 100_000;
const ROW_GROUP_BYTES: usize = 16 << 20;
const ZSTD_LEVEL: i32 = 3;

/// A column has one scale, and the same in every file, so that files go together. Venues send two
/// decimals.
const SCALE: i8 = 6;
const PRECISION: u8 = 38;

/// A file on its way to `W`.
pub(super) struct Parquet<W: Write + Send> {
    what: DataSet,
    schema: SchemaRef,
    writer: ArrowWriter<W>,
}

impl<W: Write + Send> Parquet<W> {
    pub fn new(what: DataSet, out: W) -> Result<Self, ExportError> {
        let schema = Arc::new(Schema::new(what.columns().map(field).collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_created_by(concat!("ringside ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .build();
        let writer = ArrowWriter::try_new(out, schema.clone(), Some(properties))?;
        Ok(Self { what, schema, writer })
    }

    pub fn write(&mut self, rows: &[Row]) -> Result<(), ExportError> {
        let arrays = self.what.columns().enumerate().map(|(at, column)| array(column, at, rows));
        let batch = RecordBatch::try_new(self.schema.clone(), arrays.collect::<Result<_, _>>()?)?;
        Ok(self.writer.write(&batch)?)
    }

    pub fn out(&mut self) -> &mut W {
        self.writer.inner_mut()
    }

    pub fn finish(self) -> Result<W, ExportError> {
        Ok(self.writer.into_inner()?)
    }
}

impl From<ParquetError> for ExportError {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(error) => match error.downcast::<std::io::Error>() {
                Ok(error) => Self::Io(*error),
                Err(error) => Self::Parquet(error.to_string()),
            },
            error => Self::Parquet(error.to_string()),
        }
    }
}

impl From<ArrowError> for ExportError {
    fn from(error: ArrowError) -> Self {
        Self::Parquet(error.to_string())
    }
}

/// The description goes with the column.
fn field(column: &Column) -> Field {
    let kind = match column.kind {
        Kind::Int32 => DataType::Int32,
        Kind::Int64 => DataType::Int64,
        Kind::Bool => DataType::Boolean,
        Kind::Text | Kind::Json => DataType::Utf8,
        Kind::Decimal => DataType::Decimal128(PRECISION, SCALE),
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
    };
    let meaning = HashMap::from([("description".to_owned(), column.meaning.to_owned())]);
    Field::new(column.name, kind, column.nullable).with_metadata(meaning)
}

/// The values of the column that is the `at`-th of the rows.
fn array(column: &Column, at: usize, rows: &[Row]) -> Result<ArrayRef, ExportError> {
    let cells = rows.iter().map(|Row(cells)| cells.get(at).unwrap_or(&Cell::Null));
    Ok(match column.kind {
        Kind::Int32 => Arc::new(
            read(column, cells, |cell| match cell {
                Cell::Int(int) => i32::try_from(*int).ok(),
                _ => None,
            })?
            .into_iter()
            .collect::<Int32Array>(),
        ),
        Kind::Int64 => Arc::new(Int64Array::from(read(column, cells, |cell| match cell {
            Cell::Int(int) => Some(*int),
            _ => None,
        })?)),
        Kind::Bool => Arc::new(BooleanArray::from(read(column, cells, |cell| match cell {
            Cell::Bool(bool) => Some(*bool),
            _ => None,
        })?)),
        Kind::Text | Kind::Json => Arc::new(StringArray::from(read(column, cells, text)?)),
        Kind::Time => {
            let times = read(column, cells, |cell| match cell {
                Cell::Time(at) => Some(at.timestamp_micros()),
                _ => None,
            })?;
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
        }
        Kind::Decimal => {
            let texts = read(column, cells, text)?;
            let scaled =
                |number: Option<&str>| number.map(|number| scale(column, number)).transpose();
            let numbers: Vec<_> = texts.into_iter().map(scaled).collect::<Result<_, _>>()?;
            let numbers = Decimal128Array::from(numbers);
            Arc::new(numbers.with_precision_and_scale(PRECISION, SCALE)?)
        }
    })
}

/// What `value` makes of each cell; null stays null.
fn read<'a, T>(
    column: &Column,
    cells: impl Iterator<Item = &'a Cell>,
    value: impl Fn(&'a Cell) -> Option<T>,
) -> Result<Vec<Option<T>>, ExportError> {
    let read = |cell| match cell {
        &Cell::Null => Ok(None),
        cell => value(cell).map(Some).ok_or_else(|| unlike(column)),
    };
    cells.map(read).collect()
}

fn text(cell: &Cell) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

/// `number` in units of the last decimal that a column keeps. Only zeros may be cut off.
fn scale(column: &Column, number: &str) -> Result<i128, ExportError> {
    let unfit = || {
        ExportError::Unfit(format!(
            "{} has the value {number}; a Parquet file has room for {SCALE} decimals and {} digits, csv \
             and jsonl for all",
            column.name, PRECISION
        ))
    };
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let decimals = decimals.trim_end_matches('0');
    let room = usize::try_from(SCALE).unwrap_or(0);
    if decimals.len() > room {
        return Err(unfit());
    }
    let digits = format!("{whole}{decimals:0<room$}");
    if digits.trim_start_matches('-').len() > usize::from(PRECISION) {
        return Err(unfit());
    }
    digits.parse().map_err(|_| unfit())
}
