//! The words of the charts.

use crate::http::words::Lang;

/// What charts say in one language.
pub struct ChartWords {
    pub lap_times: &'static str,
    pub positions: &'static str,
    /// Beside the numbers of the laps; short.
    pub lap: &'static str,
    pub no_laps: &'static str,
    pub computed: &'static str,
    pub off_scale: &'static str,
    /// How many drivers are drawn, where it is not all of them.
    pub only_first: fn(usize) -> String,
    /// Every how manieth lap is drawn.
    pub only_every: fn(i32) -> String,
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
    lap: "lap",
    no_laps: "No laps yet.",
    computed: "missed and computed",
    off_scale: "off the scale",
    only_first: |drivers| format!("The first {drivers} drivers."),
    only_every: |laps| format!("One lap in {laps}."),
    summary: |name, laps, best| format!("{name}: laps {laps}, best {best}"),
};

static ES: ChartWords = ChartWords {
    lap_times: "Tiempos por vuelta",
    positions: "Posiciones",
    lap: "vuelta",
    no_laps: "Todavía no hay vueltas.",
    computed: "perdida y calculada",
    off_scale: "fuera de escala",
    only_first: |drivers| format!("Los {drivers} primeros pilotos."),
    only_every: |laps| format!("Una de cada {laps} vueltas."),
    summary: |name, laps, best| format!("{name}: vueltas {laps}, mejor {best}"),
};

static DE: ChartWords = ChartWords {
    lap_times: "Rundenzeiten",
    positions: "Positionen",
    lap: "Runde",
    no_laps: "Noch keine Runden.",
    computed: "verpasst und berechnet",
    off_scale: "außerhalb der Skala",
    only_first: |drivers| format!("Die ersten {drivers} Fahrer."),
    only_every: |laps| format!("Eine von {laps} Runden."),
    summary: |name, laps, best| format!("{name}: Runden {laps}, Bestzeit {best}"),
};

static FR: ChartWords = ChartWords {
    lap_times: "Temps au tour",
    positions: "Positions",
    lap: "tour",
    no_laps: "Pas encore de tours.",
    computed: "manqué et calculé",
    off_scale: "hors échelle",
    only_first: |drivers| format!("Les {drivers} premiers pilotes."),
    only_every: |laps| format!("Un tour sur {laps}."),
    summary: |name, laps, best| format!("{name} : tours {laps}, meilleur {best}"),
};

static NL: ChartWords = ChartWords {
    lap_times: "Rondetijden",
    positions: "Posities",
    lap: "ronde",
    no_laps: "Nog geen rondes.",
    computed: "gemist en berekend",
    off_scale: "buiten de schaal",
    only_first: |drivers| format!("De eerste {drivers} rijders."),
    only_every: |laps| format!("Eén op de {laps} rondes."),
    summary: |name, laps, best| format!("{name}: rondes {laps}, snelste {best}"),
};
