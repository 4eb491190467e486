use std::{io::Write, sync::Arc, time::Duration};

use bytestring::ByteString;
use chrono::TimeDelta;

use crate::pipeline::message::Payload;

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 123_456_000).unwrap()
}

fn feed(id: &str) -> Arc<FeedInfo> {
    Arc::new(FeedInfo {
        id: FeedId::new(id),
        kind: "bmi".into(),
        venue: "Venue".into(),
        name: id.into(),
    })
}

fn frame(seq: i64, feed: &Arc<FeedInfo>, text: impl Into<ByteString>) -> Arc<Record> {
    let content = Content::Frame(Payload::Text(text.into()));
    Arc::new(Record::new(Seq(seq), feed.clone(), Generation(3), at(seq), content))
}

fn mark(seq: i64, feed: &Arc<FeedInfo>, generation: u64, ended: Option<&str>) -> Arc<Record> {
    let ended = ended.map(|reason| ConnectionEnded {
        disconnected_at: at(seq),
        reason: reason.into(),
        frames: Some(7),
    });
    let span = ConnectionSpan { generation: Generation(generation), connected_at: at(1), ended };
    let generation = Generation(generation);
    Arc::new(Record::new(Seq(seq), feed.clone(), generation, at(seq), Content::Mark(span)))
}

fn texts(records: &[Record]) -> Vec<String> {
    let text = |record: &Record| match &record.content {
        Content::Frame(Payload::Text(text)) => text.to_string(),
        Content::Lost(lost) => format!("lost {} {}", lost.frames, lost.reason),
        other => format!("{other:?}"),
    };
    records.iter().map(text).collect()
}

fn all(file: &mut JournalFile) -> Vec<Record> {
    file.read(Seq(0), usize::MAX, usize::MAX).unwrap()
}

#[test]
fn file_gives_back_what_it_was_given_after_it_was_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (feed("a"), feed("b"));
    let binary = Content::Frame(Payload::Binary(vec![0, 159, 255].into()));
    let written = vec![
        mark(1, &a, 3, None),
        frame(2, &a, "{\"T\":1}"),
        Arc::new(Record::new(Seq(5), b.clone(), Generation(9), at(5), binary)),
        mark(6, &a, 3, Some("silence")),
    ];
    let id = {
        let mut file = JournalFile::open(dir.path()).unwrap();
        assert!(file.is_new());
        file.append(&written, Seq(2)).unwrap();
        file.id().clone()
    };
    let mut file = JournalFile::open(dir.path()).unwrap();
    assert_eq!((file.id(), file.is_new(), file.start(), file.written()), (&id, false, 2, Seq(2)));
    let read: Vec<_> = all(&mut file).into_iter().map(Arc::new).collect();
    assert_eq!(read, written);
    assert_eq!(file.extent().unwrap().last, Some(Seq(6)));
    assert_eq!(file.count(Seq(2), Seq(5), 9).unwrap(), 1);
    assert_eq!(file.generations().unwrap()[&a.id], Generation(3));
}

#[test]
fn file_reads_on_from_a_place_and_no_more_than_asked() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = JournalFile::open(dir.path()).unwrap();
    let a = feed("a");
    let frames: Vec<_> = (1..=100).map(|seq| frame(seq * 10, &a, format!("f{seq}"))).collect();
    file.append(&frames, Seq(0)).unwrap();
    assert_eq!(texts(&file.read(Seq(15), 2, usize::MAX).unwrap()), ["f2", "f3"]);
    assert_eq!(file.read(Seq(0), usize::MAX, 1).unwrap().len(), 1, "one at least");
    assert!(file.read(Seq(1_000), 5, usize::MAX).unwrap().is_empty());
}

#[test]
fn file_knows_the_connections_that_a_killed_process_left_open() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (feed("a"), feed("b"));
    let before = Utc::now();
    {
        let mut file = JournalFile::open(dir.path()).unwrap();
        let marks = [mark(1, &a, 1, None), mark(2, &a, 1, Some("silence")), mark(3, &b, 4, None)];
        file.append(&marks, Seq(0)).unwrap();
    }
    let mut file = JournalFile::open(dir.path()).unwrap();
    let open = file.left_open().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].feed, b);
    let ended = open[0].span.ended.clone().unwrap();
    assert_eq!((ended.reason.as_str(), ended.frames), ("killed", None));
    // When the process last wrote, to the microsecond in which that is kept.
    assert!(ended.disconnected_at >= before - TimeDelta::microseconds(1));
    assert!(ended.disconnected_at <= Utc::now());
}

#[test]
fn file_finds_the_last_written_frame_of_each_feed() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = JournalFile::open(dir.path()).unwrap();
    let (a, b, c) = (feed("a"), feed("b"), feed("c"));
    let records = [
        frame(1, &c, "c1"),
        frame(2, &a, "a1"),
        frame(3, &b, "b1"),
        frame(4, &a, "a2"),
        mark(5, &a, 3, None),
        frame(6, &b, "b2"),
    ];
    file.append(&records, Seq(0)).unwrap();
    assert_eq!(texts(&file.last_frames(Seq(5), 100).unwrap()), ["c1", "b1", "a2"]);
    assert_eq!(texts(&file.last_frames(Seq(5), 4).unwrap()), ["b1", "a2"], "not further back");
    assert!(file.last_frames(Seq(7), 100).unwrap().is_empty(), "the database knows more");
    file.append(&[frame(8, &c, "c2")], Seq(0)).unwrap();
    assert_eq!(texts(&file.last_frames(Seq(8), 100).unwrap()), ["c2"], "7 is in the database only");
}

#[test]
fn file_drops_written_records_by_age() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = JournalFile::open(dir.path()).unwrap();
    let a = feed("a");
    let frames: Vec<_> = (1..=10).map(|seq| frame(seq, &a, format!("f{seq}"))).collect();
    file.append(&frames, Seq(0)).unwrap();
    let keep = Keep { for_time: Duration::from_secs(5), max_bytes: u64::MAX };
    let spared = Spared { written: Seq(4), ..Spared::default() };
    // At 12 s, 1..=6 are older than 5 s, and 1..=4 are written.
    let trimmed = file.trim(keep, spared, at(12)).unwrap();
    assert_eq!((trimmed.written, trimmed.lost.len()), (4, 0));
    assert_eq!(all(&mut file).len(), 6);
    assert_eq!(file.trim(keep, spared, at(12)).unwrap().written, 0);
}

#[test]
fn file_over_its_size_drops_written_records_first_and_says_what_else_it_drops() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = JournalFile::open(dir.path()).unwrap();
    let (a, b) = (feed("a"), feed("b"));
    let big = "x".repeat(10_000);
    let mut records: Vec<_> = (1..=40).map(|seq| frame(seq, &a, big.clone())).collect();
    records.push(mark(41, &a, 3, None));
    records.push(frame(42, &b, big.clone()));
    file.append(&records, Seq(0)).unwrap();
    let keep = Keep { for_time: Duration::from_secs(1_000_000), max_bytes: 100_000 };
    let spared = Spared { written: Seq(10), handed_on: Seq(12), held_from: Some(Seq(42)) };

    let first = file.trim(keep, spared, at(50)).unwrap();
    assert_eq!((first.written, first.lost.len(), first.more), (10, 0, false));
    let second = file.trim(keep, spared, at(50)).unwrap();
    let lost = &second.lost[0];
    assert_eq!((lost.feed.id.as_str(), lost.frames.frames), ("a", 24), "no more than it must");
    assert_eq!((lost.frames.from_at, lost.frames.to_at), (at(13), at(36)));
    let left = all(&mut file);
    let seqs: Vec<_> = left.iter().map(|record| record.seq.0).collect();
    assert_eq!(seqs, [11, 12, 36, 37, 38, 39, 40, 41, 42], "what is under way or in memory stays");
    assert_eq!(texts(&left)[2], "lost 24 journal_full");
    assert!(file.extent().unwrap().bytes <= 100_000);

    // What follows is merged with it.
    let more: Vec<_> = (43..=80).map(|seq| frame(seq, &a, big.clone())).collect();
    file.append(&more, Seq(0)).unwrap();
    let third = file.trim(keep, Spared { held_from: None, ..spared }, at(90)).unwrap();
    let again: u64 = third.lost.iter().map(|lost| lost.frames.frames).sum();
    let left = all(&mut file);
    let frames = left.iter().filter(|record| record.is_frame()).count() as u64;
    assert_eq!(24 + again + frames, 42 - 11 + 38, "every frame is there or counted");
    let losses: Vec<_> = texts(&left).into_iter().filter(|text| text.starts_with("lost")).collect();
    assert_eq!(losses.len(), 2, "one of each feed: {losses:?}");
    assert!(file.extent().unwrap().bytes <= 100_000);
}

#[test]
fn file_finds_frames_to_drop_behind_any_number_of_marks() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = JournalFile::open(dir.path()).unwrap();
    let a = feed("a");
    let mut records: Vec<_> =
        (1..=2_500).map(|seq| mark(seq, &a, seq.unsigned_abs(), Some("silence"))).collect();
    records.extend((2_501..=2_520).map(|seq| frame(seq, &a, "x".repeat(10_000))));
    file.append(&records, Seq(0)).unwrap();
    let keep = Keep { for_time: Duration::from_secs(1_000_000), max_bytes: 1 };
    let trimmed = file.trim(keep, Spared::default(), at(3_000)).unwrap();
    assert_eq!(trimmed.lost[0].frames.frames, 20);
}

#[test]
fn file_counts_a_record_that_can_not_be_read_as_lost_and_reads_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = JournalFile::open(dir.path()).unwrap();
    let a = feed("a");
    file.append(&[frame(1, &a, "one"), frame(2, &a, "two"), frame(3, &a, "three")], Seq(0))
        .unwrap();
    let spoil = "UPDATE records SET payload = x'ff00' WHERE seq = 2";
    diesel::connection::SimpleConnection::batch_execute(file.connection(), spoil).unwrap();
    assert_eq!(texts(&all(&mut file)), ["one", "lost 1 journal_damaged", "three"]);
}

#[test]
fn file_that_is_damaged_is_known_and_set_aside_whole() {
    let dir = tempfile::tempdir().unwrap();
    {
        let mut file = JournalFile::open(dir.path()).unwrap();
        file.append(&[frame(1, &feed("a"), "precious")], Seq(0)).unwrap();
    }
    let path = dir.path().join(FILE_NAME);
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all(&[0xAA; 200]).unwrap();
    drop(file);
    let damaged = fs::read(&path).unwrap();
    let Err(error) = JournalFile::open(dir.path()) else { panic!("it opens") };
    assert!(matches!(error, JournalError::Damaged(_)), "{error:?}");

    let aside = set_aside(dir.path(), at(0)).unwrap();
    assert_eq!(fs::read(aside).unwrap(), damaged);
    assert!(JournalFile::open(dir.path()).unwrap().is_new());
}

#[test]
fn file_of_a_newer_version_is_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let mut connection = layout::connect(&dir.path().join(FILE_NAME)).unwrap();
    diesel::connection::SimpleConnection::batch_execute(
        &mut connection,
        "PRAGMA user_version = 99",
    )
    .unwrap();
    drop(connection);
    let Err(error) = JournalFile::open(dir.path()) else { panic!("it opens") };
    assert_eq!(error, JournalError::Newer);
}

#[test]
fn file_goes_on_under_its_id_when_a_new_one_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = JournalFile::open_as(dir.path(), Some(("the-same", 5))).unwrap();
    assert_eq!((file.id().as_ref(), file.start(), file.is_new()), ("the-same", 6, false));
}
