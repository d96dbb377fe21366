use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use logto_authkit_token::Claims;
use serde::Serialize;
use serde_json::{Value, json};

use crate::SignInError;
use crate::client::Shared;
use crate::refresh;
use crate::scopes::ORGANIZATIONS;
use crate::session::{AccessToken, Session, TokenKey, claims_of};
use crate::sessions::Loaded;

/// The session of one request: who is signed in, and the way to tokens.
///
/// Cheap to clone; clones are the same session. What it changes in the browser is in [`set_cookies`](LogtoSession::set_cookies).
#[derive(Clone)]
pub struct LogtoSession(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    found: Mutex<Option<Loaded>>,
    set_cookies: Mutex<Vec<HeaderValue>>,
    /// The cookies of the request, to know which of them to replace.
    cookies: HeaderMap,
}

/// What [`LogtoSession::context`] is to find out beyond who is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContextOptions {
    /// Also an access token, for `resource` and `organization_id` if there are any.
    pub get_access_token: bool,
    /// The API resource that the access token is for.
    pub resource: Option<String>,
    /// The organization that the access token is for.
    pub organization_id: Option<String>,
    /// Also what the userinfo endpoint tells.
    pub fetch_user_info: bool,
    /// Also a token of every organization of the user.
    pub get_organization_token: bool,
}

/// Who is signed in, and what was asked for.
///
/// Serialises with the names of Logto's own SDKs, without any token.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LogtoContext {
    /// Whether somebody is signed in. An issuer that fails does not change it.
    pub is_authenticated: bool,
    /// The claims of the ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Claims>,
    /// The access token that was asked for.
    #[serde(skip)]
    pub access_token: Option<AccessToken>,
    /// The scopes of the access token; of the sign-in where none was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What the userinfo endpoint told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_info: Option<Value>,
    /// The tokens of organizations, each with its own success.
    #[serde(skip)]
    pub organization_tokens: BTreeMap<String, Result<AccessToken, SignInError>>,
    /// Why something that was asked for is missing.
    #[serde(skip)]
    pub error: Option<SignInError>,
}

impl LogtoContext {
    /// As JSON, without any token. Claims that others cannot read, such as half a character, are left out; who is signed in is told.
    pub fn to_json(&self) -> Value {
        let whole = serde_json::to_value(self);
        whole.unwrap_or_else(|_| json!({ "isAuthenticated": self.is_authenticated, "scopes": self.scopes }))
    }
}

impl LogtoSession {
    pub(crate) fn new(
        shared: Arc<Shared>,
        found: Option<(Loaded, Vec<HeaderValue>)>,
        request: &HeaderMap,
    ) -> Self {
        let (found, set_cookies) = found.unzip();
        let mut cookies = HeaderMap::new();
        for line in request.get_all(COOKIE) {
            cookies.append(COOKIE, line.clone());
        }
        LogtoSession(Arc::new(Inner {
            shared,
            found: Mutex::new(found),
            set_cookies: Mutex::new(set_cookies.unwrap_or_default()),
            cookies,
        }))
    }

    /// Whether somebody is signed in.
    pub fn is_authenticated(&self) -> bool {
        self.found().is_some()
    }

    /// The user's id.
    pub fn user_id(&self) -> Option<String> {
        self.found().as_ref().map(|found| found.session.subject.clone())
    }

    /// The ID token itself. It is for this application alone, and no token to call an API with.
    pub fn id_token(&self) -> Option<String> {
        self.found().as_ref().map(|found| found.session.id_token.clone())
    }

    /// A token that is there and good for another minute. Nothing is asked for and nothing changes: for who cannot give the browser new
    /// cookies.
    ///
    /// # Errors
    /// A resource or an organization that is none.
    pub fn known_access_token(
        &self,
        resource: Option<&str>,
        organization: Option<&str>,
    ) -> Result<Option<AccessToken>, SignInError> {
        let key = TokenKey::new(resource, organization)?;
        let found = self.found();
        let token =
            found.as_ref().and_then(|found| found.session.access_token(&key, self.0.shared.clock.now()));
        Ok(token.cloned())
    }

    /// Forgets every access token: the next one is asked for.
    ///
    /// # Errors
    /// Nobody is signed in, or the session store cannot be reached.
    pub async fn clear_access_tokens(&self) -> Result<(), SignInError> {
        let Some(found) = self.found().clone() else { return Err(SignInError::NotAuthenticated) };
        let changed = refresh::forget_access_tokens(&self.0.shared, &found).await?;
        self.changed(changed)
    }

    /// Forgets the whole session, and ends its grant. Who is signed in at the issuer stays so: see
    /// [`LogtoClient::sign_out`](crate::LogtoClient::sign_out).
    ///
    /// # Errors
    /// The session store cannot be reached.
    pub async fn forget(&self) -> Result<(), SignInError> {
        let Some(found) = self.found().clone() else { return Ok(()) };
        self.0.shared.end(&found, found.session.refresh_token.as_deref()).await?;
        *self.found() = None;
        *self.set_cookies_now() = self.0.shared.sessions.cookies_that_clear(&self.0.cookies)?;
        Ok(())
    }

    /// The claims of the ID token.
    pub fn claims(&self) -> Option<Claims> {
        self.found().as_ref().and_then(|found| claims_of(&found.session.id_token))
    }

    /// What is remembered of the browser.
    pub fn remembered(&self) -> Option<Session> {
        self.found().as_ref().map(|found| found.session.clone())
    }

    /// A token for an API resource, or without one the opaque token of the sign-in. It is good for another minute at least: where it
    /// would not be, a new one is asked for, once however many requests need it.
    ///
    /// # Errors
    /// Nobody is signed in or the grant has ended, the issuer refuses the resource, or cannot be reached.
    pub async fn access_token(&self, resource: Option<&str>) -> Result<AccessToken, SignInError> {
        self.token(resource, None).await
    }

    /// A token for an organization itself.
    ///
    /// # Errors
    /// As [`access_token`](LogtoSession::access_token), and where the sign-in did not ask for organizations.
    pub async fn organization_token(&self, organization: &str) -> Result<AccessToken, SignInError> {
        self.token(None, Some(organization)).await
    }

    /// A token for an API resource inside an organization.
    ///
    /// # Errors
    /// As [`organization_token`](LogtoSession::organization_token).
    pub async fn resource_token_in(
        &self,
        organization: &str,
        resource: &str,
    ) -> Result<AccessToken, SignInError> {
        self.token(Some(resource), Some(organization)).await
    }

    async fn token(
        &self,
        resource: Option<&str>,
        organization: Option<&str>,
    ) -> Result<AccessToken, SignInError> {
        let Some(found) = self.found().clone() else { return Err(SignInError::NotAuthenticated) };
        if organization.is_some() && !self.0.shared.config.asks_for_organizations() {
            return Err(SignInError::MissingOrganizationScope);
        }
        let result =
            refresh::access_token(&self.0.shared, &found, TokenKey::new(resource, organization)?).await;
        match result {
            Ok((token, now)) => {
                if now.version > found.version {
                    self.changed(now)?;
                }
                Ok(token)
            }
            Err(SignInError::NotAuthenticated) if found.session.refresh_token.is_some() => {
                *self.found() = None;
                *self.set_cookies_now() = self.0.shared.sessions.cookies_after_end(&self.0.cookies)?;
                Err(SignInError::NotAuthenticated)
            }
            Err(error) => Err(error),
        }
    }

    fn changed(&self, now: Loaded) -> Result<(), SignInError> {
        *self.set_cookies_now() = self.0.shared.sessions.cookies_after_change(&now, &self.0.cookies)?;
        *self.found() = Some(now);
        Ok(())
    }

    /// What the userinfo endpoint tells of the user: more than the ID token does.
    ///
    /// # Errors
    /// As [`access_token`](LogtoSession::access_token), and an answer about somebody else.
    pub async fn fetch_user_info(&self) -> Result<Value, SignInError> {
        let token = self.access_token(None).await?;
        let subject = self.user_id().ok_or(SignInError::NotAuthenticated)?;
        self.0.shared.issuer.userinfo(&self.0.shared.config, token.token(), &subject).await
    }

    /// Who is signed in, and what else is asked for. What cannot be had is missing and named in `error`; it signs nobody out.
    pub async fn context(&self, options: &ContextOptions) -> LogtoContext {
        let mut context = LogtoContext::default();
        if !self.is_authenticated() {
            return context;
        }
        if options.get_access_token {
            let organization = options.organization_id.as_deref();
            match self.token(options.resource.as_deref(), organization).await {
                Ok(token) => {
                    context.scopes = token.scopes().map(str::to_owned).collect();
                    context.access_token = Some(token);
                }
                Err(error) => context.error = Some(error),
            }
        }
        if options.fetch_user_info && context.error.is_none() {
            match self.fetch_user_info().await {
                Ok(user_info) => context.user_info = Some(user_info),
                Err(error) => context.error = Some(error),
            }
        }
        if options.get_organization_token {
            for organization in self.organizations() {
                let token = self.organization_token(&organization).await;
                context.organization_tokens.insert(organization, token);
            }
        }
        // Asked last: the grant may have ended in between.
        if let Some(found) = &*self.found() {
            context.is_authenticated = true;
            context.claims = found.session.claims();
            if context.access_token.is_none() {
                context.scopes = found.session.scopes.split_ascii_whitespace().map(str::to_owned).collect();
            }
            context
        } else {
            LogtoContext { error: context.error, ..LogtoContext::default() }
        }
    }

    /// The scopes of the sign-in.
    pub fn scopes(&self) -> Vec<String> {
        let found = self.found();
        let scopes = found.as_ref().map(|found| found.session.scopes.split_ascii_whitespace());
        scopes.map(|scopes| scopes.map(str::to_owned).collect()).unwrap_or_default()
    }

    /// The organizations of the user, as the ID token names them.
    pub fn organizations(&self) -> Vec<String> {
        let asked = self
            .found()
            .as_ref()
            .is_some_and(|found| found.session.scopes.split(' ').any(|scope| scope == ORGANIZATIONS));
        if !asked {
            return Vec::new();
        }
        self.claims().and_then(|claims| claims.get("organizations").ok().flatten()).unwrap_or_default()
    }

    /// `Set-Cookie` headers to append to the answer: what has changed since the request came. See
    /// [`append_cookies`](LogtoSession::append_cookies).
    pub fn set_cookies(&self) -> Vec<HeaderValue> {
        self.set_cookies_now().clone()
    }

    /// Appends to an answer what has changed in the browser's cookies, and keeps caches from keeping it.
    ///
    /// An answer that signs in or out itself has said what is to be: nothing is added to that. A page for somebody who is signed in is kept
    /// by no cache either, unless it says something about that: the back button must not show it to whoever comes after the sign-out.
    pub fn append_cookies(&self, answer: &mut HeaderMap) {
        let is_page = answer.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if is_page && self.is_authenticated() && !answer.contains_key(CACHE_CONTROL) {
            answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        let set_cookies = self.set_cookies_now();
        if set_cookies.is_empty() || self.0.shared.sessions.is_decided_by(answer) {
            return;
        }
        for cookie in &*set_cookies {
            answer.append(SET_COOKIE, cookie.clone());
        }
        answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }

    fn found(&self) -> MutexGuard<'_, Option<Loaded>> {
        self.0.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_cookies_now(&self) -> MutexGuard<'_, Vec<HeaderValue>> {
        self.0.set_cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LogtoSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LogtoSession").field("session", &*self.found()).finish_non_exhaustive()
    }
}
