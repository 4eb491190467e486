pub mod chromium;
pub mod mortal;
pub mod oracle;
pub mod past;
pub mod postgres;
pub mod probe;
pub mod program;
pub mod proxy;
pub mod service;
pub mod truth;
pub mod venues;

use std::time::{Duration, Instant};

/// Long enough for a loaded machine; what takes longer is broken.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Waits for `condition`, looking again and again; fails with `what` when the limit has passed.
pub async fn wait_until(what: &str, condition: impl AsyncFnMut() -> bool) {
    wait_within(LIMIT, what, condition).await;
}

/// The same with another limit, for what may take longer.
pub async fn wait_within(limit: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until `look` sees `expected`; shows both when the limit has passed.
pub async fn wait_for<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: T,
    mut look: impl AsyncFnMut() -> T,
) {
    let began = Instant::now();
    loop {
        let seen = look().await;
        if seen == expected {
            return;
        }
        if began.elapsed() > LIMIT {
            assert_eq!(seen, expected, "{what}: not within {LIMIT:?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
