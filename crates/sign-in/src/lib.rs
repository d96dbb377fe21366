//! Logto's browser sign-in for servers: the authorization code flow, sessions, and refresh exactly once.
//!
//! [`LogtoConfig`] says what is to be asked of which issuer, [`LogtoClient`] does it, and [`AuthRoutes`] answers the browser over
//! plain `http` types. Sessions are kept in a [`SessionStore`] or sealed in cookies.

mod error;
mod key_ring;
mod memory_store;
pub mod scopes;
mod secret;
mod session;
mod store;

pub use error::SignInError;
pub use key_ring::KeyRing;
pub use memory_store::MemoryStore;
pub use session::{AccessToken, Session};
pub use store::{
    NewSession, SessionIndex, SessionKey, SessionLease, SessionStore, StoreError, StoreFuture, StoredSession,
};
