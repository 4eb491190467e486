//! The past of agility rings: what programs and people are told of a trial made by hand.

mod api;
mod pages;
mod trial;

use actix::System;

use crate::support::{postgres::TestDb, service::Service};

/// The service over the trial, without any feed.
struct Office {
    service: Service,
    db: TestDb,
}

impl Office {
    async fn open() -> Self {
        let db = trial::held();
        Self { service: Service::start(&db, "").await, db }
    }
}

/// Asks the office of a trial something.
fn at_the_office(ask: impl AsyncFnOnce(&Office)) {
    System::new().block_on(async {
        let office = Office::open().await;
        ask(&office).await;
        office.service.stop().await;
    });
}
