use std::time::Duration;

use cookie::{Cookie, SameSite};
use http::HeaderValue;
use logto_authkit_token::ConfigError;

use crate::set_cookie::{cookie_name, must_be_secure, must_belong_to_one_host, secret_header};

/// The cookie that carries an access token from a browser: how it is set and cleared.
///
/// `HttpOnly; Secure; SameSite=Strict; Path=/` and seven days unless told otherwise. Everything that goes into the header is
/// checked, so that no value can add an attribute or a header of its own.
///
/// Under a name that begins with `__Host-` no sibling domain can plant a cookie of its own beside it.
///
/// ```
/// use logto_authkit_web::AuthCookie;
///
/// let cookie = AuthCookie::new("logto_authtoken")?;
/// let header = cookie.set("aaa.bbb.ccc")?;
/// assert_eq!(header, "logto_authtoken=aaa.bbb.ccc; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=604800");
/// # Ok::<(), logto_authkit_web::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthCookie {
    name: String,
    path: String,
    domain: Option<String>,
    max_age: Duration,
    same_site: CookieSameSite,
    secure: bool,
}

/// When a browser sends the cookie along with requests from other sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieSameSite {
    /// Never.
    Strict,
    /// When the user follows a link.
    Lax,
}

/// Browsers drop cookies that are larger, silently.
const MAX_COOKIE_LENGTH: usize = 4096;

impl AuthCookie {
    /// A cookie of that name with the defaults.
    ///
    /// # Errors
    /// A name that no cookie can have (RFC 6265 §4.1.1).
    pub fn new(name: impl Into<String>) -> Result<Self, ConfigError> {
        Ok(AuthCookie {
            name: cookie_name("cookie_name", name.into())?,
            path: "/".to_owned(),
            domain: None,
            max_age: Duration::from_secs(7 * 24 * 3600),
            same_site: CookieSameSite::Strict,
            secure: true,
        })
    }

    /// How long the browser keeps it, in whole seconds. Default 7 d.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// When it is sent along with requests from other sites. Default: never.
    #[must_use]
    pub fn with_same_site(mut self, same_site: CookieSameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// The path below which it is sent. Default `/`.
    ///
    /// # Errors
    /// A path that does not begin with `/`, or holds `;` or characters that no header can carry; another path than `/` where
    /// the name begins with `__Host-`.
    pub fn with_path(mut self, path: impl Into<String>) -> Result<Self, ConfigError> {
        let path = path.into();
        let legal = path.bytes().all(|byte| matches!(byte, 0x20..=0x7e) && byte != b';');
        if !path.starts_with('/') || !legal {
            return Err(ConfigError::new("cookie_path", "it is no path", "write a path that begins with /"));
        }
        if path != "/" && must_belong_to_one_host(&self.name) {
            return Err(ConfigError::new(
                "cookie_path",
                "browsers drop a __Host- cookie whose path is not /",
                "leave it out, or take another cookie name",
            ));
        }
        self.path = path;
        Ok(self)
    }

    /// The domain whose hosts it is sent to. Default: this host alone.
    ///
    /// # Errors
    /// A text that is no host name; any domain where the name begins with `__Host-`.
    pub fn with_domain(mut self, domain: impl Into<String>) -> Result<Self, ConfigError> {
        let domain = domain.into();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if domain.is_empty() || !domain.bytes().all(legal) {
            return Err(ConfigError::new(
                "cookie_domain",
                "it is no host name",
                "write a name such as example.com",
            ));
        }
        if must_belong_to_one_host(&self.name) {
            return Err(ConfigError::new(
                "cookie_domain",
                "browsers drop a __Host- cookie that names a domain",
                "leave it out, or take another cookie name",
            ));
        }
        self.domain = Some(domain);
        Ok(self)
    }

    /// Leaves `Secure` out, for plain http on a loopback address. A name that begins with `__Host-` or `__Secure-` keeps it:
    /// browsers would drop the cookie.
    #[must_use]
    pub fn for_loopback(mut self) -> Self {
        self.secure = must_be_secure(&self.name);
        self
    }

    /// The `Set-Cookie` that stores `token`.
    ///
    /// # Errors
    /// A value that is no token, or one that browsers would drop because the cookie is larger than 4 096 bytes.
    pub fn set(&self, token: &str) -> Result<HeaderValue, ConfigError> {
        let legal = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'/' | b'=')
        };
        if token.is_empty() || !token.bytes().all(legal) {
            return Err(ConfigError::new(
                "token",
                "it is no bearer token",
                "pass the access token as the issuer gave it",
            ));
        }
        if self.name.len() + token.len() > MAX_COOKIE_LENGTH {
            return Err(ConfigError::new(
                "token",
                "the cookie would be larger than 4 096 bytes and browsers would drop it",
                "ask for fewer scopes and custom claims, or keep the token in a session",
            ));
        }
        self.header(token, self.max_age)
    }

    /// The `Set-Cookie` that removes it.
    ///
    /// # Errors
    /// None that the constructors leave possible.
    pub fn clear(&self) -> Result<HeaderValue, ConfigError> {
        self.header("", Duration::ZERO)
    }

    fn header(&self, value: &str, max_age: Duration) -> Result<HeaderValue, ConfigError> {
        let seconds = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
        let mut cookie = Cookie::build((&*self.name, value))
            .path(&*self.path)
            .http_only(true)
            .secure(self.secure)
            .max_age(cookie::time::Duration::seconds(seconds))
            .same_site(match self.same_site {
                CookieSameSite::Strict => SameSite::Strict,
                CookieSameSite::Lax => SameSite::Lax,
            });
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(&**domain);
        }
        secret_header(&cookie.build()).map_err(|_| {
            ConfigError::new("cookie", "it cannot be written as a header", "use printable ASCII")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clearing_is_setting_to_nothing_for_no_time() {
        let cookie = AuthCookie::new("t").unwrap().for_loopback().with_same_site(CookieSameSite::Lax);
        assert_eq!(cookie.clear().unwrap(), "t=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }

    #[test]
    fn nothing_can_be_injected_into_the_header() {
        for name in ["", "a b", "a=b", "a;b", "a\r\nb", "é"] {
            assert!(AuthCookie::new(name).is_err(), "{name:?}");
        }
        let cookie = AuthCookie::new("t").unwrap();
        for token in ["", "a;b", "a b", "a\r\nSet-Cookie: x=y", "a,b", "\"a\"", "é"] {
            assert!(cookie.set(token).is_err(), "{token:?}");
        }
        for path in ["", "x", "/a;Domain=evil", "/\n"] {
            assert!(cookie.clone().with_path(path).is_err(), "{path:?}");
        }
        for domain in ["", "a;b", "a b", "a\nb"] {
            assert!(cookie.clone().with_domain(domain).is_err(), "{domain:?}");
        }
    }

    #[test]
    fn debug_output_holds_no_token() {
        let header = AuthCookie::new("t").unwrap().set("aaa.bbb.ccc").unwrap();
        assert!(header.is_sensitive());
        assert!(!format!("{header:?}").contains("aaa.bbb.ccc"));
    }

    #[test]
    fn a_cookie_of_one_host_names_no_domain_and_no_path_and_stays_secure() {
        let cookie = AuthCookie::new("__Host-t").unwrap();
        assert!(cookie.clone().with_domain("example.com").is_err());
        assert!(cookie.clone().with_path("/api").is_err());
        let cookie = cookie.with_path("/").unwrap().for_loopback();
        assert_eq!(
            cookie.set("a").unwrap(),
            "__Host-t=a; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=604800"
        );
        let secure =
            AuthCookie::new("__Secure-t").unwrap().for_loopback().with_domain("example.com").unwrap();
        assert!(secure.with_path("/api").unwrap().clear().unwrap().to_str().unwrap().contains("Secure"));
    }

    #[test]
    fn a_cookie_that_browsers_would_drop_is_an_error() {
        let error = AuthCookie::new("t").unwrap().set(&"a".repeat(4096)).unwrap_err();
        assert!(error.to_string().contains("4 096"), "{error}");
    }
}
