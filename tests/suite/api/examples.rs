//! Addresses of every kind, with what must be in the world of [`super::world`] for them to answer.
//! A room is added here when it is added to the API: [`super::contract`] fails until it is.

/// The path as the description has it, and addresses of it that answer with 200.
pub const EXAMPLES: [(&str, &[&str]); 5] = [
    ("/api/v1/feeds", &["/api/v1/feeds", "/api/v1/feeds?kind=bmi"]),
    ("/api/v1/feeds/{feed}", &["/api/v1/feeds/alfa", "/api/v1/feeds/silent"]),
    ("/api/v1/heats", &["/api/v1/heats", "/api/v1/heats?limit=1", "/api/v1/heats?feed=ring"]),
    ("/api/v1/heats/{heat}", &["/api/v1/heats/1", "/api/v1/heats/3"]),
    ("/api/v1/laps", &["/api/v1/laps", "/api/v1/laps?heat=1&limit=2"]),
];
