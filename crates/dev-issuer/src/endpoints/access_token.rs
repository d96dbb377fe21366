//! Making access tokens and ID tokens, and the answer that carries them.

use serde_json::{Value, json};

use super::claims;
use super::oauth_error::OAuthError;
use super::scopes::{self, OPENID, ORGANIZATIONS, Target};
use crate::keys::{Members, header_of, sign};
use crate::model::{Application, ORGANIZATIONS_RESOURCE, Principal};
use crate::random;
use crate::server::Shared;
use crate::state::{Grant, OpaqueToken, State};

/// An access token and what the answer says about it.
#[derive(Debug)]
pub(super) struct AccessToken {
    pub(super) token: String,
    /// Absent when a machine was granted nothing.
    pub(super) scope: Option<String>,
    pub(super) expires_in: i64,
}

impl AccessToken {
    pub(super) fn to_json(&self) -> Value {
        let mut body = json!({
            "access_token": self.token,
            "expires_in": self.expires_in,
            "token_type": "Bearer",
        });
        if let Some(scope) = &self.scope {
            body["scope"] = Value::from(scope.as_str());
        }
        body
    }
}

/// What a token request of a user's application asks for, beside the grant it is made with.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) resources: Vec<String>,
    pub(super) organization: Option<&'a str>,
    /// The scopes of an explicit `scope` parameter.
    pub(super) scopes: Option<Vec<String>>,
}

impl Wanted<'_> {
    /// An explicit list of scopes without `openid` asks for no ID token.
    pub(super) fn id_token(&self, grant: &Grant) -> bool {
        let asked = self.scopes.as_ref().is_none_or(|scopes| scopes.iter().any(|scope| scope == OPENID));
        asked && grant.has_scope(OPENID)
    }
}

/// The access token for a user: for one resource, for an organization, for one inside the other, or opaque.
pub(super) fn for_user(
    shared: &Shared,
    state: &mut State,
    grant_id: &str,
    grant: &Grant,
    wanted: &Wanted<'_>,
) -> Result<AccessToken, OAuthError> {
    let user = shared.directory.user(&grant.user_id).ok_or_else(OAuthError::invalid_grant)?;
    let principal = Principal::User(user);
    if let Some(organization) = wanted.organization {
        if !grant.has_scope(ORGANIZATIONS) {
            let description = "refresh token missing required scope";
            return Err(OAuthError::insufficient_scope(description, ORGANIZATIONS));
        }
        if shared.directory.organization_roles(principal, organization).is_none() {
            return Err(OAuthError::access_denied("user is not a member of the organization"));
        }
    }
    // A token is for what was named when the user signed in, nothing else.
    if wanted.resources.iter().any(|resource| !grant.resources.contains(resource)) {
        return Err(OAuthError::unknown_target());
    }
    if let Some(missing) =
        wanted.scopes.iter().flatten().find(|scope| scopes::all_of(grant).all(|known| known != *scope))
    {
        return Err(OAuthError::invalid_scope("refresh token missing requested scope", missing));
    }
    let target = match (wanted.resources.as_slice(), wanted.organization) {
        ([resource], Some(organization)) if resource != ORGANIZATIONS_RESOURCE => {
            Target::ResourceInOrganization(resource, organization)
        }
        ([] | [_], Some(organization)) => Target::Organization(organization),
        ([resource], None) => Target::Resource(resource),
        // Without a resource, or with several at once, the token is for userinfo only.
        _ => return Ok(opaque(shared, state, grant_id, grant, wanted)),
    };
    let requested = wanted.scopes.as_ref().unwrap_or(&grant.resource_scopes);
    let scope = scopes::allowed(shared, principal, target, requested).join(" ");
    Ok(jwt(shared, user.id(), &grant.client_id, target, Some(scope)))
}

/// A token for a program to verify (RFC 9068), with exactly the members of a real server's.
pub(super) fn jwt(
    shared: &Shared,
    subject: &str,
    client_id: &str,
    target: Target<'_>,
    scope: Option<String>,
) -> AccessToken {
    let now = shared.clock.unix_seconds();
    let expires_in = target.lifetime_seconds(shared);
    let mut payload = Members::default();
    if let Target::ResourceInOrganization(_, organization) = target {
        payload.set("organization_id", organization);
    }
    payload.set("jti", random::identifier());
    payload.set("sub", subject);
    payload.set("iat", now);
    payload.set("exp", now.saturating_add(expires_in));
    if let Some(scope) = &scope {
        payload.set("scope", scope.as_str());
    }
    payload.set("client_id", client_id);
    payload.set("iss", shared.issuer.as_str());
    payload.set("aud", target.audience());
    let keys = shared.keys();
    let token = sign(keys.current(), &header_of(keys.current()), &payload);
    AccessToken { token, scope, expires_in }
}

fn opaque(
    shared: &Shared,
    state: &mut State,
    grant_id: &str,
    grant: &Grant,
    wanted: &Wanted<'_>,
) -> AccessToken {
    let now = shared.clock.unix_seconds();
    let explicit = |scope: &&String| wanted.scopes.as_ref().is_none_or(|scopes| scopes.contains(*scope));
    let scopes: Vec<&str> = grant.scopes.iter().filter(explicit).map(String::as_str).collect();
    let scope = scopes.join(" ");
    let token = random::identifier();
    let remembered = OpaqueToken {
        grant: grant_id.to_owned(),
        scope: scope.clone(),
        issued_at: now,
        expires_at: now.saturating_add(OpaqueToken::LIFETIME_SECONDS),
    };
    let lifetime = OpaqueToken::LIFETIME_SECONDS;
    state.opaque_tokens.insert(token.clone(), remembered, shared.clock.unix_millis(), lifetime);
    AccessToken { token, scope: Some(scope), expires_in: lifetime }
}

/// The ID token: who signed in, for the application alone. It has neither `typ` nor `at_hash`.
pub(super) fn id_token(
    shared: &Shared,
    state: &State,
    grant: &Grant,
    application: &Application,
    scopes: Option<&[String]>,
) -> Result<String, OAuthError> {
    let user = shared.directory.user(&grant.user_id).ok_or_else(OAuthError::invalid_grant)?;
    let now = shared.clock.unix_seconds();
    let scopes = scopes.unwrap_or(&grant.scopes);
    let mut payload = Members::default().with("sub", user.id());
    payload.append(claims::about(shared, state, user, scopes, claims::Reader::IdToken));
    if let Some(auth_time) = grant.auth_time {
        payload.set("auth_time", auth_time);
    }
    if let Some(nonce) = &grant.nonce {
        payload.set("nonce", nonce.as_str());
    }
    // Only an application that wants to be told of sign-outs has a use for the session's id.
    if application.logout_uri().is_some() {
        payload.set("sid", grant.sid.as_str());
    }
    payload.set("aud", application.id());
    payload.set("exp", now.saturating_add(3600));
    payload.set("iat", now);
    payload.set("iss", shared.issuer.as_str());
    let keys = shared.keys();
    let key = keys.current();
    let header = Members::default().with("alg", key.algorithm().name()).with("kid", key.key_id());
    Ok(sign(key, &header, &payload))
}
