//! Addresses of databases: what may be added to them, and what may be shown of them.

/// What libpq leaves open for ever by default. A network that swallows packets must show within
/// half a minute, not after the kernel's quarter of an hour.
const DEFAULTS: [(&str, &str); 4] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "20"),
    ("keepalives_interval", "5"),
    ("tcp_user_timeout", "30000"),
];

/// Stands for an address that can't be taken apart without guessing where its password ends.
const UNREADABLE: &str = "a database whose address can't be read";

/// The address with time limits, where it does not set them itself.
pub(super) fn with_defaults(url: &str) -> String {
    let mut address = url.trim().to_owned();
    let is_uri = after_scheme(&address).is_some();
    for (key, value) in DEFAULTS {
        if address.contains(&format!("{key}=")) {
            continue;
        }
        let separator = match (is_uri, address.contains('?')) {
            (true, false) => "?",
            (true, true) => "&",
            (false, _) => " ",
        };
        address = format!("{address}{separator}{key}={value}");
    }
    address
}

/// `user@host:port/dbname` of a libpq address: what may be shown of it. Parts that the address does
/// not name are left out. Shows nothing at all rather than guess where a password ends.
pub fn redact(url: &str) -> String {
    let url = url.trim();
    let parts = match after_scheme(url) {
        Some(rest) => uri_parts(rest),
        None => pair_parts(url),
    };
    parts.map_or_else(|| UNREADABLE.to_owned(), |parts| parts.to_string())
}

/// What may be shown of the reason why no connection could be made. libpq quotes pieces of an
/// address that it can't read, so only its words about servers it reached for are passed on.
pub fn connect_failure(message: &str) -> String {
    if let Some(at) = message.find("connection to server") {
        return one_line(&message[at..]);
    }
    if message.contains("could not translate host name") {
        return "the host name of the database's address can't be resolved".to_owned();
    }
    if let Some(at) = message.find("FATAL:") {
        return one_line(&message[at..]);
    }
    if message.trim_end().ends_with("timed out waiting for connection") {
        return "no connection became free in time".to_owned();
    }
    "the database's address is not one that libpq understands".to_owned()
}

/// A message of Postgres on one line, as logs and health want it.
pub(super) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[derive(Default)]
struct Parts {
    user: Option<String>,
    host: Option<String>,
    port: Option<String>,
    dbname: Option<String>,
}

impl Parts {
    fn set(&mut self, key: &str, value: &str) {
        let part = match key {
            "user" => &mut self.user,
            "host" | "hostaddr" => &mut self.host,
            "port" => &mut self.port,
            "dbname" => &mut self.dbname,
            _ => return,
        };
        if !value.is_empty() {
            *part = Some(value.to_owned());
        }
    }
}

impl std::fmt::Display for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        f.write_str(self.host.as_deref().unwrap_or("localhost"))?;
        if let Some(port) = &self.port {
            write!(f, ":{port}")?;
        }
        if let Some(dbname) = &self.dbname {
            write!(f, "/{dbname}")?;
        }
        Ok(())
    }
}

fn after_scheme(url: &str) -> Option<&str> {
    url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"))
}

/// `user:password@host:port/dbname?key=value&…`; none where a reserved character stands unescaped,
/// since then libpq and we may disagree on what is the password.
fn uri_parts(rest: &str) -> Option<Parts> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, dbname) = rest.split_once('/').unwrap_or((rest, ""));
    if query.contains('@') || dbname.contains(['@', '/']) || authority.matches('@').count() > 1 {
        return None;
    }
    let (login, server) = authority.split_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    if password.contains(':') {
        return None;
    }
    // An IPv6 address has colons of its own, in brackets.
    let port_at = server.rfind(':').filter(|at| !server[*at..].contains(']'));
    let (host, port) = port_at.map_or((server, ""), |at| (&server[..at], &server[at + 1..]));
    if !port.chars().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let mut parts = Parts::default();
    for (key, value) in [("user", user), ("host", host), ("port", port), ("dbname", dbname)] {
        parts.set(key, value);
    }
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        parts.set(key, value);
    }
    Some(parts)
}

/// `key=value` pairs as libpq takes them: a value may stand in single quotes, and a backslash takes
/// the character after it as it is.
fn pair_parts(pairs: &str) -> Option<Parts> {
    let mut parts = Parts::default();
    let mut rest = pairs.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = pair_value(after.trim_start())?;
        parts.set(key.trim(), &value);
        rest = after.trim_start();
    }
    Some(parts)
}

fn pair_value(text: &str) -> Option<(String, &str)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => value.push(chars.next()?.1),
            '\'' if quoted => return Some((value, &text[at + 1..])),
            char if char.is_whitespace() && !quoted => return Some((value, &text[at..])),
            char => value.push(char),
        }
    }
    (!quoted).then_some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_shows_where_and_who_but_no_password() {
        let shown = [
            ("postgres://ann:s3cret@db.example:5433/timing", "ann@db.example:5433/timing"),
            ("postgresql://ann@db.example/timing?sslmode=require", "ann@db.example/timing"),
            ("postgres://db.example", "db.example"),
            ("postgres://ann:s3cret@[::1]:5433/timing", "ann@[::1]:5433/timing"),
            ("postgres:///timing?host=/run/pg&user=ann&password=s3cret", "ann@/run/pg/timing"),
            ("host=db user=ann password='s3 cr\\'et' dbname=timing port=1", "ann@db:1/timing"),
        ];
        for (url, expected) in shown {
            assert_eq!(redact(url), expected, "{url}");
        }
    }

    #[test]
    fn redact_shows_nothing_when_the_password_is_not_escaped() {
        let unreadable = [
            "postgres://ann:s3c@ret@db/timing",
            "postgres://ann:s3c/ret@db/timing",
            "postgres://ann:s3c?ret@db/timing",
            "postgres://ann:s3c:ret@db/timing",
            "postgres://ann:s3cret",
            "s3cret",
            "password='s3cret",
        ];
        for url in unreadable {
            assert_eq!(redact(url), UNREADABLE, "{url}");
        }
    }

    #[test]
    fn connect_failure_never_quotes_an_address_that_libpq_could_not_read() {
        let quoted = [
            "timed out waiting for connection: invalid percent-encoded token: \"s3cret%zz\"",
            "could not translate host name \"s3cret@db\" to address: Name or service not known",
            "missing \"=\" after \"s3cret\" in connection info string",
        ];
        for message in quoted {
            assert!(!connect_failure(message).contains("s3cret"), "{message}");
        }
        assert_eq!(
            connect_failure("timed out: connection to server at \"db\", port 1 failed:\n\trefused"),
            "connection to server at \"db\", port 1 failed: refused"
        );
    }

    #[test]
    fn with_defaults_adds_time_limits_that_are_not_set() {
        let all = "keepalives_idle=20&keepalives_interval=5&tcp_user_timeout=30000";
        assert_eq!(
            with_defaults("postgres://db/x?connect_timeout=60"),
            format!("postgres://db/x?connect_timeout=60&{all}")
        );
        assert_eq!(
            with_defaults("postgres://db/x"),
            format!("postgres://db/x?connect_timeout=5&{all}")
        );
        assert_eq!(
            with_defaults("host=db"),
            format!("host=db connect_timeout=5 {}", all.replace('&', " "))
        );
    }
}
