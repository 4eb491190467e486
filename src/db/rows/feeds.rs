//! Rows about feeds themselves: who they are, when they were heard, what could not be read.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::event::{ConnectionSpan, FeedInfo, FramesLost, RejectedFrame};

use super::{row::row, text, time, words::Words};

row! {
    /// A configured feed; its id comes from the database.
    pub struct NewFeed<'a> in feeds {
        key slug: Cow<'a, str>,
        newer kind: Words<'a>,
        newer venue: Words<'a>,
        newer name: Words<'a>,
    }
}

impl<'a> NewFeed<'a> {
    pub fn new(info: &'a FeedInfo) -> Self {
        Self {
            slug: text(info.id.as_str()),
            kind: Words(&info.kind),
            venue: Words(&info.venue),
            name: Words(&info.name),
        }
    }
}

row! {
    /// A connection, open or ended. The news that it began says nothing about its end, so the two
    /// may be written again in any order.
    pub struct NewFeedConnection<'a> in feed_connections {
        key feed_id: i64,
        key generation: i64,
        newer connected_at: DateTime<Utc>,
        known disconnected_at: Option<DateTime<Utc>>,
        known reason: Option<Words<'a>>,
        known frames: Option<i64>,
    }
}

impl<'a> NewFeedConnection<'a> {
    pub fn new(feed_id: i64, span: &'a ConnectionSpan) -> Self {
        let ended = span.ended.as_ref();
        Self {
            feed_id,
            generation: span.generation.0.cast_signed(),
            connected_at: time(span.connected_at),
            disconnected_at: ended.map(|ended| time(ended.disconnected_at)),
            reason: ended.map(|ended| Words(&ended.reason)),
            frames: ended.and_then(|ended| ended.frames).map(u64::cast_signed),
        }
    }
}

row! {
    /// A frame that no decoder could read.
    pub struct NewRejectedFrame<'a> in rejected_frames {
        key feed_id: i64,
        key received_at: DateTime<Utc>,
        digested payload: Cow<'a, str>,
        newer reason: Words<'a>,
    }
}

impl<'a> NewRejectedFrame<'a> {
    pub fn new(feed_id: i64, frame: &'a RejectedFrame) -> Self {
        Self {
            feed_id,
            received_at: time(frame.received_at),
            payload: text(&frame.payload),
            reason: Words(&frame.reason),
        }
    }
}

row! {
    /// Frames that were received and are gone. An account of a loss that was still smaller says
    /// nothing against a later one.
    pub struct NewFramesLost<'a> in frames_lost {
        key feed_id: i64,
        key from_at: DateTime<Utc>,
        key reason: Cow<'a, str>,
        latest to_at: DateTime<Utc>,
        latest frames: i64,
    }
}

impl<'a> NewFramesLost<'a> {
    pub fn new(feed_id: i64, lost: &'a FramesLost) -> Self {
        Self {
            feed_id,
            from_at: time(lost.from_at),
            reason: text(&lost.reason),
            to_at: time(lost.to_at),
            frames: lost.frames.cast_signed(),
        }
    }
}
