use std::sync::Arc;

use crate::{
    board::karting::Line,
    event::karting::{LapGap, LapSource},
    http::{privacy::Privacy, words::Lang},
};

use super::{
    super::sample::{at, heat, heat_key, line, reader},
    *,
};

fn row(line: &Line, best: i32, lang: Lang) -> String {
    line::draw(line, Some(best), true, None, &reader(lang)).html.into_string()
}

fn drawn(heat: &HeatBoard, lang: Lang) -> String {
    let mut sheet = Sheet::default();
    draw(&mut sheet, heat, &reader(lang), Moment::on_page(at(10)));
    sheet.board().into_string()
}

#[test]
fn row_says_all_that_is_known_of_a_driver() {
    assert_eq!(
        row(&line(2, " <b>Max</b> ", &[62_149, 60_000, 61_002]), 59_000, Lang::En),
        "<tr id=\"d2\" data-laps=\"3\"><td class=\"pos\">2</td>\
         <td class=\"kart\"><b>07</b></td>\
         <th class=\"who\" scope=\"row\"><bdi class=\"name\">&lt;b&gt;Max&lt;/b&gt;</bdi>\
         <span class=\"folded\"><span>Laps 3</span><span class=\"f-best\">Best 1:00.000</span>\
         <span>Avg 1:01.050</span></span></th>\
         <td class=\"laps\">3</td>\
         <td class=\"last\">1:01.002<span class=\"folded\">+01.265</span></td>\
         <td class=\"best\">1:00.000</td><td class=\"avg\">1:01.050</td>\
         <td class=\"gap\">+01.265</td></tr>"
    );
}

#[test]
fn row_of_a_past_heat_leads_to_the_driver_and_the_karts() {
    let line = line(1, "Ann B", &[62_149]);
    let row = line::draw(&line, None, true, Some("track-1"), &reader(Lang::De)).html.into_string();
    for link in
        ["<a href=\"/drivers/Ann%20B?feed=track-1\">", "<a href=\"/karts?feed=track-1\"><b>07"]
    {
        assert!(row.contains(link), "{link}: {row}");
    }
    let mut private = reader(Lang::En);
    private.names = Privacy::Initials;
    let row = line::draw(&line, None, true, Some("track-1"), &private).html.into_string();
    assert!(!row.contains("/drivers/") && !row.contains("Ann"), "{row}");
}

#[test]
fn best_laps_have_a_sign_and_a_word_beside_their_colour() {
    let mine = line(1, "Ale", &[61_000, 60_000]);
    let overall = row(&mine, 60_000, Lang::De);
    let sign = "<span aria-hidden=\"true\">◆</span><span class=\"vh\">schnellste Runde des Laufs";
    assert!(overall.contains("<td class=\"last overall\">") && overall.contains(sign), "{overall}");
    assert!(overall.contains("<td class=\"best overall\">"), "{overall}");
    let personal = row(&mine, 59_000, Lang::De);
    let sign = "<span aria-hidden=\"true\">●</span><span class=\"vh\">persönliche Bestzeit";
    assert!(personal.contains("<td class=\"last personal\">") && personal.contains(sign));
    assert!(!personal.contains("overall"));
    let slower = row(&line(1, "Ale", &[60_000, 61_000]), 59_000, Lang::De);
    assert!(!slower.contains("personal") && !slower.contains("sign"), "{slower}");
}

#[test]
fn places_are_told_by_sign_number_and_words() {
    let mut mine = line(1, "Ale", &[60_000, 60_000]);
    mine.laps[0].position = Some(3);
    let won = "<span class=\"sign won\" title=\"2 plaatsen gewonnen\">\
               <span aria-hidden=\"true\">▲2</span>\
               <span class=\"vh\">2 plaatsen gewonnen</span></span>";
    assert!(row(&mine, 0, Lang::Nl).contains(won));
    Arc::make_mut(&mut mine.standing).position = 4;
    assert!(row(&mine, 0, Lang::Es).contains("title=\"1 puesto perdido\""));
    mine.laps[0].position = None;
    assert!(!row(&mine, 0, Lang::Es).contains("puesto"));
}

#[test]
fn missed_and_computed_laps_and_records_are_marked() {
    let mut mine = line(1, "Ale", &[60_000, 60_000]);
    mine.laps[1].source = LapSource::Reconstructed;
    mine.gaps = vec![LapGap {
        heat: heat_key(),
        driver_id: 1,
        first_lap: 3,
        last_lap: 4,
        total_ms: None,
        error_ms: 0,
    }];
    Arc::make_mut(&mut mine.standing).last_record = Some("week".into());
    let row = row(&mine, 0, Lang::Fr);
    assert!(row.contains("title=\"1 tour calculé\"><span aria-hidden=\"true\">≈1<"), "{row}");
    assert!(row.contains("title=\"2 tours non reçus\"><span aria-hidden=\"true\">∅2<"), "{row}");
    assert!(row.contains("<span class=\"record\">Record de la semaine</span>"), "{row}");
}

#[test]
fn row_shows_initials_where_names_are_private() {
    let mut reader = reader(Lang::En);
    reader.names = Privacy::Initials;
    let row =
        line::draw(&line(1, "Max Verstappen", &[]), None, true, None, &reader).html.into_string();
    assert!(row.contains(">M. V.</bdi>") && !row.contains("Verstappen"), "{row}");
}

#[test]
fn heat_shows_its_name_state_and_clock() {
    let html = drawn(&heat(vec![line(1, "Ale", &[])]), Lang::De);
    assert!(html.contains("<h2 dir=\"auto\">46 - Final</h2>"), "{html}");
    assert!(
        html.contains("</span> Läuft</span><span>Rennen</span><span>auf Zeit</span>"),
        "{html}"
    );
    let clock = "<span class=\"label\">Restzeit</span> <time data-clock-ms=\"300000\" \
                 data-clock-at=\"1700000000000\" data-clock-dir=\"down\" data-clock-runs>4:50</time>";
    assert!(html.contains(clock), "{html}");
}

#[test]
fn heat_by_laps_shows_how_many_are_to_go() {
    let mut heat = heat(Vec::new());
    (heat.heat.end_condition, heat.heat.remaining_laps) = ("laps".into(), 1);
    assert!(drawn(&heat, Lang::Es).contains("<p class=\"togo\">Falta 1 vuelta</p>"));
    heat.heat.remaining_laps = 5;
    assert!(drawn(&heat, Lang::Nl).contains("<p class=\"togo\">Nog 5 ronden</p>"));
}

#[test]
fn finished_heat_shows_no_clock_since_its_zero_is_a_reset() {
    let mut heat = heat(Vec::new());
    heat.heat.state = "finished".into();
    heat.clock.ms = 0;
    heat.clock.runs = false;
    let html = drawn(&heat, Lang::En);
    assert!(html.contains("✓</span> Finished"), "{html}");
    assert!(!html.contains("data-clock"), "{html}");
    assert!(html.contains("No drivers yet."), "{html}");
}

#[test]
fn unknown_state_is_shown_as_it_is_and_never_as_a_class() {
    let mut heat = heat(Vec::new());
    heat.heat.state = "unknown(8)\" onload=\"x".to_owned().into();
    let html = drawn(&heat, Lang::En);
    assert!(html.contains("class=\"state unknown\""), "{html}");
    assert!(html.contains("unknown(8)&quot; onload=&quot;x"), "{html}");
}
