//! The figures of a bench: a table for people, JSON for programs.

use std::{fs, path::Path, time::Duration};

use serde_json::{Map, Value, json};

use crate::Scale;

/// What a bench found.
#[derive(Default)]
pub struct Report {
    tables: Vec<Table>,
    goals: Vec<Goal>,
}

/// Figures of one kind, a row for each thing that was measured.
pub struct Table {
    title: &'static str,
    rows: Vec<Vec<(&'static str, Figure)>>,
}

/// A cell of a table.
pub enum Figure {
    Text(String),
    /// With so many digits after the point.
    Number(f64, usize),
}

/// What a figure should be.
struct Goal {
    what: &'static str,
    is: f64,
    should: Should,
}

#[derive(Clone, Copy)]
pub enum Should {
    Reach(f64),
    StayBelow(f64),
}

impl Report {
    pub fn add(&mut self, table: Table) {
        self.tables.push(table);
    }

    pub fn goal(&mut self, what: &'static str, is: f64, should: Should) {
        self.goals.push(Goal { what, is, should });
    }

    /// Prints it and writes it to `target/bench`; smoke runs write nothing.
    pub fn publish(&self, name: &str, scale: Scale) {
        println!("\n{name}");
        for table in &self.tables {
            println!("{}\n{}", table.title, table.shown());
        }
        if scale == Scale::Full {
            for goal in &self.goals {
                println!("{}", goal.shown());
            }
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
            fs::create_dir_all(&dir).unwrap();
            let path = dir.join(format!("{name}.json"));
            fs::write(&path, format!("{:#}\n", self.json(name))).unwrap();
        }
    }

    fn json(&self, name: &str) -> Value {
        let tables = self.tables.iter().map(|table| (table.title.to_owned(), table.json()));
        let goals = self.goals.iter().map(|goal| {
            let (bound, limit) = match goal.should {
                Should::Reach(limit) => ("at_least", limit),
                Should::StayBelow(limit) => ("below", limit),
            };
            json!({ "what": goal.what, "is": goal.is, bound: limit, "holds": goal.holds() })
        });
        json!({
            "bench": name,
            "machine": machine(),
            "tables": tables.collect::<Map<_, _>>(),
            "goals": goals.collect::<Vec<_>>(),
        })
    }
}

impl Table {
    pub fn new(title: &'static str) -> Self {
        Self { title, rows: Vec::new() }
    }

    /// Every row has the same columns in the same order.
    pub fn row(&mut self, row: impl IntoIterator<Item = (&'static str, Figure)>) {
        self.rows.push(row.into_iter().collect());
    }

    fn shown(&self) -> comfy_table::Table {
        let mut shown = comfy_table::Table::new();
        shown.load_preset(comfy_table::presets::NOTHING);
        if let Some(first) = self.rows.first() {
            shown.set_header(first.iter().map(|(column, _)| *column));
        }
        for row in &self.rows {
            shown.add_row(row.iter().map(|(_, figure)| figure.shown()));
        }
        let is_number = |at: usize| {
            let first = self.rows.first().and_then(|row| row.get(at));
            matches!(first, Some((_, Figure::Number(..))))
        };
        for (_, column) in shown.column_iter_mut().enumerate().filter(|(at, _)| is_number(*at)) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
        shown
    }

    fn json(&self) -> Value {
        let row = |row: &Vec<(&'static str, Figure)>| {
            let cells = row.iter().map(|(column, figure)| ((*column).to_owned(), figure.json()));
            Value::Object(cells.collect())
        };
        self.rows.iter().map(row).collect()
    }
}

impl Figure {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number, digits) => grouped(&format!("{number:.digits$}")),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number, _) => json!(number),
        }
    }
}

impl Goal {
    fn holds(&self) -> bool {
        match self.should {
            Should::Reach(limit) => self.is >= limit,
            Should::StayBelow(limit) => self.is < limit,
        }
    }

    fn shown(&self) -> String {
        let (words, limit) = match self.should {
            Should::Reach(limit) => ("at least", limit),
            Should::StayBelow(limit) => ("below", limit),
        };
        let verdict = if self.holds() { "holds" } else { "MISSED" };
        format!("goal {verdict}: {} is {:.2}, should be {words} {limit}", self.what, self.is)
    }
}

/// The time that so many of a hundred do not exceed; zero where there are none.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

/// Thousands apart, as `12,345.6`.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut shown = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && !shown.ends_with('-') {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown + rest
}

fn machine() -> Value {
    let line = |path: &str, key: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let found = text.lines().find_map(|line| line.strip_prefix(key));
        found.map(|value| value.trim_start_matches([' ', '\t', ':']).to_owned())
    };
    json!({
        "cpu": line("/proc/cpuinfo", "model name"),
        "cores": std::thread::available_parallelism().map(usize::from).ok(),
        "memory": line("/proc/meminfo", "MemTotal"),
        "kernel": line("/proc/sys/kernel/osrelease", ""),
    })
}
