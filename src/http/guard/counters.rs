//! What was asked and what was refused, for `/metrics`. No address is ever a label.

use actix_web::http::StatusCode;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use super::{Class, Refusal};

/// Counters of requests and refusals, shared by all workers.
#[derive(Default)]
pub(super) struct Counters {
    requests: Family<Request, Counter>,
    refused: Family<Refused, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    class: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    reason: &'static str,
}

impl Counters {
    pub fn answered(&self, class: Class, status: StatusCode) {
        let status = match status.as_u16() {
            100..=199 => "1xx",
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.requests.get_or_create(&Request { class: class.as_str(), status }).inc();
    }

    pub fn refused(&self, why: &Refusal) {
        self.refused.get_or_create(&Refused { reason: why.as_str() }).inc();
    }

    pub fn no_seat(&self) {
        self.refused.get_or_create(&Refused { reason: "connections" }).inc();
    }

    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests answered", self.requests.clone());
        let help = "Requests and connections refused, by the limit or rule";
        registry.register("http_refused", help, self.refused.clone());
    }
}
