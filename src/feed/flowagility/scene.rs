//! Which run a slot of a message is of, and what is shown of it. Mostly it is what the last message
//! showed, and then nothing is copied.

use std::sync::Arc;

use crate::{
    event::agility::{RunKey, RunScene},
    feed::DecodeError,
};

use super::{
    message::Run,
    snapshot::{implausible, name},
    text::Text,
    wire,
};

/// What a run is called in a message.
pub struct Names<'a> {
    pub event_name: &'a Text<'a>,
    pub ring_name: &'a Text<'a>,
    pub run: &'a wire::Run<'a>,
}

impl Names<'_> {
    /// Whether they are those of a run that is known.
    pub fn are_of(&self, key: &RunKey) -> bool {
        let is = |name: &str, text: &Text<'_>| text.get().unwrap_or_default() == name;
        is(&key.name, &self.run.name)
            && is(&key.run_type, &self.run.run_type)
            && is(&key.trial_name, &self.run.trial_name)
            && is(&key.event_name, self.event_name)
            && is(&key.ring_name, self.ring_name)
    }

    /// Every name is part of the identity, but only three are always there.
    ///
    /// # Errors
    /// [`DecodeError::Implausible`] when one is missing or too long.
    pub fn to_key(&self) -> Result<RunKey, DecodeError> {
        let required = |what, text: &Text<'_>| {
            name(what, text.clone())?.ok_or_else(|| implausible(format!("a run without {what}")))
        };
        // Later a run is asked for by these names, and the database keeps "" for none.
        let optional =
            |what, text: &Text<'_>| Ok(name(what, text.clone())?.unwrap_or_else(String::new));
        Ok(RunKey {
            event_name: required("event_name", self.event_name)?,
            ring_name: required("ring_name", self.ring_name)?,
            trial_name: optional("trial_name", &self.run.trial_name)?,
            name: required("name", &self.run.name)?,
            run_type: optional("type", &self.run.run_type)?,
        })
    }
}

/// Who is where in a slot, by id. Lists that `last` has too are shared with it.
pub fn run_scene(run: Arc<RunKey>, slot: &Run<'_>, last: Option<&RunScene>) -> RunScene {
    let best = slot.best.iter().filter_map(|dog| dog.id());
    let combined = slot.combined.iter().filter_map(|pair| pair.dorsal());
    RunScene {
        run,
        playset_id: slot.playset.as_ref().and_then(|dog| dog.id()).map(str::to_owned),
        best: shared_list(best, last.map(|last| &last.best)),
        combined: shared_list(combined, last.map(|last| &last.combined)),
    }
}

fn shared_list<'a>(
    names: impl Iterator<Item = &'a str> + Clone,
    last: Option<&Arc<[String]>>,
) -> Arc<[String]> {
    match last.filter(|last| last.iter().eq(names.clone())) {
        Some(last) => Arc::clone(last),
        None => names.map(str::to_owned).collect(),
    }
}
