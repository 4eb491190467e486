//! `[[notify]]`.

use crate::notify::{Form, Kind, Target};

use super::*;

fn with(table: &str) -> String {
    format!("{GOOD}[[notify]]\n{table}\n")
}

#[test]
fn config_reads_webhooks_and_leaves_what_is_usual_where_nothing_is_said() {
    let short = "name = \"club\"\nurl = \"https://x.example/s3cr3t\"\non = [\"heat_finished\"]";
    let config = read_text(&with(short)).unwrap_or_else(|error| panic!("{error}"));
    let club = &config.notify[0];
    assert_eq!((club.form, club.dogs, club.down_for), (Form::Event, 3, Target::DOWN_FOR));
    assert!(club.wants(Kind::HeatFinished, "any feed"));
    assert!(!club.wants(Kind::RecordBroken, "any feed"));
    let long = "name = \"chat\"\nurl = \"http://10.0.0.9/\"\ninsecure = true\nform = \"chat\"\n\
                lang = \"de\"\non = [\"dogs_before\", \"feed_down\"]\nfeeds = [\"ring-1\"]\n\
                dorsals = [\"007\"]\ndogs = 5\ndown_for = \"10min\"\nmax_age = \"2d\"\n\
                secret = \"0123456789abcdef\"";
    let config = read_text(&with(long)).unwrap_or_else(|error| panic!("{error}"));
    let chat = &config.notify[0];
    assert_eq!((chat.form, chat.dogs, chat.lang.tag()), (Form::Chat, 5, "de"));
    assert_eq!((chat.down_for.as_secs(), chat.max_age.as_secs()), (600, 2 * 86_400));
    assert!(chat.wants(Kind::DogsBefore, "ring-1") && !chat.wants(Kind::DogsBefore, "speedpark"));
}

#[test]
fn config_takes_an_address_that_others_can_read_only_where_that_is_meant() {
    let problem = |url: &str| {
        problems(&with(&format!("name = \"a\"\nurl = \"{url}\"\non = [\"feed_down\"]")))
    };
    for fine in
        ["https://x.example/a", "http://127.0.0.1:80/", "http://[::1]/", "http://localhost/"]
    {
        assert_eq!(problem(fine), Vec::<String>::new(), "{fine}");
    }
    for (wrong, words) in [
        ("http://x.example/s3cr3t", "notify a: url must begin with https://: over http://"),
        ("ftp://x.example/s3cr3t", "notify a: url must begin with https://"),
        ("s3cr3t", "notify a: url must be an address"),
        ("${NOT_SET}", "notify a: url needs the environment variable NOT_SET"),
    ] {
        let found = problem(wrong);
        assert!(found.len() == 1 && found[0].starts_with(words), "{found:?}");
        assert!(!found[0].contains("s3cr3t"), "{found:?}");
    }
}

#[test]
fn config_tells_every_problem_of_webhooks() {
    let text = with(
        "name = \"A B\"\nurl = \"https://x.example/\"\nsecret = \"short\"\nform = \"mail\"\n\
         lang = \"tlh\"\non = [\"heat_finish\", \"dogs_before\"]\nfeeds = [\"speedprak\"]\n\
         down_for = \"1s\"\nmax_age = \"30d\"\nseceret = \"x\"\n[[notify]]",
    );
    let mut found = problems(&text);
    found.sort();
    let expected = [
        "notify 2 (without a name): name is missing",
        "notify 2 (without a name): on is missing; there are heat_finished",
        "notify 2 (without a name): url is missing",
        "notify A B: dorsals is missing: dogs_before has to know whose turn",
        "notify A B: down_for must be a time such as",
        "notify A B: feeds names a feed that is not there; is \"speedpark\" meant?",
        "notify A B: form must be \"event\" or \"chat\"",
        "notify A B: lang must be one of en, es, de, fr, nl",
        "notify A B: max_age must be at most \"7d\"",
        "notify A B: name must be 1 to 64 of a-z, 0-9 and '-'",
        "notify A B: on holds an unknown word; is \"heat_finished\" meant?",
        "notify A B: secret must have at least 16 characters",
        "notify A B: seceret is no key here; is \"secret\" meant?",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    // A list of keys follows where none is alike; sorted alike, compared by their beginnings.
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found:?} is not {expected:?}");
    }
    let twice = "name = \"a\"\nurl = \"https://x.example/\"\non = [\"feed_down\"]";
    let found = problems(&format!("{}[[notify]]\n{twice}\n", with(twice)));
    assert_eq!(found, ["notify a: name is taken twice"]);
}
