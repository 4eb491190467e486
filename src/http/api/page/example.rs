//! Examples that answer: of each kind of address one that names what is really there.

use std::collections::BTreeMap;

use serde_json::Value;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::{
    db::queries::{self, HeatFilter, RunSheet, RunsFilter, StoredHeat},
    http::{Privacy, Sources},
};

/// Rows in an example.
const FEW: &str = "2";

/// What parameters can be, by their names. While the database is away or empty, examples are made up.
#[derive(Default)]
pub(super) struct Known(BTreeMap<&'static str, String>);

impl Known {
    /// The newest heat, the newest run, and who was in them.
    pub async fn newest(sources: &Sources) -> Self {
        let question = |conn: &mut _| {
            let heats = queries::list_heats(conn, &HeatFilter::default(), None, 1)?;
            let heat = match heats.unwrap_or_default().first() {
                Some(newest) => queries::heat(conn, newest.id)?,
                None => None,
            };
            let runs = queries::agility_runs(conn, &RunsFilter::default(), None, 1)?;
            let run = match runs.unwrap_or_default().first() {
                Some(newest) => queries::agility_run(conn, newest.id)?,
                None => None,
            };
            Ok((heat, run))
        };
        let (heat, run) = sources.desk.ask(question).await.unwrap_or_default();
        let mut known = Self::default();
        heat.into_iter().for_each(|heat| known.heat(&heat));
        run.into_iter().for_each(|run| known.run(&run));
        if sources.privacy == Privacy::Initials {
            known.0.retain(|name, _| !["driver", "handler"].contains(name));
        }
        known
    }

    fn heat(&mut self, heat: &StoredHeat) {
        self.0.insert("feed", heat.feed.id.as_str().to_owned());
        self.0.insert("heat", heat.id.to_string());
        let mut drivers = heat.board.lines.iter().map(|line| &line.standing);
        let Some(first) = drivers.next() else { return };
        self.0.insert("driver", first.name.clone());
        self.0.insert("a", first.driver_id.to_string());
        self.0.insert("b", drivers.next().unwrap_or(first).driver_id.to_string());
    }

    fn run(&mut self, run: &RunSheet) {
        self.0.insert("run", run.run.stored.id.to_string());
        self.0.insert("event", run.run.stored.run.key.event_name.clone());
        let pairs = || run.run.playsets.iter().map(|dog| &dog.pair);
        let dorsal = pairs().find_map(|pair| pair.dorsal.clone());
        let handler = pairs().find_map(|pair| pair.handler.clone());
        self.0.extend(dorsal.map(|dorsal| ("dorsal", dorsal)));
        self.0.extend(handler.map(|handler| ("handler", handler)));
    }

    /// An address of this kind, with few rows, that can be clicked.
    pub fn address(&self, path: &str, parameters: &[&Value]) -> String {
        let mut address = path.to_owned();
        let mut query = Serializer::new(String::new());
        let is_list = parameters.iter().any(|parameter| parameter["name"] == "limit");
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            match parameter["in"].as_str() {
                Some("path") => {
                    let value: String =
                        byte_serialize(self.value(parameter, name).as_bytes()).collect();
                    address = address.replace(&format!("{{{name}}}"), &value.replace('+', "%20"));
                }
                _ if parameter["required"] == true => {
                    query.append_pair(name, &self.value(parameter, name));
                }
                _ if name == "limit" => {
                    query.append_pair(name, FEW);
                }
                // Whole tables are not for a look.
                _ if name == "heat" && !is_list => {
                    query.append_pair(name, &self.value(parameter, name));
                }
                _ => {}
            }
        }
        match query.finish() {
            query if query.is_empty() => address,
            query => format!("{address}?{query}"),
        }
    }

    fn value(&self, parameter: &Value, name: &str) -> String {
        let made_up = || described(parameter).unwrap_or_else(|| "1".to_owned());
        self.0.get(name).cloned().unwrap_or_else(made_up)
    }
}

fn described(parameter: &Value) -> Option<String> {
    let schema = &parameter["schema"];
    let examples =
        [&parameter["example"], &schema["examples"][0], &schema["example"], &schema["enum"][0]];
    let example = examples.into_iter().find(|example| !example.is_null())?;
    Some(example.as_str().map_or_else(|| example.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parameters() -> Vec<Value> {
        vec![
            json!({ "name": "driver", "in": "path", "required": true, "example": "Ann" }),
            json!({ "name": "feed", "in": "query", "required": true,
                    "schema": { "examples": ["speedpark"] } }),
            json!({ "name": "day", "in": "query", "schema": { "examples": ["2026-11-23"] } }),
            json!({ "name": "limit", "in": "query" }),
        ]
    }

    #[test]
    fn example_names_what_is_there_and_else_what_is_described() {
        let parameters = parameters();
        let parameters: Vec<_> = parameters.iter().collect();
        let address = |known: Known| known.address("/drivers/{driver}", &parameters);
        assert_eq!(address(Known::default()), "/drivers/Ann?feed=speedpark&limit=2");
        let known = [("driver", "Zoë & Co/1".to_owned()), ("feed", "main".to_owned())];
        assert_eq!(
            address(Known(known.into())),
            "/drivers/Zo%C3%AB%20%26%20Co%2F1?feed=main&limit=2"
        );
    }

    #[test]
    fn example_of_a_file_is_of_one_heat() {
        let what = json!({ "name": "what", "in": "path", "schema": { "enum": ["laps", "heats"] } });
        let heat = json!({ "name": "heat", "in": "query", "schema": { "examples": [1] } });
        let address = Known::default().address("/export/{what}", &[&what, &heat]);
        assert_eq!(address, "/export/laps?heat=1");
    }
}
