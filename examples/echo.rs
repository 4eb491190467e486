//! An Autobahn client on the service's own websocket module.
//!
//! Connects once per case to an Autobahn fuzzing server, whose address (`ws://host:port`) is the
//! only argument, and sends back every message until the case is over. It uses exactly what
//! `pipeline::connection` uses and adds nothing: pings, closes and protocol errors are answered by
//! the module. Whether the answers are right is the server's to say, in its report;
//! `tests/conformance/run.sh` reads it.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use futures_util::{StreamExt, TryStreamExt, stream};
use ringside::pipeline::websocket::{Incoming, SocketEnd, SocketSettings, Websocket};
use tokio::time::timeout;
use url::Url;

/// The name in the report.
const AGENT: &str = "ringside";
/// The largest message of the cases outside group 9 (which measures speed) has 128 KiB; groups 12
/// and 13 inflate to that. 16 MiB keeps the limit out of what is measured.
const MAX_MESSAGE_BYTES: usize = 16 << 20;
/// The server gives its longest cases eight minutes; this is for a server that hangs.
const CASE_LIMIT: Duration = Duration::from_secs(600);
/// Cases under way at once: this program and the server each keep one core busy then.
const LANES: usize = 4;

fn main() -> Result<()> {
    let address = std::env::args().nth(1).context("usage: echo ws://host:port")?;
    let server = Url::parse(&address).with_context(|| format!("{address} is no address"))?;
    let settings = Arc::new(SocketSettings::new(MAX_MESSAGE_BYTES, false, Vec::new())?);
    actix::System::new().block_on(run(&server, &settings))
}

async fn run(server: &Url, settings: &Arc<SocketSettings>) -> Result<()> {
    let count = case_count(server, settings).await?;
    stream::iter(1..=count)
        .map(Ok)
        .try_for_each_concurrent(LANES, async |case| {
            let url = at(server, "/runCase", Some(case));
            timeout(CASE_LIMIT, echo(&url, settings))
                .await
                .with_context(|| format!("case number {case} does not end"))?
                .with_context(|| format!("case number {case}"))
        })
        .await?;
    // The server writes its report and closes; there is nothing to echo.
    timeout(CASE_LIMIT, echo(&at(server, "/updateReports", None), settings))
        .await
        .context("the server does not write its report")?
}

/// How many cases the server plays: one text message with the number.
async fn case_count(server: &Url, settings: &Arc<SocketSettings>) -> Result<u32> {
    let mut socket = Websocket::connect(&at(server, "/getCaseCount", None), settings).await?;
    let Incoming::Text(count) = socket.next(settings).await? else {
        bail!("the server does not say how many cases it has");
    };
    socket.close().await;
    count.parse().with_context(|| format!("{count:?} is no number of cases"))
}

/// Sends every message back. However the socket ends is part of the case, hence no error; that it
/// can't be opened is one.
async fn echo(url: &Url, settings: &Arc<SocketSettings>) -> Result<()> {
    let mut socket = Websocket::connect(url, settings).await?;
    while echo_one(&mut socket, settings).await.is_ok() {}
    Ok(())
}

async fn echo_one(socket: &mut Websocket, settings: &SocketSettings) -> Result<(), SocketEnd> {
    match socket.next(settings).await? {
        Incoming::Text(text) => socket.send_text(text.into_bytes()).await,
        Incoming::Binary(bytes) => socket.send_binary(bytes).await,
        Incoming::Ping | Incoming::Pong => Ok(()),
    }
}

/// An address on the server, as Autobahn's protocol has it.
fn at(server: &Url, path: &str, case: Option<u32>) -> Url {
    let mut url = server.clone();
    url.set_path(path);
    let mut query = url.query_pairs_mut();
    if let Some(case) = case {
        query.append_pair("case", &case.to_string());
    }
    query.append_pair("agent", AGENT);
    drop(query);
    url
}
