//! Roles of users and of machine applications.

use serde::Deserialize;

use super::texts;

/// A role that grants scopes of API resources to the users and machine applications who have it.
///
/// In a configuration file: `name` and `grants`, a list of `resource` and `scopes`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub(super) name: String,
    #[serde(default)]
    pub(super) grants: Vec<Grant>,
}

impl Role {
    /// A role that grants nothing yet. Its name is what stands in the `roles` claim.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), grants: Vec::new() }
    }

    /// Grants scopes of one resource, which both have to be known to the issuer.
    #[must_use]
    pub fn grant<T: Into<String>>(
        mut self,
        resource: impl Into<String>,
        scopes: impl IntoIterator<Item = T>,
    ) -> Self {
        self.grants.push(Grant { resource: resource.into(), scopes: texts(scopes) });
        self
    }
}

/// Scopes of one resource.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Grant {
    pub(super) resource: String,
    pub(super) scopes: Vec<String>,
}

/// Whether one of these grants covers that scope of that resource.
pub(super) fn covers(grants: &[Grant], resource: &str, scope: &str) -> bool {
    grants.iter().any(|grant| grant.resource == resource && grant.scopes.iter().any(|known| known == scope))
}
