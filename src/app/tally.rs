//! Sums up laps beside the pipeline, as long as the service runs.

use std::{sync::Arc, time::Duration};

use actix_web::web;
use log::{info, warn};
use tokio::time::sleep;

use crate::db::{self, LatePool, tally};

/// Who asks for records is told of a lap so late, and a second.
const EVERY: Duration = Duration::from_secs(1);
const AFTER_TROUBLE: Duration = Duration::from_secs(10);
/// A step takes some tenths of a second.
const CHANGES_A_STEP: u32 = 20_000;

/// Never returns. While the database is away it waits.
pub(super) async fn keep(pool: Arc<LatePool>) {
    let mut trouble: Option<String> = None;
    loop {
        let Ok(pool) = pool.get().cloned() else {
            sleep(EVERY).await;
            continue;
        };
        let step = web::block(move || db::ask(&pool, |conn| tally::step(conn, CHANGES_A_STEP)));
        let stepped = match step.await {
            Ok(stepped) => stepped,
            Err(_) => Err("it was cancelled".to_owned()),
        };
        match stepped {
            Ok(tallied) => {
                if trouble.take().is_some() {
                    info!("laps are summed up again");
                }
                if !tallied.more {
                    sleep(EVERY).await;
                }
            }
            Err(words) => {
                if trouble.as_ref() != Some(&words) {
                    warn!(
                        "laps are not summed up, so records and karts stand still; trying again \
                         every {AFTER_TROUBLE:?}: {words}"
                    );
                    trouble = Some(words);
                }
                sleep(AFTER_TROUBLE).await;
            }
        }
    }
}
