//! Real answers against the description of the API.

use std::collections::BTreeSet;

use actix::System;
use jsonschema::Validator;
use ringside::http::guard::Token;
use serde_json::{Map, Value, json};

use super::{
    examples::EXAMPLES,
    world::{Answer, World},
};

const JSON: &str = "application/json";

/// What kinds of contents the description says of an answer with this status.
fn contents<'a>(description: &'a Value, path: &str, status: u16) -> &'a Value {
    &description["paths"][path]["get"]["responses"][status.to_string()]["content"]
}

/// What the description says of an answer with this status.
fn described(description: &Value, path: &str, status: u16) -> Value {
    let schema = &contents(description, path, status)[JSON]["schema"];
    assert!(schema.is_object(), "{path}: nothing is said of {status}");
    let things = &description["components"]["schemas"];
    let mut components = description["components"].clone();
    for schema in components["schemas"].as_object_mut().unwrap().values_mut() {
        close(schema, things);
    }
    let mut schema = schema.clone();
    close(&mut schema, things);
    json!({ "allOf": [schema], "components": components })
}

/// Nothing may be told that is not described.
fn close(schema: &mut Value, things: &Value) {
    if let Some(whole) = put_together(schema, things) {
        *schema = whole;
    }
    if schema["properties"].is_object() {
        schema["additionalProperties"] = false.into();
    }
    match schema {
        Value::Object(parts) => parts.values_mut().for_each(|part| close(part, things)),
        Value::Array(parts) => parts.iter_mut().for_each(|part| close(part, things)),
        _ => {}
    }
}

/// A thing that has the fields of others, as one: apart each would forbid those of the rest.
fn put_together(schema: &Value, things: &Value) -> Option<Value> {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for part in schema["allOf"].as_array()? {
        let name = part["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        let part = name.map_or(part, |name| &things[name]);
        properties.extend(part["properties"].as_object()?.clone());
        required.extend(part["required"].as_array()?.iter().cloned());
    }
    Some(json!({ "type": "object", "properties": properties, "required": required }))
}

fn assert_described(description: &Value, path: &str, asked: &str, answer: &Answer) {
    let schema = described(description, path, answer.status);
    let validator: Validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    let told = answer.json();
    let wrong: Vec<_> = validator
        .iter_errors(&told)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{asked}: {wrong:#?}\n{told:#}");
    assert!(answer.status != 200 || !answer.header("etag").is_empty(), "{asked}: no ETag");
}

/// A file, whose rows the tests of exports look at.
fn assert_described_file(description: &Value, path: &str, asked: &str, answer: &Answer) {
    let kind = answer.header("content-type").split(';').next().unwrap();
    let described = contents(description, path, answer.status);
    assert!(described[kind].is_object(), "{asked}: nothing is said of {kind}: {described}");
    assert!(!answer.body.is_empty(), "{asked}");
    assert_eq!(answer.header("etag"), "", "{asked}");
}

#[test]
fn every_answer_is_as_described() {
    System::new().block_on(async {
        let world = World::open().await;
        world.summed_up().await;
        let description = world.json("/api/openapi.json").await;
        let described: BTreeSet<&str> =
            description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let tried: BTreeSet<&str> = EXAMPLES.iter().map(|(path, _)| *path).collect();
        assert_eq!(tried, described, "tests/suite/api/examples.rs names every address");
        for (path, addresses) in EXAMPLES {
            for address in *addresses {
                let answer = world.get(address).await;
                let words = String::from_utf8_lossy(&answer.body);
                assert_eq!(answer.status, 200, "{address}: {words}");
                match contents(&description, path, 200)[JSON].is_object() {
                    true => assert_described(&description, path, address, &answer),
                    false => assert_described_file(&description, path, address, &answer),
                }
                let join = if address.contains('?') { '&' } else { '?' };
                let wrong = format!("{address}{join}nonsense=1");
                let refused = world.get(&wrong).await;
                assert_eq!(refused.status, 400, "{wrong}");
                assert_eq!(refused.json()["error"]["parameter"], "nonsense");
                assert_described(&description, path, &wrong, &refused);
            }
        }
    });
}

#[test]
fn guide_names_every_address_with_all_that_it_takes() {
    System::new().block_on(async {
        let guide = include_str!("../../../docs/api.md");
        let rows = guide.lines().filter_map(|line| line.strip_prefix("| `/api/v1"));
        let guided: BTreeSet<String> = rows.map(|row| format!("/api/v1{row}")).collect();
        let description = World::open().await.json("/api/openapi.json").await;
        let paths = description["paths"].as_object().unwrap();
        assert_eq!(guided.len(), paths.len(), "{guided:#?}");
        for (path, item) in paths {
            let row = guided.iter().find(|row| row.starts_with(&format!("{path}` | ")));
            let row = row.unwrap_or_else(|| panic!("docs/api.md says nothing of {path}"));
            for parameter in item["get"]["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let is_said = parameter["in"] == "path"
                    || ["limit", "cursor"].contains(&name)
                    || row.contains(&format!("`{name}`"));
                assert!(is_said, "docs/api.md: {path} takes {name}");
            }
        }
    });
}

#[test]
fn refusals_of_the_guard_are_as_described() {
    System::new().block_on(async {
        let token = Token::new("a token that nobody guesses".to_owned());
        let world = World::open_with(|config| config.http.rules.token = Some(token)).await;
        let bearer = [("Authorization", "Bearer a token that nobody guesses")];
        let get = awc::http::Method::GET;
        let description = world.ask(get.clone(), "/api/openapi.json", &bearer).await.json();
        for headers in [&[][..], &[("Authorization", "Bearer wrong")][..]] {
            let answer = world.ask(get.clone(), "/api/v1/feeds", headers).await;
            assert_eq!(answer.status, 401);
            assert_described(&description, "/api/v1/feeds", "without the token", &answer);
        }
        assert_eq!(world.ask(get, "/api/v1/feeds?kind=bmi&token=wrong", &bearer).await.status, 401);
    });
}
