//! Organizations, their roles and their members.

use serde::Deserialize;

use super::role::{Grant, covers};
use super::texts;

/// An organization with its own roles.
///
/// In Logto the roles of organizations come from a template that all of them share; here each organization has
/// its own, so that one entry says everything. In a configuration file: `id`, `name`, `description`, `roles`
/// (each with `name`, `scopes`, `grants`), `members` (each with `user` or `application`, and `roles`).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) roles: Vec<OrganizationRole>,
    #[serde(default)]
    pub(super) members: Vec<Membership>,
}

impl Organization {
    /// An organization without members. The id is what stands in `urn:logto:organization:<id>`.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into(), description: None, roles: Vec::new(), members: Vec::new() }
    }

    /// Sets the description that userinfo returns.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a role that members can have.
    #[must_use]
    pub fn role(mut self, role: OrganizationRole) -> Self {
        self.roles.push(role);
        self
    }

    /// Makes a user, named by id or username, a member with these roles of the organization.
    #[must_use]
    pub fn member<T: Into<String>>(
        mut self,
        user: impl Into<String>,
        roles: impl IntoIterator<Item = T>,
    ) -> Self {
        self.members.push(Membership { user: Some(user.into()), application: None, roles: texts(roles) });
        self
    }

    /// Makes a machine application a member with these roles of the organization.
    #[must_use]
    pub fn machine_member<T: Into<String>>(
        mut self,
        application: impl Into<String>,
        roles: impl IntoIterator<Item = T>,
    ) -> Self {
        self.members.push(Membership {
            user: None,
            application: Some(application.into()),
            roles: texts(roles),
        });
        self
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn display_name(&self) -> &str {
        &self.name
    }

    pub(crate) fn description_text(&self) -> Option<&str> {
        self.description.as_deref()
    }

    pub(super) fn role_named(&self, name: &str) -> Option<&OrganizationRole> {
        self.roles.iter().find(|role| role.name == name)
    }
}

/// A role inside one organization: it grants the organization's own permissions and scopes of API resources.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationRole {
    pub(super) name: String,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) grants: Vec<Grant>,
}

impl OrganizationRole {
    /// A role that grants nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), scopes: Vec::new(), grants: Vec::new() }
    }

    /// Grants permissions of the organization itself, the scopes of tokens for `urn:logto:organization:<id>`.
    #[must_use]
    pub fn scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.scopes.extend(texts(scopes));
        self
    }

    /// Grants scopes of an API resource, in tokens that are for this resource inside the organization.
    #[must_use]
    pub fn grant<T: Into<String>>(
        mut self,
        resource: impl Into<String>,
        scopes: impl IntoIterator<Item = T>,
    ) -> Self {
        self.grants.push(Grant { resource: resource.into(), scopes: texts(scopes) });
        self
    }

    pub(crate) fn role_name(&self) -> &str {
        &self.name
    }

    pub(super) fn grants_permission(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }

    pub(super) fn grants_resource_scope(&self, resource: &str, scope: &str) -> bool {
        covers(&self.grants, resource, scope)
    }
}

/// Somebody's place in an organization. Exactly one of the two names is there once the directory was built.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Membership {
    pub(super) user: Option<String>,
    pub(super) application: Option<String>,
    #[serde(default)]
    pub(super) roles: Vec<String>,
}
