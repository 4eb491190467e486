use crate::http::overlay::{
    layout::{Column, Laps, Names, Theme},
    part::{Part, Place, Sport},
};

use super::{AirWords, BuilderWords, Words};

pub(super) const WORDS: Words = Words {
    air: AirWords {
        lap: "Lap",
        about_to_start: "Get ready",
        fastest_lap: "Fastest lap",
        personal_best: "Personal best",
        last_lap: "Last lap",
        battle_for: "Battle for",
        no_time: "No time",
    },
    builder: BuilderWords {
        intro: "Put an overlay together for OBS and other streaming programs.",
        feed: "Feed",
        parts: "Parts",
        part,
        place,
        looks: "Looks",
        theme: "Theme",
        themes: theme,
        accent: "Colour",
        scale: "Size",
        margin: "Distance from the edge (px)",
        language: "Language",
        delay: "Delay (s)",
        delay_note: "As late as your video is, so that both match.",
        names: "Drivers and handlers",
        named: names,
        table: "Table",
        rows: "Lines at most",
        width: "Width (px)",
        columns: "Columns",
        column,
        columns_note: "None ticked: kart, gap, and best or last lap as the heat is decided.",
        laps: "Laps told",
        told: laps,
        show: "Show",
        preview: "Preview",
        preview_note: "The preview runs without delay. It is empty while nothing is on.",
        address: "Address",
        copy: "Copy",
        copied: "Copied.",
        selected: "Selected: copy it with Ctrl+C or ⌘C.",
        obs: "Into OBS",
        obs_steps: [
            "Under Sources, add a Browser source.",
            "Paste the address. Width 1920 and height 1080, or the size of your canvas.",
            "Leave Custom CSS as it is: the ground is transparent by itself.",
        ],
        obs_note: "While there is no live data the overlay hides, and it comes back by itself.",
        token_note: "If Ringside asks for a token, OBS needs it too: put token=… at the end of the address, or let public = [\"overlay\"] in [http] open overlays to everybody.",
        problems: "Not used of the address:",
        not_known: "there is no such setting",
        wanted: "possible:",
    },
};

fn part(sport: Sport, part: Part) -> &'static str {
    match (sport, part) {
        (Sport::Karting, Part::Clock) => "Heat and clock",
        (Sport::Agility, Part::Clock) => "Running time",
        (Sport::Karting, Part::Best) => "Fastest lap",
        (Sport::Agility, Part::Best) => "Best of the run",
        (_, Part::Tower) => "Timing table",
        (_, Part::Last) => "Lap just driven",
        (_, Part::Battle) => "Closest battle",
        (_, Part::Run) => "Run and course",
        (_, Part::Dog) => "Dog on course",
        (_, Part::Beat) => "Time to beat",
        (_, Part::Result) => "Result",
        (_, Part::Next) => "Next dog",
        (_, Part::Combined) => "Combined results",
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::TopLeft => "top left",
        Place::Top => "top",
        Place::TopRight => "top right",
        Place::Left => "left",
        Place::Middle => "middle",
        Place::Right => "right",
        Place::BottomLeft => "bottom left",
        Place::Bottom => "bottom",
        Place::BottomRight => "bottom right",
    }
}

fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Dark => "dark",
        Theme::Light => "light",
        Theme::Plain => "letters only",
        Theme::Venue => "venue’s colour",
    }
}

fn names(names: Names) -> &'static str {
    match names {
        Names::Full => "full name",
        Names::Initials => "initials",
        Names::None => "not at all",
    }
}

fn column(column: Column) -> &'static str {
    match column {
        Column::Kart => "kart",
        Column::Places => "places won and lost",
        Column::Laps => "laps",
        Column::Last => "last lap",
        Column::Best => "best lap",
        Column::Average => "average",
        Column::Gap => "gap to the leader",
        Column::Interval => "gap to the one before",
    }
}

fn laps(laps: Laps) -> &'static str {
    match laps {
        Laps::All => "every lap",
        Laps::Best => "best laps only",
    }
}
