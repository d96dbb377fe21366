//! Logto's browser sign-in for servers: the authorization code flow, sessions, and refresh exactly once.
//!
//! [`LogtoConfig`] says what is to be asked of which issuer, [`LogtoClient`] does it, and [`AuthRoutes`] answers the browser over
//! plain `http` types. Sessions are kept in a [`SessionStore`] or sealed in cookies.

mod authorize;
#[cfg(feature = "axum")]
mod axum;
mod callback;
mod client;
mod config;
mod cookies;
mod error;
mod error_page;
mod expiring;
mod id_token;
mod issuer;
mod key_ring;
mod logout_token;
mod logto_session;
mod memory_store;
mod missing_layer;
mod pending;
#[cfg(test)]
mod properties;
mod recent;
mod refresh;
mod return_to;
mod routes;
pub mod scopes;
mod secret;
mod session;
mod sessions;
mod store;
#[cfg(feature = "store-contract")]
pub mod store_contract;

pub use authorize::{FirstScreen, SignInOptions};
pub use client::{LogtoClient, LogtoClientBuilder, Redirect};
pub use config::{LogtoConfig, LogtoConfigBuilder, Prompt};
pub use error::SignInError;
pub use logto_authkit_token::ConfigError;
pub use logto_session::{ContextOptions, LogtoContext, LogtoSession};
pub use memory_store::MemoryStore;
pub use missing_layer::missing_layer;
pub use routes::AuthRoutes;
pub use session::{AccessToken, Session};
pub use store::{
    NewSession, SessionIndex, SessionKey, SessionLease, SessionStore, StoreError, StoreFuture, StoredSession,
};
