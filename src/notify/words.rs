//! The one line of a notice, in each language.

use crate::http::words::Lang;

pub(super) struct NoticeWords {
    /// Heat.
    pub heat_over: fn(&str) -> String,
    pub best_lap: &'static str,
    /// Kart.
    pub in_kart: fn(&str) -> String,
    /// Before a time that was the record until now, and its driver.
    pub before: &'static str,
    /// Of the day, week, month, year, and ever.
    pub records: [&'static str; 5],
    pub personal_bests: &'static str,
    /// Run.
    pub run_over: fn(&str) -> String,
    /// Dogs.
    pub eliminated: fn(usize) -> String,
    /// Dogs, dorsal.
    pub dogs_before: fn(usize, &str) -> String,
    /// Minutes.
    pub down: fn(i64) -> String,
    pub back: &'static str,
    /// The name of the target.
    pub test: fn(&str) -> String,
}

impl NoticeWords {
    pub fn of(lang: Lang) -> &'static Self {
        lang.among([&EN, &ES, &DE, &FR, &NL])
    }
}

static EN: NoticeWords = NoticeWords {
    heat_over: |heat| format!("{heat} is over"),
    best_lap: "Best lap",
    in_kart: |kart| format!("kart {kart}"),
    before: "before",
    records: [
        "Record of the day",
        "Record of the week",
        "Record of the month",
        "Record of the year",
        "Track record",
    ],
    personal_bests: "Personal bests",
    run_over: |run| format!("{run} is over"),
    eliminated: |dogs| format!("{dogs} eliminated"),
    dogs_before: |dogs, dorsal| match dogs {
        0 => format!("Dorsal {dorsal} is next"),
        1 => format!("One dog before dorsal {dorsal}"),
        _ => format!("{dogs} dogs before dorsal {dorsal}"),
    },
    down: |minutes| match minutes {
        0 => "not heard".to_owned(),
        1 => "not heard for a minute".to_owned(),
        _ => format!("not heard for {minutes} minutes"),
    },
    back: "heard again",
    test: |name| format!("This is a test: notices for {name} arrive."),
};

static ES: NoticeWords = NoticeWords {
    heat_over: |heat| format!("{heat} ha terminado"),
    best_lap: "Mejor vuelta",
    in_kart: |kart| format!("kart {kart}"),
    before: "antes",
    records: [
        "Récord del día",
        "Récord de la semana",
        "Récord del mes",
        "Récord del año",
        "Récord de la pista",
    ],
    personal_bests: "Mejores marcas personales",
    run_over: |run| format!("{run} ha terminado"),
    eliminated: |dogs| match dogs {
        1 => "1 eliminado".to_owned(),
        _ => format!("{dogs} eliminados"),
    },
    dogs_before: |dogs, dorsal| match dogs {
        0 => format!("El dorsal {dorsal} es el siguiente"),
        1 => format!("Un perro antes del dorsal {dorsal}"),
        _ => format!("{dogs} perros antes del dorsal {dorsal}"),
    },
    down: |minutes| match minutes {
        0 => "sin datos".to_owned(),
        1 => "sin datos desde hace un minuto".to_owned(),
        _ => format!("sin datos desde hace {minutes} minutos"),
    },
    back: "vuelve a enviar datos",
    test: |name| format!("Esto es una prueba: los avisos para {name} llegan."),
};

static DE: NoticeWords = NoticeWords {
    heat_over: |heat| format!("{heat} ist zu Ende"),
    best_lap: "Schnellste Runde",
    in_kart: |kart| format!("Kart {kart}"),
    before: "bisher",
    records: ["Tagesrekord", "Wochenrekord", "Monatsrekord", "Jahresrekord", "Bahnrekord"],
    personal_bests: "Persönliche Bestzeiten",
    run_over: |run| format!("{run} ist zu Ende"),
    eliminated: |dogs| format!("{dogs} disqualifiziert"),
    dogs_before: |dogs, dorsal| match dogs {
        0 => format!("Startnummer {dorsal} ist die nächste"),
        1 => format!("Ein Hund vor Startnummer {dorsal}"),
        _ => format!("{dogs} Hunde vor Startnummer {dorsal}"),
    },
    down: |minutes| match minutes {
        0 => "sendet nicht".to_owned(),
        1 => "sendet seit einer Minute nicht".to_owned(),
        _ => format!("sendet seit {minutes} Minuten nicht"),
    },
    back: "sendet wieder",
    test: |name| format!("Dies ist ein Test: Nachrichten für {name} kommen an."),
};

static FR: NoticeWords = NoticeWords {
    heat_over: |heat| format!("{heat} est terminé"),
    best_lap: "Meilleur tour",
    in_kart: |kart| format!("kart {kart}"),
    before: "avant",
    records: [
        "Record du jour",
        "Record de la semaine",
        "Record du mois",
        "Record de l’année",
        "Record de la piste",
    ],
    personal_bests: "Records personnels",
    run_over: |run| format!("{run} est terminé"),
    eliminated: |dogs| match dogs {
        1 => "1 éliminé".to_owned(),
        _ => format!("{dogs} éliminés"),
    },
    dogs_before: |dogs, dorsal| match dogs {
        0 => format!("Le dossard {dorsal} est le suivant"),
        1 => format!("Un chien avant le dossard {dorsal}"),
        _ => format!("{dogs} chiens avant le dossard {dorsal}"),
    },
    down: |minutes| match minutes {
        0 => "ne répond pas".to_owned(),
        1 => "ne répond pas depuis une minute".to_owned(),
        _ => format!("ne répond pas depuis {minutes} minutes"),
    },
    back: "répond de nouveau",
    test: |name| format!("Ceci est un test : les avis pour {name} arrivent."),
};

static NL: NoticeWords = NoticeWords {
    heat_over: |heat| format!("{heat} is afgelopen"),
    best_lap: "Snelste ronde",
    in_kart: |kart| format!("kart {kart}"),
    before: "tot nu toe",
    records: ["Dagrecord", "Weekrecord", "Maandrecord", "Jaarrecord", "Baanrecord"],
    personal_bests: "Persoonlijke records",
    run_over: |run| format!("{run} is afgelopen"),
    eliminated: |dogs| format!("{dogs} gediskwalificeerd"),
    dogs_before: |dogs, dorsal| match dogs {
        0 => format!("Startnummer {dorsal} is de volgende"),
        1 => format!("Eén hond voor startnummer {dorsal}"),
        _ => format!("{dogs} honden voor startnummer {dorsal}"),
    },
    down: |minutes| match minutes {
        0 => "is niet te horen".to_owned(),
        1 => "is al een minuut niet te horen".to_owned(),
        _ => format!("is al {minutes} minuten niet te horen"),
    },
    back: "is weer te horen",
    test: |name| format!("Dit is een test: berichten voor {name} komen aan."),
};
