//! Addresses of the pages about one thing, as other pages link them.

use url::form_urlencoded::byte_serialize;

use super::reader::Reader;

/// The page of a driver by name, within a feed. None where names are not shown: the address would.
pub(super) fn driver(name: &str, feed: &str, reader: &Reader) -> Option<String> {
    let name = name.trim();
    let is_shown = reader.names.show(name) == name;
    (is_shown && is_path(name))
        .then(|| reader.link_with(&format!("/drivers/{}", segment(name)), &[("feed", feed)]))
}

/// The kart table of a feed.
pub(super) fn karts(feed: &str, reader: &Reader) -> String {
    reader.link_with("/karts", &[("feed", feed)])
}

/// The page of a dorsal within an event.
pub(super) fn dog(dorsal: &str, event: &str, reader: &Reader) -> Option<String> {
    is_path(dorsal)
        .then(|| reader.link_with(&format!("/dogs/{}", segment(dorsal)), &[("event", event)]))
}

/// The page of a handler by name. None where names are not shown: the address would.
pub(super) fn handler(name: &str, reader: &Reader) -> Option<String> {
    let name = name.trim();
    let is_shown = reader.names.show(name) == name;
    (is_shown && is_path(name)).then(|| reader.link(&format!("/handlers/{}", segment(name))))
}

/// A browser takes a path of dots for a way up.
fn is_path(text: &str) -> bool {
    !text.is_empty() && !text.bytes().all(|byte| byte == b'.')
}

/// As a part of a path, whatever it is.
fn segment(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use crate::http::{privacy::Privacy, words::Lang};

    use super::*;

    #[test]
    fn driver_is_linked_by_name_unless_names_are_private() {
        let open = Reader::new(Lang::En);
        let link = |name| driver(name, "track-1", &open);
        assert_eq!(link(" Ann "), Some("/drivers/Ann?feed=track-1".to_owned()));
        assert_eq!(link("a/b +?"), Some("/drivers/a%2Fb%20%2B%3F?feed=track-1".to_owned()));
        assert_eq!((link(".."), link(" ")), (None, None));
        let mut private = Reader::new(Lang::En);
        private.names = Privacy::Initials;
        assert_eq!(driver("Ann", "track-1", &private), None);
    }
}
