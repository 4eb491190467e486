//! The laps of one driver in one heat, as the lines of the table prove them.
//!
//! A line says four things at a time: the laps so far (`L`), the time of the last one (`T`), the
//! average `A = floor(sum of all laps / L)` and the best, which is the minimum of all laps (`B`).
//! Where frames were missed, the average bounds the sum of what was missed. No wrong lap, ever:
//! what is not proven stays a gap. (No line can prove that officials removed laps which were driven
//! again before the next line came; a sheet knows only removals whose lines it saw.)
//!
//! Pure bookkeeping: [`LapSheet::observe`] takes a line and answers what changed in the laps.

use chrono::{DateTime, TimeDelta, Utc};

use crate::event::karting::{LapSource, PastDriver};

use super::{
    bounds::{Bounds, Inexact},
    pieces::{KnownLap, LapChange, Piece, sum_of},
};

/// A driver's line at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub laps: i32,
    pub last_ms: Option<i32>,
    pub average_ms: Option<i32>,
    pub best_ms: Option<i32>,
    pub kart: &'a str,
    pub position: i32,
    pub at: DateTime<Utc>,
    /// This sheet saw the line before this one, and just now: what changed happened in between.
    pub witnessed: bool,
}

/// All laps of a driver, known or not.
#[derive(Clone, Debug, Default)]
pub struct LapSheet {
    /// Ascending, and together exactly the laps from 1 to the last.
    pieces: Vec<Piece>,
    previous: Option<Line>,
    /// A last time that may belong to a lap that officials removed.
    suspect_ms: Option<i32>,
    /// The average contradicts the laps: one of them was corrected unseen, or this venue reckons
    /// differently. Nothing is inferred from averages as long as that is so.
    doubted: bool,
}

/// What a line says of laps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    laps: i32,
    last_ms: Option<i32>,
    average_ms: Option<i32>,
    best_ms: Option<i32>,
}

impl LapSheet {
    /// The sheet as it was when its laps and gaps were stored. A number that is in neither (its row
    /// was refused) becomes a gap, to be told with the next change.
    pub fn recalled(past: PastDriver) -> Self {
        let laps = past.laps.into_iter().filter(|lap| lap.removed_at.is_none()).map(Piece::from);
        let mut stored: Vec<_> = laps.chain(past.gaps.into_iter().map(Piece::from)).collect();
        stored.sort_by_key(Piece::first_lap);

        let mut sheet = Self::default();
        for piece in stored {
            let next = sheet.last_lap() + 1;
            if piece.first_lap() > next {
                sheet.push(Piece::open(next, piece.first_lap() - 1));
            }
            if piece.first_lap() >= next {
                sheet.push(piece);
            }
        }
        sheet
    }

    /// Takes a line and answers what it changed, in the order in which it is to be told.
    pub fn observe(&mut self, seen: &Seen<'_>) -> Vec<LapChange> {
        let line = seen.line();
        if self.previous == Some(line) {
            return Vec::new();
        }
        let mut changes = Vec::new();
        let known = self.last_lap();
        if seen.laps > known {
            self.grow(known, seen, &mut changes);
        } else {
            self.shrink(seen, &mut changes);
            self.hold(seen, known == seen.laps, &mut changes);
        }
        self.settle(seen, known, &mut changes);
        if seen.laps <= known {
            self.confirm_inferred(seen, &mut changes);
        }
        self.tell_gaps(&mut changes);
        self.doubted = match (self.sum(), seen.sum()) {
            (Some(ours), Some(theirs)) => !ours.meets(theirs),
            // An unknown total could explain any average: no reason to begin or to end a doubt.
            _ => self.doubted && !self.pieces.is_empty(),
        };
        self.previous = Some(line);
        changes
    }

    /// The last lap with what is on its line, whenever it was driven.
    fn lap_of(&self, seen: &Seen<'_>, ms: i32) -> KnownLap {
        let known = self.pieces.iter().rev().find_map(Piece::kart);
        let kart = known.filter(|kart| ***kart == *seen.kart).cloned();
        KnownLap {
            lap: seen.laps,
            lap_ms: ms,
            error_ms: 0,
            source: LapSource::Timed,
            kart: Some(kart.unwrap_or_else(|| seen.kart.into())),
            position: Some(seen.position),
            crossed_at: None,
        }
    }

    /// Puts it last. Thousands of sheets are held, so they have little room to spare.
    fn push(&mut self, piece: Piece) {
        if self.pieces.len() == self.pieces.capacity() {
            self.pieces.reserve_exact(4 + self.pieces.len() / 4);
        }
        self.pieces.push(piece);
    }

    /// How many laps and gaps are on the sheet.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    fn last_lap(&self) -> i32 {
        self.pieces.last().map_or(0, Piece::last_lap)
    }

    /// Where the sum of all laps lies; none when a gap has no total.
    fn sum(&self) -> Option<Bounds> {
        sum_of(&self.pieces)
    }

    /// More laps than before: the last time is that of the last lap, those between are missing.
    fn grow(&mut self, known: i32, seen: &Seen<'_>, changes: &mut Vec<LapChange>) {
        self.suspect_ms = None;
        let last_missing = if seen.last_ms.is_some() { seen.laps - 1 } else { seen.laps };
        if last_missing > known {
            self.push(Piece::open(known + 1, last_missing));
        }
        if let Some(ms) = seen.last_ms {
            let mut lap = self.lap_of(seen, ms);
            lap.crossed_at = seen.witnessed.then_some(seen.at);
            self.push(Piece::Lap(lap.clone()));
            changes.push(LapChange::Lap(lap));
        }
    }

    /// Officials removed laps. Venues count laps and do not number them, so the last ones go.
    fn shrink(&mut self, seen: &Seen<'_>, changes: &mut Vec<LapChange>) {
        while let Some(piece) = self.pieces.pop_if(|piece| piece.last_lap() > seen.laps) {
            match piece {
                Piece::Lap(lap) => changes.push(LapChange::LapRemoved(lap)),
                Piece::Gap(mut gap) if gap.first_lap <= seen.laps => {
                    gap.last_lap = seen.laps;
                    gap.total = None;
                    self.push(Piece::Gap(gap));
                }
                Piece::Gap(gap) => gap.close(changes),
            }
        }
    }

    /// The last time at a lap that is already on the sheet: the same, or a correction, or the
    /// left-over of a removed lap.
    fn hold(&mut self, seen: &Seen<'_>, same_laps: bool, changes: &mut Vec<LapChange>) {
        let Some(ms) = seen.last_ms else { return };
        // Only a time that came while we looked and no lap was removed surely belongs to this lap.
        let trusted = same_laps && seen.witnessed && self.suspect_ms != Some(ms);
        let sum = self.sum();
        let accepted = match self.pieces.last_mut() {
            Some(Piece::Lap(lap)) if lap.source == LapSource::Reconstructed => {
                if trusted {
                    lap.become_timed(ms, changes);
                }
                trusted
            }
            Some(Piece::Lap(lap)) if lap.lap_ms != ms => {
                let corrected = is_correction(lap.lap_ms, ms, sum, seen.sum(), trusted);
                if corrected {
                    lap.lap_ms = ms;
                    lap.source = LapSource::Corrected;
                    changes.push(LapChange::Lap(lap.clone()));
                }
                corrected
            }
            Some(Piece::Gap(_)) if trusted => {
                self.find_last_lap(ms, seen, changes);
                true
            }
            Some(Piece::Gap(_)) => false,
            Some(Piece::Lap(_)) | None => true,
        };
        self.suspect_ms = (!accepted).then_some(ms);
    }

    /// The time of a lap at the end of a gap came after all.
    fn find_last_lap(&mut self, ms: i32, seen: &Seen<'_>, changes: &mut Vec<LapChange>) {
        if let Some(Piece::Gap(mut gap)) = self.pieces.pop() {
            gap.last_lap -= 1;
            gap.total = None;
            if gap.last_lap < gap.first_lap {
                gap.close(changes);
            } else {
                self.push(Piece::Gap(gap));
            }
        }
        let lap = self.lap_of(seen, ms);
        self.push(Piece::Lap(lap.clone()));
        changes.push(LapChange::Lap(lap));
    }

    /// Infers the total of the one gap that has none, and with it the lap if it is only one.
    fn settle(&mut self, seen: &Seen<'_>, known: i32, changes: &mut Vec<LapChange>) {
        let Some(index) = self.pieces.iter().position(Piece::is_open) else { return };
        let Some(total) = self.infer(index, seen) else { return };
        let Some(piece) = self.pieces.get_mut(index) else { return };
        let Piece::Gap(gap) = piece else { return };
        if gap.first_lap < gap.last_lap {
            gap.total = Some(total);
            return;
        }
        let Ok(lap_ms) = i32::try_from(total.ms) else { return };
        // The next lap began where this one ended.
        let next_just_crossed =
            seen.witnessed && seen.laps > known && seen.laps == gap.last_lap + 1;
        let next_ms = seen.last_ms.filter(|_| next_just_crossed);
        let lap = KnownLap {
            lap: gap.first_lap,
            lap_ms,
            error_ms: total.error_ms,
            source: LapSource::Reconstructed,
            kart: None,
            position: None,
            crossed_at: next_ms
                .and_then(|ms| seen.at.checked_sub_signed(TimeDelta::milliseconds(ms.into()))),
        };
        gap.close(changes);
        changes.push(LapChange::Lap(lap.clone()));
        *piece = Piece::Lap(lap);
    }

    /// Where the total of the gap at `index` lies, all others being known; none where that is not
    /// proven.
    fn infer(&self, index: usize, seen: &Seen<'_>) -> Option<Inexact> {
        let sum = seen.sum().filter(|_| !self.doubted)?;
        let (before, from) = self.pieces.split_at_checked(index)?;
        let (gap, after) = from.split_first()?;
        let missing = i64::from(gap.last_lap() - gap.first_lap()) + 1;
        let total = sum.minus(sum_of(before)?.plus(sum_of(after)?));
        let Some(best) = seen.best_ms else { return total.as_duration() };
        let others = || before.iter().chain(after);
        // A lap below the best: the best is no minimum of these laps.
        if others().any(|piece| piece.is_surely_below(best)) {
            return None;
        }
        // The best is the time of some lap. If all other laps are known and each is above it, then
        // the missing one is all that is left. It must be a new best, too: a venue may go on
        // showing that of a lap which it removed.
        let new = self.previous.is_none_or(|line| line.best_ms.is_none_or(|known| known > best));
        if missing == 1 && new && others().all(|piece| piece.is_surely_above(best)) {
            return total.contains(best).then(|| Bounds::exactly(best))?.as_duration();
        }
        total.at_least(i64::from(best) * missing)?.as_duration()
    }

    /// After a removal the last lap may be one that had only been inferred; its own time may now
    /// have come to light.
    fn confirm_inferred(&mut self, seen: &Seen<'_>, changes: &mut Vec<LapChange>) {
        let Some(ms) = seen.last_ms else { return };
        // The time that was shown before the removal is that of a removed lap.
        let left_over = self.previous.is_none_or(|line| line.last_ms == Some(ms));
        if let Some(Piece::Lap(lap)) = self.pieces.last_mut()
            && lap.source == LapSource::Reconstructed
            && lap.bounds().contains(ms)
            && !left_over
        {
            lap.become_timed(ms, changes);
            self.suspect_ms = None;
        }
    }

    fn tell_gaps(&mut self, changes: &mut Vec<LapChange>) {
        for piece in &mut self.pieces {
            if let Piece::Gap(gap) = piece {
                gap.tell(changes);
            }
        }
    }
}

impl Seen<'_> {
    fn line(&self) -> Line {
        let Self { laps, last_ms, average_ms, best_ms, .. } = *self;
        Line { laps, last_ms, average_ms, best_ms }
    }

    /// Where the sum of all laps lies, by the average.
    fn sum(&self) -> Option<Bounds> {
        self.average_ms.filter(|_| self.laps > 0).map(|ms| Bounds::of_sum(ms, self.laps))
    }
}

/// Whether another time for a known lap is the venue's correction of it. The average knows: it
/// holds the time that counts.
fn is_correction(
    old_ms: i32,
    new_ms: i32,
    sum: Option<Bounds>,
    venue_sum: Option<Bounds>,
    trusted: bool,
) -> bool {
    let (Some(sum), Some(venue_sum)) = (sum, venue_sum) else { return trusted };
    let old_fits = sum.meets(venue_sum);
    let new_fits =
        sum.minus(Bounds::exactly(old_ms)).plus(Bounds::exactly(new_ms)).meets(venue_sum);
    if trusted { new_fits || !old_fits } else { new_fits && !old_fits }
}

#[cfg(test)]
mod tests {
    use crate::event::karting::{HeatKey, Lap, LapGap};

    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_700_000_000_000 + ms).unwrap()
    }

    /// The line of a driver who drove these laps and whom we are watching.
    fn line(laps: &[i32]) -> Seen<'static> {
        let sum: i32 = laps.iter().sum();
        let count = i32::try_from(laps.len()).unwrap();
        Seen {
            laps: count,
            last_ms: laps.last().copied(),
            average_ms: sum.checked_div(count),
            best_ms: laps.iter().min().copied(),
            kart: "7",
            position: 2,
            at: at(0),
            witnessed: true,
        }
    }

    /// A sheet that has seen these lines.
    fn sheet(lines: &[Seen<'_>]) -> LapSheet {
        let mut sheet = LapSheet::default();
        for line in lines {
            sheet.observe(line);
        }
        sheet
    }

    fn timed(lap: i32, lap_ms: i32, crossed_at: Option<DateTime<Utc>>) -> KnownLap {
        KnownLap {
            lap,
            lap_ms,
            error_ms: 0,
            source: LapSource::Timed,
            kart: Some("7".into()),
            position: Some(2),
            crossed_at,
        }
    }

    /// Lap, time, error and source of the laps among the changes.
    fn told(changes: &[LapChange]) -> Vec<(i32, i32, i32, LapSource)> {
        let lap = |change: &LapChange| match change {
            LapChange::Lap(lap) => Some((lap.lap, lap.lap_ms, lap.error_ms, lap.source)),
            _ => None,
        };
        changes.iter().filter_map(lap).collect()
    }

    fn gap(first_lap: i32, last_lap: i32, total: Option<(i64, i32)>) -> LapChange {
        let total = total.map(|(ms, error_ms)| Inexact { ms, error_ms });
        LapChange::Gap { first_lap, last_lap, total }
    }

    #[test]
    fn lap_is_timed_when_the_count_grows_by_one() {
        let mut sheet = sheet(&[line(&[])]);
        let changes = sheet.observe(&line(&[41_000]));
        assert_eq!(changes, [LapChange::Lap(timed(1, 41_000, Some(at(0))))]);
        assert_eq!(sheet.observe(&line(&[41_000])), []);
    }

    #[test]
    fn lap_has_no_crossing_time_when_nobody_watched() {
        let unwatched = Seen { witnessed: false, ..line(&[41_000]) };
        let changes = sheet(&[line(&[])]).observe(&unwatched);
        assert_eq!(changes, [LapChange::Lap(timed(1, 41_000, None))]);
    }

    #[test]
    fn missing_lap_is_reconstructed_within_the_error_of_the_average() {
        // 40_000 + 41_001 + 42_001, of which the average is 41_000 and two thirds
        let changes = sheet(&[line(&[40_000])]).observe(&line(&[40_000, 41_001, 42_001]));
        assert_eq!(changes[0], LapChange::Lap(timed(3, 42_001, Some(at(0)))));
        let missing = KnownLap {
            lap: 2,
            lap_ms: 40_999,
            error_ms: 2,
            source: LapSource::Reconstructed,
            kart: None,
            position: None,
            crossed_at: Some(at(-42_001)),
        };
        assert_eq!(changes[1..], [LapChange::Lap(missing)]);
    }

    #[test]
    fn missing_lap_is_exact_when_it_must_be_the_new_best() {
        let changes = sheet(&[line(&[40_000])]).observe(&line(&[40_000, 39_001, 42_001]));
        assert_eq!(told(&changes)[1], (2, 39_001, 0, LapSource::Reconstructed));
    }

    #[test]
    fn missing_lap_is_not_below_the_best() {
        // The average alone would allow 39_999.
        let changes = sheet(&[line(&[40_000])]).observe(&line(&[40_000, 40_000, 42_002]));
        assert_eq!(told(&changes)[1], (2, 40_000, 1, LapSource::Reconstructed));
    }

    #[test]
    fn missing_lap_is_a_gap_when_best_and_average_disagree() {
        let best_ms = Some(38_000);
        let contradictory = Seen { best_ms, ..line(&[40_000, 39_001, 42_001]) };
        let changes = sheet(&[line(&[40_000])]).observe(&contradictory);
        assert_eq!(changes[1..], [gap(2, 2, None)]);
    }

    #[test]
    fn missing_lap_is_a_gap_when_a_known_lap_is_below_the_best() {
        let contradictory = Seen { best_ms: Some(40_500), ..line(&[40_000, 41_000, 42_000]) };
        let changes = sheet(&[line(&[40_000])]).observe(&contradictory);
        assert_eq!(changes[1..], [gap(2, 2, None)]);
    }

    #[test]
    fn missing_lap_is_a_gap_without_an_average_or_with_an_absurd_one() {
        for average_ms in [None, Some(20_000)] {
            let seen = Seen { average_ms, best_ms: None, ..line(&[40_000, 41_000, 42_000]) };
            let changes = sheet(&[line(&[40_000])]).observe(&seen);
            assert_eq!(changes[1..], [gap(2, 2, None)]);
        }
    }

    #[test]
    fn missing_laps_are_one_gap_with_their_sum() {
        let laps = [40_000, 41_000, 43_000, 42_001];
        let changes = sheet(&[line(&laps[..1])]).observe(&line(&laps));
        assert_eq!(told(&changes).len(), 1);
        // 166_001 / 4 = 41_500 and a quarter
        assert_eq!(changes[1..], [gap(2, 3, Some((83_999, 3)))]);
    }

    #[test]
    fn first_lap_is_reconstructed_when_the_second_is_the_first_seen() {
        let changes = sheet(&[]).observe(&line(&[45_001, 42_000]));
        assert_eq!(told(&changes)[1], (1, 45_000, 1, LapSource::Reconstructed));
    }

    #[test]
    fn further_missing_lap_is_found_beside_a_gap_with_a_total() {
        let laps = [40_000, 41_000, 42_000, 43_000, 44_000];
        let mut sheet = sheet(&[line(&laps[..3])]);
        let changes = sheet.observe(&line(&laps));
        let [_, (4, low, error, LapSource::Reconstructed)] = told(&changes)[..] else {
            panic!("{changes:?}");
        };
        assert!((low..=low + error).contains(&43_000) && error == 6, "{low} {error}");
    }

    #[test]
    fn further_missing_lap_is_a_gap_beside_a_gap_without_a_total() {
        let laps = [40_000, 41_000, 42_000, 43_000, 44_000];
        let mut sheet = sheet(&[Seen { average_ms: None, ..line(&laps[..3]) }]);
        assert_eq!(sheet.observe(&line(&laps))[1..], [gap(4, 4, None)]);
    }

    #[test]
    fn lap_without_a_time_is_missing_until_its_time_comes() {
        let known = line(&[40_000]);
        let late = Seen { last_ms: None, average_ms: None, best_ms: None, ..line(&[0, 0]) };
        let mut sheet = sheet(&[known]);
        assert_eq!(sheet.observe(&late), [gap(2, 2, None)]);
        let changes = sheet.observe(&line(&[40_000, 41_000]));
        let closed = LapChange::GapClosed { first_lap: 2 };
        assert_eq!(changes, [closed, LapChange::Lap(timed(2, 41_000, None))]);
    }

    #[test]
    fn gap_gets_its_total_when_the_average_comes_later() {
        let laps = [40_000, 41_000, 42_000];
        let mut sheet = sheet(&[Seen { average_ms: None, ..line(&laps) }]);
        assert_eq!(sheet.observe(&line(&laps)), [gap(1, 2, Some((81_000, 2)))]);
    }

    #[test]
    fn removed_laps_are_told_and_their_numbers_used_again() {
        let mut sheet = sheet(&[line(&[40_000]), line(&[40_000, 41_000])]);
        let changes = sheet.observe(&line(&[40_000]));
        assert_eq!(changes, [LapChange::LapRemoved(timed(2, 41_000, Some(at(0))))]);
        let changes = sheet.observe(&line(&[40_000, 45_000]));
        assert_eq!(changes, [LapChange::Lap(timed(2, 45_000, Some(at(0))))]);
    }

    #[test]
    fn time_of_a_removed_lap_is_no_correction() {
        let mut sheet = sheet(&[line(&[40_000]), line(&[40_000, 41_000])]);
        let left_over = Seen { last_ms: Some(41_000), ..line(&[40_000]) };
        assert_eq!(told(&sheet.observe(&left_over)), []);
        // Nor later, when something else on the line changes and the average can't tell.
        let later = Seen { average_ms: None, ..left_over };
        assert_eq!(sheet.observe(&later), []);
        assert_eq!(sheet.observe(&line(&[40_000])), []);
    }

    #[test]
    fn time_after_a_removal_is_a_correction_when_the_average_proves_it() {
        let mut sheet = sheet(&[line(&[40_000]), line(&[40_000, 41_000])]);
        let changes = sheet.observe(&line(&[39_000]));
        assert_eq!(told(&changes), [(1, 39_000, 0, LapSource::Corrected)]);
    }

    #[test]
    fn other_time_at_the_same_count_is_a_correction() {
        let mut sheet = sheet(&[line(&[40_000]), line(&[40_000, 41_000])]);
        let changes = sheet.observe(&line(&[40_000, 46_000]));
        let corrected = KnownLap {
            lap_ms: 46_000,
            source: LapSource::Corrected,
            ..timed(2, 41_000, Some(at(0)))
        };
        assert_eq!(changes, [LapChange::Lap(corrected)]);
    }

    #[test]
    fn other_time_is_no_correction_when_the_average_stands_by_the_old_one() {
        let mut sheet = sheet(&[line(&[40_000]), line(&[40_000, 41_000])]);
        let other = Seen { last_ms: Some(46_000), ..line(&[40_000, 41_000]) };
        assert_eq!(sheet.observe(&other), []);
    }

    #[test]
    fn other_time_is_no_correction_when_nobody_watched_and_the_average_is_silent() {
        let mut sheet = sheet(&[line(&[40_000])]);
        let other = Seen { average_ms: None, ..line(&[46_000]) };
        assert_eq!(sheet.observe(&Seen { witnessed: false, ..other }), []);
        let further = Seen { last_ms: Some(47_000), ..other };
        assert_eq!(told(&sheet.observe(&further)), [(1, 47_000, 0, LapSource::Corrected)]);
    }

    #[test]
    fn averages_are_believed_again_when_all_laps_were_removed() {
        let mut sheet = sheet(&[line(&[40_000]), line(&[40_000, 41_000])]);
        sheet.observe(&line(&[50_000, 41_000]));
        sheet.observe(&line(&[]));
        let changes = sheet.observe(&line(&[45_000, 42_000]));
        assert_eq!(told(&changes)[1], (1, 45_000, 1, LapSource::Reconstructed));
    }

    #[test]
    fn nothing_is_inferred_after_a_lap_was_corrected_unseen() {
        let (driven, ruled) = ([40_000, 44_000, 41_000], [40_000, 47_000, 41_000]);
        let mut sheet = sheet(&[line(&driven[..1]), line(&driven[..2]), line(&driven)]);
        assert_eq!(sheet.observe(&line(&ruled)), []);
        let jumped = [&ruled[..], &[42_000, 43_000]].concat();
        assert_eq!(sheet.observe(&line(&jumped))[1..], [gap(4, 4, None)]);
        let on = [&jumped[..], &[44_000]].concat();
        assert_eq!(told(&sheet.observe(&line(&on))), [(6, 44_000, 0, LapSource::Timed)]);
        assert_eq!(told(&sheet.observe(&line(&[&on[..], &[45_000]].concat()))).len(), 1);
    }

    #[test]
    fn best_of_a_removed_lap_proves_nothing() {
        let removed = [40_000, 38_001];
        let mut sheet = sheet(&[line(&removed[..1]), line(&removed)]);
        sheet.observe(&Seen { best_ms: Some(38_001), ..line(&removed[..1]) });
        let still_shown = Seen { best_ms: Some(38_001), ..line(&[40_000, 38_002, 42_000]) };
        let changes = sheet.observe(&still_shown);
        assert_eq!(told(&changes)[1], (2, 38_001, 1, LapSource::Reconstructed));
    }

    #[test]
    fn gap_is_cut_when_laps_in_it_are_removed() {
        let laps = [40_000, 41_000, 42_000, 43_000, 44_000];
        let mut sheet = sheet(&[line(&laps[..1]), line(&laps)]);
        let changes = sheet.observe(&line(&laps[..3]));
        assert!(matches!(changes[0], LapChange::LapRemoved(KnownLap { lap: 5, .. })));
        assert_eq!(changes[1..], [gap(2, 3, Some((83_000, 2)))]);
        let changes = sheet.observe(&line(&laps[..1]));
        assert_eq!(changes, [LapChange::GapClosed { first_lap: 2 }]);
    }

    #[test]
    fn gap_cut_to_one_lap_becomes_a_lap_with_the_time_that_came_to_light() {
        let laps = [40_000, 41_000, 42_000, 43_000];
        let mut sheet = sheet(&[line(&laps[..1]), line(&laps)]);
        let changes = sheet.observe(&line(&laps[..2]));
        assert!(changes.contains(&LapChange::GapClosed { first_lap: 2 }));
        assert_eq!(told(&changes).last(), Some(&(2, 41_000, 0, LapSource::Timed)));
    }

    #[test]
    fn reconstructed_lap_stays_so_when_only_the_time_of_a_removed_lap_is_shown() {
        let mut sheet = sheet(&[line(&[40_000]), line(&[40_000, 41_001, 41_001])]);
        let left_over = Seen { last_ms: Some(41_001), ..line(&[40_000, 41_001]) };
        assert_eq!(told(&sheet.observe(&left_over)), []);
    }

    fn past(laps: &[i32], gaps: &[(i32, i32)]) -> PastDriver {
        let heat = std::sync::Arc::new(HeatKey { start_unix: 0, name: "".into(), occurrence: 0 });
        let lap = |&lap: &i32| Lap {
            heat: heat.clone(),
            driver_id: 1,
            lap,
            lap_ms: 40_000,
            kart: None,
            position: None,
            crossed_at: None,
            source: LapSource::Timed,
            error_ms: 0,
            removed_at: None,
        };
        let gap = |&(first_lap, last_lap): &(i32, i32)| LapGap {
            heat: heat.clone(),
            driver_id: 1,
            first_lap,
            last_lap,
            total_ms: Some(i64::from(last_lap - first_lap + 1) * 40_000),
            error_ms: 0,
        };
        let (laps, gaps) = (laps.iter().map(lap).collect(), gaps.iter().map(gap).collect());
        PastDriver { driver_id: 1, laps, gaps }
    }

    #[test]
    fn recalled_sheet_goes_on_without_a_false_gap() {
        let mut sheet = LapSheet::recalled(past(&[1, 4], &[(2, 3)]));
        let changes = sheet.observe(&Seen { witnessed: false, ..line(&[40_000; 5]) });
        assert_eq!(changes, [LapChange::Lap(timed(5, 40_000, None))]);
    }

    #[test]
    fn recalled_sheet_tells_of_laps_whose_rows_are_lost() {
        let mut sheet = LapSheet::recalled(past(&[1, 4], &[]));
        let changes = sheet.observe(&Seen { average_ms: None, ..line(&[40_000; 4]) });
        assert_eq!(changes, [gap(2, 3, None)]);
    }

    #[test]
    fn recalled_time_is_kept_when_nobody_saw_how_another_came_to_be_shown() {
        let mut sheet = LapSheet::recalled(past(&[1, 2], &[]));
        let other = Seen { last_ms: Some(41_000), ..line(&[40_000, 40_000]) };
        assert_eq!(sheet.observe(&other), []);
        let mut sheet = LapSheet::recalled(past(&[1, 2], &[]));
        let changes = sheet.observe(&line(&[40_000, 41_000]));
        assert_eq!(told(&changes), [(2, 41_000, 0, LapSource::Corrected)]);
    }
}
