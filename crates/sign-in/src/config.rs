use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use logto_authkit_token::{ConfigError, LogtoUrl};
use url::Url;

use crate::key_ring::KeyRing;
use crate::scopes;
use crate::secret::{Secret, sha256};

/// What is to be asked of which issuer, and where the application is.
///
/// ```
/// use logto_authkit_sign_in::LogtoConfig;
///
/// let config = LogtoConfig::builder("https://tenant.logto.app", "my-app-id")
///     .app_secret("my-app-secret")
///     .base_url("https://app.example.com")
///     .resource("https://api.example.com")
///     .scope("read:products")
///     .sealing_key("thirty-two random bytes, or more of them")
///     .build()?;
/// # Ok::<(), logto_authkit_sign_in::ConfigError>(())
/// ```
pub struct LogtoConfig {
    pub(crate) logto_url: LogtoUrl,
    pub(crate) app_id: String,
    pub(crate) app_secret: Option<Secret>,
    pub(crate) base_url: Url,
    pub(crate) prefix: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) resources: BTreeSet<String>,
    pub(crate) prompt: Prompt,
    pub(crate) session_lifetime: Duration,
    pub(crate) cookie_name: String,
    /// What tells this application's sealed texts from those of others under the same key: a hash of issuer, application and prefix.
    pub(crate) realm: String,
    pub(crate) keys: KeyRing,
}

/// Puts a [`LogtoConfig`] together.
#[must_use = "a builder does nothing until `build` is called"]
pub struct LogtoConfigBuilder {
    logto_url: String,
    app_id: String,
    app_secret: Option<String>,
    base_url: Option<String>,
    prefix: String,
    scopes: Vec<String>,
    resources: Vec<String>,
    reserved_scopes: bool,
    prompt: Prompt,
    session_lifetime: Duration,
    cookie_name: Option<String>,
    sealing_keys: Vec<Secret>,
}

/// What the issuer asks of a user who is signed in there already (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prompt {
    /// Consent, which Logto gives by itself to first-party applications. Without it there is no refresh token.
    #[default]
    Consent,
    /// To sign in anew.
    Login,
}

impl Prompt {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Prompt::Consent => "consent",
            Prompt::Login => "login",
        }
    }
}

/// 14 days, as long as a refresh token lives.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(14 * 24 * 3600);
const MAX_LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);
const DEFAULT_PREFIX: &str = "/auth";

impl LogtoConfig {
    /// For one application of the Logto server at `logto_url`, such as `https://tenant.logto.app`.
    pub fn builder(logto_url: impl Into<String>, app_id: impl Into<String>) -> LogtoConfigBuilder {
        LogtoConfigBuilder {
            logto_url: logto_url.into(),
            app_id: app_id.into(),
            app_secret: None,
            base_url: None,
            prefix: DEFAULT_PREFIX.to_owned(),
            scopes: Vec::new(),
            resources: Vec::new(),
            reserved_scopes: true,
            prompt: Prompt::default(),
            session_lifetime: DEFAULT_LIFETIME,
            cookie_name: None,
            sealing_keys: Vec::new(),
        }
    }

    /// Below which path the routes are: `/auth` unless told otherwise.
    pub fn auth_routes_prefix(&self) -> &str {
        &self.prefix
    }

    /// An address of the application.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// Where the issuer sends the browser back to. It must be registered there, byte for byte.
    pub fn redirect_uri(&self) -> String {
        self.address(&format!("{}/sign-in-callback", self.prefix))
    }

    /// Whether cookies are `Secure`: unless the application is at a loopback address without TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.base_url.scheme() == "https"
    }

    /// Whether a request's `Host` is the application's own.
    pub(crate) fn is_own_host(&self, host: &str) -> bool {
        let own = match (self.base_url.host_str(), self.base_url.port()) {
            (Some(name), Some(port)) => format!("{name}:{port}"),
            (Some(name), None) => name.to_owned(),
            (None, _) => return false,
        };
        let default_port = if self.is_secure() { ":443" } else { ":80" };
        host.strip_suffix(default_port).unwrap_or(host).eq_ignore_ascii_case(&own)
    }

    pub(crate) fn asks_for_organizations(&self) -> bool {
        self.scopes.contains(scopes::ORGANIZATIONS)
    }
}

impl LogtoConfigBuilder {
    /// The secret of a confidential application. Without one the application is a public one.
    pub fn app_secret(mut self, secret: impl Into<String>) -> Self {
        self.app_secret = Some(secret.into());
        self
    }

    /// The origin that browsers know the application by, such as `https://app.example.com`. Required: redirect URIs are made of
    /// it, and never of what a request or a proxy says.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The path below which the routes are. Default `/auth`.
    pub fn auth_routes_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// One more scope to ask for.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// One more API resource to ask tokens for.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// Asks for exactly the given scopes instead of `openid offline_access profile` and those. `openid` must be among them.
    pub fn without_reserved_scopes(mut self) -> Self {
        self.reserved_scopes = false;
        self
    }

    /// What the issuer asks of a user who is signed in there already. Default: consent.
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = prompt;
        self
    }

    /// How long a session lasts at most. Default 14 d, from 1 min to 365 d.
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime;
        self
    }

    /// The name of the session's cookie, without a prefix such as `__Host-`, which is put in front where it can be. Default: one that
    /// no other application of the host has.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie_name = Some(name.into());
        self
    }

    /// A secret that cookies and stored sessions are sealed with: 32 bytes or more. The first one seals, and those that are added
    /// behind it still open what they have sealed.
    pub fn sealing_key(mut self, secret: impl Into<String>) -> Self {
        self.sealing_keys.push(Secret::new(secret));
        self
    }

    /// # Errors
    /// The first option that is missing or wrong.
    pub fn build(self) -> Result<LogtoConfig, ConfigError> {
        let logto_url = LogtoUrl::parse(&self.logto_url)?;
        if self.app_id.is_empty() || !self.app_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::new(
                "app_id",
                "it is no application's id",
                "copy it from the Logto console",
            ));
        }
        let base_url = base_url(self.base_url.as_deref())?;
        let prefix = prefix(&self.prefix)?;
        let reserved =
            scopes::RESERVED.iter().filter(|_| self.reserved_scopes).map(|&scope| scope.to_owned());
        let scopes: BTreeSet<_> = reserved.chain(self.scopes).collect();
        if let Some(scope) = scopes.iter().find(|scope| !is_scope(scope)) {
            let problem = format!("{scope:?} is no scope");
            return Err(ConfigError::new("scopes", problem, "add scopes one by one, without spaces"));
        }
        if !scopes.contains("openid") {
            return Err(ConfigError::new(
                "scopes",
                "openid is missing",
                "add it: without it there is no ID token",
            ));
        }
        let mut resources: BTreeSet<_> = self.resources.into_iter().collect();
        if let Some(resource) = resources.iter().find(|resource| !is_resource(resource)) {
            let problem = format!("{resource:?} is no API resource");
            return Err(ConfigError::new(
                "resources",
                problem,
                "write the indicator, such as https://api.example.com",
            ));
        }
        if scopes.contains(scopes::ORGANIZATIONS) {
            resources.insert(scopes::ORGANIZATION_RESOURCE.to_owned());
        }
        if self.session_lifetime < Duration::from_secs(60) || self.session_lifetime > MAX_LIFETIME {
            return Err(ConfigError::new("session_lifetime", "it is out of bounds", "write 60 s to 365 d"));
        }
        let realm = sha256(&format!("{} {} {prefix}", logto_url.endpoint(), self.app_id));
        let secrets = self.sealing_keys.iter().map(Secret::reveal);
        let bare = match self.cookie_name {
            Some(name) if is_cookie_name(&name) => name,
            Some(_) => {
                return Err(ConfigError::new(
                    "cookie_name",
                    "it is no cookie name",
                    "use letters, digits, - and _",
                ));
            }
            None => format!("logto_{}", &realm[..8]),
        };
        let cookie_name = if base_url.scheme() == "https" { format!("__Host-{bare}") } else { bare };
        Ok(LogtoConfig {
            app_secret: self.app_secret.filter(|secret| !secret.is_empty()).map(Secret::new),
            keys: KeyRing::new(secrets)?,
            logto_url,
            app_id: self.app_id,
            base_url,
            prefix,
            scopes,
            resources,
            prompt: self.prompt,
            session_lifetime: self.session_lifetime,
            cookie_name,
            realm,
        })
    }
}

fn base_url(text: Option<&str>) -> Result<Url, ConfigError> {
    let wrong = |problem: &'static str, hint: &'static str| ConfigError::new("base_url", problem, hint);
    let Some(text) = text else {
        return Err(wrong(
            "it is missing",
            "write the origin that browsers know, such as https://app.example.com",
        ));
    };
    let url = Url::parse(text)
        .map_err(|_| wrong("it is no address", "write an origin such as https://app.example.com"))?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a path", "write the origin alone; a path goes in front of the routes"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it holds a user's name", "leave it out"));
    }
    if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
        return Err(wrong("it has no TLS", "write https://, or http:// for localhost"));
    }
    Ok(url)
}

/// Whether an address is this machine's own, so that TLS would protect nothing.
pub(crate) fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

pub(crate) fn prefix(text: &str) -> Result<String, ConfigError> {
    let trimmed = text.trim_end_matches('/');
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    let is_path = trimmed.starts_with('/') && !trimmed.contains("//") && trimmed.bytes().all(legal);
    if !is_path || trimmed.split('/').any(|part| part == "." || part == "..") {
        return Err(ConfigError::new("auth_routes_prefix", "it is no path", "write a path such as /auth"));
    }
    Ok(trimmed.to_owned())
}

fn is_scope(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// RFC 8707 §2: an absolute URI without a fragment.
fn is_resource(resource: &str) -> bool {
    Url::parse(resource).is_ok_and(|url| url.fragment().is_none())
        && resource.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_cookie_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(legal)
}

impl fmt::Debug for LogtoConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LogtoConfig")
            .field("logto_url", &self.logto_url)
            .field("app_id", &self.app_id)
            .field("base_url", &self.base_url.as_str())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LogtoConfigBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LogtoConfigBuilder").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}
