//! A pool of connections to a database that may come later than the service.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::Pool;

/// Empty until the database is open and has our schema; then it stays.
#[derive(Default)]
pub struct LatePool {
    /// With its address, which may hold a password.
    opened: OnceLock<(Pool, String)>,
    /// Why it is not open yet.
    trouble: Mutex<Option<String>>,
}

impl LatePool {
    /// # Errors
    /// Why there is none yet, in words for people.
    pub fn get(&self) -> Result<&Pool, String> {
        self.opened.get().map(|(pool, _)| pool).ok_or_else(|| {
            let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
            trouble.unwrap_or_else(|| "it is being opened".to_owned())
        })
    }

    /// Where the database is, with its password; none while it is not open.
    pub fn url(&self) -> Option<&str> {
        self.opened.get().map(|(_, url)| url.as_str())
    }

    /// The database at `url` is open. A later call changes nothing.
    pub fn open(&self, pool: Pool, url: String) {
        self.opened.get_or_init(|| (pool, url));
    }

    pub fn set_trouble(&self, words: String) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
    }
}
