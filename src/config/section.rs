//! One table of the file: hands out its keys and knows which nobody asked for.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use toml::Value;

use crate::spelling;

use super::Problem;

pub(super) struct Section {
    name: String,
    values: BTreeMap<String, Value>,
}

impl Section {
    /// Takes a table and replaces `${NAME}` in its texts, also in those of its tables.
    pub fn new(
        name: &str,
        mut table: toml::Table,
        environment: &dyn Fn(&str) -> Option<String>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        expand_table(name, &mut table, environment, problems);
        Self { name: name.to_owned(), values: table.into_iter().collect() }
    }

    /// A table that is not in the file.
    pub fn empty(name: &str) -> Self {
        Self { name: name.to_owned(), values: BTreeMap::new() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn rename(&mut self, name: String) {
        self.name = name;
    }

    pub fn problem(&self, key: &str, problem: impl Into<String>, problems: &mut Vec<Problem>) {
        problems.push(Problem {
            table: self.name.clone(),
            key: key.to_owned(),
            problem: problem.into(),
        });
    }

    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    pub fn peek_text(&self, key: &str) -> Option<String> {
        self.values.get(key).and_then(Value::as_str).map(str::to_owned)
    }

    pub fn text(&mut self, key: &str, problems: &mut Vec<Problem>) -> Option<String> {
        match self.values.remove(key)? {
            Value::String(text) => Some(text),
            other => {
                let words = format!("must be a text in quotes, not a {}", other.type_str());
                self.problem(key, words, problems);
                None
            }
        }
    }

    /// A text that has to be there and not empty.
    pub fn required(&mut self, key: &str, problems: &mut Vec<Problem>) -> Option<String> {
        if !self.values.contains_key(key) {
            self.problem(key, "is missing", problems);
            return None;
        }
        let text = self.text(key, problems)?;
        if text.trim().is_empty() {
            self.problem(key, "is empty", problems);
            return None;
        }
        Some(text)
    }

    /// A list of texts; none where the key is not there.
    pub fn texts(&mut self, key: &str, problems: &mut Vec<Problem>) -> Vec<String> {
        let Some(value) = self.values.remove(key) else { return Vec::new() };
        let texts = value.as_array().and_then(|items| {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        texts.unwrap_or_else(|| {
            self.problem(key, "must be a list of texts, such as [\"one\", \"two\"]", problems);
            Vec::new()
        })
    }

    pub fn number(
        &mut self,
        key: &str,
        range: RangeInclusive<i64>,
        problems: &mut Vec<Problem>,
    ) -> Option<i64> {
        match self.values.remove(key)? {
            Value::Integer(n) if range.contains(&n) => Some(n),
            _ => {
                let (least, most) = range.into_inner();
                let words = format!("must be a whole number from {least} to {most}");
                self.problem(key, words, problems);
                None
            }
        }
    }

    /// A time as `"90s"`, `"30min"`, `"12h"` or `"7d"`.
    pub fn duration(
        &mut self,
        key: &str,
        least: Duration,
        problems: &mut Vec<Problem>,
    ) -> Option<Duration> {
        const UNITS: [(&str, u64); 4] = [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)];
        let seconds = self.measure(key, &UNITS).map(Duration::from_secs);
        match seconds? {
            time if time >= least => Some(time),
            _ => {
                let least = least.as_secs();
                let words =
                    format!("must be a time such as \"12h\" or \"7d\", at least \"{least}s\"");
                self.problem(key, words, problems);
                None
            }
        }
    }

    /// A size as `"500MiB"` or `"2GiB"`.
    pub fn bytes(&mut self, key: &str, least: u64, problems: &mut Vec<Problem>) -> Option<u64> {
        const UNITS: [(&str, u64); 4] =
            [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
        match self.measure(key, &UNITS)? {
            bytes if bytes >= least => Some(bytes),
            _ => {
                let least = least >> 20;
                let words = format!(
                    "must be a size such as \"500MiB\" or \"2GiB\", at least \"{least}MiB\""
                );
                self.problem(key, words, problems);
                None
            }
        }
    }

    /// A whole number and its unit; 0 for what is none.
    fn measure(&mut self, key: &str, units: &[(&str, u64)]) -> Option<u64> {
        let value = self.values.remove(key)?;
        let text = value.as_str().unwrap_or_default().trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let scale = units.iter().find(|(name, _)| *name == unit.trim()).map(|(_, scale)| *scale);
        let measured =
            number.parse().ok().zip(scale).and_then(|(n, scale): (u64, u64)| n.checked_mul(scale));
        Some(measured.unwrap_or(0))
    }

    pub fn switch(&mut self, key: &str, problems: &mut Vec<Problem>) -> Option<bool> {
        match self.values.remove(key)? {
            Value::Boolean(on) => Some(on),
            _ => {
                self.problem(key, "must be true or false", problems);
                None
            }
        }
    }

    /// A table within this one: `[key]`.
    pub fn section(&mut self, key: &str, problems: &mut Vec<Problem>) -> Option<Section> {
        match self.values.remove(key)? {
            Value::Table(table) => Some(Section {
                name: inner_name(&self.name, key),
                values: table.into_iter().collect(),
            }),
            _ => {
                let words = format!("must be a table: {}", inner_name(&self.name, key));
                self.problem(key, words, problems);
                None
            }
        }
    }

    /// A list of tables within this one: `[[key]]`.
    pub fn sections(&mut self, key: &str, problems: &mut Vec<Problem>) -> Vec<Section> {
        let Some(value) = self.values.remove(key) else { return Vec::new() };
        let Value::Array(tables) = value else {
            self.problem(key, format!("must be a list of tables: [[{key}]]"), problems);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for table in tables {
            match table {
                Value::Table(table) => sections
                    .push(Section { name: key.to_owned(), values: table.into_iter().collect() }),
                _ => self.problem(key, format!("must be a list of tables: [[{key}]]"), problems),
            }
        }
        sections
    }

    /// What nobody took so far, for somebody who knows more.
    pub fn rest(self) -> BTreeMap<String, Value> {
        self.values
    }

    /// Reports what nobody took; `known` are the keys to offer instead.
    pub fn finish(self, known: &[&str], problems: &mut Vec<Problem>) {
        for key in self.values.keys() {
            self.problem(key, spelling::unknown_key(key, known), problems);
        }
    }
}

/// `[http]` at the top, `[http.tls]` within that.
fn inner_name(outer: &str, key: &str) -> String {
    match outer.strip_prefix('[').and_then(|outer| outer.strip_suffix(']')) {
        Some(outer) => format!("[{outer}.{key}]"),
        None => format!("[{key}]"),
    }
}

fn expand_table(
    name: &str,
    table: &mut toml::Table,
    environment: &dyn Fn(&str) -> Option<String>,
    problems: &mut Vec<Problem>,
) {
    for (key, value) in table.iter_mut() {
        match value {
            Value::String(text) => expand_text(name, key, text, environment, problems),
            Value::Table(inner) => {
                expand_table(&inner_name(name, key), inner, environment, problems);
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    if let Value::String(text) = item {
                        expand_text(name, key, text, environment, problems);
                    }
                    let Value::Table(inner) = item else { continue };
                    let called = inner.get("id").or_else(|| inner.get("name"));
                    let name = match called.and_then(Value::as_str) {
                        Some(id) => format!("{key} {id}"),
                        None => format!("{key} {} (without an id)", index + 1),
                    };
                    expand_table(&name, inner, environment, problems);
                }
            }
            _ => {}
        }
    }
}

fn expand_text(
    table: &str,
    key: &str,
    text: &mut String,
    environment: &dyn Fn(&str) -> Option<String>,
    problems: &mut Vec<Problem>,
) {
    if !text.contains("${") {
        return;
    }
    match expand(text, environment) {
        Ok(expanded) => *text = expanded,
        Err(problem) => {
            let (table, key) = (table.to_owned(), key.to_owned());
            problems.push(Problem { table, key, problem });
        }
    }
}

/// Replaces each `${NAME}`.
fn expand(text: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or("has a \"${\" without its \"}\"")?;
        // Anything else may be a secret that happens to have braces, and is not repeated.
        if !is_name(name) {
            return Err("has a \"${…}\" with no name of an environment variable in it".to_owned());
        }
        let value = environment(name)
            .ok_or_else(|| format!("needs the environment variable {name}, which is not set"))?;
        expanded.push_str(before);
        expanded.push_str(&value);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
