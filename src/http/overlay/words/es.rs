use crate::http::overlay::{
    layout::{Column, Laps, Names, Theme},
    part::{Part, Place, Sport},
};

use super::{AirWords, BuilderWords, Words};

pub(super) const WORDS: Words = Words {
    air: AirWords {
        lap: "Vuelta",
        about_to_start: "Preparados",
        fastest_lap: "Vuelta rápida",
        personal_best: "Mejor vuelta personal",
        last_lap: "Última vuelta",
        battle_for: "Lucha por",
        no_time: "Sin tiempo",
    },
    builder: BuilderWords {
        intro: "Crea un rótulo para OBS y otros programas de emisión.",
        feed: "Pista",
        parts: "Partes",
        part,
        place,
        looks: "Aspecto",
        theme: "Tema",
        themes: theme,
        accent: "Color",
        scale: "Tamaño",
        margin: "Distancia al borde (px)",
        language: "Idioma",
        delay: "Retraso (s)",
        delay_note: "El mismo que lleva tu vídeo, para que coincidan.",
        names: "Pilotos y guías",
        named: names,
        table: "Tabla",
        rows: "Líneas como máximo",
        width: "Ancho (px)",
        columns: "Columnas",
        column,
        columns_note: "Sin marcar: kart, distancia y mejor o última vuelta según cómo se decida la tanda.",
        laps: "Vueltas anunciadas",
        told: laps,
        show: "Mostrar",
        preview: "Vista previa",
        preview_note: "La vista previa va sin retraso. Está vacía mientras no hay nada en marcha.",
        address: "Dirección",
        copy: "Copiar",
        copied: "Copiada.",
        selected: "Seleccionada: cópiala con Ctrl+C o ⌘C.",
        obs: "En OBS",
        obs_steps: [
            "En Fuentes, añade una fuente Navegador.",
            "Pega la dirección. Ancho 1920 y alto 1080, o el tamaño de tu lienzo.",
            "Deja el CSS personalizado como está: el fondo ya es transparente.",
        ],
        obs_note: "Sin datos en directo el rótulo se oculta, y vuelve por sí solo.",
        token_note: "Si Ringside pide un token, OBS también lo necesita: añade token=… al final de la dirección, o abre los rótulos a todos con public = [\"overlay\"] en [http].",
        problems: "No se usa de la dirección:",
        not_known: "no existe ese ajuste",
        wanted: "posible:",
    },
};

fn part(sport: Sport, part: Part) -> &'static str {
    match (sport, part) {
        (Sport::Karting, Part::Clock) => "Tanda y reloj",
        (Sport::Agility, Part::Clock) => "Tiempo en curso",
        (Sport::Karting, Part::Best) => "Vuelta rápida",
        (Sport::Agility, Part::Best) => "Mejores de la manga",
        (_, Part::Tower) => "Tabla de tiempos",
        (_, Part::Last) => "Vuelta recién dada",
        (_, Part::Battle) => "Lucha más cerrada",
        (_, Part::Run) => "Manga y recorrido",
        (_, Part::Dog) => "Perro en pista",
        (_, Part::Beat) => "Tiempo a batir",
        (_, Part::Result) => "Resultado",
        (_, Part::Next) => "Siguiente perro",
        (_, Part::Combined) => "Resultados combinados",
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::TopLeft => "arriba a la izquierda",
        Place::Top => "arriba",
        Place::TopRight => "arriba a la derecha",
        Place::Left => "izquierda",
        Place::Middle => "centro",
        Place::Right => "derecha",
        Place::BottomLeft => "abajo a la izquierda",
        Place::Bottom => "abajo",
        Place::BottomRight => "abajo a la derecha",
    }
}

fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Dark => "oscuro",
        Theme::Light => "claro",
        Theme::Plain => "solo letras",
        Theme::Venue => "color de la sede",
    }
}

fn names(names: Names) -> &'static str {
    match names {
        Names::Full => "nombre completo",
        Names::Initials => "iniciales",
        Names::None => "sin nombre",
    }
}

fn column(column: Column) -> &'static str {
    match column {
        Column::Kart => "kart",
        Column::Places => "puestos ganados y perdidos",
        Column::Laps => "vueltas",
        Column::Last => "última vuelta",
        Column::Best => "mejor vuelta",
        Column::Average => "media",
        Column::Gap => "distancia al líder",
        Column::Interval => "distancia al anterior",
    }
}

fn laps(laps: Laps) -> &'static str {
    match laps {
        Laps::All => "todas las vueltas",
        Laps::Best => "solo las mejores",
    }
}
