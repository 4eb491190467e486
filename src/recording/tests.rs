use std::fs;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

fn header() -> Header {
    Header {
        feed: FeedId::new("speedpark"),
        kind: Some("bmi".to_owned()),
        venue: Some("SpeedPark \"Süd\"".to_owned()),
        name: None,
    }
}

fn at(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_777_629_600, 0).unwrap() + TimeDelta::microseconds(micros)
}

fn text(micros: i64, text: &str) -> Entry {
    let content = Content::Frame(Payload::Text(ByteString::from(text)));
    Entry { received: Received { at: at(micros), generation: Generation(3) }, content }
}

fn written(format: Format, entries: &[Entry]) -> Vec<u8> {
    let mut writer = FrameWriter::new(Vec::new(), format, &header()).unwrap();
    for entry in entries {
        writer.write(entry).unwrap();
    }
    writer.finish().unwrap().0
}

fn format(name: &str) -> Format {
    Format::of(Path::new(name)).unwrap()
}

fn read(bytes: &[u8]) -> Result<Recording, RecordingError> {
    read::read(bytes, MAX_BYTES)
}

fn texts(recording: &Recording) -> Vec<&str> {
    recording.frames().iter().map(|frame| &**frame.text().unwrap()).collect()
}

/// Frames that no packer makes much smaller, so that damage has something to hit.
fn noise(count: usize) -> Vec<Entry> {
    let mut random = fastrand::Rng::with_seed(7);
    (0..count)
        .map(|n| {
            let noise: String = (0..200).map(|_| random.alphanumeric()).collect();
            text(n as i64 * 1_000, &noise)
        })
        .collect()
}

#[test]
fn writer_writes_lines_as_documented() {
    let received = Received { at: at(123_000), generation: Generation(3) };
    let with = |content| Entry { received, content };
    let entries = [
        with(Content::Connected),
        with(Content::Frame(Payload::Text("{\"N\":\"ö\\n\"}".into()))),
        with(Content::Frame(Payload::Binary(Bytes::from_static(b"\x00\xff")))),
        with(Content::Lost(Lost { reason: "journal_full".to_owned(), frames: Some(12) })),
        with(Content::Disconnected("remote_closed".to_owned())),
    ];
    let said = String::from_utf8(written(Format::LINES, &entries)).unwrap();
    let stamp = r#"{"received_at":"2026-05-01T10:00:00.123Z","generation":3"#;
    let expected = [
        r#"{"ringside_frames":1,"feed":"speedpark","kind":"bmi","venue":"SpeedPark \"Süd\""}"#,
        &format!(r#"{stamp},"connected":true}}"#),
        &format!(r#"{stamp},"text":"{{\"N\":\"ö\\n\"}}"}}"#),
        &format!(r#"{stamp},"binary":"00ff"}}"#),
        &format!(r#"{stamp},"lost":"journal_full","frames":12}}"#),
        &format!(r#"{stamp},"disconnected":"remote_closed"}}"#),
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    let entries_read: Vec<_> =
        said.lines().skip(1).map(|line| line::read_entry(line).unwrap()).collect();
    assert_eq!(entries_read, entries);
}

#[test]
fn writer_writes_an_array_of_values_where_they_are_values() {
    let entries = [
        Entry { content: Content::Connected, ..text(0, "") },
        text(0, " {\"T\": 1.50} "),
        text(1, "pong"),
        text(2, "\"quoted\""),
        text(3, "[1,"),
    ];
    let said = String::from_utf8(written(format("x.json"), &entries)).unwrap();
    assert_eq!(said, "[\n{\"T\": 1.50},\n\"pong\",\n\"\\\"quoted\\\"\",\n\"[1,\"\n]\n");
    let recording = read(said.as_bytes()).unwrap();
    assert_eq!(texts(&recording), ["{\"T\": 1.50}", "pong", "\"quoted\"", "[1,"]);
}

#[test]
fn format_is_told_by_the_end_of_the_name() {
    assert_eq!(format("a/b.jsonl"), Format::LINES);
    assert_ne!(format("b.jsonl.zst"), Format::LINES);
    assert_ne!(format("b.json"), format("b.json.zst"));
    for name in ["b", "b.csv", "b.zst", ".zst", "jsonl", "b.jsonl.gz"] {
        let problem = Format::of(Path::new(name)).unwrap_err().to_string();
        assert!(problem.contains(".jsonl.zst"), "{problem}");
    }
}

#[test]
fn file_appears_whole_and_replaces_nothing_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("race.jsonl.zst");
    let create = |replace| FrameFile::create(&path, &header(), replace);
    let names = || fs::read_dir(folder.path()).unwrap().count();

    let mut dropped = create(false).unwrap();
    dropped.write(&text(0, "a")).unwrap();
    drop(dropped);
    assert_eq!(names(), 0);

    let mut file = create(false).unwrap();
    for n in 0..3 {
        file.write(&text(n, "b")).unwrap();
    }
    assert!(!path.exists());
    let mut late = create(false).unwrap();
    let said = file.finish().unwrap();
    let bytes = fs::metadata(&path).unwrap().len();
    assert_eq!(said, Written { frames: 3, span: Some((at(0), at(2))), bytes });
    assert_eq!(texts(&Recording::read(&path).unwrap()), ["b", "b", "b"]);

    assert_eq!(create(false).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
    late.write(&text(0, "c")).unwrap();
    assert_eq!(late.finish().err().unwrap().kind(), io::ErrorKind::AlreadyExists);
    let mut forced = create(true).unwrap();
    forced.write(&text(0, "d")).unwrap();
    forced.finish().unwrap();
    assert_eq!(texts(&Recording::read(&path).unwrap()), ["d"]);
    assert_eq!(names(), 1);
}

#[test]
fn recording_reads_lines_and_arrays_without_times() {
    let lines = Recording::parse("{\"T\":1}\n\n{}\r\nnot json\n").unwrap();
    assert_eq!(texts(&lines), ["{\"T\":1}", "{}", "not json"]);
    assert!(lines.frames().iter().all(|frame| frame.received.is_none()));
    let array = r#"[{"error":"x"}, {"label":"2.", "msg":{"run":""}}, "pong"]"#;
    let array = Recording::parse(array).unwrap();
    assert_eq!(texts(&array), [r#"{"error":"x"}"#, r#"{"run":""}"#, "pong"]);
    assert!(matches!(Recording::parse(" \n"), Err(RecordingError::Empty)));
    assert!(matches!(Recording::parse("[1,"), Err(RecordingError::NotAnArray(_))));
}

#[test]
fn recording_reads_labels_around_labels_to_an_end() {
    let labels = |count: usize| format!("[{}1{}]", "{\"msg\":".repeat(count), "}".repeat(count));
    assert_eq!(texts(&Recording::parse(&labels(2)).unwrap()), ["1"]);
    let endless = Recording::parse(&labels(300_000)).unwrap();
    assert!(texts(&endless)[0].starts_with("{\"msg\":"));
}

#[test]
fn recording_knows_its_kind_by_header_or_message() {
    let kind = |text: &str| Recording::parse(text).unwrap().kind().map(str::to_owned);
    assert_eq!(kind("{}\n{\"T\":300,\"N\":\"x\",\"D\":[]}").as_deref(), Some("bmi"));
    assert_eq!(
        kind("1.0.0\n{\"error\":\"Runs are not ready yet\"}").as_deref(),
        Some("flowagility")
    );
    assert_eq!(kind("pong\n{}"), None);
    let headed = "{\"ringside_frames\":1,\"feed\":\"x\",\"kind\":\"flowagility\"}\n\
                  {\"received_at\":\"2026-05-01T10:00:00Z\",\"text\":\"{\\\"T\\\":1}\"}\n";
    assert_eq!(kind(headed).as_deref(), Some("flowagility"));
}

#[test]
fn recordings_of_one_feed_can_be_put_one_behind_the_other() {
    let packed = format("x.jsonl.zst");
    let both = [written(packed, &[text(0, "a")]), written(packed, &[text(1, "b")])].concat();
    let recording = read(&both).unwrap();
    assert_eq!((texts(&recording), recording.damage()), (vec!["a", "b"], None));

    let other = "{\"ringside_frames\":1,\"feed\":\"other\"}\n";
    let mixed = [written(Format::LINES, &[text(0, "a")]), other.into()].concat();
    let recording = read(&mixed).unwrap();
    assert_eq!(texts(&recording), ["a"]);
    assert_eq!(
        recording.damage().unwrap().to_string(),
        "damaged at line 3: frames of another feed begin, other"
    );
}

#[test]
fn recording_of_a_later_form_or_of_too_much_is_refused() {
    let later = "{\"ringside_frames\":2,\"feed\":\"x\"}\n";
    assert!(matches!(Recording::parse(later), Err(RecordingError::LaterForm(2))));
    let line = b"0123456789\n";
    assert!(read::read(&line[..], 11).is_ok());
    assert!(matches!(read::read(&line[..], 10), Err(RecordingError::TooLarge)));
    assert!(matches!(read::read(&b"[1,2,3,4]"[..], 8), Err(RecordingError::TooLarge)));
    let packed = zstd::encode_all(vec![b' '; 1 << 20].as_slice(), 3).unwrap();
    assert!(matches!(read::read(packed.as_slice(), 1 << 16), Err(RecordingError::TooLarge)));
}

#[test]
fn recording_that_breaks_off_keeps_what_came_before() {
    let entries = noise(3_000);
    let packed = written(format("x.jsonl.zst"), &entries);
    let recording = read(&packed[..packed.len() / 2]).unwrap();
    let kept = recording.frames().len();
    assert!(kept > 500 && kept < 2_500, "{kept} kept");
    let damage = recording.damage().unwrap();
    // The header is a line too.
    assert_eq!((damage.line, damage.why.as_str()), (kept as u64 + 2, "the file breaks off"));
    for (frame, entry) in recording.frames().iter().zip(&entries) {
        assert_eq!(frame.received, Some(entry.received));
        assert_eq!(Content::Frame(frame.payload.clone()), entry.content);
    }

    let plain = written(Format::LINES, &entries[..2]);
    let recording = read(&plain[..plain.len() - 5]).unwrap();
    assert_eq!(recording.frames().len(), 1);
    assert_eq!(recording.damage().unwrap().to_string(), "damaged at line 3: the file breaks off");
    assert!(matches!(read(&plain[..100]), Err(RecordingError::Damaged(_))));
}

#[test]
fn recording_with_wrong_bytes_keeps_what_came_before() {
    let mut packed = written(format("x.jsonl.zst"), &noise(3_000));
    let middle = packed.len() / 2;
    for byte in &mut packed[middle..middle + 64] {
        *byte = !*byte;
    }
    let recording = read(&packed).unwrap();
    assert!(recording.damage().is_some());
    assert!(recording.frames().len() > 500);
    let mut plain = written(Format::LINES, &noise(3));
    let second = plain.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    plain[second] = b'x';
    assert!(matches!(read(&plain), Err(RecordingError::Damaged(Damage { line: 2, .. }))));
}

#[test]
fn recording_that_is_not_there_says_so() {
    let missing = Recording::read(Path::new("/nowhere/race.jsonl"));
    let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    assert!(matches!(missing, Err(RecordingError::Unreadable(error)) if is_missing(&error)));
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let content = prop_oneof![
        8 => any::<String>().prop_map(|text| Content::Frame(Payload::Text(text.into()))),
        2 => any::<Vec<u8>>().prop_map(|bytes| Content::Frame(Payload::Binary(bytes.into()))),
        1 => Just(Content::Connected),
        1 => any::<String>().prop_map(Content::Disconnected),
        1 => (any::<String>(), any::<Option<u64>>())
            .prop_map(|(reason, frames)| Content::Lost(Lost { reason, frames })),
    ];
    // As far as the journal's times and people's calendars go.
    let micros = -60_000_000_000_000_000_i64..200_000_000_000_000_000;
    (content, micros, any::<u64>()).prop_map(|(content, micros, generation)| Entry {
        received: Received { at: at(micros), generation: Generation(generation) },
        content,
    })
}

proptest! {
    #[test]
    fn recording_gives_back_what_was_written(
        entries in proptest::collection::vec(any_entry(), 1..40),
        packed in any::<bool>(),
    ) {
        let name = if packed { "x.jsonl.zst" } else { "x.jsonl" };
        let file = written(format(name), &entries);
        let frames: Vec<_> = entries
            .into_iter()
            .filter_map(|entry| match entry.content {
                Content::Frame(payload) => {
                    Some(RecordedFrame { received: Some(entry.received), payload })
                }
                _ => None,
            })
            .collect();
        match read(&file) {
            Ok(recording) => {
                prop_assert_eq!(recording.frames(), &frames);
                prop_assert_eq!(recording.header(), Some(&header()));
                prop_assert_eq!(recording.damage(), None);
            }
            Err(error) => {
                prop_assert!(matches!(error, RecordingError::Empty), "{}", error);
                prop_assert!(frames.is_empty());
            }
        }
    }

    #[test]
    fn line_gives_back_the_entry(entry in any_entry()) {
        let mut line = Vec::new();
        line::write_entry(&entry, &mut line).unwrap();
        prop_assert_eq!(line.pop(), Some(b'\n'));
        prop_assert_eq!(line::read_entry(str::from_utf8(&line).unwrap()), Ok(entry));
    }

    #[test]
    fn array_gives_back_the_messages(
        texts in proptest::collection::vec("[^ \t\r\n].*[^ \t\r\n]", 1..20)
    ) {
        let entries: Vec<_> = texts.iter().map(|said| text(0, said)).collect();
        let recording = read(&written(format("x.json"), &entries)).unwrap();
        prop_assert_eq!(super::tests::texts(&recording), texts);
    }

    #[test]
    fn reading_never_panics(mut bytes in any::<Vec<u8>>(), packed in any::<bool>()) {
        if packed {
            bytes.splice(0..0, [0x28, 0xb5, 0x2f, 0xfd]);
        }
        // Any answer will do.
        drop(read(&bytes));
    }
}
