use crate::http::overlay::{
    layout::{Column, Laps, Names, Theme},
    part::{Part, Place, Sport},
};

use super::{AirWords, BuilderWords, Words};

pub(super) const WORDS: Words = Words {
    air: AirWords {
        lap: "Runde",
        about_to_start: "Gleich geht’s los",
        fastest_lap: "Schnellste Runde",
        personal_best: "Persönliche Bestzeit",
        last_lap: "Letzte Runde",
        battle_for: "Kampf um",
        no_time: "Keine Zeit",
    },
    builder: BuilderWords {
        intro: "Ein Overlay für OBS und andere Streaming-Programme zusammenstellen.",
        feed: "Anlage",
        parts: "Teile",
        part,
        place,
        looks: "Aussehen",
        theme: "Stil",
        themes: theme,
        accent: "Farbe",
        scale: "Größe",
        margin: "Abstand vom Rand (px)",
        language: "Sprache",
        delay: "Verzögerung (s)",
        delay_note: "So spät wie dein Video, damit beides zusammenpasst.",
        names: "Fahrer und Hundeführer",
        named: names,
        table: "Tabelle",
        rows: "Höchstens Zeilen",
        width: "Breite (px)",
        columns: "Spalten",
        column,
        columns_note: "Nichts angekreuzt: Kart, Abstand und beste oder letzte Runde, je nachdem, was den Lauf entscheidet.",
        laps: "Gemeldete Runden",
        told: laps,
        show: "Anzeigen",
        preview: "Vorschau",
        preview_note: "Die Vorschau läuft ohne Verzögerung. Sie ist leer, solange nichts läuft.",
        address: "Adresse",
        copy: "Kopieren",
        copied: "Kopiert.",
        selected: "Markiert: mit Strg+C oder ⌘C kopieren.",
        obs: "In OBS einfügen",
        obs_steps: [
            "Unter Quellen eine Browser-Quelle hinzufügen.",
            "Die Adresse einfügen. Breite 1920 und Höhe 1080 oder die Größe der Leinwand.",
            "Benutzerdefiniertes CSS so lassen: Der Hintergrund ist von selbst durchsichtig.",
        ],
        obs_note: "Ohne Live-Daten verschwindet das Overlay und kommt von selbst zurück.",
        token_note: "Verlangt Ringside ein Token, braucht OBS es auch: token=… ans Ende der Adresse setzen oder Overlays mit public = [\"overlay\"] unter [http] für alle öffnen.",
        problems: "Von der Adresse nicht verwendet:",
        not_known: "diese Einstellung gibt es nicht",
        wanted: "möglich:",
    },
};

fn part(sport: Sport, part: Part) -> &'static str {
    match (sport, part) {
        (Sport::Karting, Part::Clock) => "Lauf und Uhr",
        (Sport::Agility, Part::Clock) => "Laufende Zeit",
        (Sport::Karting, Part::Best) => "Schnellste Runde",
        (Sport::Agility, Part::Best) => "Beste des Laufs",
        (_, Part::Tower) => "Zeitentabelle",
        (_, Part::Last) => "Eben gefahrene Runde",
        (_, Part::Battle) => "Engster Kampf",
        (_, Part::Run) => "Lauf und Parcours",
        (_, Part::Dog) => "Hund im Parcours",
        (_, Part::Beat) => "Zeit, die zu schlagen ist",
        (_, Part::Result) => "Ergebnis",
        (_, Part::Next) => "Nächster Hund",
        (_, Part::Combined) => "Kombinationswertung",
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::TopLeft => "oben links",
        Place::Top => "oben",
        Place::TopRight => "oben rechts",
        Place::Left => "links",
        Place::Middle => "Mitte",
        Place::Right => "rechts",
        Place::BottomLeft => "unten links",
        Place::Bottom => "unten",
        Place::BottomRight => "unten rechts",
    }
}

fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Dark => "dunkel",
        Theme::Light => "hell",
        Theme::Plain => "nur Schrift",
        Theme::Venue => "Farbe der Anlage",
    }
}

fn names(names: Names) -> &'static str {
    match names {
        Names::Full => "voller Name",
        Names::Initials => "Initialen",
        Names::None => "gar nicht",
    }
}

fn column(column: Column) -> &'static str {
    match column {
        Column::Kart => "Kart",
        Column::Places => "gewonnene und verlorene Plätze",
        Column::Laps => "Runden",
        Column::Last => "letzte Runde",
        Column::Best => "beste Runde",
        Column::Average => "Durchschnitt",
        Column::Gap => "Abstand zum Ersten",
        Column::Interval => "Abstand zum Vordermann",
    }
}

fn laps(laps: Laps) -> &'static str {
    match laps {
        Laps::All => "jede Runde",
        Laps::Best => "nur Bestzeiten",
    }
}
