//! `docs/data.md` against what is exported.

use ringside::export::{DataSet, Format, table};

const DATA_MD: &str = include_str!("../../../docs/data.md");

#[test]
fn docs_tell_every_column_of_every_data_set() {
    for what in DataSet::ALL {
        let section = format!("### {}\n\nA row is {}.", what.as_str(), what.row());
        assert!(DATA_MD.contains(&section), "not in docs/data.md:\n{section}");
        assert!(DATA_MD.contains(&table(what)), "not in docs/data.md:\n{}", table(what));
        assert!(DATA_MD.contains(&format!("`{}`", what.span())));
    }
    for format in Format::NAMES {
        assert!(DATA_MD.contains(&format!("`{format}`")), "{format}");
    }
}
