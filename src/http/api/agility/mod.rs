//! The past of agility rings: `/api/v1/runs`, `/api/v1/dogs`, `/api/v1/handlers`, and the tables of
//! an event.

mod one;
mod pairs;
mod params;
mod runs;
mod shape;
mod tables;

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use super::look;

#[derive(OpenApi)]
#[openapi(paths(
    runs::runs,
    one::run,
    one::timeline,
    one::run_targets,
    one::run_until,
    pairs::dog,
    pairs::handler,
    tables::clubs,
    tables::countries,
    tables::combined,
))]
pub(super) struct Docs;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/runs", look().to(runs::runs))
        .route("/runs/{run}", look().to(one::run))
        .route("/runs/{run}/timeline", look().to(one::timeline))
        .route("/runs/{run}/targets", look().to(one::run_targets))
        .route("/runs/{run}/until/{dorsal}", look().to(one::run_until))
        .route("/dogs/{dorsal}", look().to(pairs::dog))
        .route("/handlers/{handler}", look().to(pairs::handler))
        .route("/clubs", look().to(tables::clubs))
        .route("/countries", look().to(tables::countries))
        .route("/combined", look().to(tables::combined));
}
