//! Who has how many connections open, asks how often, and guesses tokens: by address, and bounded.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::pipeline::bucket::TokenBucket;

use super::{Caller, Limits};

/// A page and its assets at once, for everybody behind one address.
const BURST: Duration = Duration::from_secs(10);
/// A handshake costs more than a request, and most requests need none.
const OPENINGS_PER_REQUEST: u64 = 2;
/// Wrong tokens: ten at once, then one a second.
const GUESSES_PER_SECOND: u64 = 1;
/// About 2 MB. Who comes when so many are busy is counted together with the others who do.
const MAX_CALLERS: usize = 10_000;
/// Looking for who can be forgotten takes longer than a request should.
const TIDY_EVERY: Duration = Duration::from_secs(1);
/// One seat in so many is for callers who hold few: no crowd of a few addresses keeps a monitor
/// out.
const RESERVED_FRACTION: u32 = 16;
/// A monitor's next connection may come before the end of its last one was noticed.
const FEW: u32 = 4;

/// A fingerprint of a wrong token.
pub(super) type Digest = [u8; 32];

/// Every address that did something lately.
pub(super) struct Callers {
    state: Mutex<State>,
}

struct State {
    limits: Limits,
    callers: HashMap<Caller, Standing>,
    open: u32,
    tidied_at: Instant,
}

struct Standing {
    requests: TokenBucket,
    openings: TokenBucket,
    guesses: TokenBucket,
    /// The last wrong one. Who repeats it is out of date, and learns nothing.
    wrong: Option<Digest>,
    open: u32,
}

/// Come again after so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooOften(pub Duration);

/// Why there is no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoSeat {
    /// All are taken.
    Full,
    /// This caller has as many as one may have.
    Share,
    /// This caller opens them faster than one may.
    Pace,
}

/// An open connection; its place is free again when this is dropped.
pub(super) struct Seat {
    callers: Arc<Callers>,
    caller: Caller,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.callers.lock();
        state.open = state.open.saturating_sub(1);
        if let Some(standing) = state.callers.get_mut(&self.caller) {
            standing.open = standing.open.saturating_sub(1);
        }
    }
}

impl Callers {
    pub fn new(limits: Limits) -> Self {
        let state = State { limits, callers: HashMap::new(), open: 0, tidied_at: Instant::now() };
        Self { state: Mutex::new(state) }
    }

    /// From now on these; connections that are open stay so.
    pub fn set_limits(&self, limits: Limits) {
        let now = Instant::now();
        let mut state = self.lock();
        state.limits = limits;
        for standing in state.callers.values_mut() {
            *standing = Standing { open: standing.open, ..Standing::new(limits, now) };
        }
    }

    /// Connections that are open now.
    pub fn open(&self) -> u32 {
        self.lock().open
    }

    /// Takes a seat for a new connection. `is_proxy`: it brings the requests of many, and only the
    /// sum is bounded.
    pub fn sit_down(self: &Arc<Self>, caller: Caller, is_proxy: bool) -> Result<Seat, NoSeat> {
        let now = Instant::now();
        let mut state = self.lock();
        let limits = state.limits;
        let reserved = limits.sockets / RESERVED_FRACTION;
        let open = state.open;
        let (caller, standing) = state.standing(caller, now);
        if open >= limits.sockets || (standing.open >= FEW && open >= limits.sockets - reserved) {
            return Err(NoSeat::Full);
        }
        if !is_proxy {
            if standing.open >= limits.connections_per_address {
                return Err(NoSeat::Share);
            }
            spend(&mut standing.openings, now).map_err(|_| NoSeat::Pace)?;
        }
        standing.open += 1;
        state.open += 1;
        Ok(Seat { callers: self.clone(), caller })
    }

    /// Counts a request.
    pub fn ask(&self, caller: Caller) -> Result<(), TooOften> {
        let now = Instant::now();
        let mut state = self.lock();
        spend(&mut state.standing(caller, now).1.requests, now)
    }

    /// Whether this caller may try a token at all.
    pub fn may_guess(&self, caller: Caller) -> Result<(), TooOften> {
        let now = Instant::now();
        let mut state = self.lock();
        match state.standing(caller, now).1.guesses.debt(now) {
            Duration::ZERO => Ok(()),
            wait => Err(TooOften(wait)),
        }
    }

    /// Counts a wrong token; false when it is the one that this caller had the last time.
    pub fn guessed_wrong(&self, caller: Caller, wrong: Digest) -> bool {
        let now = Instant::now();
        let mut state = self.lock();
        let (_, standing) = state.standing(caller, now);
        let is_new = standing.wrong.replace(wrong) != Some(wrong);
        if is_new {
            standing.guesses.take(1, now);
        }
        is_new
    }

    /// Counters stay right also when somebody panicked in between.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The standing of a caller, or of all those for whom there is no place.
    fn standing(&mut self, caller: Caller, now: Instant) -> (Caller, &mut Standing) {
        let is_full = self.callers.len() >= MAX_CALLERS && !self.callers.contains_key(&caller);
        if is_full && now - self.tidied_at >= TIDY_EVERY {
            self.tidied_at = now;
            self.callers.retain(|_, standing| !standing.is_idle(now));
        }
        let is_full = self.callers.len() >= MAX_CALLERS && !self.callers.contains_key(&caller);
        let caller = if is_full { Caller::OTHERS } else { caller };
        let limits = self.limits;
        let standing = self.callers.entry(caller).or_insert_with(|| Standing::new(limits, now));
        (caller, standing)
    }
}

impl Standing {
    fn new(limits: Limits, now: Instant) -> Self {
        let requests = u64::from(limits.requests_per_second_per_address);
        Self {
            requests: TokenBucket::new(requests, BURST, now),
            openings: TokenBucket::new(requests * OPENINGS_PER_REQUEST, BURST, now),
            guesses: TokenBucket::new(GUESSES_PER_SECOND, BURST, now),
            wrong: None,
            open: 0,
        }
    }

    fn is_idle(&self, now: Instant) -> bool {
        let buckets = [&self.requests, &self.openings, &self.guesses];
        self.open == 0 && buckets.iter().all(|bucket| bucket.is_full(now))
    }
}

/// Takes a token that is there. Who has to wait pays nothing, so that a flood gets its rate and not
/// less and less.
fn spend(bucket: &mut TokenBucket, now: Instant) -> Result<(), TooOften> {
    match bucket.debt(now) {
        Duration::ZERO => {
            bucket.take(1, now);
            Ok(())
        }
        wait => Err(TooOften(wait)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn caller(n: u32) -> Caller {
        Caller::of(Ipv4Addr::from(n).into())
    }

    fn callers(connections_per_address: u32, sockets: u32, requests: u32) -> Arc<Callers> {
        Arc::new(Callers::new(Limits {
            connections_per_address,
            sockets,
            requests_per_second_per_address: requests,
        }))
    }

    #[test]
    fn caller_gets_its_share_of_seats_and_each_is_free_again_when_it_is_left() {
        let callers = callers(2, 100, 10);
        let sit = |n| callers.sit_down(caller(n), false);
        let (first, _second) = (sit(1).ok(), sit(1).ok());
        assert_eq!(sit(1).err(), Some(NoSeat::Share));
        let _other = sit(2).ok();
        assert_eq!(callers.open(), 3);
        drop(first);
        assert_eq!(callers.open(), 2);
        assert!(sit(1).is_ok());
    }

    #[test]
    fn last_seats_are_for_callers_who_have_few() {
        let callers = callers(100, 32, 100);
        let sit = |n| callers.sit_down(caller(n), false);
        let crowd: Vec<_> = (0..40).map_while(|_| sit(1).ok()).collect();
        assert_eq!(crowd.len(), 30);
        assert_eq!(sit(1).err(), Some(NoSeat::Full));
        let (monitor, other) = (sit(2).ok(), sit(3).ok());
        assert!(monitor.is_some() && other.is_some());
        assert_eq!(sit(4).err(), Some(NoSeat::Full));
    }

    #[test]
    fn proxy_may_have_all_seats_but_the_last() {
        let callers = callers(1, 32, 1);
        let seats: Vec<_> = (0..40).map_while(|_| callers.sit_down(caller(1), true).ok()).collect();
        assert_eq!(seats.len(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn caller_who_asks_too_often_waits_and_others_do_not() {
        let callers = callers(10, 100, 5);
        let asked = |n| callers.ask(caller(n));
        let granted = (0..100).filter(|_| asked(1).is_ok()).count();
        assert_eq!(granted, 51, "ten seconds' worth, and the one that begins the debt");
        assert_eq!(asked(1), Err(TooOften(Duration::from_millis(200))));
        assert_eq!(asked(2), Ok(()));
        tokio::time::advance(Duration::from_millis(200)).await;
        assert_eq!(asked(1), Ok(()));
        assert!(asked(1).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn caller_who_opens_too_often_gets_no_seat_for_a_moment() {
        let callers = callers(10, 100, 1);
        let open = || callers.sit_down(caller(1), false).map(drop);
        assert_eq!((0..100).filter(|_| open().is_ok()).count(), 21);
        assert_eq!(open(), Err(NoSeat::Pace));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(open(), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn guesses_are_slowed_and_repeating_an_old_token_is_no_guess() {
        let callers = callers(10, 100, 5);
        for _ in 0..100 {
            callers.guessed_wrong(caller(1), [0; 32]);
        }
        assert_eq!(callers.may_guess(caller(1)), Ok(()));
        for n in 1..=11 {
            callers.guessed_wrong(caller(1), [n; 32]);
        }
        assert_eq!(callers.may_guess(caller(1)), Err(TooOften(Duration::from_secs(2))));
        assert_eq!(callers.may_guess(caller(2)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn idle_callers_are_forgotten_and_too_many_share_one_standing() {
        let callers = callers(10, 100, 1);
        for n in 0..20_000 {
            assert!(callers.ask(caller(n)).is_ok() || n >= MAX_CALLERS as u32);
        }
        assert!(callers.lock().callers.len() <= MAX_CALLERS + 1);
        assert!(callers.ask(caller(30_000)).is_err(), "the crowd has one standing");
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(callers.ask(caller(30_000)), Ok(()));
        assert_eq!(callers.lock().callers.len(), 1);
    }

    #[test]
    fn limits_can_change_while_connections_are_open() {
        let callers = callers(1, 100, 10);
        let seat = callers.sit_down(caller(1), false);
        assert_eq!(callers.sit_down(caller(1), false).err(), Some(NoSeat::Share));
        callers.set_limits(Limits { connections_per_address: 2, ..Limits::default() });
        assert!(callers.sit_down(caller(1), false).is_ok());
        drop(seat);
        assert_eq!(callers.open(), 0);
    }
}
