//! What comes from a client, measured before anything buffers it.
//!
//! The codec looks at the size of a frame when all of it is in memory, and takes in whatever is
//! there before it decodes. So the headers of the frames are read here first: one that announces
//! too much ends the session at once, and so does a client that sends on and on.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;
use tokio::time::Instant;

use crate::pipeline::bucket::TokenBucket;

use super::line::{End, Line};

/// What a frame costs beside its bytes: each one may ask for an answer.
const FRAME_COST: u64 = 64;
/// Two bytes, eight of length, four of the mask.
const MAX_HEADER: usize = 14;

pub(super) struct Inlet<S> {
    payload: S,
    line: Rc<Line>,
    meter: Meter,
}

impl<S> Inlet<S> {
    pub fn new(payload: S, line: Rc<Line>) -> Self {
        let limits = line.limits();
        let meter = Meter::new(
            limits.max_message_bytes as u64,
            limits.bytes_per_second,
            limits.burst_bytes,
            Instant::now(),
        );
        Self { payload, line, meter }
    }
}

impl<S> Stream for Inlet<S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.line.breach().is_some() {
            return Poll::Ready(None);
        }
        let taken = Pin::new(&mut self.payload).poll_next(task);
        match &taken {
            Poll::Ready(Some(Ok(bytes))) => {
                if let Err(breach) = self.meter.measure(bytes, Instant::now()) {
                    self.line.set_breach(breach);
                    return Poll::Ready(Some(Err(PayloadError::Overflow)));
                }
            }
            Poll::Ready(Some(Err(_)) | None) => self.line.end(End::Lost),
            Poll::Pending => {}
        }
        taken
    }
}

/// Follows the frames in a stream of bytes without keeping them.
struct Meter {
    max_frame_bytes: u64,
    allowance: TokenBucket,
    header: [u8; MAX_HEADER],
    header_len: usize,
    /// Bytes of the present frame that are still to come.
    left: u64,
}

impl Meter {
    fn new(max_frame_bytes: u64, bytes_per_second: u64, burst_bytes: u64, now: Instant) -> Self {
        let burst = Duration::from_secs_f64(burst_bytes as f64 / bytes_per_second.max(1) as f64);
        Self {
            max_frame_bytes,
            allowance: TokenBucket::new(bytes_per_second, burst, now),
            header: [0; MAX_HEADER],
            header_len: 0,
            left: 0,
        }
    }

    /// # Errors
    /// What the client did that none may.
    fn measure(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), End> {
        let mut cost = bytes.len() as u64;
        while !bytes.is_empty() {
            if self.left > 0 {
                let passed = self.left.min(bytes.len() as u64);
                self.left -= passed;
                bytes = bytes.get(passed as usize..).unwrap_or_default();
                continue;
            }
            let Some((&byte, rest)) = bytes.split_first() else { break };
            bytes = rest;
            if let Some(slot) = self.header.get_mut(self.header_len) {
                *slot = byte;
            }
            self.header_len += 1;
            if let Some(frame_bytes) = announced(&self.header, self.header_len) {
                if frame_bytes > self.max_frame_bytes {
                    return Err(End::Oversize);
                }
                self.left = frame_bytes;
                self.header_len = 0;
                cost += FRAME_COST;
            }
        }
        match self.allowance.take(cost, now) {
            Duration::ZERO => Ok(()),
            _ => Err(End::Flood),
        }
    }
}

/// The bytes of the frame with this header, when all `len` bytes of the header are there.
fn announced(header: &[u8; MAX_HEADER], len: usize) -> Option<u64> {
    let [_, second, rest @ ..] = header;
    let short = second & 0x7f;
    let long = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 != 0 { 4 } else { 0 };
    if len < 2 + long + mask {
        return None;
    }
    Some(match long {
        0 => u64::from(short),
        _ => rest.iter().take(long).fold(0, |length, byte| length << 8 | u64::from(*byte)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST: u64 = 2_000;

    fn meter(now: Instant) -> Meter {
        Meter::new(1_000, 100, BURST, now)
    }

    /// A masked frame as clients send it, with the length in the form of this many bytes.
    fn frame(len: u64, form: usize) -> Vec<u8> {
        let mut frame = vec![0x81];
        match form {
            0 => frame.push(0x80 | len as u8),
            2 => frame.extend([0x80 | 126, (len >> 8) as u8, len as u8]),
            _ => {
                frame.push(0x80 | 127);
                frame.extend(len.to_be_bytes());
            }
        }
        frame.extend([1, 2, 3, 4]);
        frame.extend(vec![b'x'; len.min(5_000) as usize]);
        frame
    }

    #[test]
    fn meter_lets_frames_of_every_form_pass_however_they_are_cut() {
        let stream = [frame(4, 0), frame(0, 0), frame(300, 2), frame(1_000, 8)].concat();
        for size in [1, 2, 3, 7, stream.len()] {
            let now = Instant::now();
            let mut meter = meter(now);
            for chunk in stream.chunks(size) {
                assert_eq!(meter.measure(chunk, now), Ok(()), "in chunks of {size}");
            }
            assert_eq!((meter.left, meter.header_len), (0, 0), "in chunks of {size}");
        }
    }

    #[test]
    fn meter_refuses_a_frame_at_its_header() {
        let now = Instant::now();
        for (len, form, header) in [(1_001, 2, 8), (4 << 30, 8, 14), (u64::MAX, 8, 14)] {
            let frame = frame(len, form);
            let mut meter = meter(now);
            for (index, byte) in frame.iter().take(header).enumerate() {
                let expected = if index + 1 == header { Err(End::Oversize) } else { Ok(()) };
                assert_eq!(meter.measure(&[*byte], now), expected, "{len}, byte {index}");
            }
        }
    }

    #[test]
    fn meter_refuses_who_sends_on_and_on_and_forgives_who_waits() {
        let now = Instant::now();
        let mut meter = meter(now);
        let ping = frame(4, 0);
        let each = ping.len() as u64 + FRAME_COST;
        for _ in 0..BURST / each {
            assert_eq!(meter.measure(&ping, now), Ok(()));
        }
        let later = now + Duration::from_secs(5);
        for _ in 0..500 / each {
            assert_eq!(meter.measure(&ping, later), Ok(()));
        }
        let flood: Vec<_> = (0..3).map(|_| meter.measure(&ping, later)).collect();
        assert!(flood.contains(&Err(End::Flood)), "{flood:?}");
    }
}
