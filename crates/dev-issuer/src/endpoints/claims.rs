//! What the issuer says about a user, by scope.

use serde_json::{Value, json};

use super::scopes::{ORGANIZATION_ROLES, ORGANIZATIONS};
use crate::keys::Members;
use crate::model::{Organization, Principal, User};
use crate::server::Shared;
use crate::state::State;

/// Who reads it: userinfo says more than the ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    IdToken,
    Userinfo,
}

/// The claims of these scopes, in a real server's order.
pub(super) fn about(
    shared: &Shared,
    state: &State,
    user: &User,
    scopes: &[String],
    reader: Reader,
) -> Members {
    let has = |scope: &str| scopes.iter().any(|known| known == scope);
    let mut claims = Members::default();
    if has("profile") {
        for (name, value) in user.profile() {
            if name == "username" {
                // Both times are in milliseconds, although OpenID Connect Core §5.1 wants seconds.
                claims.set("updated_at", state.updated_at(user.id()));
            }
            claims.set(name, value);
        }
        claims.set("created_at", state.created_at());
    }
    if has("email") {
        claims.set("email", user.email_address());
        claims.set("email_verified", user.email_address().is_some());
    }
    if has("phone") {
        claims.set("phone_number", user.phone_number());
        claims.set("phone_number_verified", user.phone_number().is_some());
    }
    if has("roles") {
        claims.set("roles", user.role_names());
    }
    if reader == Reader::Userinfo {
        if has("identities") {
            claims.set("identities", json!({}));
            claims.set("sso_identities", json!([]));
        }
        if has("custom_data") {
            claims.set("custom_data", user.custom_data_object());
        }
    }
    let principal = Principal::User(user);
    if has(ORGANIZATIONS) {
        let ids: Vec<&str> = shared.directory.organizations_of(principal).map(Organization::id).collect();
        claims.set("organizations", ids);
        if reader == Reader::Userinfo {
            let data = |known: &Organization| {
                json!({
                    "id": known.id(),
                    "name": known.display_name(),
                    "description": known.description_text(),
                })
            };
            let all: Vec<Value> = shared.directory.organizations_of(principal).map(data).collect();
            claims.set("organization_data", all);
        }
    }
    if has(ORGANIZATION_ROLES) {
        claims.set("organization_roles", organization_roles(shared, principal));
    }
    claims
}

/// `<organization>:<role>` for every role in every organization.
fn organization_roles(shared: &Shared, principal: Principal<'_>) -> Vec<String> {
    let directory = &shared.directory;
    let mut all = Vec::new();
    for organization in directory.organizations_of(principal) {
        let roles = directory.organization_roles(principal, organization.id()).unwrap_or_default();
        all.extend(roles.iter().map(|role| format!("{}:{}", organization.id(), role.role_name())));
    }
    all
}
