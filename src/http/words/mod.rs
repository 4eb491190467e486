//! What the pages say, in the languages of the venues' countries.
//!
//! [`Words`] has a field for everything that is said, so that a language that lacks a word does not
//! compile. Sentences around a value are [`Template`]s, checked when they are compiled as well.

mod de;
mod en;
mod es;
mod fr;
mod nl;
mod template;
mod vocabulary;

use actix_web::{
    HttpRequest,
    http::header::{AcceptLanguage, Header, Preference},
};
use url::form_urlencoded;

pub use template::{Count, Template};
pub use vocabulary::{
    Column, FleetWords, HeatWords, LinkWords, PageWords, RingWords, SignWords, TimeWords, Words,
};

/// The language of a reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    #[default]
    En,
    Es,
    De,
    Fr,
    Nl,
}

impl Lang {
    pub const ALL: [Self; 5] = [Self::En, Self::Es, Self::De, Self::Fr, Self::Nl];

    /// What the reader wants: `?lang=` wins, then what the browser prefers, then English.
    pub fn of(request: &HttpRequest) -> Self {
        let preferred = || Self::preferred(&AcceptLanguage::parse(request).ok()?);
        Self::chosen(request).or_else(preferred).unwrap_or_default()
    }

    /// What the address says; none where it says nothing that is known.
    pub fn chosen(request: &HttpRequest) -> Option<Self> {
        let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
        pairs.find_map(|(key, value)| if key == "lang" { Self::named(&value) } else { None })
    }

    /// The language with this tag; what follows the language itself (`de-AT`) does not matter.
    pub fn named(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or(tag);
        Self::ALL.into_iter().find(|lang| lang.tag().eq_ignore_ascii_case(language))
    }

    fn preferred(accepted: &AcceptLanguage) -> Option<Self> {
        accepted.ranked().into_iter().find_map(|preference| match preference {
            Preference::Any => Some(Self::default()),
            Preference::Specific(tag) => Self::named(tag.as_str()),
        })
    }

    /// As in `lang="…"` and `?lang=…`.
    pub fn tag(self) -> &'static str {
        self.among(["en", "es", "de", "fr", "nl"])
    }

    /// The language's name in itself.
    pub fn name(self) -> &'static str {
        self.among(["English", "Español", "Deutsch", "Français", "Nederlands"])
    }

    pub fn words(self) -> &'static Words {
        self.among([&en::WORDS, &es::WORDS, &de::WORDS, &fr::WORDS, &nl::WORDS])
    }

    /// The one of these that is of this language; they stand as in [`Lang::ALL`].
    pub fn among<T>(self, of_each: [T; 5]) -> T {
        let [en, es, de, fr, nl] = of_each;
        match self {
            Self::En => en,
            Self::Es => es,
            Self::De => de,
            Self::Fr => fr,
            Self::Nl => nl,
        }
    }

    /// A number as written in this language. Times of laps and dogs are none: timing screens write
    /// them with a point everywhere.
    pub fn number(self, written_with_point: &str) -> String {
        match self {
            Self::En => written_with_point.to_owned(),
            Self::Es | Self::De | Self::Fr | Self::Nl => written_with_point.replace('.', ","),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn lang(uri: &str, accepted: Option<&str>) -> Lang {
        let mut request = TestRequest::with_uri(uri);
        if let Some(accepted) = accepted {
            request = request.insert_header(("accept-language", accepted));
        }
        Lang::of(&request.to_http_request())
    }

    #[test]
    fn language_is_chosen_by_the_address_then_by_the_browser() {
        assert_eq!(lang("/?lang=de", Some("fr")), Lang::De);
        assert_eq!(lang("/?wall&lang=NL", None), Lang::Nl);
        assert_eq!(lang("/", Some("pt, fr;q=0.4, es-MX;q=0.9")), Lang::Es);
        assert_eq!(lang("/", Some("de-CH")), Lang::De);
    }

    #[test]
    fn language_is_english_when_nothing_known_is_wanted() {
        assert_eq!(lang("/", None), Lang::En);
        assert_eq!(lang("/?lang=tlh", Some("pt")), Lang::En);
        assert_eq!(lang("/?lang=", Some(";;;q=")), Lang::En);
        assert_eq!(lang("/", Some("*")), Lang::En);
    }

    #[test]
    fn numbers_have_the_mark_of_the_language() {
        assert_eq!(Lang::En.number("4.35"), "4.35");
        assert_eq!(Lang::De.number("4.35"), "4,35");
    }
}
