//! Rows that say how something is at present: the last word about it counts.

use std::collections::BTreeMap;

use super::Report;

/// What the rows of one table may say, by key.
#[derive(Default)]
pub struct Present(BTreeMap<String, Wanted>);

#[derive(Default)]
struct Wanted {
    /// A safe frame showed it.
    is_required: bool,
    /// The last that a safe frame said, and what others said after it.
    values: Vec<String>,
}

impl Present {
    pub fn show(&mut self, key: String, value: String, is_safe: bool) {
        let wanted = self.0.entry(key).or_default();
        if is_safe {
            wanted.is_required = true;
            wanted.values.clear();
        }
        if !wanted.values.contains(&value) {
            wanted.values.push(value);
        }
    }

    /// Compares with the rows found, as keys and values.
    pub fn judge(&self, what: &str, found: Vec<(String, String)>, report: &mut Report) {
        let mut by_key: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, value) in &found {
            by_key.entry(key).or_default().push(value);
        }
        report.rows_found += found.len();
        for (key, rows) in &by_key {
            if rows.len() > 1 {
                report.doubled(rows.len() - 1, format_args!("{what} {key}: {rows:?}"));
            }
            match self.0.get(*key) {
                None => report.never_sent(format_args!("{what} {key}: {}", rows[0])),
                Some(wanted) if !wanted.values.iter().any(|value| value == rows[0]) => {
                    report.wrong(format_args!("{what} {key}: {} not {:?}", rows[0], wanted.values));
                }
                Some(_) => {}
            }
        }
        for (key, _) in self.0.iter().filter(|(_, wanted)| wanted.is_required) {
            report.rows_expected += 1;
            if !by_key.contains_key(key.as_str()) {
                report.missing(format_args!("{what} {key}"));
            }
        }
    }
}
