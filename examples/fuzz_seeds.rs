//! Writes what fuzzing begins with: the documented samples, conversations of the simulated worlds,
//! and small things that nobody would send. The only argument is the folder, which gets one folder
//! for each target; `tests/fuzz_harness/conversation.rs` tells how a conversation is written down.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use anyhow::{Context, Result};
use ringside::simulator::{Frame, KartOptions, KartWorld, RingDayOptions, RingWorld};
use serde_json::Value;

/// Small inputs are mutated best, and a few frames show all that a world can do.
const FRAMES: usize = 12;
const MAX_BYTES: usize = 12_000;

const TRACK_SAMPLES: &[&str] = &[
    include_str!("../tests/fixtures/bmi/before_start_timed.json"),
    include_str!("../tests/fixtures/bmi/finished_timed.json"),
    include_str!("../tests/fixtures/bmi/running_by_laps.json"),
    include_str!("../tests/fixtures/bmi/seed.json"),
];
const RING_SAMPLES: &[&str] = &[
    include_str!("../tests/fixtures/flowagility/messages-1.0.0.json"),
    include_str!("../tests/fixtures/flowagility/messages-2024.json"),
];
const HATEFUL_TRACK: &[&str] = &[
    "{}",
    r#"{"T":1,"N":"a","D":[]}"#,
    r#"{"T":1,"N":"a","S":1,"CS":1,"D":[{"D":1,"L":1,"T":9,"A":9,"B":9},{"D":2,"L":10000}]}"#,
    r#"{"T":"1","N":null,"S":9,"E":7,"R":-1,"X":{"y":[1]},"D":[{"D":5,"L":"0","Z":[[{}]],"R":8}]}"#,
    r#"{"T":253402300799,"N":"","C":9223372036854775807,"E":0,"CS":1,"D":null}"#,
    r#"{"T":1,"N":"a","C":-0,"D":[{"D":-9223372036854775808,"L":1e0,"T":2147483647,"A":1e400}]}"#,
    r#"{"T":1,"N":"a","D":[{"D":1,"L":3,"T":20,"A":20}]}"#,
    "{\"T\":1,\"N\":\"a\",\"S\":1,\"CS\":1,\"D\":[{\"D\":1,\"L\":1,\"T\":30,\"A\":30}]}\n+9\n\
     {\"T\":1,\"N\":\"a\",\"S\":1,\"CS\":1,\"D\":[{\"D\":1,\"L\":4,\"T\":31,\"A\":30,\"B\":29}]}\n!\n\
     {\"T\":1,\"N\":\"a\",\"S\":1,\"CS\":1,\"D\":[{\"D\":1,\"L\":3,\"T\":31,\"A\":30,\"B\":29}]}\n@\n\
     {\"T\":1,\"N\":\"a\",\"S\":1,\"CS\":1,\"D\":[{\"D\":2,\"L\":0}]}",
    // Laps behind a gap, and then both taken away.
    "{\"T\":1,\"N\":\"a\",\"D\":[{\"D\":1,\"L\":1,\"T\":30}]}\n+9\n\
     {\"T\":1,\"N\":\"a\",\"D\":[{\"D\":1,\"L\":6,\"T\":31}]}\n+9\n\
     {\"T\":1,\"N\":\"a\",\"D\":[{\"D\":1,\"L\":1,\"T\":30}]}",
    // Refused frames where what comes next depends on what came before.
    "{\"T\":1,\"N\":\"a\",\"D\":[{\"D\":1,\"L\":1,\"T\":30}]}\n@\n{\"T\":1\n\
     {\"T\":1,\"N\":\"a\",\"D\":[{\"D\":1,\"L\":2,\"T\":31}]}\n[]\n+1\n\
     {\"T\":1,\"N\":\"b\",\"D\":[{\"D\":1,\"L\":10001}]}\n\
     {\"T\":1,\"N\":\"a\",\"D\":[{\"D\":1,\"L\":3,\"T\":32}]}",
];
const HATEFUL_RING: &[&str] = &[
    "1.0.0",
    "\"v2.1.0\"",
    r#"{"error":"Runs are not ready yet"}"#,
    r#"{"run":"","run_ready":"","timestamp":"2022-09-05 00:34:25"}"#,
    r#"{"run":[[[[[[]]]]]],"run_ready":{"a":1e400}}"#,
    r#"{"event_name":"E","ring_name":"1","x":[0],"run":{"name":"R","results_best":[{"id":"1","time":"-0"},{"id":2,"status_string":"calculated","time":"NaN","faults":99999999999,"y":{}}],"results_combined":[{"dorsal":"7","time":1e9},{}]},"run_ready":null}"#,
];
const CONFIGS: &[&str] = &[
    include_str!("../ringside.example.toml"),
    "data_dir = \"x\"\n[http]\nbind = \"127.0.0.1:0\"\n[database]\nurl = \"postgres://u:S3CR3T-T0K3N@h/d\"\n\
     [limits]\nmax_message_bytes = 1\nconnection_threads = 9\n[writer]\nflush_after_ms = 0\n[tls]\nca_file = \"c\"\n",
    "[[feed]]\nid = \"a\"\nkind = \"flowagility\"\nvenue = \"V\"\nname = \"N\"\nurl = \"https:f.test/ws/${SECRET_1}\"\n\
     [[feed]]\nid = \"a\"\nkind = \"bmi\"\nvenue = \"V\"\nname = \"N\"\nurl = \"ws://[::1]:1/\"\nresource = \"1@x\"\n",
    "[[feed]]\nkind = \"bmi\"\nurl = \"S3CR3T-T0K3N\"\nresourse = 7\n[database]\nurl = \"${SECRET\"\n",
    "[[feed]]\nid = \"a\"\nkind = \"bmi\"\nurl = \"wss://x/${S3CR3T-T0K3N}\"\nresource = \"${NOT_SET}\"\n",
    "feed = [{ id = \"b\", kind = \"x\" }, 1]\nhttp = 1\n",
];
const RECORDINGS: &[&str] = &[
    "{\"T\":1,\"N\":\"a\",\"D\":[]}\n\n{}\r\nno json\n",
    r#"[{"error":"x"},{"label":"2.","msg":{"run":""}},"pong",{"msg":{"msg":"{}"}}]"#,
    "[[[[[[[[",
];

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("usage: fuzz_seeds FOLDER")?;
    let folder = Path::new(&folder);
    let mut tracks: Vec<String> =
        TRACK_SAMPLES.iter().chain(HATEFUL_TRACK).map(|&frame| frame.to_owned()).collect();
    let mut rings: Vec<String> = HATEFUL_RING.iter().map(|&frame| frame.to_owned()).collect();
    for messages in RING_SAMPLES {
        let messages: Vec<Value> = serde_json::from_str(messages)?;
        let messages: Vec<String> =
            messages.iter().map(|sample| sample["msg"].to_string()).collect();
        rings.extend(messages.chunks(3).map(|messages| messages.join("\n+20\n")));
    }
    for seed in 0..12 {
        // Later frames have more in them than the first.
        let skipped = usize::try_from(seed)? * 7;
        tracks.push(conversation(KartWorld::new(seed, track()).skip(skipped)));
        rings.push(conversation(RingWorld::new(seed, ring()).skip(skipped)));
    }
    write(&folder.join("bmi"), &tracks)?;
    write(&folder.join("flowagility"), &rings)?;
    write(&folder.join("config"), CONFIGS)?;
    let first_tracks = tracks.into_iter().take(4).map(|frame| format!("[{}]", frame.trim()));
    write(&folder.join("recording"), &first_tracks.collect::<Vec<_>>())?;
    write(&folder.join("recording"), RECORDINGS)
}

/// Few drivers, short heats, and everything that officials can do to them.
fn track() -> KartOptions {
    KartOptions {
        heat_s: 60,
        drivers: 2..=4,
        incidents: 1.0,
        removals: 0.5,
        corrections: 0.5,
        reruns: 0.5,
        ..KartOptions::default()
    }
}

fn ring() -> RingDayOptions {
    RingDayOptions { classes: 1, dogs: 2..=3, corrections: 0.5, ..RingDayOptions::default() }
}

fn conversation(frames: impl Iterator<Item = Frame>) -> String {
    let mut script = String::new();
    let mut last = Duration::ZERO;
    for Frame { offset, text } in frames.take(FRAMES) {
        let passed = offset.saturating_sub(last).as_millis() / 100;
        last = offset;
        if script.len() + text.len() > MAX_BYTES {
            break;
        }
        // Writing to a text can't fail.
        writeln!(script, "+{passed}\n{text}").ok();
    }
    script
}

/// One file for each seed, named by what is in it, so that the same seed is there once.
fn write(folder: &Path, seeds: &[impl AsRef<str>]) -> Result<()> {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};

    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for seed in seeds {
        let mut hasher = DefaultHasher::new();
        seed.as_ref().hash(&mut hasher);
        let file = folder.join(format!("seed-{:016x}", hasher.finish()));
        fs::write(&file, seed.as_ref()).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
