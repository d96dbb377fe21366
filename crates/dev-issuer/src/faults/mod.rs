//! Switches that make the issuer misbehave.

mod body;
mod perform;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use perform::apply;

/// A way for an endpoint to misbehave. It lasts until another one, or [`Fault::None`], takes its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// No fault.
    #[default]
    None,
    /// Answers with this status (200–599, anything else becomes 500) and a short text.
    Status(u16),
    /// Answers with this status and a `Retry-After` header of so many whole seconds.
    RetryAfter(u16, Duration),
    /// Waits this long, then answers as always.
    Latency(Duration),
    /// Takes the request and never answers.
    Hang,
    /// Answers 200 with an HTML page, as a captive portal or a wrong proxy does.
    Html,
    /// Answers 200 with an empty body.
    Empty,
    /// Answers 200 with a key set without keys.
    EmptyKeySet,
    /// Answers 200 with JSON of another shape than the one expected.
    WrongJson,
    /// Answers 200 with JSON of this many bytes (at least 24), without announcing its length.
    HugeBody(usize),
    /// Sends the true answer in small pieces with pauses between them.
    SlowDrip {
        /// How many bytes each piece has; 0 counts as 1.
        bytes_per_chunk: usize,
        /// How long to pause before each piece.
        interval: Duration,
    },
    /// Answers 302 to this address.
    Redirect(String),
    /// Answers 200 with this many keys that sign nothing, and the true ones after them.
    ManyKeys(usize),
    /// Reads the request, then closes the connection without a byte.
    DropConnection,
}

/// An endpoint that can be made to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FaultPoint {
    Discovery,
    Jwks,
    Authorize,
    Token,
    Userinfo,
    Introspection,
    Revocation,
    EndSession,
}

/// The fault switches of one issuer. A fault of an endpoint goes before the one for [`all`](Self::all).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use logto_authkit_dev_issuer::{DevIssuer, Fault};
///
/// let issuer = DevIssuer::demo().start().await?;
/// issuer.faults().jwks(Fault::Status(503));
/// // … what does the application do without keys?
/// issuer.faults().clear();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Faults {
    switches: Arc<Mutex<Switches>>,
}

#[derive(Debug, Default)]
struct Switches {
    everywhere: Fault,
    at: HashMap<FaultPoint, Fault>,
}

impl Faults {
    /// The discovery document.
    pub fn discovery(&self, fault: Fault) {
        self.set(FaultPoint::Discovery, fault);
    }

    /// The key set.
    pub fn jwks(&self, fault: Fault) {
        self.set(FaultPoint::Jwks, fault);
    }

    /// The endpoint that begins a sign-in.
    pub fn authorize(&self, fault: Fault) {
        self.set(FaultPoint::Authorize, fault);
    }

    /// The token endpoint.
    pub fn token(&self, fault: Fault) {
        self.set(FaultPoint::Token, fault);
    }

    /// The userinfo endpoint.
    pub fn userinfo(&self, fault: Fault) {
        self.set(FaultPoint::Userinfo, fault);
    }

    /// The introspection endpoint.
    pub fn introspection(&self, fault: Fault) {
        self.set(FaultPoint::Introspection, fault);
    }

    /// The revocation endpoint.
    pub fn revocation(&self, fault: Fault) {
        self.set(FaultPoint::Revocation, fault);
    }

    /// The endpoint that begins a sign-out.
    pub fn end_session(&self, fault: Fault) {
        self.set(FaultPoint::EndSession, fault);
    }

    /// Every endpoint that has no fault of its own.
    pub fn all(&self, fault: Fault) {
        self.lock().everywhere = fault;
    }

    /// Switches every fault off.
    pub fn clear(&self) {
        *self.lock() = Switches::default();
    }

    pub(crate) fn at(&self, point: FaultPoint) -> Fault {
        let switches = self.lock();
        match switches.at.get(&point) {
            None | Some(Fault::None) => switches.everywhere.clone(),
            Some(fault) => fault.clone(),
        }
    }

    fn set(&self, point: FaultPoint, fault: Fault) {
        self.lock().at.insert(point, fault);
    }

    fn lock(&self) -> MutexGuard<'_, Switches> {
        // The switches are whole after every statement, so a panic elsewhere cannot have broken them.
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
