//! Who reads a page, as far as its address and the browser tell.

use actix_web::HttpRequest;
use url::form_urlencoded;

use crate::http::{
    privacy::Privacy,
    words::{Lang, Words},
};

pub(in crate::http) struct Reader {
    pub lang: Lang,
    pub names: Privacy,
    /// The page without anything around it, for a big screen.
    pub wall: bool,
    /// The language comes from the address, so links go on with it.
    is_lang_chosen: bool,
    /// What else the address asks for: the same page in another language asks for it too.
    asked: Vec<(String, String)>,
    /// The first part of the path: `heats`.
    room: String,
}

/// Parameters that have a meaning of their own here; a token goes into no link.
const OURS: [&str; 3] = ["lang", "wall", "token"];

impl Reader {
    pub fn of(request: &HttpRequest, names: Privacy) -> Self {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes());
        let asked = pairs.filter(|(key, _)| !OURS.contains(&&**key));
        Self {
            lang: Lang::of(request),
            names,
            wall: is_on(request, "wall"),
            is_lang_chosen: Lang::chosen(request).is_some(),
            asked: asked.map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
            room: request.path().split('/').nth(1).unwrap_or_default().to_owned(),
        }
    }

    /// Who reads the page that this socket belongs to.
    pub fn of_socket(request: &HttpRequest, names: Privacy) -> Self {
        Self { is_lang_chosen: is_on(request, "keep"), ..Self::of(request, names) }
    }

    /// What a page's socket must know of its reader, as the end of its query.
    pub fn for_socket(&self) -> String {
        let keep = if self.is_lang_chosen { "&keep" } else { "" };
        format!("lang={}{keep}", self.lang.tag())
    }

    /// Links of this reader name the language.
    pub fn is_lang_chosen(&self) -> bool {
        self.is_lang_chosen
    }

    pub fn words(&self) -> &'static Words {
        self.lang.words()
    }

    /// The address of another page for this reader.
    pub fn link(&self, path: &str) -> String {
        self.link_with(path, &[])
    }

    /// The same with parameters.
    pub fn link_with(&self, path: &str, asked: &[(&str, &str)]) -> String {
        let lang = self.is_lang_chosen.then_some(("lang", self.lang.tag()));
        path.to_owned() + &query(lang.into_iter().chain(asked.iter().copied()), false)
    }

    /// This page in another language.
    pub fn in_lang(&self, lang: Lang) -> String {
        query(self.asked().chain([("lang", lang.tag())]), self.wall)
    }

    /// This page for a big screen.
    pub fn on_wall(&self) -> String {
        let lang = self.is_lang_chosen.then_some(("lang", self.lang.tag()));
        query(self.asked().chain(lang), true)
    }

    /// The page is of this room: `heats`.
    pub fn is_in(&self, room: &str) -> bool {
        self.room == room
    }

    fn asked(&self) -> impl Iterator<Item = (&str, &str)> {
        self.asked.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

fn query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, wall: bool) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    if wall {
        query.append_key_only("wall");
    }
    match query.finish() {
        empty if empty.is_empty() => empty,
        query => format!("?{query}"),
    }
}

fn is_on(request: &HttpRequest, switch: &str) -> bool {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.any(|(key, value)| key == switch && value != "0")
}

#[cfg(test)]
impl Reader {
    pub fn new(lang: Lang) -> Self {
        Self {
            lang,
            names: Privacy::Names,
            wall: false,
            is_lang_chosen: false,
            asked: Vec::new(),
            room: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn reader(uri: &str) -> Reader {
        Reader::of(&TestRequest::with_uri(uri).to_http_request(), Privacy::Names)
    }

    #[test]
    fn reader_keeps_a_chosen_language_on_the_way() {
        let reader = reader("/?lang=de&wall");
        assert!(reader.wall);
        assert_eq!(reader.link("/feeds/a"), "/feeds/a?lang=de");
        assert_eq!(reader.in_lang(Lang::Fr), "?lang=fr&wall");
        assert_eq!(reader.on_wall(), "?lang=de&wall");
    }

    #[test]
    fn reader_has_plain_links_when_the_browser_chose() {
        let reader = reader("/?something=else&wall=0");
        assert!(!reader.wall);
        assert_eq!(reader.link("/feeds/a"), "/feeds/a");
        assert_eq!(reader.on_wall(), "?something=else&wall");
    }

    #[test]
    fn reader_keeps_what_was_asked_but_the_token() {
        let reader = reader("/heats?feed=a&name=Caf%C3%A9+1&token=secret&lang=de");
        assert!(reader.is_in("heats"));
        assert_eq!(reader.in_lang(Lang::Fr), "?feed=a&name=Caf%C3%A9+1&lang=fr");
        assert_eq!(reader.on_wall(), "?feed=a&name=Caf%C3%A9+1&lang=de&wall");
        assert_eq!(reader.link("/"), "/?lang=de");
        assert_eq!(reader.link_with("/heats", &[("feed", "b&c")]), "/heats?lang=de&feed=b%26c");
    }
}
