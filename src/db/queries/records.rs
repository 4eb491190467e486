//! The best laps of a track.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, Utc};
use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, BigInt, Date, Integer, Nullable, Text, Timestamptz},
};

use crate::{
    db::rows::text,
    event::{FeedId, FeedInfo},
};

use super::{
    snapshot,
    stints::{classes, known_feed, missing_since},
};

/// The $6 best stints of feed $1 from $2 on, before $3, of class $5 if it is given. Each of the whole
/// months $4 in between gives its best in the order of an index: `stints_by_best`, or
/// `stints_by_class_best`. What sticks out of them at both ends, before $7 and from $8 on, is hours
/// for a window of the calendar, and read by `stints_by_time`.
const BEST: &str = "\
WITH best AS ( \
    (SELECT of_month.* FROM UNNEST($4) AS months (month) \
     CROSS JOIN LATERAL ( \
         SELECT heat_id, driver_id, kart, class, best_lap, best_lap_ms, best_at FROM stints \
         WHERE feed_id = $1 AND best_month = months.month {class} \
         ORDER BY best_lap_ms LIMIT $6) AS of_month) \
    UNION ALL \
    (SELECT heat_id, driver_id, kart, class, best_lap, best_lap_ms, best_at FROM stints \
     WHERE feed_id = $1 AND best_at >= $2 AND best_at < $7 {class} \
     ORDER BY best_lap_ms LIMIT $6) \
    UNION ALL \
    (SELECT heat_id, driver_id, kart, class, best_lap, best_lap_ms, best_at FROM stints \
     WHERE feed_id = $1 AND best_at >= $8 AND best_at < $3 {class} \
     ORDER BY best_lap_ms LIMIT $6) \
), first AS (SELECT * FROM best ORDER BY best_lap_ms, best_at, heat_id, driver_id LIMIT $6) \
SELECT first.*, COALESCE(drivers.name, '') AS name, heats.name AS heat_name \
FROM first \
JOIN heats ON heats.id = first.heat_id \
LEFT JOIN heat_drivers AS drivers \
  ON drivers.heat_id = first.heat_id AND drivers.driver_id = first.driver_id \
ORDER BY best_lap_ms, best_at, first.heat_id, first.driver_id";

const OF_CLASS: &str = "AND class = $5";
/// The parameter has to be named all the same.
const OF_ANY_CLASS: &str = "AND $5::text IS NULL";

/// The months in which anything was driven on the feed: two looks at `stints_by_best`.
const MONTHS: &str = "\
SELECT (SELECT min(best_month) FROM stints WHERE feed_id = $1) AS first, \
       (SELECT max(best_month) FROM stints WHERE feed_id = $1) AS last";

/// So many stints are looked at first for each name that is wanted. Regulars hold many of the best.
const STINTS_A_NAME: u32 = 4;
/// And then so many times more, until there are names enough.
const MORE: u32 = 8;
const LEAST_STINTS: u32 = 64;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordsWanted {
    pub feed: FeedId,
    /// From then on.
    pub from: DateTime<Utc>,
    /// Before then.
    pub to: DateTime<Utc>,
    /// Of karts; any where none is given.
    pub class: Option<String>,
    /// Names at most.
    pub limit: u32,
}

/// The best lap of a name.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Record {
    #[diesel(sql_type = BigInt)]
    pub heat_id: i64,
    #[diesel(sql_type = BigInt)]
    pub driver_id: i64,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub kart: String,
    /// Empty where the heat's name gives none.
    #[diesel(sql_type = Text)]
    pub class: String,
    #[diesel(sql_type = Integer)]
    pub best_lap: i32,
    #[diesel(sql_type = Integer)]
    pub best_lap_ms: i32,
    #[diesel(sql_type = Timestamptz)]
    pub best_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub heat_name: String,
}

/// The records of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    pub feed: FeedInfo,
    /// The quickest first; of equal laps the one that was first.
    pub records: Vec<Record>,
    /// The classes of karts that were ever driven here.
    pub classes: Vec<String>,
    /// Laps that came after this may not be counted yet; none where all are.
    pub missing_since: Option<DateTime<Utc>>,
}

/// The best lap of each name, as far as the limit goes; none where no such feed is known. `person`
/// tells whom a name means at a venue: whose answers are equal are one.
///
/// # Errors
/// The connection's, also when it takes longer than some seconds.
pub fn records(
    conn: &mut PgConnection,
    wanted: &RecordsWanted,
    person: impl Fn(&str, &str) -> String,
) -> QueryResult<Option<Records>> {
    snapshot(conn, |conn| {
        let Some((feed_id, feed)) = known_feed(conn, &wanted.feed)? else { return Ok(None) };
        let whole = Whole::of(wanted, driven_months(conn, feed_id)?);
        let mut stints = (wanted.limit * STINTS_A_NAME).max(LEAST_STINTS);
        let records = loop {
            let best = best(conn, feed_id, wanted, &whole, stints)?;
            let is_all = best.len() < stints as usize;
            let named = one_a_person(best, is_all, |name| person(&feed.venue, name));
            if is_all || named.len() >= wanted.limit as usize {
                break named.into_iter().take(wanted.limit as usize).collect();
            }
            stints = stints.saturating_mul(MORE);
        };
        let classes = classes(conn, feed_id)?;
        let missing_since = missing_since(conn)?;
        Ok(Some(Records { feed, records, classes, missing_since }))
    })
}

/// The first of each, of stints in the order of their laps. Where there are more stints, those that
/// are as slow as the last one are left to the next look: one of theirs may have been earlier.
fn one_a_person(best: Vec<Record>, is_all: bool, person: impl Fn(&str) -> String) -> Vec<Record> {
    let last_ms = best.last().filter(|_| !is_all).map(|last| last.best_lap_ms);
    let mut seen = HashSet::new();
    let is_first = |record: &Record| {
        // Nobody knows who drives without a name.
        record.name.trim().is_empty() || seen.insert(person(&record.name))
    };
    best.into_iter().filter(|record| Some(record.best_lap_ms) != last_ms).filter(is_first).collect()
}

fn best(
    conn: &mut PgConnection,
    feed_id: i64,
    wanted: &RecordsWanted,
    whole: &Whole,
    stints: u32,
) -> QueryResult<Vec<Record>> {
    let class = wanted.class.as_deref().map(text);
    let query = BEST.replace("{class}", if class.is_some() { OF_CLASS } else { OF_ANY_CLASS });
    sql_query(query)
        .bind::<BigInt, _>(feed_id)
        .bind::<Timestamptz, _>(wanted.from)
        .bind::<Timestamptz, _>(wanted.to)
        .bind::<Array<Date>, _>(&whole.months)
        .bind::<Nullable<Text>, _>(class)
        .bind::<BigInt, _>(i64::from(stints))
        .bind::<Timestamptz, _>(whole.from)
        .bind::<Timestamptz, _>(whole.to)
        .load(conn)
}

/// The whole months of a span, of UTC, as `stints.best_month` counts them.
#[derive(Debug, PartialEq, Eq)]
struct Whole {
    /// Those in which something was driven.
    months: Vec<NaiveDate>,
    /// The end of the span where there is no whole month in it, as `to`.
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Whole {
    fn of(wanted: &RecordsWanted, driven: Option<(NaiveDate, NaiveDate)>) -> Self {
        let none = Self { months: Vec::new(), from: wanted.to, to: wanted.to };
        let begun = month_of(wanted.from);
        let first = if start(begun) == wanted.from { Some(begun) } else { next(begun) };
        let after = month_of(wanted.to);
        let Some(first) = first.filter(|first| *first < after) else { return none };
        let months = driven.into_iter().flat_map(|(oldest, newest)| {
            let from = first.max(oldest);
            std::iter::successors(Some(from), |month| next(*month))
                .take_while(move |month| *month < after && *month <= newest)
        });
        Self { months: months.collect(), from: start(first), to: start(after) }
    }
}

fn month_of(at: DateTime<Utc>) -> NaiveDate {
    let day = at.date_naive();
    // Every month has a first.
    day.with_day(1).unwrap_or(day)
}

fn next(month: NaiveDate) -> Option<NaiveDate> {
    month.checked_add_months(Months::new(1))
}

fn start(month: NaiveDate) -> DateTime<Utc> {
    month.and_time(NaiveTime::MIN).and_utc()
}

/// The first and the last month in which anything was driven on the feed.
fn driven_months(
    conn: &mut PgConnection,
    feed_id: i64,
) -> QueryResult<Option<(NaiveDate, NaiveDate)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<Date>)]
        first: Option<NaiveDate>,
        #[diesel(sql_type = Nullable<Date>)]
        last: Option<NaiveDate>,
    }
    let Row { first, last } = sql_query(MONTHS).bind::<BigInt, _>(feed_id).get_result(conn)?;
    Ok(first.zip(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(from: &str, to: &str) -> String {
        let [from, to] = [from, to].map(|at| at.parse().unwrap());
        let feed = FeedId::new("feed");
        let wanted = RecordsWanted { feed, from, to, class: None, limit: 1 };
        let driven = ["2025-03-01", "2026-06-01"].map(|month| month.parse().unwrap());
        let whole = Whole::of(&wanted, Some((driven[0], driven[1])));
        let months: Vec<_> =
            whole.months.iter().map(|month| month.format("%y-%m").to_string()).collect();
        format!("{} {} {}", months.join(","), whole.from.format("%F"), whole.to.format("%F"))
    }

    #[test]
    fn whole_months_leave_ends_that_are_read_by_time() {
        // Madrid's May, begun on 30 April.
        let may = whole("2026-04-30T22:00:00Z", "2026-05-31T22:00:00Z");
        assert_eq!(may, " 2026-05-31 2026-05-31");
        let of_utc = whole("2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z");
        assert_eq!(of_utc, "26-05 2026-05-01 2026-06-01");
        let year = whole("2025-12-31T23:00:00Z", "2026-12-31T23:00:00Z");
        assert_eq!(year, "26-01,26-02,26-03,26-04,26-05,26-06 2026-01-01 2026-12-01");
        let ever = whole("1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
        assert!(ever.starts_with("25-03,25-04,"), "{ever}");
        assert!(ever.ends_with(",26-06 1970-01-01 2100-01-01"), "{ever}");
        let day = whole("2026-05-03T00:00:00Z", "2026-05-04T00:00:00Z");
        assert_eq!(day, " 2026-05-04 2026-05-04");
    }
}
