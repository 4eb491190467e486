//! A webhook as an operator describes it.

use std::{collections::BTreeSet, fmt, time::Duration};

use url::Url;

use crate::http::words::Lang;

/// What can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    HeatFinished,
    RecordBroken,
    PersonalBest,
    RunFinished,
    DogsBefore,
    FeedDown,
    FeedBack,
}

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::HeatFinished,
        Self::RecordBroken,
        Self::PersonalBest,
        Self::RunFinished,
        Self::DogsBefore,
        Self::FeedDown,
        Self::FeedBack,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::HeatFinished => "heat_finished",
            Self::RecordBroken => "record_broken",
            Self::PersonalBest => "personal_best",
            Self::RunFinished => "run_finished",
            Self::DogsBefore => "dogs_before",
            Self::FeedDown => "feed_down",
            Self::FeedBack => "feed_back",
        }
    }

    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Everything, as JSON.
    #[default]
    Event,
    /// `{"content": "…"}`: one line, for chats.
    Chat,
}

/// With which a target knows that it is us.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Shorter ones could be guessed.
    pub const MIN_CHARACTERS: usize = 16;

    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

/// Whom to tell of what. Its address is a secret: it often is all that it takes to write there.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    pub name: String,
    pub url: Url,
    pub secret: Option<Secret>,
    pub on: BTreeSet<Kind>,
    /// Slugs; none for every feed.
    pub feeds: Option<BTreeSet<String>>,
    pub form: Form,
    pub lang: Lang,
    /// What is older when it is found is not told.
    pub max_age: Duration,
    /// How long a feed has to be away.
    pub down_for: Duration,
    /// Whose turn is told, this many dogs before.
    pub dorsals: Vec<String>,
    pub dogs: usize,
}

impl Target {
    pub const MAX_AGE: Duration = Duration::from_secs(86_400);
    pub const DOWN_FOR: Duration = Duration::from_secs(300);
    pub const DOGS: usize = 3;

    /// Whether it wants to hear this of that feed.
    pub fn wants(&self, kind: Kind, slug: &str) -> bool {
        self.on.contains(&kind) && self.feeds.as_ref().is_none_or(|feeds| feeds.contains(slug))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("name", &self.name).finish_non_exhaustive()
    }
}
