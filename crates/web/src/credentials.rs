use std::sync::LazyLock;

use cookie::Cookie;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, Method};

use crate::guest::GuestId;
use crate::origin::Provenance;

/// What a request brought: a token in the cookie, a token in `Authorization`, a guest's id, and how sure one can be that the
/// request comes from one's own pages.
///
/// Tokens in the query or the body are never looked at (RFC 6750 §5.3 advises against them).
///
/// `Debug` says what is there and never what it is.
pub struct Credentials<'a> {
    pub(crate) cookie: Option<&'a str>,
    pub(crate) authorization: Authorization<'a>,
    method: &'a Method,
    headers: &'a HeaderMap,
    names: &'a CookieNames,
}

/// What `Authorization` holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authorization<'a> {
    /// No such header, or one of another scheme, which belongs to somebody else.
    Absent,
    Bearer(&'a str),
    /// Two headers, or a Bearer header without a token.
    Malformed,
}

/// The names of the cookies that are read and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookieNames {
    pub(crate) token: String,
    pub(crate) guest: String,
}

impl<'a> Credentials<'a> {
    /// Reads a request's headers.
    pub(crate) fn read(method: &'a Method, headers: &'a HeaderMap, names: &'a CookieNames) -> Self {
        Credentials {
            cookie: cookie(headers, &names.token).filter(|token| !token.is_empty()),
            authorization: Authorization::read(headers),
            method,
            headers,
            names,
        }
    }

    /// A token alone, from wherever the application has it: no cookies, no method, nothing that could be forged.
    pub(crate) fn of_token(token: &'a str, names: &'a CookieNames) -> Self {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        let authorization =
            if token.is_empty() { Authorization::Absent } else { Authorization::Bearer(token) };
        Credentials { cookie: None, authorization, method: &Method::GET, headers: &NONE, names }
    }

    /// The guest's id, if the visitor brings one.
    pub(crate) fn guest(&self) -> Option<GuestId> {
        cookie(self.headers, &self.names.guest).and_then(GuestId::parse)
    }

    /// What the request proves about where it comes from.
    pub(crate) fn provenance(&self) -> Provenance {
        Provenance::of(self.method, self.headers)
    }

    /// Whether the request was made to a loopback address.
    pub(crate) fn is_for_loopback(&self) -> bool {
        crate::origin::is_loopback_host(self.headers)
    }

    /// Whether there is no token anywhere.
    pub fn is_empty(&self) -> bool {
        self.cookie.is_none() && self.authorization == Authorization::Absent
    }
}

impl std::fmt::Debug for Credentials<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let authorization = match self.authorization {
            Authorization::Absent => "absent",
            Authorization::Bearer(_) => "bearer",
            Authorization::Malformed => "malformed",
        };
        formatter
            .debug_struct("Credentials")
            .field("cookie", &self.cookie.is_some())
            .field("authorization", &authorization)
            .finish_non_exhaustive()
    }
}

impl<'a> Authorization<'a> {
    fn read(headers: &'a HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (first, second) = (values.next(), values.next());
        let Some(first) = first else { return Authorization::Absent };
        // Two of them leave open which one the next server behind us would take.
        if second.is_some() {
            return Authorization::Malformed;
        }
        let bytes = first.as_bytes();
        let (scheme, rest) = match bytes.iter().position(|byte| *byte == b' ') {
            Some(end) => bytes.split_at(end),
            None => (bytes, &bytes[bytes.len()..]),
        };
        if !scheme.eq_ignore_ascii_case(b"Bearer") {
            return Authorization::Absent;
        }
        // RFC 9110 §11.4: one space or more between scheme and credentials.
        match std::str::from_utf8(rest.trim_ascii()) {
            Ok(token) if !token.is_empty() => Authorization::Bearer(token),
            _ => Authorization::Malformed,
        }
    }
}

/// The value of the first cookie of that name, without the quotes that RFC 6265 §4.1.1 allows around it.
///
/// Browsers send the cookie of the longest path first (RFC 6265 §5.4), so the first one is the most specific one.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .and_then(|cookie| cookie.value_raw().map(trim_quotes))
}

fn trim_quotes(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn cookies_are_found_in_every_header_and_in_quotes() {
        for (pairs, expected) in [
            (&[("cookie", "a=1; logto_authtoken=x.y.z; b=2")][..], Some("x.y.z")),
            (&[("cookie", "a=1"), ("cookie", "logto_authtoken=x")], Some("x")),
            (&[("cookie", "logto_authtoken=\"x\"")], Some("x")),
            (&[("cookie", "logto_authtoken=x;logto_authtoken=y")], Some("x")),
            (&[("cookie", "xlogto_authtoken=x; logto_authtoken2=y")], None),
            (&[("cookie", "logto_authtoken")], None),
            (&[("cookie", "")], None),
            (&[], None),
        ] {
            assert_eq!(cookie(&headers(pairs), "logto_authtoken"), expected, "{pairs:?}");
        }
    }

    #[test]
    fn the_scheme_is_compared_without_case_and_followed_by_spaces() {
        for value in ["Bearer x", "bearer x", "BEARER   x", "Bearer x  "] {
            assert!(
                Authorization::read(&headers(&[("authorization", value)])) == Authorization::Bearer("x"),
                "{value}"
            );
        }
        for value in ["Basic x", "Bearerx", "", "Token x"] {
            assert!(
                Authorization::read(&headers(&[("authorization", value)])) == Authorization::Absent,
                "{value}"
            );
        }
        for value in ["Bearer", "Bearer ", "bearer    "] {
            assert!(
                Authorization::read(&headers(&[("authorization", value)])) == Authorization::Malformed,
                "{value}"
            );
        }
        let twice = headers(&[("authorization", "Bearer x"), ("authorization", "Bearer x")]);
        assert!(Authorization::read(&twice) == Authorization::Malformed);
    }

    #[test]
    fn debug_output_holds_no_token() {
        let headers = headers(&[("cookie", "logto_authtoken=secret"), ("authorization", "Bearer secret")]);
        let names = CookieNames { token: "logto_authtoken".into(), guest: "guest_logto_authtoken".into() };
        let text = format!("{:?}", Credentials::read(&Method::GET, &headers, &names));
        assert!(!text.contains("secret"), "{text}");
    }
}
