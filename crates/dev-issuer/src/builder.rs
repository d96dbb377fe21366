//! What the issuer is made of, before it starts.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use thiserror::Error;
use tokio::net::TcpListener;

use crate::DevIssuer;
use crate::clock::{Clock, SharedClock, SystemClock};
use crate::config::IssuerConfig;
use crate::counters::LiveCounters;
use crate::faults::Faults;
use crate::keys::{KeyRing, SigningAlgorithm, SigningKey};
use crate::model::{Application, ConfigError, Directory, Organization, Resource, Role, User};
use crate::server::{Listening, Shared, router, serve};
use crate::state::State;

/// Collects what the issuer shall know. Every call is optional; entries are checked against each other by
/// [`start`](Self::start), so that their order does not matter.
#[must_use = "the issuer runs once `start` was called"]
pub struct DevIssuerBuilder {
    config: IssuerConfig,
    clock: SharedClock,
}

impl DevIssuerBuilder {
    pub(crate) fn new() -> Self {
        Self { config: IssuerConfig::default(), clock: SharedClock::new(SystemClock) }
    }

    /// The port to listen on, on 127.0.0.1 only. The default, 0, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.config.port = port;
        self
    }

    /// The algorithm of the first key. The default is [`SigningAlgorithm::Es384`].
    pub fn algorithm(mut self, algorithm: SigningAlgorithm) -> Self {
        self.config.algorithm = algorithm;
        self
    }

    /// Adds an API resource.
    pub fn resource(mut self, resource: Resource) -> Self {
        self.config.resources.push(resource);
        self
    }

    /// Adds a role.
    pub fn role(mut self, role: Role) -> Self {
        self.config.roles.push(role);
        self
    }

    /// Adds a user.
    pub fn user(mut self, user: User) -> Self {
        self.config.users.push(user);
        self
    }

    /// Adds an application.
    pub fn application(mut self, application: Application) -> Self {
        self.config.applications.push(application);
        self
    }

    /// Adds an organization.
    pub fn organization(mut self, organization: Organization) -> Self {
        self.config.organizations.push(organization);
        self
    }

    /// Takes the time from here instead of the operating system.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = SharedClock::new(clock);
        self
    }

    /// Adds everything that a configuration names; its port and algorithm take the place of those set before.
    pub fn config(mut self, config: IssuerConfig) -> Self {
        self.config.add(config);
        self
    }

    /// Starts the issuer in the current tokio runtime.
    ///
    /// # Errors
    /// [`StartError::PortInUse`] and [`StartError::Listen`] when it cannot listen, [`StartError::Config`] when an
    /// entry contradicts another one.
    pub async fn start(self) -> Result<DevIssuer, StartError> {
        let config = self.config;
        let directory = Directory::build(
            config.resources,
            config.roles,
            config.users,
            config.applications,
            config.organizations,
        )?;
        let port = config.port;
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
                io::ErrorKind::AddrInUse => StartError::PortInUse { port },
                _ => StartError::Listen { port, source: error },
            })?;
        let port = listener.local_addr().map_err(|source| StartError::Listen { port, source })?.port();

        let logto_url = format!("http://127.0.0.1:{port}");
        let state = State::new(self.clock.unix_millis());
        let shared = Arc::new(Shared {
            issuer: format!("{logto_url}/oidc"),
            logto_url,
            port,
            directory,
            clock: self.clock,
            faults: Faults::default(),
            counters: LiveCounters::default(),
            keys: Mutex::new(KeyRing::new(SigningKey::generate(config.algorithm))),
            state: Mutex::new(state),
        });
        let listening = Listening::new();
        let server = tokio::spawn(serve(listener, router(&shared), listening.clone()));
        Ok(DevIssuer::new(shared, listening, server))
    }
}

impl fmt::Debug for DevIssuerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevIssuerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Why the issuer did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens on the port.
    #[error("port {port} of 127.0.0.1 is in use: stop the program that has it, or choose another port")]
    PortInUse {
        /// The port that was asked for.
        port: u16,
    },
    /// The operating system refuses the port for another reason.
    #[error("cannot listen on port {port} of 127.0.0.1")]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
    /// An entry contradicts another one.
    #[error(transparent)]
    Config(#[from] ConfigError),
}
