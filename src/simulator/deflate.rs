//! Compression of websocket messages (RFC 7692), as far as a server on loopback needs it.

use std::{cell::RefCell, io};

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

use super::socket::MAX_REQUEST;

/// The end of every compressed message, which does not travel.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
const NAME: &str = "permessage-deflate";

/// Whether a venue compresses for clients that offer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    /// Context takeover saves bytes and costs a connection about 270 kB.
    Deflate {
        context_takeover: bool,
    },
}

impl Default for Compression {
    fn default() -> Self {
        Self::Deflate { context_takeover: true }
    }
}

/// What both sides agreed upon.
pub(super) struct Agreement {
    /// The value of the answer's `Sec-WebSocket-Extensions`.
    pub answer: String,
    server_takes_over: bool,
    client_takes_over: bool,
}

impl Agreement {
    /// Takes the first of the client's offers that can be kept.
    pub fn reach(offers: &str, wanted: Compression) -> Option<Self> {
        let Compression::Deflate { context_takeover } = wanted else { return None };
        offers.split(',').find_map(|offer| Self::accept(offer, context_takeover))
    }

    fn accept(offer: &str, context_takeover: bool) -> Option<Self> {
        let mut params = offer.split(';').map(str::trim);
        if params.next() != Some(NAME) {
            return None;
        }
        let mut agreement = Self {
            answer: NAME.to_owned(),
            server_takes_over: context_takeover,
            client_takes_over: true,
        };
        for param in params {
            match param.split('=').next().map(str::trim) {
                Some("server_no_context_takeover") => agreement.server_takes_over = false,
                Some("client_no_context_takeover") => agreement.client_takes_over = false,
                Some("client_max_window_bits") => {}
                // A smaller window for the server, or something from the future.
                _ => return None,
            }
        }
        if !agreement.server_takes_over {
            agreement.answer += "; server_no_context_takeover";
        }
        if !agreement.client_takes_over {
            agreement.answer += "; client_no_context_takeover";
        }
        Some(agreement)
    }

    pub fn deflater(&self) -> Deflater {
        Deflater { context: self.server_takes_over.then(new_compress) }
    }

    pub fn inflater(&self) -> Inflater {
        Inflater { context: Decompress::new(false), takes_over: self.client_takes_over }
    }
}

fn new_compress() -> Compress {
    Compress::new(flate2::Compression::fast(), false)
}

/// Compresses the messages of one connection.
pub(super) struct Deflater {
    /// None: every message stands alone.
    context: Option<Compress>,
}

thread_local! {
    /// For all connections without context takeover.
    static SHARED: RefCell<Compress> = RefCell::new(new_compress());
}

impl Deflater {
    pub fn deflate(&mut self, message: &[u8]) -> io::Result<Vec<u8>> {
        match &mut self.context {
            Some(context) => deflate(context, message),
            None => SHARED.with_borrow_mut(|shared| {
                shared.reset();
                deflate(shared, message)
            }),
        }
    }
}

/// Inflates the messages of one client.
pub(super) struct Inflater {
    context: Decompress,
    takes_over: bool,
}

impl Inflater {
    /// # Errors
    /// Not deflate, or more than a client may send.
    pub fn inflate(&mut self, payload: &[u8]) -> io::Result<Vec<u8>> {
        if !self.takes_over {
            self.context.reset(false);
        }
        let mut message = Vec::with_capacity(MAX_REQUEST);
        for part in [payload, &TAIL] {
            let end = self.context.total_in() + part.len() as u64;
            let status = self
                .context
                .decompress_vec(part, &mut message, FlushDecompress::Sync)
                .map_err(io::Error::other)?;
            let taken_whole = self.context.total_in() == end || status == Status::StreamEnd;
            if !taken_whole || message.len() == message.capacity() {
                return Err(io::Error::other("a request that inflates too far"));
            }
        }
        Ok(message)
    }
}

/// A compressed message of `bytes` spaces, rounded up to whole MiB. It is made of one compressed
/// MiB repeated, so that 1 GiB costs 1 MiB and hardly any time.
pub(super) fn bomb(bytes: u64) -> io::Result<Vec<u8>> {
    const MIB: usize = 1 << 20;
    let spaces = vec![b' '; MIB];
    let mut context = Compress::new(flate2::Compression::best(), false);
    let mut message = deflate(&mut context, &spaces)?;
    let mut repeated = deflate(&mut context, &spaces)?;
    repeated.splice(..0, TAIL);
    for _ in 1..bytes.div_ceil(MIB as u64) {
        message.extend_from_slice(&repeated);
    }
    Ok(message)
}

fn deflate(context: &mut Compress, message: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressed = Vec::with_capacity(message.len() / 2 + 64);
    let start = context.total_in();
    loop {
        let taken = (context.total_in() - start) as usize;
        let rest = message.get(taken..).unwrap_or_default();
        context
            .compress_vec(rest, &mut compressed, FlushCompress::Sync)
            .map_err(io::Error::other)?;
        let all_taken = context.total_in() - start == message.len() as u64;
        // Room that is left over is the sign that the flush is complete.
        if all_taken && compressed.len() < compressed.capacity() {
            break;
        }
        compressed.reserve(compressed.capacity());
    }
    if compressed.ends_with(&TAIL) {
        compressed.truncate(compressed.len() - TAIL.len());
    }
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "permessage-deflate; client_max_window_bits";

    #[test]
    fn agreement_answers_what_was_offered() {
        let answer = |offer, takeover| {
            let wanted = Compression::Deflate { context_takeover: takeover };
            Agreement::reach(offer, wanted).map(|agreement| agreement.answer)
        };
        assert_eq!(answer(OFFER, true).as_deref(), Some("permessage-deflate"));
        assert_eq!(
            answer(OFFER, false).as_deref(),
            Some("permessage-deflate; server_no_context_takeover")
        );
        assert_eq!(
            answer("x-other, permessage-deflate;client_no_context_takeover", true).as_deref(),
            Some("permessage-deflate; client_no_context_takeover")
        );
        assert_eq!(
            answer("permessage-deflate; server_max_window_bits=10, permessage-deflate", true)
                .as_deref(),
            Some("permessage-deflate")
        );
        assert_eq!(answer("x-webkit-deflate-frame", true), None);
        assert!(Agreement::reach(OFFER, Compression::None).is_none());
    }

    #[test]
    fn deflater_and_inflater_agree_with_and_without_takeover() {
        for offer in [OFFER, "permessage-deflate; client_no_context_takeover"] {
            for context_takeover in [true, false] {
                let wanted = Compression::Deflate { context_takeover };
                let agreement = Agreement::reach(offer, wanted).unwrap();
                let mut client_takes_over = Agreement::reach(OFFER, wanted).unwrap().inflater();
                let mut deflater = agreement.deflater();
                for n in 0..20 {
                    let message = format!("{n}:{}", "Мишаня".repeat(n * 50));
                    let compressed = deflater.deflate(message.as_bytes()).unwrap();
                    // A receiver that keeps its window can read either.
                    let inflated = client_takes_over.inflate(&compressed).unwrap();
                    assert_eq!(inflated, message.as_bytes());
                }
            }
        }
    }

    #[test]
    fn inflater_refuses_what_inflates_too_far() {
        let agreement = Agreement::reach(OFFER, Compression::default()).unwrap();
        let bomb = bomb(16 << 20).unwrap();
        assert!(bomb.len() < 64 << 10, "{}", bomb.len());
        assert!(agreement.inflater().inflate(&bomb).is_err());
    }

    #[test]
    fn bomb_inflates_to_as_many_spaces_as_promised() {
        let mut payload = bomb(3 << 20).unwrap();
        payload.extend(TAIL);
        let mut spaces = Vec::with_capacity(4 << 20);
        Decompress::new(false)
            .decompress_vec(&payload, &mut spaces, FlushDecompress::Sync)
            .unwrap();
        assert_eq!(spaces.len(), 3 << 20);
        assert!(spaces.iter().all(|byte| *byte == b' '));
    }
}
