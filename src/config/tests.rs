mod alias;
mod http;
mod notify;

use super::*;

const GOOD: &str = r#"
data_dir = "data"
[http]
bind = "127.0.0.1:9090"
[[feed]]
id = "speedpark"
kind = "bmi"
venue = "SpeedPark"
name = "Main track"
url = "wss://webserver22.example.com:10015/"
resource = "8501@speedpark"
[[feed]]
id = "ring-1"
kind = "flowagility"
venue = "RSCE Pawer"
name = "Ring 1"
url = "${RING}"
"#;

fn read_text(text: &str) -> Result<Config, ConfigError> {
    let environment = |name: &str| {
        (name == "RING").then(|| "flowagility.example.com/ws/streaming/-s3cr3t1".to_owned())
    };
    parse(text, Path::new("ringside.toml"), Path::new("/etc/ringside"), &environment)
}

fn problems(text: &str) -> Vec<String> {
    match read_text(text) {
        Err(ConfigError::Problems { problems, .. }) => {
            problems.iter().map(ToString::to_string).collect()
        }
        Err(other) => vec![other.to_string()],
        Ok(_) => Vec::new(),
    }
}

#[test]
fn config_reads_what_is_fine() {
    let config = read_text(GOOD).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.data_dir, Path::new("/etc/ringside/data"));
    assert_eq!(config.http.bind.port(), 9090);
    assert_eq!(config.database_url, None);
    assert_eq!(config.limits.connects_per_second_per_host, 50);
    assert_eq!(config.feeds.len(), 2);
    assert_eq!(config.feeds[0].kind.hello(), ["START 8501@speedpark"]);
    let ring = &config.feeds[1];
    assert_eq!(ring.kind.url().as_str(), "wss://flowagility.example.com/ws/streaming/-s3cr3t1");
}

#[test]
fn config_is_frugal_with_many_feeds_unless_it_says_otherwise() {
    let with_feeds = |count: usize, limits: &str| {
        let feeds: String = (0..count)
            .map(|n| {
                format!(
                    "[[feed]]\nid = \"t{n}\"\nkind = \"bmi\"\nvenue = \"V\"\nname = \"T\"\n\
                     url = \"ws://venue.test/\"\nresource = \"{n}@key\"\n"
                )
            })
            .collect();
        read_text(&(limits.to_owned() + &feeds)).unwrap().limits.frugal_sockets
    };
    assert!(!with_feeds(MANY_FEEDS, ""));
    assert!(with_feeds(MANY_FEEDS + 1, ""));
    assert!(!with_feeds(MANY_FEEDS + 1, "[limits]\nfrugal_sockets = false\n"));
}

#[test]
fn config_reads_certificates_and_tells_what_is_wrong_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let read = |content: Option<&str>| {
        if let Some(content) = content {
            std::fs::write(folder.path().join("ca.pem"), content).unwrap();
        }
        let text = "[tls]\nca_file = \"ca.pem\"\n[http]\nbind = \"nowhere\"\n";
        match parse(text, Path::new("ringside.toml"), folder.path(), &|_| None) {
            Err(ConfigError::Problems { problems, .. }) => {
                problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
            }
            _ => panic!("[http] bind is wrong"),
        }
    };
    // Beside the other problems, not instead of them.
    for (content, words) in [
        (None, "can't be read: "),
        (Some("no certificate in here"), "holds no certificate"),
        (Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "can't be used"),
    ] {
        let problems = read(content);
        assert!(problems.contains("[tls]: ca_file ") && problems.contains(words), "{problems}");
        assert!(problems.contains("[http]: bind "), "{problems}");
    }
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let problems = read(Some(&certified.cert.pem()));
    assert!(!problems.contains("ca_file"), "{problems}");
}

#[test]
fn config_reads_the_pace_of_a_feed_and_leaves_it_where_none_is_set() {
    let pace = |text: &str| read_text(text).unwrap_or_else(|error| panic!("{error}")).limits.pace;
    assert_eq!(pace(GOOD), PaceLimits::default());
    let set = "[limits]\nframes_per_second_per_feed = 20\nbytes_per_second_per_feed = 65536\n";
    let expected = PaceLimits { frames_per_second: 20, bytes_per_second: 65_536 };
    assert_eq!(pace(set), expected);
    let wrong = "[limits]\nframes_per_second_per_feed = 0\nbytes_per_second_per_feed = 1\n";
    assert_eq!(
        problems(wrong),
        [
            "[limits]: frames_per_second_per_feed must be a whole number from 1 to 1000000",
            "[limits]: bytes_per_second_per_feed must be a whole number from 16384 to 1073741824",
        ]
    );
}

#[test]
fn config_reports_every_problem_at_once_with_feed_and_key() {
    let text = r#"
data_dri = "x"
[http]
bind = "everywhere"
[database]
[writer]
flush_after_ms = 0
[[feed]]
id = "a"
kind = "bmi"
venue = "V"
name = "N"
url = "http//nowhere"
resourse = "1@x"
[[feed]]
id = "a"
kind = "bmi"
venue = "V"
name = "N"
url = "ws://127.0.0.1:1/"
resource = "1@x"
[[feed]]
id = "Big One"
kind = "karting"
[[feed]]
id = "c"
kind = "flowagility"
venue = "V"
name = 7
url = "${NOT_SET}"
[[feed]]
kind = "flowagility"
venue = "V"
name = "N"
url = "wss://x/a b"
"#;
    let found = problems(text);
    let expect = [
        "top level: data_dri is no key here; is \"data_dir\" meant?",
        "[http]: bind must be",
        "[database]: url is missing",
        "[writer]: flush_after_ms must be a whole number",
        "feed a: url ",
        "feed a: resource is missing",
        "feed a: resourse is no key here; is \"resource\" meant?",
        "feed Big One: id must be",
        "feed Big One: venue is missing",
        "feed Big One: name is missing",
        "feed Big One: kind no kind of feed is called \"karting\"",
        "feed c: url needs the environment variable NOT_SET, which is not set",
        "feed c: name must be a text in quotes, not a integer",
        "feed 5 (without an id): id is missing",
        "feed 5 (without an id): url ",
    ];
    for expected in expect {
        assert!(found.iter().any(|f| f.starts_with(expected)), "no {expected:?} in {found:#?}");
    }
    assert_eq!(found.len(), expect.len(), "{found:#?}");
}

#[test]
fn config_refuses_the_same_id_or_the_same_venue_twice() {
    let twice = GOOD.replace("id = \"ring-1\"", "id = \"speedpark\"");
    assert_eq!(problems(&twice), ["feed speedpark: id is taken twice"]);
    let second =
        GOOD.split("[[feed]]").nth(1).unwrap().replace("speedpark\"\nkind", "again\"\nkind");
    let same = format!("{GOOD}[[feed]]{second}");
    let found = problems(&same);
    assert_eq!(found, ["feed again: url and all else is the same as of feed speedpark"]);
}

#[test]
fn config_never_repeats_a_secret() {
    let text = GOOD
        .replace("${RING}", "wss://user:hunter2@/ws/hunter2 x")
        .replace("[http]", "[database]\nurl = \"mysql://u:hunter2@h/d\"\n[http]");
    let found = problems(&text).join("\n");
    assert!(found.contains("[database]: url") && found.contains("feed ring-1: url"), "{found}");
    assert!(!found.contains("hunter2"), "{found}");
    let braced = problems(&GOOD.replace("${RING}", "wss://x/${hunter2/hunter2}")).join("\n");
    assert!(braced.contains("feed ring-1: url has a \"${…}\""), "{braced}");
    assert!(!braced.contains("hunter2"), "{braced}");
    let broken = problems("[database]\nurl = \"postgres://u:hunter2@h/d\n").join("\n");
    assert!(broken.contains("line 2") && !broken.contains("hunter2"), "{broken}");
}

#[test]
fn config_reads_the_bounds_of_the_journal_with_their_units() {
    let journal = |text: &str| read_text(text).unwrap_or_else(|error| panic!("{error}")).journal;
    let usual = journal(GOOD);
    assert_eq!((usual.for_time.as_secs(), usual.max_bytes), (7 * 86_400, 2 << 30));
    let set = journal("[journal]\nkeep = \"36h\"\nmax_bytes = \"500 MiB\"\n");
    assert_eq!((set.for_time.as_secs(), set.max_bytes), (36 * 3_600, 500 << 20));
    for (wrong, key) in [
        ("keep = \"7 days\"", "keep must be a time such as"),
        ("keep = 7", "keep must be a time such as"),
        ("keep = \"1s\"", "at least \"60s\""),
        ("max_bytes = \"1MiB\"", "at least \"16MiB\""),
        ("max_bytes = 2000000000", "max_bytes must be a size such as"),
        ("max_bytes = \"99999999999999999999TiB\"", "max_bytes must be a size such as"),
        ("max = \"1GiB\"", "max "),
    ] {
        let problems = problems(&format!("[journal]\n{wrong}\n"));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with("[journal]: ") && problems[0].contains(key),
            "{problems:?}"
        );
    }
}
