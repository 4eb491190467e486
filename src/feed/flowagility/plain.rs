//! Messages as venues write them: no white space, no escapes, every scalar a text, keys in
//! alphabetical order and none of them unknown. They are walked through here, so that dogs and pairs
//! can be passed over that are known by their JSON.
//!
//! Whatever is not surely plain is left to serde, which also knows what is wrong with it: a dog or a
//! pair by itself, and all else with the whole message.

use std::sync::Arc;

use serde::Deserialize;

use crate::event::agility::CombinedResult;

use super::{
    known::{Dog, Entries, Known},
    message::{Entry, Message, Run},
    part::Texts,
    shape,
    text::Text,
};

/// Real messages have some 10 kB. What so few bytes can be built into needs no other limit.
const MAX_BYTES: usize = 32 << 10;

/// What a message says; none when it is not plain, or wrong.
pub fn read<'a>(payload: &'a str, known: &Known) -> Option<Message<'a>> {
    if payload.len() > MAX_BYTES {
        return None;
    }
    let mut walk = Walk { payload, rest: payload };
    let mut message = Message::default();
    let mut dogs = Next { known: &known.dogs, place: 0 };
    let mut pairs = Next { known: &known.pairs, place: 0 };
    walk.object(|walk, key| {
        let slot = match key {
            "run" => &mut message.run,
            "run_ready" => &mut message.run_ready,
            _ => return walk.text(message.sent.text_mut(key)?),
        };
        message.has_slots = true;
        if !walk.passes("\"\"") {
            *slot = Some(walk.run(&mut dogs, &mut pairs)?);
        }
        Some(())
    })?;
    walk.rest.is_empty().then_some(message)
}

/// A way through a message. Each step is none where the message is not plain.
struct Walk<'a> {
    payload: &'a str,
    rest: &'a str,
}

/// The known entries, and which of them most likely comes next.
struct Next<'k, M> {
    known: &'k Entries<M>,
    place: usize,
}

impl<'a> Walk<'a> {
    fn run(
        &mut self,
        dogs: &mut Next<'_, Dog>,
        pairs: &mut Next<'_, Arc<CombinedResult>>,
    ) -> Option<Run<'a>> {
        let mut run = Run::default();
        self.object(|walk, key| {
            match key {
                "playset" => run.playset = Some(walk.entry(dogs)?),
                "results_best" => run.best = walk.list(dogs)?,
                "results_combined" => run.combined = walk.list(pairs)?,
                _ => walk.text(run.sent.text_mut(key)?)?,
            }
            Some(())
        })?;
        Some(run)
    }

    /// Through an object, with what is to be done at each key.
    fn object(&mut self, mut read: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        let mut last = "";
        self.pass("{")?;
        loop {
            let key = self.quoted()?;
            self.pass(":")?;
            // Then none comes twice, for which serde has the rules.
            if key <= last {
                return None;
            }
            last = key;
            read(self, key)?;
            if !self.passes(",") {
                return self.pass("}");
            }
        }
    }

    fn list<T: Deserialize<'a> + Texts<'a>, M>(
        &mut self,
        next: &mut Next<'_, M>,
    ) -> Option<Vec<Entry<'a, T, M>>> {
        let mut entries = Vec::new();
        self.pass("[")?;
        if self.passes("]") {
            return Some(entries);
        }
        loop {
            entries.push(self.entry(next)?);
            if !self.passes(",") {
                return self.pass("]").map(|()| entries);
            }
        }
    }

    fn entry<T: Deserialize<'a> + Texts<'a>, M>(
        &mut self,
        next: &mut Next<'_, M>,
    ) -> Option<Entry<'a, T, M>> {
        if let Some((place, entry)) = next.known.at_start_of(self.rest, next.place) {
            next.place = place + 1;
            self.pass(entry.json())?;
            return Some(Entry::Known(Arc::clone(entry)));
        }
        let from = self.rest;
        let mut sent: Box<T> = Box::default();
        if self.object(|walk, key| walk.text(sent.text_mut(key)?)).is_none() {
            self.rest = from;
            *sent = self.value()?;
        }
        let json = from.get(..from.len() - self.rest.len())?;
        Some(Entry::Read { sent, json })
    }

    /// Reads a text into its place.
    fn text(&mut self, place: &mut Text<'a>) -> Option<()> {
        *place = Text::plain(self.quoted()?)?;
        Some(())
    }

    /// What stands between two quotes, without escapes.
    fn quoted(&mut self) -> Option<&'a str> {
        self.pass("\"")?;
        let is_special = |byte: u8| byte == b'"' || byte == b'\\' || byte < b' ';
        let end = self.rest.bytes().position(is_special)?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        self.pass("\"").map(|()| text)
    }

    /// Whatever value comes next.
    fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
        // All else that is read here is flat.
        shape::check(self.payload).ok()?;
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter();
        let value = values.next()?.ok()?;
        self.rest = self.rest.get(values.byte_offset()..)?;
        Some(value)
    }

    fn passes(&mut self, token: &str) -> bool {
        self.pass(token).is_some()
    }

    fn pass(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }
}
