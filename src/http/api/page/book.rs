//! What parameters and answers are made of, as tables.

use maud::{Markup, html};
use serde_json::Value;

use super::{prose::inline, text};

/// Things within things deeper than this are told by their name.
const DEPTH: usize = 6;

/// A description in which things are looked up by name.
pub(super) struct Book<'a>(pub &'a Value);

struct Field {
    name: String,
    kind: String,
    meaning: String,
}

impl Book<'_> {
    pub fn schema(&self, name: &str) -> Value {
        self.0["components"]["schemas"][name].clone()
    }

    pub fn parameters(&self, parameters: &[&Value]) -> Markup {
        html! {
            div.sideways tabindex="0" role="region" aria-label="Parameters" {
                table.fields {
                    thead { tr { th scope="col" { "Parameter" } th scope="col" { "Kind" } th scope="col" { "Meaning" } } }
                    tbody {
                        @for parameter in parameters {
                            tr {
                                th scope="row" { code { (text(&parameter["name"])) } }
                                td { (self.kind(&parameter["schema"])) }
                                td {
                                    (inline(text(&parameter["description"])))
                                    @if let Some(usual) = usual(&parameter["schema"]) { " Usually " (usual) "." }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Every field of a thing, with what lies within.
    pub fn fields(&self, schema: &Value) -> Markup {
        let mut fields = Vec::new();
        self.collect(schema, "", 0, &mut fields);
        html! {
            div.sideways tabindex="0" role="region" aria-label="Fields" {
                table.fields {
                    thead { tr { th scope="col" { "Field" } th scope="col" { "Kind" } th scope="col" { "Meaning" } } }
                    tbody {
                        @for field in &fields {
                            tr {
                                th scope="row" { code { (field.name) } }
                                td { (field.kind) }
                                td { (inline(&field.meaning)) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn collect(&self, schema: &Value, within: &str, depth: usize, fields: &mut Vec<Field>) {
        let schema = self.resolved(schema);
        let Some(properties) = schema["properties"].as_object().filter(|_| depth < DEPTH) else {
            return;
        };
        for (name, property) in properties {
            let name = format!("{within}{name}");
            let resolved = self.resolved(property);
            let own = text(&property["description"]);
            let meaning = if own.is_empty() { text(&resolved["description"]) } else { own };
            fields.push(Field {
                name: name.clone(),
                kind: self.kind(property),
                meaning: meaning.to_owned(),
            });
            let items = self.resolved(&resolved["items"]);
            self.collect(&resolved, &format!("{name}."), depth + 1, fields);
            self.collect(&items, &format!("{name}[]."), depth + 1, fields);
        }
    }

    /// Behind a reference, or the one thing that it is when it is not null.
    fn resolved(&self, schema: &Value) -> Value {
        if let Some(name) = text(&schema["$ref"]).strip_prefix("#/components/schemas/") {
            return self.schema(name);
        }
        let choices = schema["oneOf"].as_array().filter(|choices| choices.len() <= 2);
        let thing = choices.into_iter().flatten().find(|choice| choice["type"] != "null");
        thing.map_or_else(|| schema.clone(), |thing| self.resolved(thing))
    }

    /// `string, null`, `whole number 1 to 500`, `list`, or the words there are.
    fn kind(&self, schema: &Value) -> String {
        let is_choice = schema["oneOf"].is_array();
        let resolved = self.resolved(schema);
        let words = words(&resolved);
        let base = match &resolved["type"] {
            _ if !words.is_empty() => words.join(", "),
            Value::String(kind) => plain(kind, &resolved),
            Value::Array(kinds) => {
                let kinds: Vec<_> = kinds.iter().map(|kind| plain(text(kind), &resolved)).collect();
                kinds.join(", ")
            }
            _ => "any".to_owned(),
        };
        if is_choice && words.is_empty() { format!("{base}, null") } else { base }
    }
}

/// An enumeration, also one whose words have each a description.
fn words(schema: &Value) -> Vec<String> {
    let own = schema["enum"].as_array().into_iter().flatten();
    let each = schema["oneOf"].as_array().into_iter().flatten();
    let each = each.flat_map(|choice| choice["enum"].as_array().into_iter().flatten());
    own.chain(each).filter_map(Value::as_str).map(str::to_owned).collect()
}

fn plain(kind: &str, schema: &Value) -> String {
    let kind = match (kind, text(&schema["format"])) {
        ("integer", _) => "whole number",
        ("array", _) => "list",
        ("string", "date-time") => "moment",
        ("string", "date") => "day",
        ("string", format) if format.starts_with("cursor") => "cursor",
        (kind, _) => kind,
    };
    match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        (Some(least), Some(most)) if most < 1 << 31 => format!("{kind} {least} to {most}"),
        _ => kind.to_owned(),
    }
}

fn usual(schema: &Value) -> Option<String> {
    let usual = &schema["default"];
    (!usual.is_null()).then(|| usual.as_str().map_or_else(|| usual.to_string(), str::to_owned))
}
