//! Whether a request comes from one's own pages: what protects cookie credentials from cross-site request forgery.

use std::net::IpAddr;

use http::header::{FORWARDED, HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_KEY, UPGRADE, VIA};
use http::{HeaderMap, Method};
use url::{Host, Url};

/// What the request's headers prove about where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provenance {
    /// A method that must not change anything (RFC 9110 §9.2.1): nothing to forge.
    Safe,
    /// From one's own origin, or typed in by the user.
    SameOrigin,
    /// From somewhere else, or nobody says.
    Unproven,
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Provenance {
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Self {
        if method.is_safe() && !opens_connection(headers) {
            return Provenance::Safe;
        }
        // A browser sets this header itself and no page can change it (Fetch Metadata §2.3).
        if let Some(site) = headers.get(SEC_FETCH_SITE) {
            let own = site == "same-origin" || site == "none";
            return if own { Provenance::SameOrigin } else { Provenance::Unproven };
        }
        // Older browsers send `Origin` with every unsafe method. Its host must be the one that was asked; the scheme is not
        // compared, because behind a proxy that ends TLS this side does not know its own.
        let same =
            headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).and_then(host_of_origin).is_some_and(
                |origin| {
                    headers
                        .get(HOST)
                        .and_then(|host| host.to_str().ok())
                        .is_some_and(|host| host.eq_ignore_ascii_case(origin))
                },
            );
        if same { Provenance::SameOrigin } else { Provenance::Unproven }
    }
}

/// Whether the request is a handshake for another protocol. RFC 6455 §10.2: the handshake of a WebSocket is a GET that pages of
/// every origin can send, and its connection can then be written to and read, which no browser keeps from them.
fn opens_connection(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE) || headers.contains_key(SEC_WEBSOCKET_KEY)
}

fn host_of_origin(origin: &str) -> Option<&str> {
    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))
}

/// What a proxy adds to the requests that it passes on.
const OF_A_PROXY: [HeaderName; 5] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
];

/// Whether the request was made to a loopback address, where a cookie cannot be `Secure` in every browser.
///
/// A proxy may name its own upstream in `Host`, which is often a loopback address: behind one, `Host` says nothing.
pub(crate) fn is_for_loopback(headers: &HeaderMap) -> bool {
    if OF_A_PROXY.iter().any(|name| headers.contains_key(name)) {
        return false;
    }
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else { return false };
    match Url::parse(&format!("http://{host}")).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn provenance(method: &Method, pairs: &[(&'static str, &'static str)]) -> Provenance {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Provenance::of(method, &headers)
    }

    #[test]
    fn safe_methods_need_no_proof() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert_eq!(provenance(&method, &[("sec-fetch-site", "cross-site")]), Provenance::Safe);
        }
    }

    #[test]
    fn a_handshake_for_another_protocol_needs_a_proof_whatever_its_method() {
        let upgrade = ("upgrade", "websocket");
        let (own, host) = (("origin", "https://a.example"), ("host", "a.example"));
        for (pairs, expected) in [
            (&[upgrade][..], Provenance::Unproven),
            (&[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")], Provenance::Unproven),
            (&[upgrade, host, ("origin", "https://evil.a.example")], Provenance::Unproven),
            (&[upgrade, host, own, ("sec-fetch-site", "same-site")], Provenance::Unproven),
            (&[upgrade, host, own], Provenance::SameOrigin),
            (&[upgrade, ("sec-fetch-site", "same-origin")], Provenance::SameOrigin),
            // Every browser asks for secure pages with this one: it opens nothing.
            (&[("upgrade-insecure-requests", "1")], Provenance::Safe),
        ] {
            assert_eq!(provenance(&Method::GET, pairs), expected, "{pairs:?}");
        }
        // RFC 8441 §4: over HTTP/2 the handshake is a CONNECT, without any of these headers.
        assert_eq!(provenance(&Method::CONNECT, &[host]), Provenance::Unproven);
    }

    #[test]
    fn the_browser_s_word_counts_before_the_origin() {
        for (pairs, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], Provenance::SameOrigin),
            (&[("sec-fetch-site", "none")], Provenance::SameOrigin),
            (&[("sec-fetch-site", "same-site")], Provenance::Unproven),
            (
                &[("sec-fetch-site", "cross-site"), ("origin", "https://a.example"), ("host", "a.example")],
                Provenance::Unproven,
            ),
            (&[("origin", "https://a.example"), ("host", "a.example")], Provenance::SameOrigin),
            (&[("origin", "http://localhost:3000"), ("host", "localhost:3000")], Provenance::SameOrigin),
            (&[("origin", "https://a.example.evil"), ("host", "a.example")], Provenance::Unproven),
            (&[("origin", "https://evil"), ("host", "a.example")], Provenance::Unproven),
            (&[("origin", "null"), ("host", "a.example")], Provenance::Unproven),
            (&[("origin", "https://a.example")], Provenance::Unproven),
            (&[], Provenance::Unproven),
        ] {
            assert_eq!(provenance(&Method::POST, pairs), expected, "{pairs:?}");
        }
    }

    #[test]
    fn loopback_hosts_are_known_in_every_spelling() {
        let loopback = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            is_for_loopback(&headers)
        };
        for host in
            ["localhost", "localhost:3000", "127.0.0.1:80", "127.9.9.9", "[::1]:3000", "app.localhost"]
        {
            assert!(loopback(host), "{host}");
        }
        for host in ["example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "", "[::2]"]
        {
            assert!(!loopback(host), "{host}");
        }
    }

    #[test]
    fn behind_a_proxy_no_host_is_loopback() {
        for name in ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("127.0.0.1:3000"));
            headers.insert(name, HeaderValue::from_static("x"));
            assert!(!is_for_loopback(&headers), "{name}");
        }
    }
}
