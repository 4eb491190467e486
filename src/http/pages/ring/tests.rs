use std::sync::Arc;

use crate::{
    event::agility::{Pair, Playset},
    http::{privacy::Privacy, words::Lang},
};

use super::{
    super::sample::{at, decimal, dog, reader, ring, run_key},
    *,
};

fn drawn(ring: &RingBoard, reader: &Reader) -> String {
    let mut sheet = Sheet::default();
    draw(&mut sheet, ring, reader, Moment::on_page(at(8)));
    sheet.board().into_string()
}

#[test]
fn ring_shows_the_dog_on_course() {
    let html = dog::draw(&ring(), &reader(Lang::De), Moment::on_page(at(8))).into_string();
    assert_eq!(
        html,
        "<section id=\"dog\" class=\"panel\"><h3>Im Parcours</h3>\
         <p class=\"dog-name\"><bdi>Mel</bdi></p><p class=\"handler\"><bdi>Anna Nogues</bdi></p>\
         <p class=\"facts\"><span>Startnr. 3</span><bdi>ES</bdi></p>\
         <div class=\"figures\"><p class=\"time\"><span class=\"label\">Zeit</span> \
         <time data-clock-ms=\"0\" data-clock-at=\"1700000000500\" data-clock-dir=\"up\" \
         data-clock-runs data-clock-tenths>7.5</time></p>\
         <p class=\"some\"><span class=\"label\">Fehler</span> <b>1</b></p>\
         <p><span class=\"label\">Verweigerungen</span> <b>0</b></p></div>\
         <p class=\"to-beat\"><span class=\"label\">Zu schlagende Zeit</span> <b>38.25</b></p>\
         </section>"
    );
}

#[test]
fn ring_shows_no_running_time_that_nobody_knows() {
    let mut ring = ring();
    ring.on_course.as_mut().unwrap().running_since = None;
    let html = drawn(&ring, &reader(Lang::En));
    assert!(html.contains("<span class=\"label\">Time</span> <b>–</b>"), "{html}");
    assert!(!html.contains("data-clock"), "{html}");
}

#[test]
fn ring_shows_the_result_of_a_dog_that_is_done() {
    let mut ring = ring();
    let done = Playset {
        time_s: decimal("41.300"),
        speed_m_s: decimal("4.37"),
        total_penalization: decimal("6.300"),
        classification: Some(2),
        qualification: Some("V_GOOD".into()),
        ..dog("own", "Mel", "calculated")
    };
    ring.on_course.as_mut().unwrap().playset = done.into();
    let html = dog::draw(&ring, &reader(Lang::Fr), Moment::on_page(at(8))).into_string();
    assert!(html.contains("<b>41.300</b>") && !html.contains("data-clock"), "{html}");
    let result = "<p class=\"facts result\"><span>Classement <b>2</b></span>\
                  <span>Pénalités <b>6.300</b></span><span>Vitesse <b>4,37 m/s</b></span>\
                  <span><b>V_GOOD</b></span></p>";
    assert!(html.contains(result), "{html}");
}

#[test]
fn eliminated_dog_is_said_to_be_so() {
    let mut ring = ring();
    for dog in [&mut ring.on_course.as_mut().unwrap().playset, &mut ring.best[0]] {
        Arc::make_mut(dog).disqualification = Some("elim".into());
    }
    let html = drawn(&ring, &reader(Lang::Nl));
    assert!(html.contains("<p class=\"eliminated\">Gediskwalificeerd</p>"), "{html}");
    assert!(html.contains("data-headline=\"Gediskwalificeerd: Mel\""), "{html}");
    assert!(html.contains(">DISK</span>") && !html.contains("38.25"), "{html}");
}

#[test]
fn ring_shows_course_next_dog_and_results() {
    let html = drawn(&ring(), &reader(Lang::Es));
    assert!(html.contains("<h2 dir=\"auto\">Jumping · Grade III L · Saturday</h2>"), "{html}");
    assert!(html.contains("<bdi>Spring Cup</bdi><bdi>Pista 2</bdi>"), "{html}");
    assert!(
        html.contains("<h3>Siguiente perro</h3><p class=\"dog-name\"><bdi>Flow</bdi>"),
        "{html}"
    );
    for fact in ["Tim O'Neill", "180,5 m", "20", "40 s", "4,51 m/s"] {
        assert!(html.contains(&format!("<dd>{fact}</dd>")), "{fact}: {html}");
    }
    assert!(html.contains("<tr id=\"b-leader\"><td class=\"pos\">1</td>"), "{html}");
    assert!(html.contains("<td class=\"pen\">5.00</td><td class=\"time\">38.25</td>"), "{html}");
    assert!(!html.contains("combined"), "{html}");
}

#[test]
fn people_are_shown_by_initials_where_names_are_private_and_dogs_are_not() {
    let mut reader = reader(Lang::En);
    reader.names = Privacy::Initials;
    let html = drawn(&ring(), &reader);
    assert!(!html.contains("Nogues") && !html.contains("Neill"), "{html}");
    assert!(html.contains("A. N.") && html.contains("<dd>T. O.</dd>"), "{html}");
    assert!(html.contains("Chispa"), "{html}");
}

#[test]
fn run_that_names_its_type_is_not_named_twice() {
    let words = &Lang::En.words().ring;
    let mut key = (*run_key()).clone();
    key.name = "Jumping 2".into();
    assert_eq!(title(&key, words), "Jumping 2 · Saturday");
    (key.name, key.trial_name) = (String::new(), String::new());
    assert_eq!(title(&key, words), "Jumping");
}

#[test]
fn dog_without_a_call_name_has_the_one_of_its_papers() {
    let papers = |call: Option<&str>| Pair {
        dog_family_name: call.map(str::to_owned),
        dog_studbook_name: Some("Mel vom Ring".into()),
        ..Pair::default()
    };
    assert_eq!(dog_name(&papers(Some(" "))), Some("Mel vom Ring"));
    assert_eq!(dog_name(&papers(Some("Mel"))), Some("Mel"));
    assert_eq!(dog_name(&Pair::default()), None);
}
