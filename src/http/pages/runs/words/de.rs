//! German.

use crate::http::words::{Column, Count, Template};

use super::RunsWords;

pub(super) static WORDS: RunsWords = RunsWords {
    runs: "Läufe im Ring",
    live: "Live",
    older: "Ältere Läufe",
    newest: "Neueste Läufe",
    no_runs: "Hier gibt es keine Läufe.",
    event: "Turnier",
    day: "Tag",
    kind: "Art",
    all: "Alle",
    show: "Anzeigen",
    when: "Beginn",
    run: "Lauf",
    ring: "Ring",
    results_count: "Ergebnisse",
    clear_rounds: "Fehlerfrei",
    leader: "Führung",
    results: "Ergebnisse",
    qualification: "Bewertung",
    speed: "Tempo",
    provisional: "nach den Regeln errechnet: der Veranstalter hat diesen Platz nicht genannt oder inzwischen einem anderen Hund gegeben",
    seen_so_far: |done, clear, out| {
        format!("{done} Ergebnisse, {clear} fehlerfrei, {out} disqualifiziert")
    },
    brother: "Schwesterlauf",
    to_beat: "Zu schlagen",
    goal: "Für",
    without_marks: "fehlerfrei",
    with_marks: Count::new("mit {} Fehler", "mit {} Fehlern"),
    lead: "die Führung",
    qualifications: ["Vorzüglich 0 (V0)", "Vorzüglich (V)", "Sehr gut (SG)", "Gut (G)"],
    limits_are_ours: "Ein Fehler oder eine Verweigerung kostet 5 s. Der Veranstalter sendet die Grenzen der Bewertungen nicht; dies sind die der FCI: unter 6, 16 und 26 Gesamtfehlern. Das Tempo ist aufgerundet.",
    limits_differ: "Die Bewertungen dieses Laufs folgen nicht den Grenzen der FCI; darum steht hier nur die Führung.",
    no_standard_time: "Der Veranstalter hat die Standardzeit nicht genannt; errechnen lässt sich nur die Führung.",
    to_come: "Noch am Start",
    nobody_waits: "Niemand ist aufgerufen.",
    how_many: "Wie viele Hunde bis …",
    dorsal: "Rückennummer",
    start_number: "Startnummer",
    from_the_list: "Der Veranstalter nennt nur den nächsten Hund. Wer noch nicht aufgerufen ist, gibt die Nummer aus der Startliste an.",
    ask: "Fragen",
    has_run: "Dieser Hund war schon am Start.",
    is_on_course: "Dieser Hund ist gerade im Parcours.",
    is_next: "Dieser Hund ist der nächste.",
    next_after: "Dieser Hund ist der nächste nach dem im Parcours.",
    dogs_before: Count::new("Noch {} Hund davor.", "Noch {} Hunde davor."),
    of_them_unseen: Count::new(
        "Von {} ist nur die Nummer bekannt.",
        "Von {} sind nur die Nummern bekannt.",
    ),
    passed_over: "Nicht gezählt, weil sie andere vorgelassen haben:",
    number_passed: "Diese Nummer ist vorbei.",
    not_announced: "Noch nicht aufgerufen; ohne die Startnummer kann es niemand sagen.",
    in_about: |mid, low, high| {
        if low == high {
            format!("In etwa {mid} min.")
        } else {
            format!("In etwa {mid} min ({low} bis {high}).")
        }
    },
    rhythm: Template::new("Zuletzt alle {} s ein Hund."),
    without_breaks: "Pausen und Umbau sind nicht dabei.",
    time_line: "Verlauf",
    at: "Zeit (UTC)",
    what: "Was",
    status: ["wartet", "aufgerufen", "im Parcours", "Ergebnis"],
    clubs: "Vereine",
    countries: "Länder",
    unnamed: "(nicht genannt)",
    dogs: "Hunde",
    out: Column {
        short: "Dis",
        long: "Disqualifiziert, über der Maximalzeit oder nicht angetreten",
    },
    wins: "Siege",
    podiums: "Podestplätze",
    best_place: "Bester Platz",
    so_far: "Plätze aus Läufen, die noch laufen, zählen nach dem Stand.",
    days_runs: "Läufe bei diesem Turnier",
    by_name: "Alle Läufe unter diesem Namen. Ein Name ist keine Person: zwei Menschen gleichen Namens stehen zusammen.",
    next_start: "Nächster Start",
    not_found: "Nicht gefunden",
    no_such_run: "Hier gibt es keinen Lauf mit dieser Nummer.",
    no_such_dog: "Kein Hund mit dieser Rückennummer wurde dort gesehen.",
    no_such_handler: "Kein Lauf eines Hundeführers dieses Namens wurde gesehen.",
    no_database: "Läufe sind gerade nicht zu sehen",
    database_away: "Die Datenbank antwortet nicht. Die Zeitnahme geht weiter, und nichts geht verloren; bitte in einer Minute noch einmal versuchen.",
};
