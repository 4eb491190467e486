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
}

impl Reader {
    pub fn of(request: &HttpRequest, names: Privacy) -> Self {
        Self {
            lang: Lang::of(request),
            names,
            wall: is_on(request, "wall"),
            is_lang_chosen: Lang::chosen(request).is_some(),
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
        if self.is_lang_chosen { format!("{path}?lang={}", self.lang.tag()) } else { path.into() }
    }

    /// This page in another language.
    pub fn in_lang(&self, lang: Lang) -> String {
        let wall = if self.wall { "&wall" } else { "" };
        format!("?lang={}{wall}", lang.tag())
    }

    /// This page for a big screen.
    pub fn on_wall(&self) -> String {
        if self.is_lang_chosen {
            format!("?lang={}&wall", self.lang.tag())
        } else {
            "?wall".to_owned()
        }
    }
}

fn is_on(request: &HttpRequest, switch: &str) -> bool {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    pairs.any(|(key, value)| key == switch && value != "0")
}

#[cfg(test)]
impl Reader {
    pub fn new(lang: Lang) -> Self {
        Self { lang, names: Privacy::Names, wall: false, is_lang_chosen: false }
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
        assert_eq!(reader.on_wall(), "?wall");
    }
}
