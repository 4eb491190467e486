//! Messages as venues write them: without white space, keys in alphabetical order and none that is
//! unknown beside those of dogs and pairs. Their frame is walked through here, so that entries that
//! are known can be passed over; everything else is read by serde. So is every message that is not
//! plain, as a whole.

use std::sync::Arc;

use serde::Deserialize;

use super::{
    known::{Entries, Known},
    message::{Entry, Message, Run},
    part::Texts,
    text::Text,
};

/// What a message says; none when it is not plain, or wrong.
pub fn read<'a>(payload: &'a str, known: &Known) -> Option<Message<'a>> {
    let mut walk = Walk { rest: payload };
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

/// Through a message, as far as it is plain.
struct Walk<'a> {
    rest: &'a str,
}

/// Which known entry most likely comes next.
struct Next<'k, M> {
    known: &'k Entries<M>,
    place: usize,
}

impl<'a> Walk<'a> {
    fn run(
        &mut self,
        dogs: &mut Next<'_, super::known::Dog>,
        pairs: &mut Next<'_, Arc<crate::event::agility::CombinedResult>>,
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
            // So none comes twice, which would need a rule.
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
        let mut sent = T::default();
        if self.object(|walk, key| walk.text(sent.text_mut(key)?)).is_none() {
            self.rest = from;
            sent = self.value()?;
        }
        let json = from.get(..from.len() - self.rest.len())?;
        Some(Entry::Read { sent, json })
    }

    fn text(&mut self, place: &mut Text<'a>) -> Option<()> {
        *place = Text::plain(self.quoted()?)?;
        Some(())
    }

    /// A text without escapes.
    fn quoted(&mut self) -> Option<&'a str> {
        self.pass("\"")?;
        let is_special = |byte: u8| byte == b'"' || byte == b'\\' || byte < b' ';
        let end = self.rest.bytes().position(is_special)?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        self.pass("\"").map(|()| text)
    }

    fn value<T: Deserialize<'a>>(&mut self) -> Option<T> {
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
