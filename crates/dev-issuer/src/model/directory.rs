//! Everything the issuer knows, checked once when it starts, and the questions about it.

use std::collections::HashSet;
use std::net::IpAddr;

use url::{Host, Url};

use super::role::{Grant, covers};
use super::{Application, ConfigError, Kind, Organization, OrganizationRole, Resource, Role, User};

/// The resource that stands for all organizations in a request (Logto's own constant).
pub(crate) const ORGANIZATIONS_RESOURCE: &str = "urn:logto:resource:organizations";

/// Entries without a contradiction between them.
#[derive(Debug)]
pub(crate) struct Directory {
    resources: Vec<Resource>,
    roles: Vec<Role>,
    users: Vec<User>,
    applications: Vec<Application>,
    organizations: Vec<Organization>,
}

/// Who a token is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Principal<'a> {
    User(&'a User),
    Machine(&'a Application),
}

impl Directory {
    /// Checks the entries against each other.
    pub(crate) fn build(
        resources: Vec<Resource>,
        roles: Vec<Role>,
        users: Vec<User>,
        applications: Vec<Application>,
        organizations: Vec<Organization>,
    ) -> Result<Self, ConfigError> {
        let directory = Self { resources, roles, users, applications, organizations };
        directory.check_resources()?;
        directory.check_roles()?;
        directory.check_users()?;
        directory.check_applications()?;
        directory.check_organizations()?;
        Ok(directory)
    }

    pub(crate) fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter()
    }

    pub(crate) fn resource(&self, indicator: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.indicator == indicator)
    }

    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.iter()
    }

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id() == id)
    }

    pub(crate) fn user_named(&self, username: &str) -> Option<&User> {
        self.users.iter().find(|user| user.username == username)
    }

    pub(crate) fn application(&self, id: &str) -> Option<&Application> {
        self.applications.iter().find(|application| application.id == id)
    }

    /// The first application that signs users in, else the first one at all.
    pub(crate) fn first_user_application(&self) -> Option<&str> {
        let with_users = self.applications.iter().find(|application| application.kind != Kind::Machine);
        with_users.or(self.applications.first()).map(Application::id)
    }

    /// Whether the roles of this user or machine grant a scope of a resource.
    pub(crate) fn grants(&self, principal: Principal<'_>, resource: &str, scope: &str) -> bool {
        let names = match principal {
            Principal::User(user) => &user.roles,
            Principal::Machine(application) => &application.roles,
        };
        self.roles.iter().any(|role| names.contains(&role.name) && covers(&role.grants, resource, scope))
    }

    /// The roles in an organization; nothing when the organization is unknown or this is not a member of it.
    pub(crate) fn organization_roles(
        &self,
        principal: Principal<'_>,
        organization: &str,
    ) -> Option<Vec<&OrganizationRole>> {
        let organization = self.organizations.iter().find(|known| known.id == organization)?;
        let membership = organization.members.iter().find(|member| match principal {
            Principal::User(user) => member.user.as_deref().is_some_and(|named| is_user(user, named)),
            Principal::Machine(application) => member.application.as_deref() == Some(application.id()),
        })?;
        Some(membership.roles.iter().filter_map(|name| organization.role_named(name)).collect())
    }

    /// The organizations of which this is a member.
    pub(crate) fn organizations_of<'a>(
        &'a self,
        principal: Principal<'a>,
    ) -> impl Iterator<Item = &'a Organization> {
        self.organizations.iter().filter(move |known| self.organization_roles(principal, &known.id).is_some())
    }

    /// Whether some organization grants this scope: of the resource, or of itself when there is no resource.
    pub(crate) fn some_organization_grants(
        &self,
        principal: Principal<'_>,
        resource: Option<&str>,
        scope: &str,
    ) -> bool {
        self.organizations_of(principal).any(|known| {
            let roles = self.organization_roles(principal, &known.id).unwrap_or_default();
            organization_grants(&roles, resource, scope)
        })
    }

    fn check_resources(&self) -> Result<(), ConfigError> {
        unique("resource", self.resources.iter().map(|resource| resource.indicator.as_str()))?;
        for resource in &self.resources {
            let entry = || format!("resource `{}`", resource.indicator);
            let parsed = Url::parse(&resource.indicator);
            if parsed.is_err() || resource.indicator.contains('#') {
                let hint = "the indicator must be an absolute URI without `#`; write for example \
                            `https://api.example.com`";
                return Err(ConfigError::new(entry(), hint));
            }
            if resource.access_token_seconds == 0 {
                return Err(ConfigError::new(entry(), "`access_token_seconds` must be at least 1"));
            }
            for scope in &resource.scopes {
                check_scope(&entry(), scope)?;
            }
        }
        Ok(())
    }

    fn check_roles(&self) -> Result<(), ConfigError> {
        unique("role", self.roles.iter().map(|role| role.name.as_str()))?;
        self.roles
            .iter()
            .try_for_each(|role| self.check_grants(&format!("role `{}`", role.name), &role.grants))
    }

    fn check_grants(&self, entry: &str, grants: &[Grant]) -> Result<(), ConfigError> {
        for grant in grants {
            let Some(resource) = self.resource(&grant.resource) else {
                let problem = format!(
                    "grants scopes of the resource `{}`, which is not there; add it to `resources` (every \
                     character counts, a slash at the end too)",
                    grant.resource
                );
                return Err(ConfigError::new(entry, problem));
            };
            if let Some(scope) = grant.scopes.iter().find(|scope| !resource.scopes.contains(scope)) {
                let problem = format!(
                    "grants the scope `{scope}`, which `{}` does not have; add it to the `scopes` of the resource",
                    grant.resource
                );
                return Err(ConfigError::new(entry, problem));
            }
        }
        Ok(())
    }

    fn check_users(&self) -> Result<(), ConfigError> {
        unique("user", self.users.iter().map(|user| user.username.as_str()))?;
        unique("user id", self.users.iter().map(User::id))?;
        for user in &self.users {
            self.check_role_names(&format!("user `{}`", user.username), &user.roles)?;
        }
        Ok(())
    }

    fn check_role_names(&self, entry: &str, names: &[String]) -> Result<(), ConfigError> {
        match names.iter().find(|name| !self.roles.iter().any(|role| role.name == **name)) {
            None => Ok(()),
            Some(name) => Err(ConfigError::new(
                entry,
                format!("has the role `{name}`, which is not there; add it to `roles`"),
            )),
        }
    }

    fn check_applications(&self) -> Result<(), ConfigError> {
        unique("application", self.applications.iter().map(Application::id))?;
        for application in &self.applications {
            let entry = format!("application `{}`", application.id);
            let fail = |problem: &str| Err(ConfigError::new(entry.as_str(), problem));
            match (application.kind, application.secret.as_deref()) {
                (Kind::Machine | Kind::Web, None | Some("")) => return fail("needs a `secret`"),
                (Kind::Spa, Some(_)) => {
                    return fail(
                        "a `spa` cannot keep a secret; leave `secret` out, or make it a `web` application",
                    );
                }
                _ => {}
            }
            if application.kind != Kind::Machine && !application.roles.is_empty() {
                return fail("only `machine` applications have `roles`; give the roles to users instead");
            }
            self.check_role_names(&entry, &application.roles)?;
            let uris = application.redirect_uris.iter().chain(&application.post_logout_redirect_uris);
            for uri in uris {
                if Url::parse(uri).is_err() || uri.contains('#') {
                    return fail(&format!("`{uri}` must be an absolute URI without `#`"));
                }
            }
            if application.backchannel_logout_uri.as_deref().is_some_and(|uri| !is_loopback_http(uri)) {
                return fail(
                    "`backchannel_logout_uri` must be an `http` address of this machine, for example \
                     `http://127.0.0.1:3000/auth/backchannel-logout`",
                );
            }
        }
        Ok(())
    }

    fn check_organizations(&self) -> Result<(), ConfigError> {
        unique("organization", self.organizations.iter().map(|known| known.id.as_str()))?;
        for organization in &self.organizations {
            let entry = format!("organization `{}`", organization.id);
            unique(&format!("role of {entry}"), organization.roles.iter().map(|role| role.name.as_str()))?;
            for role in &organization.roles {
                let entry = format!("role `{}` of {entry}", role.name);
                self.check_grants(&entry, &role.grants)?;
                role.scopes.iter().try_for_each(|scope| check_scope(&entry, scope))?;
            }
            for member in &organization.members {
                let known = match (member.user.as_deref(), member.application.as_deref()) {
                    (Some(user), None) => self.users.iter().any(|known| is_user(known, user)),
                    (None, Some(id)) => {
                        self.application(id).is_some_and(|application| application.kind == Kind::Machine)
                    }
                    _ => {
                        let problem = "each of its `members` names either a `user` or an `application`";
                        return Err(ConfigError::new(entry, problem));
                    }
                };
                if !known {
                    let name = member.user.as_deref().or(member.application.as_deref()).unwrap_or_default();
                    let problem = format!(
                        "its member `{name}` is not there; name a user by username or id, or a `machine` application"
                    );
                    return Err(ConfigError::new(entry, problem));
                }
                if let Some(role) = member.roles.iter().find(|role| organization.role_named(role).is_none()) {
                    let problem =
                        format!("a member has the role `{role}`; add it to the organization's own `roles`");
                    return Err(ConfigError::new(entry, problem));
                }
            }
        }
        Ok(())
    }
}

/// Whether these roles of one organization grant a scope: of the resource, or of the organization itself.
pub(crate) fn organization_grants(roles: &[&OrganizationRole], resource: Option<&str>, scope: &str) -> bool {
    roles.iter().any(|role| match resource {
        Some(resource) => role.grants_resource_scope(resource, scope),
        None => role.grants_permission(scope),
    })
}

/// Whether an address is plain HTTP on this machine, the only kind that the issuer itself calls.
pub(crate) fn is_loopback_http(uri: &str) -> bool {
    Url::parse(uri).is_ok_and(|url| {
        let on_this_machine = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => false,
        };
        url.scheme() == "http" && on_this_machine
    })
}

fn is_user(user: &User, named: &str) -> bool {
    user.id() == named || user.username == named
}

fn unique<'a>(kind: &str, names: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for name in names {
        if name.is_empty() {
            return Err(ConfigError::new(kind, "the name or id must not be empty"));
        }
        if !seen.insert(name) {
            return Err(ConfigError::new(
                format!("{kind} `{name}`"),
                "is there twice; remove or rename one of them",
            ));
        }
    }
    Ok(())
}

/// RFC 6749 §3.3: the characters of a scope, which a space would split in two.
fn check_scope(entry: &str, scope: &str) -> Result<(), ConfigError> {
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if scope.is_empty() || !scope.bytes().all(allowed) {
        let problem =
            format!("the scope `{scope}` must be printable ASCII without spaces, quotes and backslashes");
        return Err(ConfigError::new(entry, problem));
    }
    Ok(())
}
