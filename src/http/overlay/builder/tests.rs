use std::sync::Arc;

use actix_web::test::TestRequest;

use crate::{
    event::{FeedId, FeedInfo},
    http::privacy::Privacy,
};

use super::*;

fn live(id: &str, kind: &str) -> Live {
    let feed = FeedInfo {
        id: FeedId::new(id),
        kind: kind.to_owned(),
        venue: "Venue <b>".to_owned(),
        name: id.to_uppercase(),
    };
    Live::new(Arc::new(feed))
}

fn page(query: &str) -> String {
    let feeds = [live("ring", "flowagility"), live("track", "bmi")];
    let request = TestRequest::with_uri(&format!("/overlay?{query}")).to_http_request();
    let builder = Builder::new(&feeds, query, Reader::of(&request, Privacy::Names));
    Builder { origin: "http://host:1".to_owned(), ..builder }.page().into_string()
}

/// The value of the field with the address.
fn address(page: &str) -> &str {
    page.split("aria-labelledby=\"address-title\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
}

#[test]
fn builder_offers_the_first_feed_when_none_is_chosen() {
    let page = page("");
    assert_eq!(address(&page), "http://host:1/overlay/ring?lang=en");
    for piece in [
        "<option value=\"ring\" selected>Venue &lt;b&gt; · RING</option>",
        "<input type=\"checkbox\" name=\"parts\" value=\"dog\" checked>Dog on course</label>",
        "<input type=\"checkbox\" name=\"parts\" value=\"combined\">Combined results</label>",
        "<html lang=\"en\">",
        "<iframe id=\"preview\" title=\"Preview\" src=\"/overlay/ring?lang=en\">",
    ] {
        assert!(page.contains(piece), "no {piece} in {page}");
    }
    assert!(!page.contains("value=\"tower\"") && !page.contains("role=\"alert\""), "{page}");
    assert!(!page.contains("style=") && !page.contains("onclick"), "{page}");
}

#[test]
fn builder_gives_the_address_of_what_its_form_says() {
    let form = "feed=track&parts=clock&clock=&parts=tower&tower=right&last=&theme=light\
                &accent=%23ffcc00&scale=1.5&margin=32&names=full&lang=fr&delay=7.5&rows=10\
                &width=460&laps=all&columns=kart";
    let page = page(form);
    assert_eq!(
        address(&page),
        "http://host:1/overlay/track?lang=fr&amp;parts=clock,tower&amp;tower=right&amp;theme=light\
         &amp;accent=ffcc00&amp;scale=1.5&amp;columns=kart&amp;delay=7.5"
    );
    // The preview does not keep a person waiting.
    assert!(page.contains("&amp;columns=kart\"></iframe>"), "{page}");
    assert!(page.contains("<option value=\"right\" selected>à droite</option>"), "{page}");
    assert!(page.contains("<option value=\"fr\" lang=\"fr\" selected>Français"), "{page}");
}

#[test]
fn builder_names_what_it_can_not_use() {
    let page = page("feed=nowhere&parts=%3Ci%3E&scale=9&colour=red");
    for piece in [
        "<code>parts=&lt;i&gt;</code> – possible: clock, tower, ",
        "<code>scale=9</code> – possible: 0.5 – 4<",
        "<code>colour=red</code> – there is no such setting",
    ] {
        assert!(page.contains(piece), "no {piece} in {page}");
    }
    assert_eq!(address(&page), "http://host:1/overlay/ring?lang=en");
}

#[test]
fn builder_says_so_when_there_is_no_feed() {
    let request = TestRequest::default().to_http_request();
    let reader = Reader::of(&request, Privacy::Names);
    let page = Builder::new(&[], "", reader).page().into_string();
    assert!(page.contains("No feeds are configured."), "{page}");
}
