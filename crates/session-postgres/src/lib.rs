//! Logto sessions in Postgres: for many processes, and for restarts.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use logto_authkit_session_postgres::PostgresStore;
//! use logto_authkit_sign_in::{LogtoClient, LogtoConfig};
//!
//! let config = LogtoConfig::builder("https://tenant.logto.app", "my-app-id")
//!     .base_url("https://app.example.com")
//!     .sealing_key("thirty-two random bytes, or more of them")
//!     .build()?;
//! let store = PostgresStore::connect("postgres://user:password@127.0.0.1/app").await?;
//! store.migrate().await?;
//! let client = LogtoClient::builder(config).store(store).build();
//! # Ok(()) }
//! ```
//!
//! Two tables, `logto_sessions` and `logto_session_leases`, in the first schema of the connection's search path. Every step is one
//! statement. Times are the database's own, so that the clocks of processes do not matter. What has ended is not found any more,
//! and stays until [`PostgresStore::sweep`] takes it away.

mod connections;
mod store;

pub use store::PostgresStore;
