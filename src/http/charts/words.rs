//! The words of the charts.

use crate::http::words::Lang;

/// What charts say in one language.
pub struct ChartWords {
    pub lap_times: &'static str,
    pub positions: &'static str,
    // Titles of the gaps, by what counts in the heat.
    pub gaps: &'static str,
    pub gaps_of_best: &'static str,
    pub gaps_of_average: &'static str,
    /// The title of how laps are spread.
    pub spread: &'static str,
    /// What a box stands for.
    pub box_means: &'static str,
    /// Of a difference: who is ahead above zero, and who below.
    pub above_below: fn(&str, &str) -> String,
    /// Beside the numbers of the laps; short.
    pub lap: &'static str,
    pub no_laps: &'static str,
    pub computed: &'static str,
    pub off_scale: &'static str,
    /// How many drivers are drawn, where it is not all of them.
    pub only_first: fn(usize) -> String,
    /// Every how manieth lap is drawn.
    pub only_every: fn(i32) -> String,
    /// How many rows are drawn, where it is not all of them.
    pub only_first_rows: fn(usize) -> String,
    /// How many of the latest times are drawn.
    pub only_latest: fn(usize) -> String,
    /// Of all times drawn, at the end of their line; short.
    pub best_of_all: fn(&str) -> String,
    /// Of a row: its label, how many times, and the quickest, middle and slowest of them.
    pub spread_summary: fn(&str, i64, [&str; 3]) -> String,
    /// Of a driver: name, laps, best lap.
    pub summary: fn(&str, i32, &str) -> String,
}

impl ChartWords {
    pub fn of(lang: Lang) -> &'static Self {
        lang.among([&EN, &ES, &DE, &FR, &NL])
    }
}

static EN: ChartWords = ChartWords {
    lap_times: "Lap times",
    positions: "Positions",
    gaps: "Gap to the leader",
    gaps_of_best: "Gap to the best lap so far",
    gaps_of_average: "Gap to the best average so far",
    spread: "How laps are spread",
    box_means: "Box: the middle half; line in it: the median.",
    above_below: |a, b| format!("Above 0 {a} is ahead, below {b}."),
    lap: "lap",
    no_laps: "No laps yet.",
    computed: "missed and computed",
    off_scale: "off the scale",
    only_first: |drivers| format!("The first {drivers} drivers."),
    only_every: |laps| format!("One lap in {laps}."),
    only_first_rows: |rows| format!("The first {rows}."),
    only_latest: |times| format!("The latest {times}."),
    best_of_all: |best| format!("best {best}"),
    spread_summary: |label, laps, [low, median, high]| {
        format!("{label}: {laps} laps, {low} to {high}, median {median}")
    },
    summary: |name, laps, best| format!("{name}: laps {laps}, best {best}"),
};

static ES: ChartWords = ChartWords {
    lap_times: "Tiempos por vuelta",
    positions: "Posiciones",
    gaps: "Distancia con el líder",
    gaps_of_best: "Distancia con la mejor vuelta hasta el momento",
    gaps_of_average: "Distancia con la mejor media hasta el momento",
    spread: "Reparto de las vueltas",
    box_means: "Caja: la mitad central; su línea: la mediana.",
    above_below: |a, b| format!("Por encima de 0 va delante {a}; por debajo, {b}."),
    lap: "vuelta",
    no_laps: "Todavía no hay vueltas.",
    computed: "perdida y calculada",
    off_scale: "fuera de escala",
    only_first: |drivers| format!("Los {drivers} primeros pilotos."),
    only_every: |laps| format!("Una de cada {laps} vueltas."),
    only_first_rows: |rows| format!("Las {rows} primeras filas."),
    only_latest: |times| format!("Los últimos {times} tiempos."),
    best_of_all: |best| format!("mejor {best}"),
    spread_summary: |label, laps, [low, median, high]| {
        format!("{label}: {laps} vueltas, de {low} a {high}, mediana {median}")
    },
    summary: |name, laps, best| format!("{name}: vueltas {laps}, mejor {best}"),
};

static DE: ChartWords = ChartWords {
    lap_times: "Rundenzeiten",
    positions: "Positionen",
    gaps: "Abstand zum Führenden",
    gaps_of_best: "Abstand zur bis dahin besten Runde",
    gaps_of_average: "Abstand zum bis dahin besten Schnitt",
    spread: "Streuung der Runden",
    box_means: "Kasten: die mittlere Hälfte; Strich darin: der Median.",
    above_below: |a, b| format!("Über 0 liegt {a} vorn, darunter {b}."),
    lap: "Runde",
    no_laps: "Noch keine Runden.",
    computed: "verpasst und berechnet",
    off_scale: "außerhalb der Skala",
    only_first: |drivers| format!("Die ersten {drivers} Fahrer."),
    only_every: |laps| format!("Eine von {laps} Runden."),
    only_first_rows: |rows| format!("Die ersten {rows}."),
    only_latest: |times| format!("Die letzten {times} Zeiten."),
    best_of_all: |best| format!("beste {best}"),
    spread_summary: |label, laps, [low, median, high]| {
        format!("{label}: {laps} Runden, {low} bis {high}, Median {median}")
    },
    summary: |name, laps, best| format!("{name}: Runden {laps}, Bestzeit {best}"),
};

static FR: ChartWords = ChartWords {
    lap_times: "Temps au tour",
    positions: "Positions",
    gaps: "Écart avec le premier",
    gaps_of_best: "Écart avec le meilleur tour jusque-là",
    gaps_of_average: "Écart avec la meilleure moyenne jusque-là",
    spread: "Répartition des tours",
    box_means: "Boîte : la moitié centrale ; son trait : la médiane.",
    above_below: |a, b| format!("Au-dessus de 0, {a} est devant ; en dessous, {b}."),
    lap: "tour",
    no_laps: "Pas encore de tours.",
    computed: "manqué et calculé",
    off_scale: "hors échelle",
    only_first: |drivers| format!("Les {drivers} premiers pilotes."),
    only_every: |laps| format!("Un tour sur {laps}."),
    only_first_rows: |rows| format!("Les {rows} premières lignes."),
    only_latest: |times| format!("Les {times} derniers temps."),
    best_of_all: |best| format!("meilleur {best}"),
    spread_summary: |label, laps, [low, median, high]| {
        format!("{label} : {laps} tours, de {low} à {high}, médiane {median}")
    },
    summary: |name, laps, best| format!("{name} : tours {laps}, meilleur {best}"),
};

static NL: ChartWords = ChartWords {
    lap_times: "Rondetijden",
    positions: "Posities",
    gaps: "Achterstand op de leider",
    gaps_of_best: "Achterstand op de tot dan snelste ronde",
    gaps_of_average: "Achterstand op het tot dan beste gemiddelde",
    spread: "Spreiding van de rondes",
    box_means: "Kader: de middelste helft; streep erin: de mediaan.",
    above_below: |a, b| format!("Boven 0 ligt {a} voor, eronder {b}."),
    lap: "ronde",
    no_laps: "Nog geen rondes.",
    computed: "gemist en berekend",
    off_scale: "buiten de schaal",
    only_first: |drivers| format!("De eerste {drivers} rijders."),
    only_every: |laps| format!("Eén op de {laps} rondes."),
    only_first_rows: |rows| format!("De eerste {rows}."),
    only_latest: |times| format!("De laatste {times} tijden."),
    best_of_all: |best| format!("beste {best}"),
    spread_summary: |label, laps, [low, median, high]| {
        format!("{label}: {laps} rondes, {low} tot {high}, mediaan {median}")
    },
    summary: |name, laps, best| format!("{name}: rondes {laps}, snelste {best}"),
};
