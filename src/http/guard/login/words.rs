//! What the page that asks for the token says.

use crate::http::words::Lang;

pub(super) struct LoginWords {
    pub explanation: &'static str,
    pub token: &'static str,
    pub enter: &'static str,
    pub wrong: &'static str,
    pub too_often: &'static str,
}

pub(super) fn of(lang: Lang) -> &'static LoginWords {
    match lang {
        Lang::En => &LoginWords {
            explanation: "This page needs the access token. Ask the person who runs Ringside here.",
            token: "Access token",
            enter: "Continue",
            wrong: "That is not the token.",
            too_often: "Too many wrong tokens. Wait a few seconds, then try again.",
        },
        Lang::Es => &LoginWords {
            explanation: "Esta página necesita la clave de acceso. Pídela a quien gestiona \
                          Ringside aquí.",
            token: "Clave de acceso",
            enter: "Continuar",
            wrong: "Esa no es la clave.",
            too_often: "Demasiadas claves erróneas. Espera unos segundos e inténtalo de nuevo.",
        },
        Lang::De => &LoginWords {
            explanation: "Für diese Seite braucht es den Zugangsschlüssel. Frag die Person, die \
                          Ringside hier betreibt.",
            token: "Zugangsschlüssel",
            enter: "Weiter",
            wrong: "Das ist nicht der Schlüssel.",
            too_often: "Zu viele falsche Schlüssel. Warte einige Sekunden und versuch es noch \
                        einmal.",
        },
        Lang::Fr => &LoginWords {
            explanation: "Cette page demande la clé d’accès. Adressez-vous à la personne qui gère \
                          Ringside ici.",
            token: "Clé d’accès",
            enter: "Continuer",
            wrong: "Ce n’est pas la bonne clé.",
            too_often: "Trop de clés erronées. Attendez quelques secondes, puis réessayez.",
        },
        Lang::Nl => &LoginWords {
            explanation: "Voor deze pagina is de toegangscode nodig. Vraag die aan degene die \
                          Ringside hier beheert.",
            token: "Toegangscode",
            enter: "Verder",
            wrong: "Dat is niet de code.",
            too_often: "Te veel verkeerde codes. Wacht een paar tellen en probeer het opnieuw.",
        },
    }
}
