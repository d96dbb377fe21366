use logto_authkit_token::{ConfigError, Policy};
use logto_authkit_verifier::Verifier;
use logto_authkit_web::Guard;
use tower_layer::Layer;

use super::service::AuthSettings;
use crate::{AuthService, JsonDenial, Organization};

/// Admits requests with an accepted token and leaves an `AuthContext` in their extensions; answers all others itself.
///
/// Different routers carry different layers over one shared verifier:
///
/// ```
/// # fn run(verifier: logto_authkit_verifier::Verifier) {
/// use http::HeaderName;
/// use logto_authkit_tower::{AuthLayer, Organization};
///
/// let for_everybody = AuthLayer::new(verifier.clone()).allow_guests(true);
/// let for_members = AuthLayer::new(verifier).organization(Organization::header(HeaderName::from_static("x-organization")));
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AuthLayer<D = JsonDenial> {
    guard: Guard,
    organization: Option<Organization>,
    on_denied: D,
}

impl AuthLayer {
    /// A layer with the verifier's own policy.
    pub fn new(verifier: Verifier) -> Self {
        AuthLayer::from_guard(Guard::new(verifier))
    }

    /// A layer around a guard that is shared with something else.
    pub fn from_guard(guard: Guard) -> Self {
        AuthLayer { guard, organization: None, on_denied: JsonDenial }
    }
}

impl<D> AuthLayer<D> {
    /// Another policy than the verifier's own.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.guard = self.guard.with_policy(policy);
        self
    }

    /// The organization that tokens must belong to. Default: what the policy says, which refuses organization tokens.
    #[must_use]
    pub fn organization(mut self, organization: Organization) -> Self {
        self.organization = Some(organization);
        self
    }

    /// Whether visitors without an accepted token are admitted as guests. Default: no.
    #[must_use]
    pub fn allow_guests(mut self, allow: bool) -> Self {
        self.guard = self.guard.allow_guests(allow);
        self
    }

    /// The cookie that holds the access token. Default `logto_authtoken`.
    ///
    /// # Errors
    /// A name that no cookie can have.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Result<Self, ConfigError> {
        self.guard = self.guard.with_cookie_name(name)?;
        Ok(self)
    }

    /// The cookie that holds a guest's id. Default `guest_logto_authtoken`.
    ///
    /// # Errors
    /// A name that no cookie can have.
    pub fn guest_cookie_name(mut self, name: impl Into<String>) -> Result<Self, ConfigError> {
        self.guard = self.guard.with_guest_cookie_name(name)?;
        Ok(self)
    }

    /// The realm in `WWW-Authenticate`, also where a `RequireScopes`, a `RequireRoles` or an `Auth` inside this layer refuses.
    /// Default `api`.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<Box<str>>) -> Self {
        self.guard = self.guard.with_realm(realm);
        self
    }

    /// What is answered to denied requests: see [`OnDenied`](crate::OnDenied).
    pub fn on_denied<F>(self, on_denied: F) -> AuthLayer<F> {
        AuthLayer { guard: self.guard, organization: self.organization, on_denied }
    }
}

impl<S, D: Clone> Layer<S> for AuthLayer<D> {
    type Service = AuthService<S, D>;

    fn layer(&self, inner: S) -> AuthService<S, D> {
        let guard = match &self.organization {
            None => self.guard.clone(),
            Some(organization) => {
                let policy = self.guard.policy().clone().with_organization(organization.rule());
                self.guard.clone().with_policy(policy)
            }
        };
        let settings = AuthSettings {
            guard,
            organization: self.organization.clone(),
            on_denied: self.on_denied.clone(),
        };
        AuthService::new(inner, settings)
    }
}
