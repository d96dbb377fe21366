//! The HTTP server: connections, routes, and the state that the endpoints share.

mod connections;
mod routes;
mod shared;

pub(crate) use connections::{Cut, Listening, serve};
pub(crate) use routes::router;
pub(crate) use shared::Shared;
