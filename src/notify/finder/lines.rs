//! Feeds that are away for long, and back.

use chrono::{DateTime, TimeDelta, Utc};

use crate::db::{
    Asked, Connection,
    notices::{self, FeedLine, NewNotice},
};

use super::{
    super::{Kind, Plan, Target, Watched},
    Found, Memory, feed_of, scribe, slugs_of,
};

const LINES: [Kind; 2] = [Kind::FeedDown, Kind::FeedBack];

impl Memory {
    pub(super) fn look_at_lines(
        &mut self,
        conn: &mut Connection,
        plan: &Plan,
        found: &mut Found,
    ) -> Asked<()> {
        let slugs = slugs_of(plan, &LINES);
        if slugs.is_empty() {
            return Ok(());
        }
        let lines = notices::lines_of_feeds(conn, &slugs)?;
        let mut new = Vec::new();
        for line in &lines {
            let Some(feed) = feed_of(plan, &line.slug) else { continue };
            new.extend(self.downs(plan, feed, line));
        }
        new.extend(self.backs(conn, plan, &lines)?);
        found.new += notices::put(conn, &new)?;
        self.lines.extend(new.into_iter().map(|notice| (notice.target, notice.key)));
        Ok(())
    }

    fn downs(&self, plan: &Plan, feed: &Watched, line: &FeedLine) -> Vec<NewNotice> {
        let Some(since) = self.down_since(line) else { return Vec::new() };
        let key = format!("feed_down:{}:{}", feed.slug, line.generation.unwrap_or(0));
        let kind = Kind::FeedDown;
        let is_over = |target: &&&Target| {
            TimeDelta::from_std(target.down_for).is_ok_and(|time| line.now - since >= time)
                && !self.lines.contains(&(target.name.clone(), key.clone()))
        };
        let targets = plan.targets.iter().map(AsRef::as_ref).filter(|target: &&Target| {
            target.wants(kind, &feed.slug)
                && TimeDelta::from_std(target.max_age).is_ok_and(|age| line.now - since <= age)
        });
        let targets: Vec<&Target> = targets.collect();
        targets
            .iter()
            .filter(is_over)
            .map(|target| NewNotice {
                target: target.name.clone(),
                kind: kind.as_str(),
                key: key.clone(),
                feed_id: Some(line.feed_id),
                body: scribe(plan, feed, target).feed_down(line, since),
            })
            .collect()
    }

    /// Since when nobody listens to a feed that should be listened to. An end that Ringside itself
    /// has made says nothing of the venue: it counts from our start.
    fn down_since(&self, line: &FeedLine) -> Option<DateTime<Utc>> {
        if self.started.elapsed() < self.patience.connects_within {
            return None;
        }
        let our_start = line.now - TimeDelta::from_std(self.started.elapsed()).ok()?;
        let ours = ["requested", "killed", "lost"];
        match (line.disconnected_at, line.reason.as_deref()) {
            (Some(at), Some(reason)) if ours.contains(&reason) => Some(at.max(our_start)),
            (Some(at), _) => Some(at),
            (None, _) if line.generation.is_none() => Some(our_start),
            (None, _) => None,
        }
    }

    /// Who was told that a feed is down, and it is connected since.
    fn backs(
        &self,
        conn: &mut Connection,
        plan: &Plan,
        lines: &[FeedLine],
    ) -> Asked<Vec<NewNotice>> {
        let kind = Kind::FeedBack;
        let names: Vec<_> = plan
            .targets
            .iter()
            .filter(|target| target.on.contains(&kind))
            .map(|target| target.name.clone())
            .collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut new = Vec::new();
        for down in notices::told_downs(conn, &names)? {
            let line = lines.iter().find(|line| line.feed_id == down.feed_id);
            let target = plan.targets.iter().find(|target| target.name == down.target);
            let (Some(line), Some(target)) = (line, target) else { continue };
            let Some(feed) = feed_of(plan, &line.slug) else { continue };
            let generation = down.key.rsplit(':').next().and_then(|text| text.parse::<i64>().ok());
            let key = format!("feed_back:{}:{}", feed.slug, generation.unwrap_or(0));
            let is_told = self.lines.contains(&(target.name.clone(), key.clone()));
            let (Some(at), true, false) =
                (line.connected_at, line.generation > generation, is_told)
            else {
                continue;
            };
            let is_young =
                TimeDelta::from_std(target.max_age).is_ok_and(|age| line.now - at <= age);
            if is_young && target.wants(kind, &feed.slug) {
                new.push(NewNotice {
                    target: target.name.clone(),
                    kind: kind.as_str(),
                    key,
                    feed_id: Some(line.feed_id),
                    body: scribe(plan, feed, target).feed_back(line, at),
                });
            }
        }
        Ok(new)
    }
}
