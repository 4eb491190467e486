use crate::http::overlay::{
    layout::{Column, Laps, Names, Theme},
    part::{Part, Place, Sport},
};

use super::{AirWords, BuilderWords, Words};

pub(super) const WORDS: Words = Words {
    air: AirWords {
        lap: "Tour",
        about_to_start: "Préparez-vous",
        fastest_lap: "Meilleur tour",
        personal_best: "Record personnel",
        last_lap: "Dernier tour",
        battle_for: "Lutte pour",
        no_time: "Pas de temps",
    },
    builder: BuilderWords {
        intro: "Composez une incrustation pour OBS et d’autres logiciels de streaming.",
        feed: "Piste",
        parts: "Éléments",
        part,
        place,
        looks: "Apparence",
        theme: "Thème",
        themes: theme,
        accent: "Couleur",
        scale: "Taille",
        margin: "Distance du bord (px)",
        language: "Langue",
        delay: "Retard (s)",
        delay_note: "Le même que celui de votre vidéo, pour que les deux concordent.",
        names: "Pilotes et conducteurs",
        named: names,
        table: "Tableau",
        rows: "Lignes au plus",
        width: "Largeur (px)",
        columns: "Colonnes",
        column,
        columns_note: "Rien de coché : kart, écart et meilleur ou dernier tour selon ce qui décide la session.",
        laps: "Tours annoncés",
        told: laps,
        show: "Afficher",
        preview: "Aperçu",
        preview_note: "L’aperçu est sans retard. Il est vide tant qu’il ne se passe rien.",
        address: "Adresse",
        copy: "Copier",
        copied: "Copiée.",
        selected: "Sélectionnée : copiez avec Ctrl+C ou ⌘C.",
        obs: "Dans OBS",
        obs_steps: [
            "Sous Sources, ajoutez une source Navigateur.",
            "Collez l’adresse. Largeur 1920 et hauteur 1080, ou la taille de votre canevas.",
            "Laissez le CSS personnalisé tel quel : le fond est déjà transparent.",
        ],
        obs_note: "Sans données en direct, l’incrustation se cache et revient d’elle-même.",
        token_note: "Si Ringside demande un jeton, OBS en a besoin aussi : ajoutez token=… à la fin de l’adresse, ou ouvrez les incrustations à tous avec public = [\"overlay\"] dans [http].",
        problems: "Non utilisé dans l’adresse :",
        not_known: "ce réglage n’existe pas",
        wanted: "possible :",
    },
};

fn part(sport: Sport, part: Part) -> &'static str {
    match (sport, part) {
        (Sport::Karting, Part::Clock) => "Session et chrono",
        (Sport::Agility, Part::Clock) => "Temps en cours",
        (Sport::Karting, Part::Best) => "Meilleur tour",
        (Sport::Agility, Part::Best) => "Meilleurs de la manche",
        (_, Part::Tower) => "Tableau des temps",
        (_, Part::Last) => "Tour à l’instant",
        (_, Part::Battle) => "Lutte la plus serrée",
        (_, Part::Run) => "Manche et parcours",
        (_, Part::Dog) => "Chien en piste",
        (_, Part::Beat) => "Temps à battre",
        (_, Part::Result) => "Résultat",
        (_, Part::Next) => "Chien suivant",
        (_, Part::Combined) => "Résultats cumulés",
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::TopLeft => "en haut à gauche",
        Place::Top => "en haut",
        Place::TopRight => "en haut à droite",
        Place::Left => "à gauche",
        Place::Middle => "au milieu",
        Place::Right => "à droite",
        Place::BottomLeft => "en bas à gauche",
        Place::Bottom => "en bas",
        Place::BottomRight => "en bas à droite",
    }
}

fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Dark => "sombre",
        Theme::Light => "clair",
        Theme::Plain => "lettres seules",
        Theme::Venue => "couleur du site",
    }
}

fn names(names: Names) -> &'static str {
    match names {
        Names::Full => "nom complet",
        Names::Initials => "initiales",
        Names::None => "sans nom",
    }
}

fn column(column: Column) -> &'static str {
    match column {
        Column::Kart => "kart",
        Column::Places => "places gagnées et perdues",
        Column::Laps => "tours",
        Column::Last => "dernier tour",
        Column::Best => "meilleur tour",
        Column::Average => "moyenne",
        Column::Gap => "écart au premier",
        Column::Interval => "écart au précédent",
    }
}

fn laps(laps: Laps) -> &'static str {
    match laps {
        Laps::All => "tous les tours",
        Laps::Best => "les meilleurs seulement",
    }
}
