//! What is said of two drivers, in each language.

use crate::http::words::Lang;

pub(super) struct DuelWords {
    pub duel: &'static str,
    // The form.
    pub one: &'static str,
    pub other: &'static str,
    pub compare: &'static str,
    pub choose_two: &'static str,
    /// Beside the numbers of laps that each was quicker in.
    pub laps_won: &'static str,
    /// Who, by how many seconds, after which lap.
    pub ahead_after: fn(&str, &str, i32) -> String,
    pub level_after: fn(i32) -> String,
    /// Before the laps after which somebody else was ahead.
    pub ahead_changed: &'static str,
    /// Before the laps that made the largest differences.
    pub decisive: &'static str,
    // Titles of the chart, by what counts.
    pub gap: &'static str,
    pub gap_of_best: &'static str,
    pub gap_of_average: &'static str,
    pub how_exact: &'static str,
    // The table.
    pub lap_by_lap: &'static str,
    pub lap: &'static str,
    pub difference: &'static str,
}

impl DuelWords {
    pub fn of(lang: Lang) -> &'static Self {
        lang.among([&EN, &ES, &DE, &FR, &NL])
    }
}

static EN: DuelWords = DuelWords {
    duel: "Head to head",
    one: "One driver",
    other: "The other driver",
    compare: "Compare",
    choose_two: "Choose two different drivers.",
    laps_won: "quicker laps",
    ahead_after: |name, gap, lap| format!("{name} is {gap} s ahead after lap {lap}."),
    level_after: |lap| format!("Level after lap {lap}."),
    ahead_changed: "Ahead from then on",
    decisive: "The largest differences, in laps",
    gap: "Gap after each lap",
    gap_of_best: "Difference of the best laps so far",
    gap_of_average: "Difference of the averages so far",
    how_exact: "The gap as a whole is known to some tenths of a second; what it changes by from lap to lap is exact.",
    lap_by_lap: "Lap by lap",
    lap: "lap",
    difference: "Difference",
};

static ES: DuelWords = DuelWords {
    duel: "Cara a cara",
    one: "Un piloto",
    other: "El otro piloto",
    compare: "Comparar",
    choose_two: "Elija dos pilotos distintos.",
    laps_won: "vueltas más rápidas",
    ahead_after: |name, gap, lap| format!("{name} va {gap} s por delante tras la vuelta {lap}."),
    level_after: |lap| format!("Igualados tras la vuelta {lap}."),
    ahead_changed: "Delante desde entonces",
    decisive: "Las mayores diferencias, en las vueltas",
    gap: "Distancia tras cada vuelta",
    gap_of_best: "Diferencia de las mejores vueltas hasta el momento",
    gap_of_average: "Diferencia de las medias hasta el momento",
    how_exact: "La distancia en su conjunto se conoce con unas décimas de margen; lo que cambia de vuelta en vuelta es exacto.",
    lap_by_lap: "Vuelta a vuelta",
    lap: "vuelta",
    difference: "Diferencia",
};

static DE: DuelWords = DuelWords {
    duel: "Zwei im Vergleich",
    one: "Der eine Fahrer",
    other: "Der andere Fahrer",
    compare: "Vergleichen",
    choose_two: "Bitte zwei verschiedene Fahrer wählen.",
    laps_won: "schnellere Runden",
    ahead_after: |name, gap, lap| format!("{name} liegt nach Runde {lap} um {gap} s vorn."),
    level_after: |lap| format!("Gleichauf nach Runde {lap}."),
    ahead_changed: "Von da an vorn",
    decisive: "Die größten Unterschiede, in den Runden",
    gap: "Abstand nach jeder Runde",
    gap_of_best: "Unterschied der bis dahin besten Runden",
    gap_of_average: "Unterschied der Schnitte bis dahin",
    how_exact: "Der Abstand im Ganzen ist auf einige Zehntel bekannt; was sich von Runde zu Runde ändert, ist genau.",
    lap_by_lap: "Runde für Runde",
    lap: "Runde",
    difference: "Unterschied",
};

static FR: DuelWords = DuelWords {
    duel: "Face à face",
    one: "Un pilote",
    other: "L’autre pilote",
    compare: "Comparer",
    choose_two: "Choisissez deux pilotes différents.",
    laps_won: "tours plus rapides",
    ahead_after: |name, gap, lap| format!("{name} a {gap} s d’avance après le tour {lap}."),
    level_after: |lap| format!("À égalité après le tour {lap}."),
    ahead_changed: "Devant à partir de là",
    decisive: "Les plus grandes différences, aux tours",
    gap: "Écart après chaque tour",
    gap_of_best: "Différence des meilleurs tours jusque-là",
    gap_of_average: "Différence des moyennes jusque-là",
    how_exact: "L’écart dans son ensemble est connu à quelques dixièmes près ; ce qui change d’un tour à l’autre est exact.",
    lap_by_lap: "Tour par tour",
    lap: "tour",
    difference: "Différence",
};

static NL: DuelWords = DuelWords {
    duel: "Onderling duel",
    one: "De ene rijder",
    other: "De andere rijder",
    compare: "Vergelijken",
    choose_two: "Kies twee verschillende rijders.",
    laps_won: "snellere rondes",
    ahead_after: |name, gap, lap| format!("{name} ligt na ronde {lap} {gap} s voor."),
    level_after: |lap| format!("Gelijk na ronde {lap}."),
    ahead_changed: "Vanaf dan voorop",
    decisive: "De grootste verschillen, in de rondes",
    gap: "Verschil na elke ronde",
    gap_of_best: "Verschil van de snelste rondes tot dan",
    gap_of_average: "Verschil van de gemiddelden tot dan",
    how_exact: "Het verschil als geheel is op enkele tienden bekend; wat van ronde tot ronde verandert is exact.",
    lap_by_lap: "Ronde voor ronde",
    lap: "ronde",
    difference: "Verschil",
};
