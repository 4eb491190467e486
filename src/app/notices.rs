//! Whom to tell of what, by the configuration.

use crate::{
    config::{Config, FeedConfig},
    notify::{Plan, Watched},
};

pub(super) fn plan(config: &Config) -> Plan {
    Plan {
        targets: config.notify.clone(),
        feeds: config.feeds.iter().map(watched).collect(),
        privacy: config.http.privacy,
    }
}

pub(super) fn names(plan: &Plan) -> Vec<String> {
    plan.targets.iter().map(|target| target.name.clone()).collect()
}

fn watched(feed: &FeedConfig) -> Watched {
    let info = &feed.info;
    Watched {
        slug: info.id.as_str().to_owned(),
        kind: info.kind.clone(),
        venue: info.venue.clone(),
        name: info.name.clone(),
        zone: feed.time_zone.map_or("UTC", |zone| zone.name()).to_owned(),
    }
}
