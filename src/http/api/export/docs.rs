//! The columns of every data set, for the description of the API.

use utoipa::{Modify, openapi::OpenApi};

use crate::export::{DataSet, table};

/// Adds the columns to what is said of exports.
pub(super) struct Columns;

impl Modify for Columns {
    fn modify(&self, api: &mut OpenApi) {
        let exports = api.paths.paths.get_mut("/api/v1/export/{what}");
        let Some(export) = exports.and_then(|path| path.get.as_mut()) else { return };
        let mut text = export.description.take().unwrap_or_default();
        for set in DataSet::ALL {
            text.push_str(&format!("\n\n`{}`: {}.\n\n", set.as_str(), set.row()));
            text.push_str(&table(set));
        }
        export.description = Some(text);
    }
}
