//! The runs of a pair, of a handler, and of a whole event.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, PgConnection, QueryDsl,
    QueryResult, RunQueryDsl, SelectableHelper,
    dsl::{InnerJoin, IntoBoxed},
    pg::Pg,
};

use crate::db::{
    queries::{snapshot, sources::FeedRow},
    rows::text,
    schema::{agility_runs, combined_results, feeds, playsets},
};

use super::{
    RunWithDogs, RunsAfter, Span, StoredCombined, StoredRun, feed_number,
    rows::{self, CombinedRow, RunRow},
    runs::latest_span,
};

/// Runs of an event that are worked with at once: the largest have ten rings with twenty runs each.
const MOST_RUNS: i64 = 500;

/// All runs in which a dorsal was seen in an event.
#[derive(Clone, Debug, PartialEq)]
pub struct DayOfDog {
    pub event_name: String,
    /// Oldest first, each with all its dogs.
    pub runs: Vec<RunWithDogs>,
    /// Of this dorsal alone.
    pub combined: Vec<StoredCombined>,
}

/// The runs of a dorsal in an event, over all its rings. Without an event it is the one in which the
/// dorsal was seen last. Of events of one name it is the latest, unless the span says otherwise.
/// None where the dorsal was not seen.
///
/// Which runs those are is told by `playsets_by_dorsal`, for each run of the event, which
/// `agility_runs_by_event` gives.
///
/// # Errors
/// The connection's, also when it takes longer than a few seconds.
pub fn day_of_dog(
    conn: &mut PgConnection,
    dorsal: &str,
    event: Option<&str>,
    span: Span,
) -> QueryResult<Option<DayOfDog>> {
    snapshot(conn, |conn| {
        let event_name = match event {
            Some(event) => Some(event.to_owned()),
            None => last_event_of(conn, dorsal, span)?,
        };
        let Some(event_name) = event_name else { return Ok(None) };
        let Some(span) = span_in(conn, &event_name, span)? else { return Ok(None) };
        let theirs = playsets::table
            .filter(playsets::dorsal.eq(text(dorsal).into_owned()))
            .select(playsets::run_id);
        let found: Vec<(RunRow, FeedRow)> = within(span)
            .filter(agility_runs::event_name.eq(text(&event_name).into_owned()))
            .filter(agility_runs::id.eq_any(theirs))
            .order((agility_runs::first_seen_at, agility_runs::id))
            .limit(MOST_RUNS)
            .select((RunRow::as_select(), FeedRow::as_select()))
            .load(conn)?;
        if found.is_empty() {
            return Ok(None);
        }
        let runs: Vec<StoredRun> = found.into_iter().map(RunRow::with_feed).collect();
        let combined = combined_of(conn, &event_name, Some(dorsal), None, span)?;
        Ok(Some(DayOfDog { event_name, runs: rows::with_dogs(conn, runs)?, combined }))
    })
}

/// The latest runs in which a handler of this name was seen, newest first, at most `limit`, after
/// one of them where that is given. The name is taken as people write it: case and the blanks around
/// it do not matter. None where the feed is not known.
///
/// # Errors
/// The connection's, also when it takes longer than a few seconds.
pub fn handler_runs(
    conn: &mut PgConnection,
    name: &str,
    feed: Option<&str>,
    span: Span,
    after: Option<RunsAfter>,
    limit: u32,
) -> QueryResult<Option<Vec<RunWithDogs>>> {
    let keys = keys(name);
    snapshot(conn, |conn| {
        let feed_id = match feed.map(|slug| feed_number(conn, slug)).transpose()? {
            Some(None) => return Ok(None),
            found => found.flatten(),
        };
        // By `playsets_by_handler`: whoever is the busiest has some thousand runs in a life.
        let theirs =
            playsets::table.filter(playsets::handler_key.eq_any(keys)).select(playsets::run_id);
        let mut query = within(span).filter(agility_runs::id.eq_any(theirs));
        if let Some(feed_id) = feed_id {
            query = query.filter(agility_runs::feed_id.eq(feed_id));
        }
        if let Some(RunsAfter { first_seen_at, id }) = after {
            let is_before = agility_runs::first_seen_at.lt(first_seen_at);
            let at_once = agility_runs::first_seen_at.eq(first_seen_at);
            query = query.filter(is_before.or(at_once.and(agility_runs::id.lt(id))));
        }
        let found: Vec<(RunRow, FeedRow)> = query
            .order((agility_runs::first_seen_at.desc(), agility_runs::id.desc()))
            .limit(limit.into())
            .select((RunRow::as_select(), FeedRow::as_select()))
            .load(conn)?;
        let runs = found.into_iter().map(RunRow::with_feed).collect();
        rows::with_dogs(conn, runs).map(Some)
    })
}

/// All runs of an event with all their dogs, oldest first: of the latest one of this name, unless
/// the span says otherwise. Without an event, all runs of the span, which then has to be one.
///
/// # Errors
/// The connection's, also when it takes longer than a few seconds.
pub fn event_runs(
    conn: &mut PgConnection,
    event: Option<&str>,
    span: Span,
) -> QueryResult<Vec<RunWithDogs>> {
    snapshot(conn, |conn| {
        let mut query = within(span);
        if let Some(event) = event {
            let Some(span) = span_in(conn, event, span)? else { return Ok(Vec::new()) };
            let name = text(event).into_owned();
            query = within(span).filter(agility_runs::event_name.eq(name));
        }
        let found: Vec<(RunRow, FeedRow)> = query
            .order((agility_runs::first_seen_at, agility_runs::id))
            .limit(MOST_RUNS)
            .select((RunRow::as_select(), FeedRow::as_select()))
            .load(conn)?;
        rows::with_dogs(conn, found.into_iter().map(RunRow::with_feed).collect())
    })
}

/// The combined results of an event, by run and place: of the latest one of this name, unless the
/// span says otherwise. None where the feed is not known.
///
/// # Errors
/// The connection's, also when it takes longer than a few seconds.
pub fn combined_results(
    conn: &mut PgConnection,
    event: &str,
    dorsal: Option<&str>,
    feed: Option<&str>,
    span: Span,
) -> QueryResult<Option<Vec<StoredCombined>>> {
    snapshot(conn, |conn| {
        let feed_id = match feed.map(|slug| feed_number(conn, slug)).transpose()? {
            Some(None) => return Ok(None),
            found => found.flatten(),
        };
        let Some(span) = span_in(conn, event, span)? else { return Ok(Some(Vec::new())) };
        combined_of(conn, event, dorsal, feed_id, span).map(Some)
    })
}

/// The key begins with the feed, so each feed that has runs of this event is looked up by itself.
fn combined_of(
    conn: &mut PgConnection,
    event: &str,
    dorsal: Option<&str>,
    feed_id: Option<i64>,
    span: Span,
) -> QueryResult<Vec<StoredCombined>> {
    let mut of_event = within(span).filter(agility_runs::event_name.eq(text(event).into_owned()));
    if let Some(feed_id) = feed_id {
        of_event = of_event.filter(agility_runs::feed_id.eq(feed_id));
    }
    let feed_ids: Vec<i64> = of_event.select(agility_runs::feed_id).distinct().load(conn)?;
    let mut query = combined_results::table
        .inner_join(feeds::table)
        .filter(combined_results::feed_id.eq_any(feed_ids))
        .filter(combined_results::event_name.eq(text(event)))
        .into_boxed();
    if let Some(dorsal) = dorsal {
        query = query.filter(combined_results::dorsal.eq(text(dorsal)));
    }
    // They carry no time of their own but that of their last change, which is after their runs.
    if let Some(from) = span.from {
        query = query.filter(combined_results::updated_at.ge(from));
    }
    if let Some(to) = span.to {
        query = query.filter(combined_results::updated_at.lt(to));
    }
    let found: Vec<(CombinedRow, FeedRow)> = query
        .order((
            combined_results::ring_name,
            combined_results::trial_name,
            combined_results::name,
            combined_results::classification,
            combined_results::dorsal,
        ))
        .select((CombinedRow::as_select(), FeedRow::as_select()))
        .load(conn)?;
    Ok(found.into_iter().map(CombinedRow::with_feed).collect())
}

/// What `playsets.handler_key` may be for this name. A database whose locale is `C`, as the private
/// one, makes small letters of ASCII only, so a name with others is looked for as people write it.
fn keys(name: &str) -> [String; 4] {
    let name = name.trim();
    let titled = name.split(' ').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters.flat_map(char::to_lowercase)).collect::<String>()
    });
    let titled = titled.collect::<Vec<_>>().join(" ");
    let spellings = [name.to_lowercase(), name.to_owned(), name.to_uppercase(), titled];
    spellings.map(|spelling| text(&spelling.to_ascii_lowercase()).into_owned())
}

/// By `playsets_by_dorsal` from its end: numbers of runs grow with time.
fn last_event_of(conn: &mut PgConnection, dorsal: &str, span: Span) -> QueryResult<Option<String>> {
    let mut query = playsets::table
        .inner_join(agility_runs::table)
        .filter(playsets::dorsal.eq(text(dorsal)))
        .order(playsets::run_id.desc())
        .select(agility_runs::event_name)
        .into_boxed();
    if let Some(from) = span.from {
        query = query.filter(agility_runs::first_seen_at.ge(from));
    }
    if let Some(to) = span.to {
        query = query.filter(agility_runs::first_seen_at.lt(to));
    }
    query.first(conn).optional()
}

/// The span of the latest event of this name, where none is given; none where there was no such
/// event.
fn span_in(conn: &mut PgConnection, event: &str, span: Span) -> QueryResult<Option<Span>> {
    if span.from.is_some() || span.to.is_some() {
        return Ok(Some(span));
    }
    latest_span(conn, event)
}

type Runs = IntoBoxed<'static, InnerJoin<agility_runs::table, feeds::table>, Pg>;

/// Runs that were first seen in the span.
fn within(span: Span) -> Runs {
    let mut runs = agility_runs::table.inner_join(feeds::table).into_boxed();
    if let Some(from) = span.from {
        runs = runs.filter(agility_runs::first_seen_at.ge(from));
    }
    if let Some(to) = span.to {
        runs = runs.filter(agility_runs::first_seen_at.lt(to));
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handler_is_looked_for_as_a_database_of_any_locale_keeps_the_name() {
        // As locale C keeps `Álvaro Núñez`, `ÁLVARO NÚÑEZ` and `álvaro núñez`.
        for kept in ["Álvaro núñez", "Álvaro nÚÑez", "álvaro núñez"] {
            assert!(keys(" álvaro núñez").contains(&kept.to_owned()), "{kept}");
        }
        assert_eq!(keys("ANN\0"), ["ann", "ann", "ann", "ann"]);
    }
}
