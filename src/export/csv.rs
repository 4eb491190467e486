//! CSV as RFC 4180 has it. The header has the names of the columns.
//!
//! Values are exact: a name that begins with `=` is that name. What a spreadsheet makes of it is
//! told in `docs/data.md`; a mark in front of it would be wrong data for everybody else.

use crate::db::export::{Cell, DataSet, Row};

use super::moment;

const BOM: &[u8] = b"\xEF\xBB\xBF";
const END: &[u8] = b"\r\n";

pub(super) fn header(what: DataSet, bom: bool) -> Vec<u8> {
    let mut line = if bom { BOM.to_vec() } else { Vec::new() };
    let names: Vec<_> = what.columns().map(|column| column.name).collect();
    line.extend_from_slice(names.join(",").as_bytes());
    line.extend_from_slice(END);
    line
}

pub(super) fn lines(rows: &[Row]) -> Vec<u8> {
    let mut lines = Vec::new();
    for Row(cells) in rows {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                lines.push(b',');
            }
            match cell {
                Cell::Null => {}
                Cell::Int(int) => lines.extend_from_slice(int.to_string().as_bytes()),
                Cell::Bool(bool) => lines.extend_from_slice(bool.to_string().as_bytes()),
                Cell::Text(text) => push_text(text, &mut lines),
                Cell::Time(at) => lines.extend_from_slice(moment(*at).as_bytes()),
            }
        }
        lines.extend_from_slice(END);
    }
    lines
}

/// An empty text is quoted, so that it is not null. Blanks at an end are quoted too, since some
/// readers cut them off.
fn push_text(text: &str, line: &mut Vec<u8>) {
    let is_plain = !text.is_empty()
        && text.trim().len() == text.len()
        && !text.contains([',', '"', '\r', '\n']);
    if is_plain {
        return line.extend_from_slice(text.as_bytes());
    }
    line.push(b'"');
    line.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    line.push(b'"');
}
