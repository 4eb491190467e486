//! A configuration file, and what must hold of it: it is read or its problems are named, and no
//! problem repeats a secret.

use std::path::Path;

use ringside::config;
use toml::{Table, Value};

/// What the environment answers and what seeds use as a password or token.
const SECRET: &str = "S3CR3T-T0K3N";
/// Keys whose values are secrets.
const SECRET_KEYS: &[&str] = &["url", "resource"];

pub fn hold(text: &str) {
    let environment = |name: &str| name.starts_with("SECRET").then(|| SECRET.to_owned());
    let Err(error) = config::parse(text, Path::new("fuzz.toml"), Path::new("/"), &environment)
    else {
        return;
    };
    if hides_its_secret(text) {
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}

/// Whether the secret is only where secrets belong: an id or a key may be repeated.
fn hides_its_secret(text: &str) -> bool {
    match text.parse::<Table>() {
        Ok(table) => table.iter().all(|(key, value)| is_hidden(key, value)),
        // Nobody knows what was meant, so nothing of it may be repeated.
        Err(_) => true,
    }
}

fn is_hidden(key: &str, value: &Value) -> bool {
    let in_place = SECRET_KEYS.contains(&key);
    let hidden = match value {
        Value::String(text) => in_place || !(text.contains(SECRET) || text.contains("${")),
        Value::Array(items) => items.iter().all(|item| is_hidden(key, item)),
        Value::Table(table) => table.iter().all(|(key, value)| is_hidden(key, value)),
        _ => true,
    };
    hidden && !key.contains(SECRET)
}
