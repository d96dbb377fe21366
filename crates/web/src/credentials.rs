use std::sync::LazyLock;

use http::header::{AUTHORIZATION, COOKIE};
use http::{Extensions, HeaderMap, Method};

use crate::AuthContext;
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
    extensions: Option<&'a Extensions>,
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

/// Which guest makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KnownGuest {
    /// One who has been here before, or whom a guard further out has just met: the cookie is seen to.
    Id(GuestId),
    /// One who is to be given a cookie.
    New,
    /// Another site may have sent the request in the guest's name: it neither acts for the guest nor changes who that is.
    Unproven,
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
            extensions: None,
            names,
        }
    }

    /// A token alone, from wherever the application has it: no cookies, no method, nothing that could be forged.
    pub(crate) fn of_token(token: &'a str, names: &'a CookieNames) -> Self {
        static NONE: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);
        let authorization = Authorization::Bearer(token);
        let (method, headers) = (&Method::GET, &*NONE);
        Credentials { cookie: None, authorization, method, headers, extensions: None, names }
    }

    /// With the request's extensions: where a guard further out has admitted a guest, the guest keeps the same id, so that one
    /// request is one guest's. An `AuthContext` that is found there admits nobody; nothing but a guest's id is taken from it.
    #[must_use]
    pub fn with_extensions(mut self, extensions: &'a Extensions) -> Self {
        self.extensions = Some(extensions);
        self
    }

    /// Which guest makes the request, should it be a guest's.
    pub(crate) fn guest(&self) -> KnownGuest {
        let outer = self.extensions.and_then(|extensions| extensions.get::<AuthContext>());
        if let Some(guest) = outer.and_then(AuthContext::guest) {
            return KnownGuest::Id(guest.id);
        }
        if self.provenance() == Provenance::Unproven {
            return KnownGuest::Unproven;
        }
        cookie(self.headers, &self.names.guest)
            .and_then(GuestId::parse)
            .map_or(KnownGuest::New, KnownGuest::Id)
    }

    /// What the request proves about where it comes from.
    pub(crate) fn provenance(&self) -> Provenance {
        Provenance::of(self.method, self.headers)
    }

    /// Whether the request was made to a loopback address.
    pub(crate) fn is_for_loopback(&self) -> bool {
        crate::origin::is_for_loopback(self.headers)
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
    headers.get_all(COOKIE).iter().find_map(|header| {
        let bytes = header.as_bytes();
        match str::from_utf8(bytes) {
            Ok(text) => text.split(';').find_map(|pair| value_of(pair, name)),
            // Whatever another application has put into a cookie of its own, the others can still be read.
            Err(_) => bytes
                .split(|byte| *byte == b';')
                .filter_map(|pair| str::from_utf8(pair).ok())
                .find_map(|pair| value_of(pair, name)),
        }
    })
}

/// The value in a pair of that name. RFC 6265 §4.1.1: a value outside ASCII is none.
fn value_of<'a>(pair: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = pair.split_once('=')?;
    // Only these two count as blank (RFC 6265 §5.2). To trim what Unicode calls so would make a cookie that any domain may set
    // pass for one whose `__Host-` the browser has watched over.
    let blank = [' ', '\t'];
    let value = value.trim_matches(blank);
    (found.trim_matches(blank) == name && value.is_ascii()).then(|| trim_quotes(value))
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
            (&[("cookie", "=logto_authtoken=x")], None),
            (&[("cookie", "; ;=; logto_authtoken=a=b")], Some("a=b")),
            (&[("cookie", "a=1;\t logto_authtoken = x \t;b")], Some("x")),
            (&[("cookie", "logto_authtoken=; logto_authtoken=x")], Some("")),
            (&[("cookie", "")], None),
            (&[], None),
        ] {
            assert_eq!(cookie(&headers(pairs), "logto_authtoken"), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_cookie_outside_ascii_hides_no_other_one() {
        for (line, expected) in [
            (&b"logto_authtoken=x; name=Jos\xe9"[..], Some("x")),
            (b"name=Jos\xe9; logto_authtoken=\"x\"", Some("x")),
            (b"n\xe9=1;logto_authtoken=x;b=\xff", Some("x")),
            ("name=José; logto_authtoken=x".as_bytes(), Some("x")),
            // The bad one is as good as not there.
            (b"logto_authtoken=\xe9; logto_authtoken=x", Some("x")),
            ("logto_authtoken=é; logto_authtoken=x".as_bytes(), Some("x")),
            (b"logto_authtoken=x\xe9y", None),
            ("logto_authtoken=é".as_bytes(), None),
            // No part of a pair passes for a pair.
            (b"\xe9logto_authtoken=x", None),
            (b"a=\xe9logto_authtoken=x", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_bytes(line).unwrap());
            assert_eq!(cookie(&headers, "logto_authtoken"), expected, "{line:?}");
        }
    }

    #[test]
    fn what_unicode_calls_blank_belongs_to_a_cookie_s_name() {
        for blank in ["\u{a0}", "\u{85}", "\u{2000}", "\u{3000}"] {
            let mut headers = HeaderMap::new();
            for line in [format!("{blank}__Host-t=evil"), format!("__Host-t{blank}=evil")] {
                headers.append(COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
            }
            assert_eq!(cookie(&headers, "__Host-t"), None, "{blank:?}");
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
