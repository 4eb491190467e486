//! What every feed shows at the moment, for any number of people who look.
//!
//! The journal taps me as soon as a record has its number, so that the view is live also while the
//! database is away and the parser waits. I fold frames into boards with decoders of my own, and
//! hand frames and boards to whoever watches; nobody who watches can slow me: a state replaces the
//! one before, and frames are kept for the slow only so long. I never write, and never wait.

mod place;
mod state;
mod tap;

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, MessageResult, Recipient,
    WrapFuture,
};
use bytestring::ByteString;
use tokio::{
    sync::{broadcast, watch},
    time::timeout,
};

use crate::{
    event::{Ask, FeedId},
    feed::FeedKind,
};

use self::place::Place;
pub use self::{
    state::{Link, Live, Staleness},
    tap::{Basin, FramesTapped, LiveTap, Tapped},
};
use super::message::{FeedsConfigured, Heartbeat, RecallPast, RecallPasts};
pub use crate::feed::Wish;

/// A screen is shown without its past when the store takes longer.
const PAST_WITHIN: Duration = Duration::from_secs(3);
/// While nobody watches any feed, what comes is read so often: a wake-up for every frame would cost
/// more than reading it.
const UNWATCHED_FOR: Duration = Duration::from_millis(50);
/// While the database is away this is how long a screen may lack its past after it came back.
const ASK_AGAIN_EVERY: Duration = Duration::from_secs(5);

/// Whom those ask who want to look.
#[derive(Clone)]
pub struct LiveDesk {
    pub watch: Recipient<WatchFeed>,
    pub find: Recipient<FindFeed>,
    pub fleet: Recipient<GetLive>,
    /// Counts what no screen saw.
    pub basin: Arc<Basin>,
}

/// Anybody → LiveHub: what does this feed show, now and from now on? None: no such feed.
#[derive(Clone, Message)]
#[rtype(result = "Option<Watching>")]
pub struct WatchFeed(pub FeedId);

/// The answer to [`WatchFeed`]. Both channels close when the feed is configured no more.
pub struct Watching {
    /// How a local client of the venue's protocol is served.
    pub kind: Arc<dyn FeedKind>,
    /// The newest state; those in between are passed over by whoever is slow.
    pub live: watch::Receiver<Live>,
    /// The last frame that local clients want to hear, byte for byte.
    pub last: Option<ByteString>,
    /// Every such frame after it.
    pub frames: broadcast::Receiver<ByteString>,
}

/// Anybody → LiveHub: which feed of this kind greets its venue with these words? They are what a
/// client of the venue says to name the feed it wants.
#[derive(Clone, Message)]
#[rtype(result = "Option<FeedId>")]
pub struct FindFeed {
    pub kind: String,
    pub greeting: String,
}

/// Anybody → LiveHub: all feeds at the moment, by id.
#[derive(Clone, Message)]
#[rtype(result = "Vec<Live>")]
pub struct GetLive;

pub struct LiveHub {
    basin: Arc<Basin>,
    store: Recipient<RecallPasts>,
    places: HashMap<FeedId, Place>,
    /// It did not answer the last time: no screen waits for it until it does.
    store_is_silent: bool,
    /// Somebody looks at a feed, or did a moment ago.
    is_watched: bool,
}

impl LiveHub {
    /// `store` is asked for the past of what comes into view.
    pub fn new(basin: Arc<Basin>, store: Recipient<RecallPasts>) -> Self {
        Self { basin, store, places: HashMap::new(), store_is_silent: false, is_watched: false }
    }

    /// Reads what waits of a feed, as far as it goes without a question.
    fn go_on(&mut self, feed: &FeedId) -> Option<RecallPast> {
        let place = self.places.get_mut(feed)?;
        while let Some(ask) = place.go_on() {
            // A ring's messages hold all that is shown of it.
            let is_worth_asking = matches!(ask, Ask::Heats { .. });
            if is_worth_asking && !self.store_is_silent {
                return Some(RecallPast { feed: place.source().info.clone(), ask });
            }
            place.recall(ask, None);
        }
        None
    }

    /// The screens wait for the answers.
    fn ask(&self, questions: Vec<RecallPast>, ctx: &mut Context<Self>) {
        for questions in questions.chunks(RecallPasts::MOST) {
            let questions = questions.to_vec();
            let asked = self.store.send(RecallPasts(questions.clone()));
            let asked = timeout(PAST_WITHIN, asked).into_actor(self);
            ctx.spawn(asked.map(move |answers, this, ctx| {
                this.store_is_silent |= answers.is_err();
                // Away or refusing: the screens go on without.
                let answers = answers.ok().and_then(Result::ok).and_then(Result::ok);
                let mut answers = answers.unwrap_or_default().into_iter();
                let mut further = Vec::new();
                for RecallPast { feed, ask } in questions {
                    let past = answers.next().and_then(Result::ok);
                    if let Some(place) = this.places.get_mut(&feed.id) {
                        place.recall(ask, past);
                        further.extend(this.go_on(&feed.id));
                    }
                }
                this.ask(further, ctx);
            }));
        }
    }

    /// Tries the store for whatever is shown without its past. No screen waits for that: only when
    /// it answers again, the past is asked for once more.
    fn ask_again(&mut self, ctx: &mut Context<Self>) {
        let most = if self.store_is_silent { 1 } else { RecallPasts::MOST };
        let lacking = self.places.values().filter_map(|place| {
            let (feed, ask) = (place.source().info.clone(), place.lacking()?.clone());
            Some(RecallPast { feed, ask })
        });
        let lacking: Vec<_> = lacking.take(most).collect();
        if lacking.is_empty() {
            // Nobody would find out otherwise.
            self.store_is_silent = false;
            return;
        }
        let asked = self.store.send(RecallPasts(lacking.clone()));
        let asked = timeout(PAST_WITHIN, asked).into_actor(self);
        ctx.spawn(asked.map(move |answers, this, ctx| {
            this.store_is_silent &= answers.is_err();
            let Ok(Ok(Ok(answers))) = answers else { return };
            let mut further = Vec::new();
            for (RecallPast { feed, .. }, answer) in lacking.into_iter().zip(answers) {
                let place = this.places.get_mut(&feed.id);
                if let Some(place) =
                    place.filter(|place| answer.is_ok() && place.lacking().is_some())
                {
                    place.begin_anew();
                    further.extend(this.go_on(&feed.id));
                }
            }
            this.ask(further, ctx);
        }));
    }
}

impl LiveHub {
    /// Reads whatever the tap has left.
    fn take_in(&mut self, ctx: &mut Context<Self>) {
        let mut questions = Vec::new();
        for (feed, tapped) in self.basin.drain() {
            // One that was just removed from the configuration may have said a last word.
            let Some(place) = self.places.get_mut(&feed) else { continue };
            let too_many = place.take(tapped);
            self.basin.passed_over.fetch_add(too_many as u64, Ordering::Relaxed);
            questions.extend(self.go_on(&feed));
        }
        self.ask(questions, ctx);
    }
}

impl Actor for LiveHub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(ASK_AGAIN_EVERY, |this, ctx| {
            this.is_watched = this.places.values().any(Place::is_watched);
            this.ask_again(ctx);
        });
    }
}

impl Handler<FeedsConfigured> for LiveHub {
    type Result = ();

    fn handle(&mut self, FeedsConfigured(sources): FeedsConfigured, _: &mut Self::Context) {
        let mut before = std::mem::take(&mut self.places);
        let places = sources.into_iter().map(|source| {
            let same = before.remove(&source.info.id).filter(|place| {
                let known = place.source();
                known.info == source.info && known.fingerprint == source.fingerprint
            });
            (source.info.id.clone(), same.unwrap_or_else(|| Place::new(source)))
        });
        // Whoever watches what is left of them hears that it is over.
        self.places = places.collect();
    }
}

impl Handler<FramesTapped> for LiveHub {
    type Result = ();

    fn handle(&mut self, _: FramesTapped, ctx: &mut Self::Context) {
        if self.is_watched {
            self.take_in(ctx);
        } else {
            ctx.run_later(UNWATCHED_FOR, Self::take_in);
        }
    }
}

impl Handler<WatchFeed> for LiveHub {
    type Result = MessageResult<WatchFeed>;

    fn handle(&mut self, WatchFeed(feed): WatchFeed, ctx: &mut Self::Context) -> Self::Result {
        self.take_in(ctx);
        self.is_watched = true;
        MessageResult(self.places.get_mut(&feed).map(Place::watch))
    }
}

impl Handler<FindFeed> for LiveHub {
    type Result = Option<FeedId>;

    fn handle(
        &mut self,
        FindFeed { kind, greeting }: FindFeed,
        _: &mut Self::Context,
    ) -> Self::Result {
        let greeted = self.places.iter().filter(|(_, place)| {
            let source = place.source();
            source.info.kind == kind && source.kind.hello().contains(&greeting)
        });
        // Of several that are configured alike always the same one.
        greeted.map(|(feed, _)| feed).min().cloned()
    }
}

impl Handler<GetLive> for LiveHub {
    type Result = MessageResult<GetLive>;

    fn handle(&mut self, _: GetLive, ctx: &mut Self::Context) -> Self::Result {
        self.take_in(ctx);
        let mut all: Vec<_> = self.places.values_mut().map(Place::live).collect();
        all.sort_by(|one, other| one.feed.id.cmp(&other.feed.id));
        MessageResult(all)
    }
}

impl Handler<Heartbeat> for LiveHub {
    type Result = ();

    fn handle(&mut self, _: Heartbeat, _: &mut Self::Context) {}
}
