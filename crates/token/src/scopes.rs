use std::fmt;

use crate::{ConfigError, Requirement};

/// The scopes of a token: the claim `scope`, a list separated by spaces (RFC 8693 §4.2, RFC 6749 §3.3).
///
/// Scopes are compared whole: `read` is not in `read:all`.
///
/// ```
/// use logto_authkit_token::Scopes;
///
/// let scopes = Scopes::from("read:products write:products");
/// assert!(scopes.contains("read:products"));
/// assert!(!scopes.contains("read"));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes<'a>(&'a str);

impl<'a> Scopes<'a> {
    /// Whether `scope` is among them.
    pub fn contains(self, scope: &str) -> bool {
        self.iter().any(|granted| granted == scope)
    }

    /// Each scope, in the order of the token.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        self.0.split(' ').filter(|scope| !scope.is_empty())
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// The list as the token has it.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> From<&'a str> for Scopes<'a> {
    fn from(list: &'a str) -> Self {
        Scopes(list)
    }
}

impl fmt::Debug for Scopes<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for Scopes<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

/// The scopes that a policy or a route asks for: all of them, or any.
///
/// ```
/// use logto_authkit_token::{ScopeRequirement, Scopes};
///
/// let either = ScopeRequirement::any(["admin", "write:products"])?;
/// assert!(either.is_met_by(Scopes::from("write:products")));
/// # Ok::<(), logto_authkit_token::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRequirement(Requirement);

impl ScopeRequirement {
    /// Every one of `scopes`.
    ///
    /// # Errors
    /// An empty list, an empty scope, or characters that no scope can have (RFC 6749 §3.3), a space among them.
    pub fn all(scopes: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, ConfigError> {
        Requirement::all("required_scopes", scopes, scope_problem).map(ScopeRequirement)
    }

    /// At least one of `scopes`.
    ///
    /// # Errors
    /// As [`all`](ScopeRequirement::all).
    pub fn any(scopes: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, ConfigError> {
        Requirement::any("required_scopes", scopes, scope_problem).map(ScopeRequirement)
    }

    /// The scopes that are asked for.
    pub fn scopes(&self) -> &[String] {
        self.0.names()
    }

    /// Whether `scopes` meet it.
    pub fn is_met_by(&self, scopes: Scopes<'_>) -> bool {
        self.missing_from(scopes).is_empty()
    }

    /// The scopes that are lacking: empty when the requirement is met.
    pub fn missing_from(&self, scopes: Scopes<'_>) -> Vec<String> {
        self.0.missing(|scope| scopes.contains(scope))
    }
}

/// RFC 6749 §3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
fn scope_problem(scope: &str) -> Option<&'static str> {
    if scope.contains(' ') {
        return Some("a scope contains a space; write each scope as a string of its own");
    }
    let legal = scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    (!legal).then_some("a scope contains a character that no scope can have; use printable ASCII without quotes and backslashes")
}
