use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use crate::ConfigError;

/// The address of a Logto server, without `/oidc`: what Logto's console calls the endpoint.
///
/// ```
/// use logto_authkit_token::LogtoUrl;
///
/// let logto = LogtoUrl::parse("https://tenant.logto.app/")?;
/// assert_eq!(logto.issuer(), "https://tenant.logto.app/oidc");
/// assert_eq!(logto.jwks_uri(), "https://tenant.logto.app/oidc/jwks");
/// # Ok::<(), logto_authkit_token::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LogtoUrl {
    endpoint: Box<str>,
    issuer: Box<str>,
    jwks_uri: Box<str>,
}

impl LogtoUrl {
    /// Reads an endpoint. A trailing slash is dropped.
    ///
    /// # Errors
    /// Not an absolute `https` URL (`http` is allowed for `localhost`, `127.0.0.0/8` and `[::1]` only), or one with credentials, a
    /// query, a fragment, or a trailing `/oidc`.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, ConfigError> {
        let logto = LogtoUrl::parse_any_transport(text.as_ref())?;
        if !logto.is_secure() {
            return Err(problem(
                "plain http lets anybody on the way replace the keys",
                "write https, or use localhost, 127.0.0.1 or [::1]",
            ));
        }
        Ok(logto)
    }

    /// Everything that [`parse`](LogtoUrl::parse) checks but the transport.
    pub(crate) fn parse_any_transport(text: &str) -> Result<Self, ConfigError> {
        const EXAMPLE: &str = "write the endpoint that Logto shows, for example https://tenant.logto.app";
        let text = text.trim();
        if text.is_empty() {
            return Err(problem("it is empty", EXAMPLE));
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => {
                problem("it has no scheme", format!("write https://{text}"))
            }
            _ => problem("it is no URL", EXAMPLE),
        })?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(problem("its scheme is not https", EXAMPLE));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(problem("it contains credentials", EXAMPLE));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(problem("it has a query or a fragment", "write it without ? and #"));
        }
        let endpoint = url.as_str().trim_end_matches('/');
        if let Some(short) = endpoint.strip_suffix("/oidc") {
            return Err(problem(
                "it ends with /oidc, which is the issuer and not the endpoint",
                format!("write {short}"),
            ));
        }
        if endpoint.contains("/oidc/") || endpoint.contains("/.well-known") {
            return Err(problem("it is the address of a document, not of the server", EXAMPLE));
        }
        Ok(LogtoUrl {
            issuer: format!("{endpoint}/oidc").into(),
            jwks_uri: format!("{endpoint}/oidc/jwks").into(),
            endpoint: endpoint.into(),
        })
    }

    /// The endpoint, without a trailing slash.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The issuer, `<endpoint>/oidc`: what `iss` must equal byte for byte.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the issuer publishes its keys.
    pub fn jwks_uri(&self) -> &str {
        &self.jwks_uri
    }

    /// Where the issuer publishes its discovery document (OpenID Connect Discovery 1.0 §4).
    pub fn discovery_uri(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer)
    }

    /// Whether the way there is protected: `https`, or it never leaves this machine.
    pub fn is_secure(&self) -> bool {
        Url::parse(&self.endpoint).is_ok_and(|url| {
            url.scheme() == "https"
                || match url.host() {
                    // RFC 6761 §6.3 keeps all of `.localhost` on this machine, but many resolvers ask the network for what is
                    // in front of the dot.
                    Some(Host::Domain(name)) => name == "localhost",
                    Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
                    Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
                    None => false,
                }
        })
    }
}

impl fmt::Debug for LogtoUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("LogtoUrl").field(&self.endpoint).finish()
    }
}

impl fmt::Display for LogtoUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.endpoint)
    }
}

impl std::str::FromStr for LogtoUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        LogtoUrl::parse(text)
    }
}

fn problem(problem: impl Into<String>, hint: impl Into<String>) -> ConfigError {
    ConfigError::new("logto_url", problem, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_become_issuers() {
        for (text, issuer) in [
            ("https://tenant.logto.app", "https://tenant.logto.app/oidc"),
            ("https://tenant.logto.app/", "https://tenant.logto.app/oidc"),
            ("HTTPS://Tenant.Logto.App:443//", "https://tenant.logto.app/oidc"),
            ("https://example.com:8443/auth", "https://example.com:8443/auth/oidc"),
            ("http://localhost:3001", "http://localhost:3001/oidc"),
            ("http://127.0.0.1:3001", "http://127.0.0.1:3001/oidc"),
            ("http://127.9.9.9", "http://127.9.9.9/oidc"),
            ("http://[::1]:3001", "http://[::1]:3001/oidc"),
        ] {
            assert_eq!(LogtoUrl::parse(text).unwrap().issuer(), issuer, "{text}");
        }
    }

    #[test]
    fn wrong_endpoints_are_refused_with_what_to_write_instead() {
        for (text, hint) in [
            ("", "https://tenant.logto.app"),
            ("tenant.logto.app", "write https://tenant.logto.app"),
            ("https://tenant.logto.app/oidc", "write https://tenant.logto.app"),
            ("https://tenant.logto.app/oidc/", "write https://tenant.logto.app"),
            ("https://tenant.logto.app/oidc/jwks", "write the endpoint"),
            ("https://tenant.logto.app/?a=b", "without ?"),
            ("https://tenant.logto.app/#x", "without ?"),
            ("https://user:pass@tenant.logto.app", "write the endpoint"),
            ("http://tenant.logto.app", "write https"),
            ("http://127.0.0.1.example.com", "write https"),
            ("http://10.0.0.1:3001", "write https"),
            ("http://logto.localhost:3001", "use localhost"),
            ("http://localhost.:3001", "use localhost"),
            ("http://localhost.example.com", "use localhost"),
            ("http://[::ffff:127.0.0.1]:3001", "use localhost"),
            ("ftp://tenant.logto.app", "write the endpoint"),
            ("https://", "write the endpoint"),
            ("/oidc", "write https://"),
        ] {
            let error = LogtoUrl::parse(text).expect_err(text);
            assert_eq!(error.option(), "logto_url");
            assert!(error.hint().contains(hint), "{text}: {error}");
        }
    }
}
