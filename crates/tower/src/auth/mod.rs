//! The layer that finds out who makes a request.

mod future;
mod layer;
mod service;

pub use future::AuthFuture;
pub use layer::AuthLayer;
pub use service::AuthService;
