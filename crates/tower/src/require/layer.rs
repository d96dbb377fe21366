use std::sync::Arc;

use logto_authkit_token::{ConfigError, RoleRequirement, ScopeRequirement};
use logto_authkit_web::{AuthContext, Denial};
use tower_layer::Layer;

use crate::{JsonDenial, RequireService};

/// What a route asks for.
#[derive(Clone, Debug)]
pub(crate) enum Requirement {
    Scopes(ScopeRequirement),
    Roles(RoleRequirement),
}

impl Requirement {
    pub(crate) fn check(&self, context: &AuthContext) -> Result<(), Denial> {
        match self {
            Requirement::Scopes(requirement) => context.require_scopes(requirement),
            Requirement::Roles(requirement) => context.require_roles(requirement),
        }
    }

    pub(crate) fn layer_name(&self) -> &'static str {
        match self {
            Requirement::Scopes(_) => "the layer RequireScopes",
            Requirement::Roles(_) => "the layer RequireRoles",
        }
    }
}

/// Asks for scopes. Needs an `AuthLayer` around it; without one every request is answered with 500.
///
/// ```
/// use logto_authkit_tower::RequireScopes;
///
/// let writers = RequireScopes::all(["write:products"]);
/// let readers = RequireScopes::any(["read:products", "write:products"]);
/// ```
#[derive(Clone, Debug)]
pub struct RequireScopes<D = JsonDenial> {
    requirement: Arc<Requirement>,
    on_denied: D,
}

impl RequireScopes {
    /// Every one of `scopes`. An empty list does not compile.
    ///
    /// # Panics
    /// When a scope is empty or holds characters that no scope can have, a space among them. Scopes that are not written in the
    /// program go through [`ScopeRequirement`] and [`RequireScopes::new`], which return the mistake.
    pub fn all<const N: usize>(scopes: [&str; N]) -> Self {
        const { assert!(N > 0, "an empty list of scopes would let everybody in") };
        RequireScopes::new(literal(ScopeRequirement::all(scopes)))
    }

    /// At least one of `scopes`. An empty list does not compile.
    ///
    /// # Panics
    /// As [`all`](RequireScopes::all).
    pub fn any<const N: usize>(scopes: [&str; N]) -> Self {
        const { assert!(N > 0, "an empty list of scopes would let everybody in") };
        RequireScopes::new(literal(ScopeRequirement::any(scopes)))
    }

    /// A requirement that was put together elsewhere.
    pub fn new(requirement: ScopeRequirement) -> Self {
        RequireScopes { requirement: Arc::new(Requirement::Scopes(requirement)), on_denied: JsonDenial }
    }
}

impl<D> RequireScopes<D> {
    /// What is answered to denied requests: see [`OnDenied`](crate::OnDenied).
    pub fn on_denied<F>(self, on_denied: F) -> RequireScopes<F> {
        RequireScopes { requirement: self.requirement, on_denied }
    }
}

/// Asks for roles. Needs an `AuthLayer` around it; without one every request is answered with 500.
///
/// ```
/// use logto_authkit_tower::{RequireRoles, RoleRequirement};
///
/// let staff = RequireRoles::any(["admin", "editor"]);
/// let elsewhere = RequireRoles::new(RoleRequirement::all(["admin"])?.in_claims(["https://example.com/roles"])?);
/// # Ok::<(), logto_authkit_tower::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RequireRoles<D = JsonDenial> {
    requirement: Arc<Requirement>,
    on_denied: D,
}

impl RequireRoles {
    /// Every one of `roles`. An empty list does not compile.
    ///
    /// # Panics
    /// When a role is empty.
    pub fn all<const N: usize>(roles: [&str; N]) -> Self {
        const { assert!(N > 0, "an empty list of roles would let everybody in") };
        RequireRoles::new(literal(RoleRequirement::all(roles)))
    }

    /// At least one of `roles`. An empty list does not compile.
    ///
    /// # Panics
    /// When a role is empty.
    pub fn any<const N: usize>(roles: [&str; N]) -> Self {
        const { assert!(N > 0, "an empty list of roles would let everybody in") };
        RequireRoles::new(literal(RoleRequirement::any(roles)))
    }

    /// A requirement that was put together elsewhere.
    pub fn new(requirement: RoleRequirement) -> Self {
        RequireRoles { requirement: Arc::new(Requirement::Roles(requirement)), on_denied: JsonDenial }
    }
}

impl<D> RequireRoles<D> {
    /// What is answered to denied requests: see [`OnDenied`](crate::OnDenied).
    pub fn on_denied<F>(self, on_denied: F) -> RequireRoles<F> {
        RequireRoles { requirement: self.requirement, on_denied }
    }
}

/// A mistake in a literal of the program: found when the routes are put together, before the first request.
fn literal<T>(requirement: Result<T, ConfigError>) -> T {
    requirement.unwrap_or_else(|error| panic!("{error}"))
}

impl<S, D: Clone> Layer<S> for RequireScopes<D> {
    type Service = RequireService<S, D>;

    fn layer(&self, inner: S) -> RequireService<S, D> {
        RequireService::new(inner, Arc::clone(&self.requirement), self.on_denied.clone())
    }
}

impl<S, D: Clone> Layer<S> for RequireRoles<D> {
    type Service = RequireService<S, D>;

    fn layer(&self, inner: S) -> RequireService<S, D> {
        RequireService::new(inner, Arc::clone(&self.requirement), self.on_denied.clone())
    }
}
