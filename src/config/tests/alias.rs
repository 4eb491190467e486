//! `time_zone` and `[[alias]]`.

use super::*;

fn with_zone(zone: &str) -> String {
    GOOD.replace("name = \"Main track\"", &format!("name = \"Main track\"\ntime_zone = {zone}"))
}

#[test]
fn config_reads_the_time_zone_of_a_feed_and_offers_the_one_that_was_meant() {
    let config = read_text(&with_zone("\"Europe/Madrid\"")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.feeds[0].time_zone, Some(Tz::Europe__Madrid));
    assert_eq!(config.feeds[1].time_zone, None);
    assert_eq!(config.almanac.zones, [(FeedId::new("speedpark"), Tz::Europe__Madrid)].into());
    for (wrong, words) in [
        ("\"Europe/Madird\"", "is no time zone; is \"Europe/Madrid\" meant?"),
        ("\"madrid\"", "is no time zone; is \"Europe/Madrid\" meant?"),
        ("\"?\"", "must be a time zone such as \"Europe/Madrid\""),
        ("1", "must be a text in quotes, not a integer"),
    ] {
        let expected = [format!("feed speedpark: time_zone {words}")];
        assert_eq!(problems(&with_zone(wrong)), expected);
    }
}

#[test]
fn config_connects_no_feed_anew_for_another_time_zone() {
    let fingerprint =
        |text: &str| read_text(text).unwrap_or_else(|e| panic!("{e}")).feeds[0].fingerprint.clone();
    assert_eq!(fingerprint(GOOD), fingerprint(&with_zone("\"Asia/Tokyo\"")));
}

#[test]
fn config_reads_which_names_are_one_person() {
    let text = format!(
        "{GOOD}[[alias]]\nvenue = \"SpeedPark\"\nname = \"Max\"\nalso = [\"Maxi\", \"MV\"]\n\
         [[alias]]\nvenue = \"Speedpark\"\nname = \"Max\"\nalso = [\"M\"]\n"
    );
    let config = read_text(&text).unwrap_or_else(|error| panic!("{error}"));
    let alias = &config.almanac.aliases[0];
    assert_eq!((alias.venue.as_str(), alias.name.as_str()), ("SpeedPark", "Max"));
    assert_eq!(alias.also, ["Maxi", "MV"]);
    let note = "alias 2: no feed is of venue \"Speedpark\"; is \"SpeedPark\" meant?";
    assert_eq!(config.notes, [note]);
}

#[test]
fn config_tells_every_problem_of_aliases() {
    let text = format!(
        "{GOOD}[[alias]]\nvenue = \"V\"\nname = \"A\"\nalso = [\"B\"]\n\
         [[alias]]\nvenue = \"V\"\nname = \"C\"\nalso = [\" b\"]\nalsoo = 1\n\
         [[alias]]\nname = \" \"\nalso = [\"\"]\n[[alias]]\nvenue = \"V\"\nname = \"D\"\n"
    );
    let mut found = problems(&text);
    found.sort();
    assert_eq!(
        found,
        [
            "alias 2: alsoo is no key here; is \"also\" meant?",
            "alias 2: name or one of its other names is in another [[alias]] of this venue too",
            "alias 3: also holds an empty name",
            "alias 3: name is empty",
            "alias 3: venue is missing",
            "alias 4: also is missing",
        ]
    );
}
