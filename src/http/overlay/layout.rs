//! What the address of an overlay says about its looks.
//!
//! An overlay is on air: it takes what it understands and passes over the rest. What it passed over
//! is told on the page where overlays are put together.

use std::{collections::BTreeMap, fmt, ops::RangeInclusive};

use url::form_urlencoded;

use super::{
    accent::Accent,
    choice::{Choice, choices},
    part::{Part, Place, Sport},
};

choices! {
    Theme {
        Dark = "dark",
        Light = "light",
        /// Letters with an outline and nothing behind them.
        Plain = "plain",
        /// Everything in the accent's colour.
        Venue = "venue",
    }
}

choices! {
    /// A column of the tower, beside position and name.
    Column {
        Kart = "kart",
        /// Places won and lost since the lap before.
        Places = "places",
        Laps = "laps",
        Last = "last",
        Best = "best",
        Average = "average",
        /// To the leader.
        Gap = "gap",
        /// To the one before.
        Interval = "interval",
    }
}

choices! {
    /// How people are named.
    Names {
        Full = "full",
        Initials = "initials",
        None = "none",
    }
}

choices! {
    /// Which laps are told when they are driven.
    Laps {
        All = "all",
        /// Those that are somebody's best.
        Best = "best",
    }
}

/// The looks of an overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// In order; empty: the usual ones of the sport.
    pub parts: Vec<Part>,
    /// Where parts stand that are not at their usual place.
    pub places: BTreeMap<Part, Place>,
    pub theme: Theme,
    pub accent: Accent,
    /// Of the usual size.
    pub scale: Thousandths,
    /// Between the parts and the edge, pixels.
    pub margin_px: u32,
    /// Of the tower, pixels at scale 1.
    pub width_px: u32,
    /// Lines of a table at most.
    pub rows: u32,
    /// Empty: kart, gap, and best or last lap as the heat is decided.
    pub columns: Vec<Column>,
    pub names: Names,
    pub laps: Laps,
    /// How much later everything is shown, seconds.
    pub delay_s: Thousandths,
}

/// A number with up to three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Thousandths(pub u32);

/// Something in an address that can't be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub key: String,
    pub value: String,
    /// What could stand there, in no language; empty where nobody knows the key.
    pub wanted: String,
}

pub const SCALE: RangeInclusive<Thousandths> = Thousandths(500)..=Thousandths(4_000);
pub const DELAY_S: RangeInclusive<Thousandths> = Thousandths(0)..=Thousandths(60_000);
pub const MARGIN_PX: RangeInclusive<u32> = 0..=400;
pub const WIDTH_PX: RangeInclusive<u32> = 200..=1_200;
pub const ROWS: RangeInclusive<u32> = 1..=60;

/// Keys that are not about looks.
const OTHER_KEYS: [&str; 3] = ["feed", "lang", "token"];

impl Default for Layout {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            places: BTreeMap::new(),
            theme: Theme::Dark,
            accent: Accent::default(),
            scale: Thousandths(1_000),
            margin_px: 32,
            width_px: 460,
            rows: 10,
            columns: Vec::new(),
            names: Names::Full,
            laps: Laps::All,
            delay_s: Thousandths(0),
        }
    }
}

impl Layout {
    /// What a query says, and what of it can't be taken. A key without a value says nothing, as an
    /// empty field of a form.
    pub fn read(query: &str) -> (Self, Vec<Problem>) {
        let mut reading = Reading { layout: Self::default(), problems: Vec::new() };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if !value.trim().is_empty() {
                reading.take(&key, value.trim());
            }
        }
        (reading.layout, reading.problems)
    }

    /// The shortest query that says the same, without a question mark.
    pub fn query(&self) -> String {
        let usual = Self::default();
        let mut pairs = Vec::new();
        let mut say = |key: &str, value: &dyn fmt::Display| pairs.push(format!("{key}={value}"));
        if !self.parts.is_empty() {
            say("parts", &list(&self.parts));
        }
        for (part, place) in &self.places {
            say(part.word(), &place.word());
        }
        if self.theme != usual.theme {
            say("theme", &self.theme.word());
        }
        if self.accent != usual.accent {
            say("accent", &self.accent);
        }
        if self.scale != usual.scale {
            say("scale", &self.scale);
        }
        if self.margin_px != usual.margin_px {
            say("margin", &self.margin_px);
        }
        if self.width_px != usual.width_px {
            say("width", &self.width_px);
        }
        if self.rows != usual.rows {
            say("rows", &self.rows);
        }
        if !self.columns.is_empty() {
            say("columns", &list(&self.columns));
        }
        if self.names != usual.names {
            say("names", &self.names.word());
        }
        if self.laps != usual.laps {
            say("laps", &self.laps.word());
        }
        if self.delay_s != usual.delay_s {
            say("delay", &self.delay_s);
        }
        pairs.join("&")
    }

    /// What of this sport is shown, in order.
    pub fn parts_of(&self, sport: Sport) -> Vec<Part> {
        match self.parts.is_empty() {
            true => sport.usual_parts().to_vec(),
            false => self.parts.iter().copied().filter(|part| sport.has(*part)).collect(),
        }
    }

    pub fn place_of(&self, sport: Sport, part: Part) -> Place {
        self.places.get(&part).copied().unwrap_or_else(|| sport.usual_place(part))
    }
}

struct Reading {
    layout: Layout,
    problems: Vec<Problem>,
}

impl Reading {
    fn take(&mut self, key: &str, value: &str) {
        let layout = &mut self.layout;
        let taken = match key {
            "parts" => return self.list(key, value, |layout| &mut layout.parts),
            "columns" => return self.list(key, value, |layout| &mut layout.columns),
            "theme" => choice(value, &mut layout.theme),
            "names" => choice(value, &mut layout.names),
            "laps" => choice(value, &mut layout.laps),
            "accent" => match value.parse() {
                Ok(accent) => {
                    layout.accent = accent;
                    Ok(())
                }
                Err(()) => Err("rrggbb".to_owned()),
            },
            "scale" => number(value, SCALE, &mut layout.scale),
            "delay" => number(value, DELAY_S, &mut layout.delay_s),
            "margin" => number(value, MARGIN_PX, &mut layout.margin_px),
            "width" => number(value, WIDTH_PX, &mut layout.width_px),
            "rows" => number(value, ROWS, &mut layout.rows),
            part => match (Part::from_word(part), Place::from_word(value)) {
                (Some(part), Some(place)) => {
                    layout.places.insert(part, place);
                    Ok(())
                }
                (Some(_), None) => Err(Place::words()),
                (None, _) if OTHER_KEYS.contains(&key) => Ok(()),
                (None, _) => Err(String::new()),
            },
        };
        if let Err(wanted) = taken {
            self.refuse(key, value, wanted);
        }
    }

    /// Several words, separated by commas or said under the same key once more.
    fn list<C: Choice + PartialEq>(
        &mut self,
        key: &str,
        value: &str,
        list: fn(&mut Layout) -> &mut Vec<C>,
    ) {
        for word in value.split(',').filter(|word| !word.trim().is_empty()) {
            match C::from_word(word) {
                Some(choice) if list(&mut self.layout).contains(&choice) => {}
                Some(choice) => list(&mut self.layout).push(choice),
                None => self.refuse(key, word.trim(), C::words()),
            }
        }
    }

    fn refuse(&mut self, key: &str, value: &str, wanted: String) {
        self.problems.push(Problem { key: key.to_owned(), value: value.to_owned(), wanted });
    }
}

fn choice<C: Choice>(value: &str, into: &mut C) -> Result<(), String> {
    *into = C::from_word(value).ok_or_else(C::words)?;
    Ok(())
}

fn number<N>(value: &str, range: RangeInclusive<N>, into: &mut N) -> Result<(), String>
where
    N: std::str::FromStr + PartialOrd + fmt::Display,
{
    let number = value.parse().ok().filter(|number| range.contains(number));
    *into = number.ok_or_else(|| format!("{} – {}", range.start(), range.end()))?;
    Ok(())
}

fn list<C: Choice>(choices: &[C]) -> String {
    choices.iter().map(|choice| choice.word()).collect::<Vec<_>>().join(",")
}

impl std::str::FromStr for Thousandths {
    type Err = ();

    /// With a point or, as half of Europe writes it, a comma.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + decimals.len() == 0 || !is_number(whole) || !is_number(decimals) {
            return Err(());
        }
        // No limit of ours is near the end of the type, so a long number is too large anyway.
        let whole: u32 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| ())? };
        let shown: String = decimals.chars().chain("000".chars()).take(3).collect();
        let thousandths = shown.parse().map_err(|_| ())?;
        whole
            .checked_mul(1_000)
            .and_then(|whole| whole.checked_add(thousandths))
            .map(Self)
            .ok_or(())
    }
}

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:03}", self.0 % 1_000);
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{}", self.0 / 1_000),
            decimals => write!(f, "{}.{decimals}", self.0 / 1_000),
        }
    }
}

#[cfg(test)]
mod tests;
