//! Addresses of every kind, with what must be in the world of [`super::world`] for them to answer.
//! A room is added here when it is added to the API: [`super::contract`] fails until it is.

/// The path as the description has it, and addresses of it that answer with 200.
pub const EXAMPLES: &[(&str, &[&str])] = &[
    ("/api/v1/feeds", &["/api/v1/feeds", "/api/v1/feeds?kind=bmi"]),
    ("/api/v1/feeds/{feed}", &["/api/v1/feeds/alfa", "/api/v1/feeds/silent"]),
    ("/api/v1/heats", &["/api/v1/heats", "/api/v1/heats?limit=1", "/api/v1/heats?feed=ring"]),
    ("/api/v1/heats/{heat}", &["/api/v1/heats/1", "/api/v1/heats/3"]),
    ("/api/v1/heats/{heat}/pace", &["/api/v1/heats/1/pace", "/api/v1/heats/3/pace"]),
    (
        "/api/v1/heats/{heat}/duel",
        &["/api/v1/heats/1/duel?a=11&b=12", "/api/v1/heats/1/duel?a=13&b=13"],
    ),
    ("/api/v1/laps", &["/api/v1/laps", "/api/v1/laps?heat=1&limit=2"]),
    (
        "/api/v1/drivers",
        &["/api/v1/drivers?feed=alfa", "/api/v1/drivers?feed=beta&begins=a&limit=1"],
    ),
    ("/api/v1/drivers/{driver}", &["/api/v1/drivers/ann%20vega?feed=alfa"]),
    (
        "/api/v1/karts",
        &[
            "/api/v1/karts?feed=alfa",
            "/api/v1/karts?feed=alfa&from=2026-11-20T00:00:00Z&to=2026-11-24T00:00:00Z",
        ],
    ),
    (
        "/api/v1/records",
        &[
            "/api/v1/records?feed=alfa",
            "/api/v1/records?feed=alfa&window=ever",
            "/api/v1/records?feed=alfa&window=year&day=2026-11-23&limit=1",
        ],
    ),
    ("/api/v1/runs", &["/api/v1/runs", "/api/v1/runs?event=Autumn%20Cup&limit=1"]),
    ("/api/v1/runs/{run}", &["/api/v1/runs/1", "/api/v1/runs/2", "/api/v1/runs/3"]),
    ("/api/v1/runs/{run}/timeline", &["/api/v1/runs/1/timeline", "/api/v1/runs/3/timeline"]),
    ("/api/v1/runs/{run}/targets", &["/api/v1/runs/1/targets", "/api/v1/runs/3/targets?marks=2"]),
    (
        "/api/v1/runs/{run}/until/{dorsal}",
        &["/api/v1/runs/2/until/15", "/api/v1/runs/3/until/99?start_order=7"],
    ),
    ("/api/v1/dogs/{dorsal}", &["/api/v1/dogs/007", "/api/v1/dogs/7?event=Autumn%20Cup"]),
    (
        "/api/v1/handlers/{handler}",
        &["/api/v1/handlers/%C3%9Clle%20Tamm", "/api/v1/handlers/ann%20lee?feed=ring&limit=1"],
    ),
    ("/api/v1/clubs", &["/api/v1/clubs", "/api/v1/clubs?event=Autumn%20Cup"]),
    ("/api/v1/countries", &["/api/v1/countries?day=2026-11-22"]),
    ("/api/v1/combined", &["/api/v1/combined?event=Autumn%20Cup"]),
    (
        "/api/v1/export/{what}",
        &[
            "/api/v1/export/laps",
            "/api/v1/export/standings?format=jsonl",
            "/api/v1/export/heats?heat=1&bom=true",
            "/api/v1/export/playsets?feed=ring&format=parquet",
            "/api/v1/export/results",
        ],
    ),
];
