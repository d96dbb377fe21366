//! The running issuer.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use tokio::task::JoinHandle;

use crate::builder::DevIssuerBuilder;
use crate::counters::Counters;
use crate::demo;
use crate::faults::Faults;
use crate::keys::{SigningAlgorithm, SigningKey, TokenBuilder};
use crate::server::{Listening, Shared};

/// An OIDC issuer that behaves like a Logto server and lives in this process.
///
/// It listens on 127.0.0.1 and stops when it is dropped. Everything it knows is in memory.
pub struct DevIssuer {
    shared: Arc<Shared>,
    listening: Listening,
    server: JoinHandle<()>,
}

impl DevIssuer {
    pub(crate) fn new(shared: Arc<Shared>, listening: Listening, server: JoinHandle<()>) -> Self {
        Self { shared, listening, server }
    }

    /// An issuer that knows nothing yet.
    pub fn builder() -> DevIssuerBuilder {
        DevIssuerBuilder::new()
    }

    /// An issuer with one of everything, to look around in.
    ///
    /// | what | which |
    /// |---|---|
    /// | resource | `https://api.example.com` with `read:products` and `write:products` |
    /// | user | `alice`, password `alice`, role `manager` with both scopes, member of the organization |
    /// | web application | `demo-web`, secret `demo-web-secret` |
    /// | single-page application | `demo-spa` |
    /// | machine application | `demo-machine`, secret `demo-secret`, both scopes, member of the organization |
    /// | organization | `org_demo` with role `admin`: both scopes, and `invite:members` of its own |
    ///
    /// The two applications for people may return to `/auth/sign-in-callback`, and after signing out to the root, of
    /// `localhost` and `127.0.0.1` at the ports 3000, 3001, 4000, 5173, 8000 and 8080.
    pub fn demo() -> DevIssuerBuilder {
        demo::builder()
    }

    /// The base URL, `http://127.0.0.1:<port>`: what an application takes for its Logto endpoint.
    pub fn logto_url(&self) -> &str {
        &self.shared.logto_url
    }

    /// The `iss` of every token: the base URL and `/oidc`.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.shared.port
    }

    /// The key set as it is published now.
    pub fn jwks(&self) -> Value {
        self.shared.keys().to_json()
    }

    /// The key that signs now. Its id is the one to claim when a foreign key shall pretend to be it.
    pub fn signing_key(&self) -> SigningKey {
        self.shared.keys().current().clone()
    }

    /// Makes a token without a request, signed with the current key unless told otherwise.
    pub fn token(&self) -> TokenBuilder {
        TokenBuilder::new(&self.shared)
    }

    /// Signs with a new key from now on. The key before it stays published until the next rotation; a staged key
    /// is forgotten.
    pub fn rotate_keys(&self, algorithm: SigningAlgorithm) {
        let next = SigningKey::generate(algorithm);
        self.shared.keys().rotate(next);
    }

    /// Publishes a new key that does not sign yet, as a Logto server does during a grace period. Another staged
    /// key is forgotten.
    pub fn stage_keys(&self, algorithm: SigningAlgorithm) {
        let next = SigningKey::generate(algorithm);
        self.shared.keys().stage(next);
    }

    /// Signs with the staged key from now on. Returns whether there was one.
    pub fn activate_staged_keys(&self) -> bool {
        self.shared.keys().activate_staged()
    }

    /// Stops publishing the key that signed before the current one. Returns whether there was one.
    pub fn drop_previous_key(&self) -> bool {
        self.shared.keys().drop_previous()
    }

    /// The switches that make endpoints misbehave.
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Closes every connection, and each new one at once, without an answer, until [`come_back`](Self::come_back).
    /// The port stays taken, so that no other program can get it in the meantime.
    pub fn go_down(&self) {
        self.listening.go_down();
    }

    /// Answers again.
    pub fn come_back(&self) {
        self.listening.come_back();
    }

    /// How often it was asked for what.
    pub fn counters(&self) -> Counters {
        self.shared.counters.snapshot()
    }

    /// Begins counting at zero.
    pub fn reset_counters(&self) {
        self.shared.counters.reset();
    }

    /// Stops, and returns when the port is free again. Open connections are closed.
    pub async fn shutdown(mut self) {
        self.server.abort();
        // The task was told to stop, so that its only result is that it did.
        let _ = (&mut self.server).await;
    }
}

impl Drop for DevIssuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl fmt::Debug for DevIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevIssuer").field("issuer", &self.shared.issuer).finish_non_exhaustive()
    }
}
