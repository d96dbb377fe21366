//! The layers that ask for scopes and roles, inside an `AuthLayer`.

mod future;
mod layer;
mod service;

pub use future::RequireFuture;
pub use layer::{RequireRoles, RequireScopes};
pub use service::RequireService;

use layer::Requirement;
