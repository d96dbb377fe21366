//! Logto sessions in Redis, or in a Redis cluster: for many processes, and for restarts.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use logto_authkit_session_redis::RedisStore;
//! use logto_authkit_sign_in::{LogtoClient, LogtoConfig};
//!
//! let config = LogtoConfig::builder("https://tenant.logto.app", "my-app-id")
//!     .base_url("https://app.example.com")
//!     .sealing_key("thirty-two random bytes, or more of them")
//!     .build()?;
//! let store = RedisStore::connect("redis://127.0.0.1:6379").await?;
//! let client = LogtoClient::builder(config).store(store).build();
//! # Ok(()) }
//! ```
//!
//! Every step is one command or one script on one key, so that it is atomic in a cluster too. Three kinds of keys are used below the
//! [prefix](RedisStore::with_prefix): `s:` a session as a hash, `l:` a lease, `i:` the sessions of a user or of an issuer's session.
//! All of them end by themselves.

mod connection;
mod line;
mod scripts;
mod store;

pub use store::RedisStore;
