//! Local websockets: every socket that Ringside serves is a session of this file, the one place that
//! knows actix-web-actors.
