use crate::http::overlay::{
    layout::{Column, Laps, Names, Theme},
    part::{Part, Place, Sport},
};

use super::{AirWords, BuilderWords, Words};

pub(super) const WORDS: Words = Words {
    air: AirWords {
        lap: "Ronde",
        about_to_start: "Maak je klaar",
        fastest_lap: "Snelste ronde",
        personal_best: "Persoonlijk record",
        last_lap: "Laatste ronde",
        battle_for: "Strijd om",
        no_time: "Geen tijd",
    },
    builder: BuilderWords {
        intro: "Stel een overlay samen voor OBS en andere streamprogramma’s.",
        feed: "Baan",
        parts: "Onderdelen",
        part,
        place,
        looks: "Uiterlijk",
        theme: "Thema",
        themes: theme,
        accent: "Kleur",
        scale: "Grootte",
        margin: "Afstand tot de rand (px)",
        language: "Taal",
        delay: "Vertraging (s)",
        delay_note: "Zo laat als je video, zodat beide gelijklopen.",
        names: "Rijders en handlers",
        named: names,
        table: "Tabel",
        rows: "Hoogstens regels",
        width: "Breedte (px)",
        columns: "Kolommen",
        column,
        columns_note: "Niets aangevinkt: kart, achterstand en beste of laatste ronde, naargelang wat de heat beslist.",
        laps: "Gemelde ronden",
        told: laps,
        show: "Tonen",
        preview: "Voorbeeld",
        preview_note: "Het voorbeeld loopt zonder vertraging. Het is leeg zolang er niets bezig is.",
        address: "Adres",
        copy: "Kopiëren",
        copied: "Gekopieerd.",
        selected: "Geselecteerd: kopieer met Ctrl+C of ⌘C.",
        obs: "In OBS",
        obs_steps: [
            "Voeg onder Bronnen een browserbron toe.",
            "Plak het adres. Breedte 1920 en hoogte 1080, of de grootte van je canvas.",
            "Laat Aangepaste CSS zoals het is: de achtergrond is vanzelf doorzichtig.",
        ],
        obs_note: "Zonder live gegevens verdwijnt de overlay, en hij komt vanzelf terug.",
        token_note: "Vraagt Ringside om een token, dan heeft OBS het ook nodig: zet token=… achter het adres, of open overlays voor iedereen met public = [\"overlay\"] in [http].",
        problems: "Niet gebruikt van het adres:",
        not_known: "zo’n instelling bestaat niet",
        wanted: "mogelijk:",
    },
};

fn part(sport: Sport, part: Part) -> &'static str {
    match (sport, part) {
        (Sport::Karting, Part::Clock) => "Heat en klok",
        (Sport::Agility, Part::Clock) => "Lopende tijd",
        (Sport::Karting, Part::Best) => "Snelste ronde",
        (Sport::Agility, Part::Best) => "Besten van het parcours",
        (_, Part::Tower) => "Tijdentabel",
        (_, Part::Last) => "Ronde zojuist gereden",
        (_, Part::Battle) => "Spannendste strijd",
        (_, Part::Run) => "Loop en parcours",
        (_, Part::Dog) => "Hond in de ring",
        (_, Part::Beat) => "Tijd om te verslaan",
        (_, Part::Result) => "Resultaat",
        (_, Part::Next) => "Volgende hond",
        (_, Part::Combined) => "Combinatieklassement",
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::TopLeft => "linksboven",
        Place::Top => "boven",
        Place::TopRight => "rechtsboven",
        Place::Left => "links",
        Place::Middle => "midden",
        Place::Right => "rechts",
        Place::BottomLeft => "linksonder",
        Place::Bottom => "onder",
        Place::BottomRight => "rechtsonder",
    }
}

fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Dark => "donker",
        Theme::Light => "licht",
        Theme::Plain => "alleen letters",
        Theme::Venue => "kleur van de baan",
    }
}

fn names(names: Names) -> &'static str {
    match names {
        Names::Full => "volledige naam",
        Names::Initials => "initialen",
        Names::None => "niet",
    }
}

fn column(column: Column) -> &'static str {
    match column {
        Column::Kart => "kart",
        Column::Places => "gewonnen en verloren plaatsen",
        Column::Laps => "ronden",
        Column::Last => "laatste ronde",
        Column::Best => "beste ronde",
        Column::Average => "gemiddelde",
        Column::Gap => "achterstand op de eerste",
        Column::Interval => "achterstand op de voorganger",
    }
}

fn laps(laps: Laps) -> &'static str {
    match laps {
        Laps::All => "elke ronde",
        Laps::Best => "alleen beste ronden",
    }
}
