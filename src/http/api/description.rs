//! The description of the API: what the rooms say of themselves, and what is true of all of them.

use std::sync::LazyLock;

use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        Components, ContentBuilder, Header, KnownFormat, ObjectBuilder, Ref, RefOr, Response,
        ResponseBuilder, SchemaFormat, Type,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{ApiError, ROOMS};

pub(super) static WHOLE: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(|| {
    let mut whole = Whole::openapi();
    for (_, describe) in ROOMS {
        whole.merge(describe());
    }
    InCommon.modify(&mut whole);
    whole
});

/// Every room takes these liberties, so that none has to say so itself.
const REFUSALS: [(&str, &str); 7] = [
    ("400", "A parameter is not known or not of its kind."),
    ("401", "A token is needed."),
    ("404", "There is nothing of that name."),
    ("406", "None of the encodings that the caller takes."),
    ("429", "Too many requests from this address; `Retry-After` tells when to go on."),
    ("500", "A fault of ours."),
    ("503", "The database does not answer or takes too long; try again in a minute."),
];
const JSON: &str = "application/json";
const TOKEN: &str = "token";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ringside",
        version = "1",
        description = "What live timing said, as it was saved: heats of karts with every lap, runs \
                       of dogs with every result. Read only, JSON.\n\n\
                       Times are RFC 3339, UTC. Units are in the names: `lap_ms`, `time_s`. What is \
                       not known is `null`, never left out. Within version 1 names stay and keep \
                       their meaning; answers may get further fields, and texts further words.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "this service")),
    components(schemas(ApiError)),
)]
struct Whole;

struct InCommon;

impl Modify for InCommon {
    fn modify(&self, whole: &mut utoipa::openapi::OpenApi) {
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
            "The token of `[http]`, where there is one and `api` is not public.",
        ));
        let components = whole.components.get_or_insert_with(Components::default);
        components.add_security_scheme(TOKEN, SecurityScheme::Http(token.build()));
        whole.security = Some(vec![
            SecurityRequirement::default(),
            SecurityRequirement::new::<_, [&str; 0], &str>(TOKEN, []),
        ]);
        for item in whole.paths.paths.values_mut() {
            item.get.iter_mut().for_each(complete);
        }
    }
}

fn complete(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    for (status, why) in REFUSALS {
        responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(refusal(why)));
    }
    if let Some(RefOr::T(answer)) = responses.get_mut("429") {
        answer.headers.insert("Retry-After".to_owned(), RefOr::T(seconds()));
    }
    if !tells_json(operation) {
        return;
    }
    let responses = &mut operation.responses.responses;
    let known = "As the caller has it already: `If-None-Match` names its `ETag`.";
    let known = ResponseBuilder::new().description(known).build();
    responses.entry("304".to_owned()).or_insert(RefOr::T(known));
    for status in ["200", "304"] {
        if let Some(RefOr::T(answer)) = responses.get_mut(status) {
            answer.headers.entry("ETag".to_owned()).or_insert_with(|| RefOr::T(tag()));
        }
    }
}

/// Files that are written while they are read have no tag.
fn tells_json(operation: &Operation) -> bool {
    let answer = operation.responses.responses.get("200");
    matches!(answer, Some(RefOr::T(answer)) if answer.content.contains_key(JSON))
}

fn refusal(why: &str) -> Response {
    let error = ContentBuilder::new().schema(Some(Ref::from_schema_name(ApiError::name())));
    ResponseBuilder::new().description(why).content(JSON, error.build()).build()
}

fn tag() -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String));
    header.description = Some("Another one for another answer.".to_owned());
    header
}

fn seconds() -> Header {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int32);
    let mut header =
        Header::new(ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)));
    header.description = Some("Seconds.".to_owned());
    header
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn rooms_describe_every_kind_of_thing_by_a_name_of_its_own() {
        let mut known = BTreeMap::new();
        for (_, describe) in ROOMS {
            for (name, schema) in describe().components.unwrap_or_default().schemas {
                let before = known.insert(name.clone(), schema.clone());
                assert!(before.is_none_or(|before| before == schema), "two things are {name}");
            }
        }
        assert!(known.len() > ROOMS.len());
    }

    #[test]
    fn things_in_answers_have_all_their_fields_always() {
        let whole = serde_json::to_value(&*WHOLE).unwrap();
        for (name, schema) in whole["components"]["schemas"].as_object().unwrap() {
            let parts = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
            for part in parts {
                let required = part["required"].as_array().cloned().unwrap_or_default();
                for field in part["properties"].as_object().into_iter().flatten() {
                    assert!(required.contains(&field.0.as_str().into()), "{name}.{}", field.0);
                }
            }
        }
    }

    #[test]
    fn rooms_say_what_each_address_and_each_parameter_is() {
        for (path, item) in &WHOLE.paths.paths {
            let operation = item.get.as_ref().unwrap_or_else(|| panic!("{path} is not for GET"));
            assert!(operation.summary.is_some(), "{path} says not what it is");
            assert!(operation.tags.as_ref().is_some_and(|tags| tags.len() == 1), "{path}: one tag");
            for parameter in operation.parameters.iter().flatten() {
                let RefOr::T(parameter) = parameter else {
                    panic!("{path}: a parameter elsewhere")
                };
                assert!(parameter.description.is_some(), "{path}: {} is what?", parameter.name);
            }
        }
    }
}
