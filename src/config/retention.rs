//! `[retention]`: how long names and rows are kept.

use std::{collections::BTreeMap, time::Duration};

use crate::{db::privacy::Aged, notify::Target, retention::Keeping};

use super::{Problem, Section};

/// Who types hours for days should not lose a season.
const AT_LEAST: Duration = Duration::from_secs(86_400);

/// `longest_told` is how far back notices are looked for: what was told must be known for longer.
pub(super) fn read_retention(
    section: Option<Section>,
    longest_told: Duration,
    problems: &mut Vec<Problem>,
) -> Keeping {
    let mut keeping = Keeping::default();
    let Some(mut section) = section else { return keeping };
    keeping.names = section.duration("names", AT_LEAST, problems);
    let mut rows = BTreeMap::new();
    for what in Aged::ALL {
        if let Some(age) = section.duration(what.as_str(), AT_LEAST, problems) {
            rows.insert(what, age);
        }
    }
    let notices = longest_told.max(Target::MAX_AGE) * 2;
    if rows.get(&Aged::Notices).is_some_and(|age| *age < notices) {
        let days = notices.as_secs().div_ceil(86_400);
        let words = format!("must be at least \"{days}d\": else what was told would be told again");
        section.problem("notices", words, problems);
    }
    keeping.rows.extend(rows);
    let mut keys = vec!["names"];
    keys.extend(Aged::ALL.map(Aged::as_str));
    section.finish(&keys, problems);
    keeping
}
