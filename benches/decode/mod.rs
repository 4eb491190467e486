//! Frames into events: the real decoders, all frames of a heat or of a ring's day in order.
//!
//! Two others do less with the same frames, in turns with the decoder: serde_json reads them into
//! structs with the same fields and throws these away, and a pass over the bytes asks whether they
//! are UTF-8. What a frame allocates, and what a decoder keeps, repeats from run to run.

mod plain;
mod samples;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use allocation_counter::AllocationInfo;
use ringside::feed::{self, Decoded, Decoder, Frame};

use crate::{
    Scale,
    report::{Figure, Report, Should, Table},
};

use samples::Sample;

/// Of plain serde_json's speed.
const GOAL: f64 = 0.7;
/// What each contender gets of a round, at least, so that the clock's steps do not matter.
const SLICE: Duration = Duration::from_millis(40);
const ROUNDS: usize = 15;

pub fn run(scale: Scale) -> Report {
    let samples = samples::all();
    let mut report = Report::default();
    let mut speeds = Table::new("frames in order, each contender alone on one core");
    let mut allocations =
        Table::new("what a frame allocates, and what its decoder keeps in the end");
    for sample in &samples {
        let seconds = seconds_per_pass(sample, scale);
        speeds.row(speed_row(sample, &seconds));
        let counted = Counted::of(sample);
        if let Some(what) = sample.goal {
            report.goal(what, seconds.plain / seconds.decoder, Should::Reach(GOAL));
        }
        if scale == Scale::Smoke {
            counted.hold(sample);
        }
        allocations.row(counted.row(sample));
    }
    report.add(speeds);
    report.add(allocations);
    report
}

/// The best time that each took for all frames of a sample.
struct Seconds {
    decoder: f64,
    plain: f64,
    reading: f64,
}

fn seconds_per_pass(sample: &Sample, scale: Scale) -> Seconds {
    let mut best = Seconds { decoder: f64::MAX, plain: f64::MAX, reading: f64::MAX };
    let slice = scale.pick(SLICE, Duration::ZERO);
    for _ in 0..scale.pick(ROUNDS, 1) {
        best.decoder = best.decoder.min(seconds(slice, || drop(decode(sample))));
        best.plain = best.plain.min(seconds(slice, || plain::read(sample)));
        best.reading = best.reading.min(seconds(slice, || read_bytes(sample)));
    }
    best
}

/// Repeats a pass for at least a slice; what one took on average.
fn seconds(slice: Duration, pass: impl Fn()) -> f64 {
    let (begin, mut passes) = (Instant::now(), 0);
    loop {
        pass();
        passes += 1;
        let passed = begin.elapsed();
        if passed >= slice {
            return passed.as_secs_f64() / f64::from(passes);
        }
    }
}

fn speed_row(sample: &Sample, seconds: &Seconds) -> [(&'static str, Figure); 9] {
    let frames = sample.frames.len() as f64;
    let bytes = sample.bytes() as f64;
    [
        ("kind", Figure::text(sample.kind)),
        ("sample", Figure::text(sample.name)),
        ("frames", Figure::Number(frames, 0)),
        ("bytes/frame", Figure::Number(bytes / frames, 0)),
        ("frames/s", Figure::Number(frames / seconds.decoder, 0)),
        ("MB/s", Figure::Number(bytes / seconds.decoder / 1e6, 0)),
        ("serde_json MB/s", Figure::Number(bytes / seconds.plain / 1e6, 0)),
        ("of serde_json", Figure::Number(seconds.plain / seconds.decoder, 2)),
        ("of reading", Figure::Number(seconds.reading / seconds.decoder, 3)),
    ]
}

/// All frames through a new decoder, for which nothing is stored.
fn decode(sample: &Sample) -> Box<dyn Decoder> {
    let kind = feed::retired(sample.kind).expect("a known kind");
    let mut decoder = kind.decoder();
    decoder.connected();
    for (received_at, payload) in &sample.frames {
        let frame = Frame { received_at: *received_at, payload };
        black_box(outcome(&mut *decoder, frame));
    }
    decoder
}

/// As the parser does it: what is asked for is answered, and the frame decoded again.
fn outcome(decoder: &mut dyn Decoder, frame: Frame<'_>) -> Decoded {
    loop {
        match decoder.decode(frame).expect("a frame of this kind") {
            Decoded::Asks(ask) => {
                let past = ask.nothing();
                decoder.recall(ask, past);
            }
            decoded => return decoded,
        }
    }
}

fn read_bytes(sample: &Sample) {
    for (_, payload) in &sample.frames {
        black_box(str::from_utf8(black_box(payload.as_bytes()))).expect("text");
    }
}

/// What is counted and therefore repeats.
struct Counted {
    decoding: AllocationInfo,
    plain: AllocationInfo,
}

impl Counted {
    fn of(sample: &Sample) -> Self {
        let mut decoder = None;
        // The decoder stays, so what is not given back is what it keeps.
        let decoding = allocation_counter::measure(|| decoder = Some(decode(sample)));
        Self { decoding, plain: allocation_counter::measure(|| plain::read(sample)) }
    }

    fn allocations_per_frame(&self, sample: &Sample) -> f64 {
        self.decoding.count_total as f64 / sample.frames.len() as f64
    }

    fn hold(&self, sample: &Sample) {
        let (is, most) = (self.allocations_per_frame(sample), sample.limits.allocations_per_frame);
        let name = sample.name;
        assert!(is <= most, "{name}: {is:.2} allocations a frame, more than {most}");
        let (kept, most) = (self.decoding.bytes_current, sample.limits.kept);
        assert!(kept <= most, "{name}: the decoder keeps {kept} bytes, more than {most}");
    }

    fn row(&self, sample: &Sample) -> [(&'static str, Figure); 7] {
        let frames = sample.frames.len() as f64;
        [
            ("kind", Figure::text(sample.kind)),
            ("sample", Figure::text(sample.name)),
            ("allocations/frame", Figure::Number(self.allocations_per_frame(sample), 2)),
            ("bytes/frame", Figure::Number(self.decoding.bytes_total as f64 / frames, 0)),
            ("of serde_json", Figure::Number(self.plain.count_total as f64 / frames, 2)),
            ("kept bytes", Figure::Number(self.decoding.bytes_current as f64, 0)),
            ("kept in", Figure::Number(self.decoding.count_current as f64, 0)),
        ]
    }
}
