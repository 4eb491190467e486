//! The statements that write, made from the columns of a row. Each takes one array per column.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::{
    Connection, PgConnection, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{Array, BigInt, Bool, Integer, Text, Timestamptz},
};

use crate::{
    db::rows::{
        self,
        row::{Column, Row, Rule},
    },
    event::karting::Heat,
    pipeline::message::Checkpoint,
};

use crate::db::prepared::{BIND, prepared};

/// Heat, driver and first lap of a gap.
pub(super) type GapKey = (i64, i64, i32);

/// The clock of a heat, by the heat's id.
pub(super) struct HeatClock {
    heat_id: i64,
    clock_ms: i64,
    seen_at: DateTime<Utc>,
}

impl HeatClock {
    pub fn new(heat_id: i64, heat: &Heat) -> Self {
        Self { heat_id, clock_ms: heat.clock_ms, seen_at: rows::time(heat.seen_at) }
    }
}

/// Writes the rows, of which no two may have the same key; returns how many changed the table.
pub(super) fn upsert<R: Row>(conn: &mut PgConnection, rows: &[R]) -> QueryResult<u64> {
    let text = upsert_text::<R>(&|_| BIND.to_owned());
    prepared(text).bind_all(R::arrays(rows)).execute(conn).map(|changed| changed as u64)
}

/// Whether the table has a row with the key of one of these.
pub(super) fn has_any<R: Row>(conn: &mut PgConnection, rows: &[R]) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = Bool)]
        has_any: bool,
    }
    let keys: Vec<_> = R::COLUMNS.iter().filter_map(conflict_column).collect();
    let text = format!(
        "SELECT EXISTS (SELECT FROM {} JOIN {} USING ({})) AS has_any",
        unnest(R::COLUMNS, &|_| BIND.to_owned()),
        R::TABLE,
        keys.join(", "),
    );
    let answer: Answer = prepared(text).bind_all(R::arrays(rows)).get_result(conn)?;
    Ok(answer.has_any)
}

/// Sets a row aside. Of an orphan the first column is left out: it would be the id of the parent.
pub(super) fn reject<R: Row>(
    conn: &mut PgConnection,
    row: &R,
    reason: &str,
    is_orphan: bool,
) -> QueryResult<usize> {
    let text = format!(
        "INSERT INTO rejected_rows (table_name, reason, \"row\") \
         SELECT ?, ?, to_jsonb(new) - ?::text FROM {} \
         ON CONFLICT (table_name, row_md5) DO NOTHING",
        unnest(R::COLUMNS, &|_| BIND.to_owned()),
    );
    let left_out = R::COLUMNS.first().filter(|_| is_orphan).map_or("", |column| column.name);
    prepared(text)
        .bind::<Text, _>(R::TABLE)
        .bind::<Text, _>(reason)
        .bind::<Text, _>(left_out)
        .bind_all(R::arrays(std::slice::from_ref(row)))
        .execute(conn)
}

pub(super) fn delete_gaps(conn: &mut PgConnection, closed: &[GapKey]) -> QueryResult<u64> {
    if closed.is_empty() {
        return Ok(0);
    }
    let text = "DELETE FROM lap_gaps USING UNNEST(?::bigint[], ?::bigint[], ?::integer[]) \
                AS closed (heat_id, driver_id, first_lap) \
                WHERE lap_gaps.heat_id = closed.heat_id \
                AND lap_gaps.driver_id = closed.driver_id \
                AND lap_gaps.first_lap = closed.first_lap";
    prepared(text)
        .bind::<Array<BigInt>, _>(closed.iter().map(|key| key.0).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(closed.iter().map(|key| key.1).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(closed.iter().map(|key| key.2).collect::<Vec<_>>())
        .execute(conn)
        .map(|deleted| deleted as u64)
}

/// Sets the clocks of heats, each once, in the order of their ids; how many heats are there.
pub(super) fn set_clocks(conn: &mut PgConnection, clocks: &[HeatClock]) -> QueryResult<usize> {
    if clocks.is_empty() {
        return Ok(0);
    }
    let text = "UPDATE heats SET clock_ms = moved.clock_ms, \
                last_seen_at = GREATEST(heats.last_seen_at, moved.seen_at) \
                FROM UNNEST(?::bigint[], ?::bigint[], ?::timestamptz[]) \
                AS moved (heat_id, clock_ms, seen_at) \
                WHERE heats.id = moved.heat_id";
    prepared(text)
        .bind::<Array<BigInt>, _>(clocks.iter().map(|clock| clock.heat_id).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(clocks.iter().map(|clock| clock.clock_ms).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(clocks.iter().map(|clock| clock.seen_at).collect::<Vec<_>>())
        .execute(conn)
}

pub(super) fn put_checkpoint(conn: &mut PgConnection, checkpoint: &Checkpoint) -> QueryResult<()> {
    let text = "INSERT INTO checkpoints AS old (journal_id, seq) VALUES (?, ?) \
                ON CONFLICT (journal_id) DO UPDATE SET seq = GREATEST(old.seq, excluded.seq)";
    prepared(text)
        .bind::<Text, _>(checkpoint.journal_id.as_ref())
        .bind::<BigInt, _>(checkpoint.seq.0)
        .execute(conn)
        .map(drop)
}

/// A feed has one connection at a time: one that is still open although a newer one began died
/// without a word, at the latest when the newer one began.
pub(super) fn close_lost_connections(
    conn: &mut PgConnection,
    feeds: BTreeSet<i64>,
) -> QueryResult<u64> {
    if feeds.is_empty() {
        return Ok(0);
    }
    let text = "UPDATE feed_connections AS lost \
                SET disconnected_at = next.connected_at, reason = COALESCE(lost.reason, 'lost') \
                FROM feed_connections AS next \
                WHERE lost.feed_id = ANY(?) AND lost.disconnected_at IS NULL \
                AND next.feed_id = lost.feed_id AND next.generation = ( \
                    SELECT min(newer.generation) FROM feed_connections AS newer \
                    WHERE newer.feed_id = lost.feed_id AND newer.generation > lost.generation)";
    prepared(text)
        .bind::<Array<BigInt>, _>(feeds.into_iter().collect::<Vec<_>>())
        .execute(conn)
        .map(|closed| closed as u64)
}

/// Why [`upsert`] of these rows fails, as an SQLSTATE; none when it does not fail any more.
///
/// Diesel tells few of the codes apart and the words of Postgres depend on its language, so the
/// statement is run once more where its code can be caught: in a `DO` block, which takes no binds
/// and therefore finds the arrays in settings of the transaction. Leaves nothing behind.
///
/// # Errors
/// [`Unasked::Binds`] when Postgres can't even read the arrays, [`Unasked::Run`] for the few
/// failures that no block catches: a cancelled statement, a lost connection.
pub(super) fn sqlstate_of<R: Row>(
    conn: &mut PgConnection,
    rows: &[R],
) -> Result<Option<String>, Unasked> {
    let mut answer = Err(Unasked::Run);
    // Whatever the answer, the transaction is undone; so its result says nothing more.
    let undone: QueryResult<()> = conn.transaction(|conn| {
        answer = ask_for_sqlstate(conn, rows);
        Err(diesel::result::Error::RollbackTransaction)
    });
    match undone {
        Err(diesel::result::Error::RollbackTransaction) => answer,
        _ => Err(Unasked::Run),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unasked {
    Binds,
    Run,
}

fn ask_for_sqlstate<R: Row>(
    conn: &mut PgConnection,
    rows: &[R],
) -> Result<Option<String>, Unasked> {
    let arrays = R::COLUMNS.iter().enumerate().map(|(at, column)| {
        let n = at + 1;
        format!("set_config('ringside.bind_{n}', ({BIND}::{}[])::text, true)", column.sql_type)
    });
    let remember = format!("SELECT {}", arrays.collect::<Vec<_>>().join(", "));
    prepared(remember).bind_all(R::arrays(rows)).execute(conn).map_err(|_| Unasked::Binds)?;
    let attempt = format!(
        "DO $do$ BEGIN EXECUTE $statement${}$statement$; \
         PERFORM set_config('ringside.sqlstate', '', true); \
         EXCEPTION WHEN OTHERS THEN \
         PERFORM set_config('ringside.sqlstate', SQLSTATE, true); END $do$",
        upsert_text::<R>(&|n| format!("current_setting('ringside.bind_{n}')")),
    );
    conn.batch_execute(&attempt).map_err(|_| Unasked::Run)?;
    let answer: SqlState = prepared("SELECT current_setting('ringside.sqlstate') AS sqlstate")
        .get_result(conn)
        .map_err(|_| Unasked::Run)?;
    Ok(Some(answer.sqlstate).filter(|code| !code.is_empty()))
}

#[derive(QueryableByName)]
struct SqlState {
    #[diesel(sql_type = Text)]
    sqlstate: String,
}

/// `INSERT … ON CONFLICT DO UPDATE` by the rules of the columns. Rows that would stay as they are
/// are not touched: venues repeat themselves every second. `bind` names the n-th array.
fn upsert_text<R: Row>(bind: &dyn Fn(usize) -> String) -> String {
    let keys: Vec<_> = R::COLUMNS.iter().filter_map(conflict_column).collect();
    let (mut set, mut old, mut new) = (Vec::new(), Vec::new(), Vec::new());
    for column in R::COLUMNS {
        if let Some(value) = merged(column) {
            set.push(format!("\"{}\" = {value}", column.name));
            old.push(format!("old.\"{}\"", column.name));
            new.push(value);
        }
    }
    if let Some(stamp) = R::STAMP {
        set.push(format!("\"{stamp}\" = DEFAULT"));
    }
    format!(
        "INSERT INTO {table} AS old ({names}) SELECT {names} FROM {unnest} \
         ON CONFLICT ({keys}) DO UPDATE SET {set} WHERE ({old}) IS DISTINCT FROM ({new})",
        table = R::TABLE,
        names = names(R::COLUMNS),
        unnest = unnest(R::COLUMNS, bind),
        keys = keys.join(", "),
        set = set.join(", "),
        old = old.join(", "),
        new = new.join(", "),
    )
}

fn names(columns: &[Column]) -> String {
    let quoted: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    quoted.join(", ")
}

fn unnest(columns: &[Column], bind: &dyn Fn(usize) -> String) -> String {
    let arrays: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| format!("{}::{}[]", bind(at + 1), column.sql_type))
        .collect();
    format!("UNNEST({}) AS new ({})", arrays.join(", "), names(columns))
}

fn conflict_column(column: &Column) -> Option<String> {
    match column.rule {
        Rule::Key => Some(format!("\"{}\"", column.name)),
        Rule::Digested => Some(format!("\"{}_md5\"", column.name)),
        _ => None,
    }
}

/// What a column becomes when there was a row before.
fn merged(column: &Column) -> Option<String> {
    let name = column.name;
    match column.rule {
        Rule::Key | Rule::Digested => None,
        Rule::Newer => Some(format!("excluded.\"{name}\"")),
        Rule::Known => Some(format!("COALESCE(excluded.\"{name}\", old.\"{name}\")")),
        Rule::Earliest => Some(format!("LEAST(old.\"{name}\", excluded.\"{name}\")")),
        Rule::Latest => Some(format!("GREATEST(old.\"{name}\", excluded.\"{name}\")")),
        Rule::Union => Some(format!("old.\"{name}\" || excluded.\"{name}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::rows::{feeds::NewRejectedFrame, karting::NewLap};

    #[test]
    fn upsert_text_states_the_rule_of_every_column() {
        let text = upsert_text::<NewLap<'_>>(&|n| format!("${n}"));
        assert!(text.starts_with(
            "INSERT INTO laps AS old (\"heat_id\", \"driver_id\", \"lap\", \"lap_ms\", "
        ));
        assert!(text.contains("UNNEST($1::bigint[], $2::bigint[], $3::integer[], $4::integer[], "));
        assert!(text.contains("ON CONFLICT (\"heat_id\", \"driver_id\", \"lap\") DO UPDATE SET"));
        assert!(text.contains("\"lap_ms\" = excluded.\"lap_ms\""));
        assert!(text.contains("\"kart\" = COALESCE(excluded.\"kart\", old.\"kart\")"));
        assert!(text.contains(", \"changed_in\" = DEFAULT WHERE ("));
    }

    #[test]
    fn upsert_text_names_the_digest_where_the_key_is_too_long_for_an_index() {
        let text = upsert_text::<NewRejectedFrame<'_>>(&|n| format!("${n}"));
        assert!(text.contains("ON CONFLICT (\"feed_id\", \"received_at\", \"payload_md5\")"));
        assert!(text.contains("SET \"reason\" = excluded.\"reason\" WHERE"));
    }
}
