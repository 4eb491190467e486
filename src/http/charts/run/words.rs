//! The words of a run's chart.

use crate::http::words::Lang;

pub(super) struct RunChartWords {
    pub title: &'static str,
    /// What the marks mean.
    pub legend: &'static str,
    pub standard: &'static str,
    /// Beside the start numbers; short.
    pub number: &'static str,
    /// What the box means.
    pub spread: &'static str,
    /// How many dogs are drawn, where it is not all of them.
    pub only_first: fn(usize) -> String,
}

impl RunChartWords {
    pub fn of(lang: Lang) -> &'static Self {
        lang.among([&EN, &ES, &DE, &FR, &NL])
    }
}

static EN: RunChartWords = RunChartWords {
    title: "Times in start order",
    legend: "● clear, ○ with penalties, × eliminated; the box holds the middle half of the times",
    standard: "Standard time",
    number: "no.",
    spread: "The middle half of the times, and the middle one",
    only_first: |dogs| format!("The first {dogs} dogs."),
};

static ES: RunChartWords = RunChartWords {
    title: "Tiempos por orden de salida",
    legend: "● pista limpia, ○ con penalización, × eliminado; la caja abarca la mitad central de los tiempos",
    standard: "TSR",
    number: "n.º",
    spread: "La mitad central de los tiempos, y el de en medio",
    only_first: |dogs| format!("Los {dogs} primeros perros."),
};

static DE: RunChartWords = RunChartWords {
    title: "Zeiten in Startreihenfolge",
    legend: "● fehlerfrei, ○ mit Fehlern, × disqualifiziert; der Kasten umfasst die mittlere Hälfte der Zeiten",
    standard: "Standardzeit",
    number: "Nr.",
    spread: "Die mittlere Hälfte der Zeiten, und die mittlere",
    only_first: |dogs| format!("Die ersten {dogs} Hunde."),
};

static FR: RunChartWords = RunChartWords {
    title: "Temps dans l’ordre de passage",
    legend: "● sans-faute, ○ avec pénalités, × éliminé ; la boîte contient la moitié centrale des temps",
    standard: "TSP",
    number: "n°",
    spread: "La moitié centrale des temps, et celui du milieu",
    only_first: |dogs| format!("Les {dogs} premiers chiens."),
};

static NL: RunChartWords = RunChartWords {
    title: "Tijden op startvolgorde",
    legend: "● foutloos, ○ met foutpunten, × gediskwalificeerd; het vak omvat de middelste helft van de tijden",
    standard: "SPT",
    number: "nr.",
    spread: "De middelste helft van de tijden, en de middelste",
    only_first: |dogs| format!("De eerste {dogs} honden."),
};
