use super::*;

fn problems(query: &str) -> Vec<(String, String, String)> {
    let problems = Layout::read(query).1.into_iter();
    problems.map(|Problem { key, value, wanted }| (key, value, wanted)).collect()
}

#[test]
fn layout_is_the_usual_one_when_the_address_says_nothing() {
    for query in ["", "parts=&theme=&scale=&clock=", "lang=de&token=secret&feed=track-1"] {
        assert_eq!(Layout::read(query), (Layout::default(), vec![]), "{query:?}");
    }
    assert_eq!(Layout::default().query(), "");
    let karting = Layout::default().parts_of(Sport::Karting);
    assert_eq!(karting, [Part::Clock, Part::Tower, Part::Last]);
    assert_eq!(Layout::default().place_of(Sport::Agility, Part::Clock), Place::BottomRight);
}

#[test]
fn layout_takes_every_parameter_and_says_the_same_again() {
    let query = "parts=tower,clock&clock=top&tower=right&theme=venue&accent=ff0080&scale=1.25\
                 &margin=0&width=500&rows=20&columns=kart,interval&names=initials&laps=best\
                 &delay=2.5";
    let (layout, problems) = Layout::read(query);
    assert_eq!(problems, []);
    assert_eq!(layout.parts_of(Sport::Karting), [Part::Tower, Part::Clock]);
    assert_eq!(layout.parts_of(Sport::Agility), [Part::Clock]);
    assert_eq!(layout.place_of(Sport::Karting, Part::Clock), Place::Top);
    assert_eq!(layout.theme, Theme::Venue);
    assert_eq!(layout.accent, "ff0080".parse().unwrap());
    assert_eq!((layout.scale, layout.delay_s), (Thousandths(1_250), Thousandths(2_500)));
    assert_eq!((layout.margin_px, layout.width_px, layout.rows), (0, 500, 20));
    assert_eq!(layout.columns, [Column::Kart, Column::Interval]);
    assert_eq!((layout.names, layout.laps), (Names::Initials, Laps::Best));
    assert_eq!(layout.query(), query);
}

#[test]
fn layout_understands_a_form_and_careless_typing() {
    let form = Layout::read("parts=clock&parts=tower&parts=clock&columns=+Gap+,KART,").0;
    assert_eq!(form.query(), "parts=clock,tower&columns=gap,kart");
    let typed = Layout::read("scale=+1,50&delay=.5&theme=Light&accent=%23FFF&last=TOP").0;
    assert_eq!(typed.query(), "last=top&theme=light&accent=ffffff&scale=1.5&delay=0.5");
}

#[test]
fn layout_passes_over_what_it_does_not_know_and_names_it() {
    let (layout, found) = Layout::read("parts=clock,speedometer&rows=5");
    assert_eq!(layout.query(), "parts=clock&rows=5");
    assert_eq!(found.len(), 1);
    assert_eq!((&*found[0].key, &*found[0].value), ("parts", "speedometer"));
    assert!(found[0].wanted.contains("clock, tower, last"), "{}", found[0].wanted);
    for (query, key, value, wanted) in [
        ("theme=pink", "theme", "pink", "dark, light, plain, venue"),
        ("accent=red", "accent", "red", "rrggbb"),
        ("scale=5", "scale", "5", "0.5 – 4"),
        ("scale=0.499", "scale", "0.499", "0.5 – 4"),
        ("scale=1.2.3", "scale", "1.2.3", "0.5 – 4"),
        ("scale=99999999999", "scale", "99999999999", "0.5 – 4"),
        ("delay=-1", "delay", "-1", "0 – 60"),
        ("delay=60.001", "delay", "60.001", "0 – 60"),
        ("delay=NaN", "delay", "NaN", "0 – 60"),
        ("rows=0", "rows", "0", "1 – 60"),
        ("rows=2.5", "rows", "2.5", "1 – 60"),
        ("clock=nowhere", "clock", "nowhere", &Place::words()),
        ("colour=<red>", "colour", "<red>", ""),
    ] {
        let expected = (key.to_owned(), value.to_owned(), wanted.to_owned());
        assert_eq!(problems(query), [expected]);
        assert_eq!(Layout::read(query).0, Layout::default(), "{query}");
    }
}

#[test]
fn thousandths_are_written_without_needless_zeros() {
    for (text, shown) in [("1", "1"), ("1.50", "1.5"), ("0.0019", "0.001"), ("007", "7")] {
        assert_eq!(text.parse::<Thousandths>().unwrap().to_string(), shown);
    }
    for text in ["", ".", "-1", "1e3", "٣", " 1"] {
        assert_eq!(text.parse::<Thousandths>(), Err(()), "{text:?}");
    }
}
