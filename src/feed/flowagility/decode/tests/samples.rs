//! What the messages of the documentation mean, field by field.

use super::*;

fn said(playset: &Playset) -> Event {
    Event::Agility(AgilityEvent::Playset(playset.clone().into()))
}

fn changed(playset: &Playset) -> Event {
    Event::Agility(AgilityEvent::PlaysetChange(PlaysetChange {
        run: Arc::clone(&playset.run),
        playset_id: playset.playset_id.clone(),
        changed_at: playset.updated_at,
        progress: Progress {
            status: playset.status.clone(),
            faults: playset.faults,
            refusals: playset.refusals,
            disqualification: playset.disqualification.clone(),
            time_s: playset.time_s.clone(),
        },
    }))
}

fn began(run_type: &str, second: usize, course: Course) -> Event {
    Event::Agility(AgilityEvent::Run(Run {
        key: run_key(run_type),
        course,
        seen_at: at(second),
        extra: Extra::new(),
    }))
}

fn placed(id: &str, pair: Pair, classification: i32, time: &str, penalization: &str) -> Event {
    let result = CombinedResult {
        run: run_key("AG"),
        combined_id: text(id),
        dorsal: pair.dorsal.clone().unwrap(),
        pair,
        classification: Some(classification),
        time_s: decimal(time),
        total_penalization: decimal(penalization),
        updated_at: at(10),
        extra: Extra::new(),
    };
    Event::Agility(AgilityEvent::Combined(result.into()))
}

/// What the eleven messages mean, field by field, when the n-th comes at second n. The revisions
/// differ in what they tell of the courses and in an `elim` that the first one sent by mistake.
fn meaning(courses: [Course; 2], mistaken: &str) -> Vec<Vec<Event>> {
    let when = |second: usize, playset: Playset| Playset { updated_at: at(second), ..playset };
    let [jumping, agility] = courses;
    let mel_jp = || ready("JP", MEL_JP, mel(), 1);
    let mel_ag = || ready("AG", MEL_AG, mel(), 1);

    let flow_first = when(1, ready("JP", FLOW_JP, flow(), 1));
    let fault = when(2, running(mel_jp(), 1, 0, mistaken));
    let refusal = when(3, running(mel_jp(), 1, 1, mistaken));
    let eliminated = when(4, running(mel_jp(), 0, 0, "elim"));
    let mel_result = ("V_GOOD", 1, "23.56", "8.49", "15.00");
    let mel_done = when(5, calculated(mel_jp(), 2, 1, mel_result));
    let flow_second = when(5, ready("JP", FLOW_JP, flow(), 2));
    let flow_result = ("EXC", 1, "28.78", "6.95", "5.00");
    let flow_done = when(6, calculated(flow_second.clone(), 1, 0, flow_result));
    let mel_overtaken =
        Playset { classification: Some(2), time_marker: Some(false), ..when(6, mel_done.clone()) };
    let mel_next = when(7, mel_ag());
    let mel_fault = when(8, running(mel_ag(), 1, 0, ""));
    let mel_ag_done = when(9, calculated(mel_ag(), 1, 0, ("EXC", 1, "29.00", "6.90", "5.00")));
    let flow_next = when(9, ready("AG", FLOW_AG, flow(), 2));
    let flow_out = Playset {
        status: text("calculated"),
        disqualification: text("elim"),
        qualification: text("DISQualification"),
        total_penalization: decimal("100.00"),
        ..when(10, flow_next.clone())
    };
    let message = "Runs are not ready yet".to_owned();
    vec![
        vec![Event::Agility(AgilityEvent::RunsNotReady { at: at(0), message })],
        vec![began("JP", 1, jumping), said(&flow_first), changed(&flow_first)],
        vec![said(&fault), changed(&fault)],
        vec![said(&refusal), changed(&refusal)],
        vec![said(&eliminated), changed(&eliminated)],
        // The next dog's new place in the start order is no step of its time line.
        vec![said(&mel_done), changed(&mel_done), said(&flow_second)],
        // Nor is being overtaken.
        vec![said(&flow_done), changed(&flow_done), said(&mel_overtaken)],
        vec![began("AG", 7, agility), said(&mel_next), changed(&mel_next)],
        vec![said(&mel_fault), changed(&mel_fault)],
        vec![said(&mel_ag_done), changed(&mel_ag_done), said(&flow_next), changed(&flow_next)],
        vec![
            said(&flow_out),
            changed(&flow_out),
            placed("nnnnnnnn-nnnn-nnnn-nnnn-nnnnnnnnnnnn", mel(), 1, "52.56", "20.00"),
            placed("mmmmmmmm-mmmm-mmmm-mmmm-mmmmmmmmmmmm", flow(), 2, "28.78", "105.00"),
        ],
    ]
}

fn assert_meaning(revision: &str, meaning: &[Vec<Event>]) {
    let heard = Ring::new().hear_all(&samples(revision));
    assert_eq!(heard.len(), meaning.len());
    for (number, (outcome, events)) in heard.iter().zip(meaning).enumerate() {
        // Debug tells 15.00 from 15.0.
        assert_eq!(format!("{:#?}", outcome.events), format!("{events:#?}"), "message {number}");
        assert_eq!(outcome.unknown, [""; 0], "message {number}");
        assert_eq!(outcome.active, [2, 3, 4, 8].contains(&number), "message {number}");
    }
}

#[test]
fn decoder_reads_every_message_of_the_first_revision() {
    assert_meaning(FIRST, &meaning([Course::default(), Course::default()], "elim"));
}

#[test]
fn decoder_reads_every_message_of_the_latest_revision() {
    let jumping = Course {
        judge_name: text("Santa Claus"),
        // The run says 210, the dog 200.
        length_m: decimal("210"),
        obstacles: Some(20),
        standard_time: decimal("67.82"),
        maximum_time: decimal("80.0"),
    };
    let agility = Course { length_m: decimal("210"), ..Course::default() };
    assert_meaning(LATEST, &meaning([jumping, agility], ""));
}
