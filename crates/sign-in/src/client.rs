use std::fmt;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Uri};
use logto_authkit_token::{Claims, ConfigError};
use logto_authkit_verifier::{Clock, KeySources, Moment};
use tokio::sync::Mutex;

use crate::authorize::{SignInOptions, authorization_url, redirect_uri};
use crate::callback::{Callback, Parameters};
use crate::config::LogtoConfig;
use crate::expiring::Expiring;
use crate::id_token::{Expected, verify_id_token};
use crate::issuer::{Issuer, Tokens};
use crate::logout_token::{CLOCK_DIFFERENCE, LoggedOut, verify_logout_token};
use crate::pending::PendingSignIn;
use crate::refresh::Flights;
use crate::return_to::return_to;
use crate::secret::{random_text, sha256};
use crate::session::{AccessToken, Fresh, Session, TokenKey};
use crate::sessions::{Loaded, Sessions, unavailable};
use crate::{LogtoSession, SessionIndex, SessionKey, SessionLease, SessionStore, SignInError};

/// Signs users in with Logto, and gets tokens for those who are.
///
/// Cheap to clone; all clones share keys, sessions and refreshes. Everything that waits needs a Tokio runtime.
///
/// ```
/// use logto_authkit_sign_in::{LogtoClient, LogtoConfig, MemoryStore};
///
/// let config = LogtoConfig::builder("https://tenant.logto.app", "my-app-id")
///     .base_url("https://app.example.com")
///     .sealing_key("thirty-two random bytes, or more of them")
///     .build()?;
/// let client = LogtoClient::builder(config).store(MemoryStore::new()).build();
/// # Ok::<(), logto_authkit_sign_in::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct LogtoClient(pub(crate) Arc<Shared>);

/// Puts a [`LogtoClient`] together.
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct LogtoClientBuilder {
    config: LogtoConfig,
    store: Option<Arc<dyn SessionStore>>,
    on_server: bool,
    key_sources: KeySources,
}

/// What the clones of a client share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Arc<LogtoConfig>,
    pub(crate) issuer: Issuer,
    pub(crate) sessions: Sessions,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) flights: Flights,
    keys: KeySources,
    /// What callbacks led to: a second click gets the same answer, as long as the browser has the pending sign-in.
    callbacks: StdMutex<Expiring<String, Turn>>,
    /// Tokens for the application itself, by what they are for.
    machine_tokens: StdMutex<Expiring<String, MachineToken>>,
}

/// Who answers a callback first, and what with.
type Turn = Arc<Mutex<Option<Redirect>>>;

/// A token for the application itself, and who asks for it first.
type MachineToken = Arc<Mutex<Option<AccessToken>>>;

/// Where to send the browser, and what to give it for the way.
#[derive(Clone)]
pub struct Redirect {
    /// The value of `Location`.
    pub location: String,
    /// `Set-Cookie` headers, to be appended to those that are there.
    pub set_cookies: Vec<HeaderValue>,
}

/// Tokens for the application itself are renewed when less than this is left.
const MACHINE_LEFT_OVER: i64 = 60;
/// After so long nobody remembers that a token for the application itself was asked for.
const MACHINE_REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_MACHINE_TOKENS: usize = 10_000;
const MAX_CALLBACKS: usize = 10_000;
/// As long as a pending sign-in lives: so long a callback is answered once, whichever process it comes to.
const CALLBACK_LIFETIME: Duration = Duration::from_secs(15 * 60);

impl LogtoClient {
    /// For one application. Without a [store](LogtoClientBuilder::store), sessions are sealed in cookies.
    pub fn builder(config: LogtoConfig) -> LogtoClientBuilder {
        LogtoClientBuilder {
            config,
            store: None,
            on_server: false,
            key_sources: KeySources::global().clone(),
        }
    }

    /// What it was built with.
    pub fn config(&self) -> &LogtoConfig {
        &self.0.config
    }

    /// Begins a sign-in: where to send the browser that made the request with these headers.
    ///
    /// # Errors
    /// The issuer cannot be reached, or an extra parameter would replace what protects the sign-in.
    pub async fn sign_in(
        &self,
        request: &HeaderMap,
        options: &SignInOptions,
    ) -> Result<Redirect, SignInError> {
        let Shared { config, issuer, clock, .. } = &*self.0;
        let discovery = issuer.discovery(config).await?;
        let now = clock.now();
        let return_to = return_to(options.return_to.as_deref(), &config.base_url);
        let scopes: Vec<_> = config.scopes.iter().map(String::as_str).collect();
        let pending = PendingSignIn::begin(redirect_uri(config, options)?, return_to, scopes.join(" "), now)?;
        Ok(Redirect {
            location: authorization_url(config, &discovery.authorization_endpoint, &pending, options)?,
            set_cookies: pending.cookies(config, request, now)?,
        })
    }

    /// Ends a sign-in: `uri` is what the issuer sent the browser back to, as the server received it.
    ///
    /// # Errors
    /// Whatever shows that the callback is not the answer to a sign-in of this browser, or that the issuer gave no identity.
    pub async fn handle_callback(&self, request: &HeaderMap, uri: &Uri) -> Result<Redirect, SignInError> {
        // The origin is the application's own by configuration; the cookie would not be here otherwise.
        self.callback_that_came_to(&self.0.config.address(uri.path()), request, uri).await
    }

    /// As [`handle_callback`](LogtoClient::handle_callback), for who knows the whole address that the browser was sent back to, origin and
    /// all.
    ///
    /// # Errors
    /// As there, and a text that is no address.
    pub async fn handle_callback_url(&self, request: &HeaderMap, url: &str) -> Result<Redirect, SignInError> {
        let came_to = url.split(['?', '#']).next().unwrap_or_default();
        let uri = url.parse().map_err(|_| SignInError::RedirectUriMismatch)?;
        self.callback_that_came_to(came_to, request, &uri).await
    }

    async fn callback_that_came_to(
        &self,
        came_to: &str,
        request: &HeaderMap,
        uri: &Uri,
    ) -> Result<Redirect, SignInError> {
        let parameters = Parameters::read(uri)?;
        let made_by = parameters.state.as_deref().map(sha256).unwrap_or_default();
        let now = self.0.clock.now();
        let is_ours = |state: &str| PendingSignIn::find(&self.0.config, request, state, now).is_some();
        let names_issuer = match &parameters.state {
            Some(state) if is_ours(state) => {
                self.0.issuer.discovery(&self.0.config).await?.authorization_response_iss_parameter_supported
            }
            _ => false,
        };
        match parameters.check(&self.0.config, (request, came_to), names_issuer, now) {
            Ok(callback) => {
                let turn = self.0.turn_of(&made_by);
                let (client, request) = (self.clone(), request.clone());
                // A browser that asks a second time leaves its first request; what that has begun goes on, and answers both.
                let answer = tokio::spawn(async move {
                    let mut answered = turn.lock().await;
                    if let Some(redirect) = &*answered {
                        return Ok(redirect.clone());
                    }
                    let redirect = client.finish(&request, callback, made_by).await?;
                    *answered = Some(redirect.clone());
                    Ok(redirect)
                });
                answer.await.unwrap_or(Err(SignInError::InvalidCallback("the server was stopped")))
            }
            // The first of two clicks has signed in and taken the pending sign-in away.
            Err(SignInError::StateMismatch) => match self.0.sessions.find(request).await? {
                Some((found, _)) if !made_by.is_empty() && found.session.made_by == made_by => {
                    Ok(Redirect { location: self.0.config.address("/"), set_cookies: Vec::new() })
                }
                _ => Err(SignInError::StateMismatch),
            },
            Err(error) => Err(error),
        }
    }

    /// One process alone: a code that is used twice ends the grant.
    async fn finish(
        &self,
        request: &HeaderMap,
        callback: Callback,
        made_by: String,
    ) -> Result<Redirect, SignInError> {
        let Some(store) = self.0.sessions.store() else {
            return self.exchange(request, callback, made_by).await;
        };
        let lease = SessionLease::new(SessionKey::of(&format!("callback {made_by}")), random_text::<16>()?);
        if !store.take_lease(&lease, CALLBACK_LIFETIME).await.map_err(unavailable)? {
            return Err(SignInError::StateMismatch);
        }
        let result = self.exchange(request, callback, made_by).await;
        if result.as_ref().is_err_and(SignInError::is_temporary) {
            // The user may try again.
            drop(store.release_lease(&lease).await.map_err(unavailable));
        }
        result
    }

    async fn exchange(
        &self,
        request: &HeaderMap,
        callback: Callback,
        made_by: String,
    ) -> Result<Redirect, SignInError> {
        let Shared { config, issuer, sessions, keys, clock, .. } = &*self.0;
        let Callback { pending, code } = callback;
        let Tokens { access_token, refresh_token, id_token } =
            issuer.exchange(config, &code, &pending.verifier, &pending.redirect_uri).await?;
        let id_token = id_token.ok_or(SignInError::InvalidIdToken("there is no ID token"))?;
        let expected =
            Expected { nonce: Some(&pending.nonce), subject: None, access_token: &access_token.token };
        let now = clock.now();
        let claims = verify_id_token(&id_token, config, keys, &expected, now).await?;
        let created_at = now.as_unix_seconds();
        let lifetime = i64::try_from(config.session_lifetime.as_secs()).unwrap_or(i64::MAX);
        let session = Session {
            subject: claims.subject().to_owned(),
            sid: text(&claims, "sid"),
            id_token,
            refresh_token,
            access_tokens: [(TokenKey::default(), access_token)].into(),
            scopes: pending.scopes.clone(),
            created_at,
            expires_at: created_at.saturating_add(lifetime),
            made_by,
        };
        // Whatever session the browser had is another one: this one has an id that nobody could have known.
        let old = sessions.find(request).await?;
        let mut set_cookies = sessions.create(session, request).await?;
        if let Some((old, _)) = old {
            sessions.delete(&old).await?;
        }
        set_cookies.push(PendingSignIn::forget(config, &pending.state)?);
        Ok(Redirect { location: config.address(&pending.return_to), set_cookies })
    }

    /// The session of a request; one that is not signed in is not an error.
    ///
    /// # Errors
    /// The session store cannot be reached.
    pub async fn session(&self, request: &HeaderMap) -> Result<LogtoSession, SignInError> {
        let found = self.0.sessions.find(request).await?;
        Ok(LogtoSession::new(Arc::clone(&self.0), found, request))
    }

    /// The session of a request, where no store has to be asked for it; nothing where one has.
    ///
    /// # Errors
    /// A session in cookies that has become too large for them.
    pub fn session_at_once(&self, request: &HeaderMap) -> Option<Result<LogtoSession, SignInError>> {
        let found = self.0.sessions.find_at_once(request)?;
        Some(found.map(|found| LogtoSession::new(Arc::clone(&self.0), found, request)))
    }

    /// Signs a browser out: here at once, whatever the issuer says, and then there. `return_to` is where the browser ends up: a path
    /// of the application, whose address must be registered with the issuer.
    ///
    /// # Errors
    /// The session store cannot be reached.
    pub async fn sign_out(
        &self,
        request: &HeaderMap,
        return_to: Option<&str>,
    ) -> Result<Redirect, SignInError> {
        let config = &self.0.config;
        let home = config.address(&crate::return_to::return_to(return_to, &config.base_url));
        self.sign_out_to(request, Some(&home)).await
    }

    /// As [`sign_out`](LogtoClient::sign_out), to any address: one that the application chose, and nothing that a request said. Without one
    /// the browser stays at the issuer.
    ///
    /// # Errors
    /// As there.
    pub async fn sign_out_to(
        &self,
        request: &HeaderMap,
        home: Option<&str>,
    ) -> Result<Redirect, SignInError> {
        let Shared { config, issuer, sessions, .. } = &*self.0;
        let found = sessions.find(request).await?;
        let set_cookies = sessions.cookies_that_clear(request)?;
        let here = || home.map_or_else(|| config.address("/"), str::to_owned);
        let Some((found, _)) = found else { return Ok(Redirect { location: here(), set_cookies }) };
        let refresh_token = found.session.refresh_token.clone();
        self.0.end(&found, refresh_token.as_deref()).await?;
        let location = match issuer.discovery(config).await {
            Ok(discovery) => discovery.end_session_endpoint.clone().map(|mut url| {
                url.query_pairs_mut()
                    .append_pair("client_id", &config.app_id)
                    .append_pair("id_token_hint", &found.session.id_token)
                    .extend_pairs(home.map(|home| ("post_logout_redirect_uri", home)));
                String::from(url)
            }),
            // Signed out here; the issuer will hear of it when its own session ends.
            Err(_) => None,
        };
        Ok(Redirect { location: location.unwrap_or_else(here), set_cookies })
    }

    /// Ends the sessions that a logout token names (OpenID Connect Back-Channel Logout §2.7), and says how many there were.
    ///
    /// # Errors
    /// A token that is not valid or was used before; sessions that are in cookies, where nobody can reach them.
    pub async fn backchannel_logout(&self, logout_token: &str) -> Result<u64, SignInError> {
        let Shared { config, sessions, keys, clock, .. } = &*self.0;
        let Some(store) = sessions.store() else {
            return Err(SignInError::InvalidLogoutToken("sessions in cookies cannot be ended from afar"));
        };
        let (whose, id) = verify_logout_token(logout_token, config, keys, clock.now()).await?;
        let issuer = config.logto_url.issuer();
        let lease =
            SessionLease::new(SessionKey::of(&format!("logout token {issuer} {id}")), random_text::<16>()?);
        let span = Duration::from_secs(2 * CLOCK_DIFFERENCE.unsigned_abs());
        if !store.take_lease(&lease, span).await.map_err(unavailable)? {
            return Err(SignInError::InvalidLogoutToken("it has been used before"));
        }
        let index = match &whose {
            LoggedOut::Sid(sid) => SessionIndex::of_sid(&config.realm, sid),
            LoggedOut::Subject(subject) => SessionIndex::of_subject(&config.realm, subject),
        };
        match store.delete_all(&index).await {
            Ok(ended) => Ok(ended),
            Err(error) => {
                // The issuer will send it again, and must not find it used.
                drop(store.release_lease(&lease).await);
                Err(unavailable(error))
            }
        }
    }

    /// Whether logout tokens can end sessions: not where these are in cookies.
    pub fn can_end_sessions_from_afar(&self) -> bool {
        self.0.sessions.store().is_some()
    }

    /// A token for the application itself, by its id and secret (RFC 6749 §4.4), for a resource or an organization. It is kept until a
    /// minute before its end, and asked for once however many need it.
    ///
    /// # Errors
    /// What the issuer says, and that it cannot be reached.
    pub async fn client_credentials(
        &self,
        resource: Option<&str>,
        organization: Option<&str>,
        scope: Option<&str>,
    ) -> Result<AccessToken, SignInError> {
        let Shared { config, issuer, clock, machine_tokens, .. } = &*self.0;
        let key = [resource, organization, scope].map(Option::unwrap_or_default).join("\n");
        let place = remembered(machine_tokens, key, clock.moment(), MACHINE_REMEMBERED);
        let mut kept = place.lock().await;
        let soon = clock.now().as_unix_seconds() + MACHINE_LEFT_OVER;
        if let Some(token) = kept.as_ref().filter(|token| token.expires_at > soon) {
            return Ok(token.clone());
        }
        let token = issuer.client_credentials(config, resource, organization, scope).await?;
        Ok(kept.insert(token).clone())
    }
}

impl LogtoClientBuilder {
    /// Where sessions are kept. Default: sealed in the browser's cookies.
    pub fn store(self, store: impl SessionStore) -> Self {
        self.shared_store(Arc::new(store))
    }

    /// As [`store`](LogtoClientBuilder::store), for a store that others use too.
    pub fn shared_store(mut self, store: Arc<dyn SessionStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sessions are sealed in cookies that no browser gets: the caller keeps them on the server, in a session of its framework, and brings
    /// them as if a browser did. They may be of any number, and what has changed is handed to requests that still carry what was before as
    /// long as the session lives, because a framework may write an old session over a new one.
    pub fn cookies_kept_on_server(mut self) -> Self {
        self.on_server = true;
        self
    }

    /// Where the issuer's keys come from, with the HTTP client and the clock of everything else. Default: [`KeySources::global`].
    pub fn key_sources(mut self, sources: &KeySources) -> Self {
        self.key_sources = sources.clone();
        self
    }

    /// The client.
    pub fn build(self) -> LogtoClient {
        let config = Arc::new(self.config);
        let clock = Arc::clone(self.key_sources.clock());
        let issuer = Issuer::new(Arc::clone(self.key_sources.http_client()), Arc::clone(&clock));
        let sessions = match self.store {
            Some(store) => Sessions::in_store(Arc::clone(&config), Arc::clone(&clock), store),
            None => Sessions::in_cookies(Arc::clone(&config), Arc::clone(&clock), self.on_server),
        };
        LogtoClient(Arc::new(Shared {
            config,
            issuer,
            sessions,
            clock,
            flights: Flights::default(),
            keys: self.key_sources,
            callbacks: StdMutex::new(Expiring::new(MAX_CALLBACKS)),
            machine_tokens: StdMutex::new(Expiring::new(MAX_MACHINE_TOKENS)),
        }))
    }

    /// As [`build`](LogtoClientBuilder::build), for an application that relies on logout tokens.
    ///
    /// # Errors
    /// Sessions in cookies, which nobody can end from afar.
    pub fn build_with_backchannel_logout(self) -> Result<LogtoClient, ConfigError> {
        if self.store.is_some() {
            return Ok(self.build());
        }
        Err(ConfigError::new(
            "store",
            "back-channel logout cannot end sessions that are in cookies",
            "keep sessions in Redis, Postgres or memory, or do without back-channel logout",
        ))
    }
}

impl Shared {
    /// Whether the ID token that a refresh brought, if there is one, is the same user's.
    pub(crate) async fn checked(&self, fresh: &Fresh, session: &Session) -> Result<(), SignInError> {
        let Some(id_token) = &fresh.id_token else { return Ok(()) };
        let subject = Some(session.subject.as_str());
        let expected = Expected { nonce: None, subject, access_token: &fresh.access_token.token };
        let verified = verify_id_token(id_token, &self.config, &self.keys, &expected, self.clock.now()).await;
        verified.map(|_| ()).inspect_err(|error| tracing::warn!(%error, "a refreshed ID token is left aside"))
    }

    /// Ends a session here, and then its grant, also where nobody waits for that any more.
    pub(crate) async fn end(
        self: &Arc<Self>,
        found: &Loaded,
        refresh_token: Option<&str>,
    ) -> Result<(), SignInError> {
        self.sessions.delete(found).await?;
        if let Some(token) = refresh_token.map(str::to_owned) {
            let shared = Arc::clone(self);
            drop(tokio::spawn(async move { shared.revoke(&token).await }).await);
        }
        Ok(())
    }

    /// Ends a refresh token. What cannot be ended now ends by itself.
    pub(crate) async fn revoke(&self, token: &str) {
        if let Err(error) = self.issuer.revoke(&self.config, token).await {
            tracing::warn!(%error, "a refresh token could not be revoked");
        }
    }

    fn turn_of(&self, made_by: &str) -> Turn {
        remembered(&self.callbacks, made_by.to_owned(), self.clock.moment(), CALLBACK_LIFETIME)
    }
}

/// What is remembered under this key, or something new that is remembered from now on.
fn remembered<T: Default>(
    map: &StdMutex<Expiring<String, Arc<T>>>,
    key: String,
    now: Moment,
    lifetime: Duration,
) -> Arc<T> {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = map.get(&key, now) {
        return Arc::clone(known);
    }
    let new = Arc::<T>::default();
    map.insert(key, Arc::clone(&new), now + lifetime, now);
    new
}

fn text(claims: &Claims, name: &str) -> Option<String> {
    claims.get::<Option<String>>(name).ok().flatten().flatten()
}

impl fmt::Debug for LogtoClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LogtoClient").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl fmt::Debug for Redirect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Redirect")
            .field("set_cookies", &self.set_cookies.len())
            .finish_non_exhaustive()
    }
}
