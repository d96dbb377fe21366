//! What all cookies that are written have in common.

use cookie::Cookie;
use http::HeaderValue;
use http::header::InvalidHeaderValue;
use logto_authkit_token::ConfigError;

/// RFC 6265 §4.1.1: a cookie's name is a token of RFC 9110 §5.6.2.
pub(crate) fn cookie_name(option: &'static str, name: String) -> Result<String, ConfigError> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(legal) {
        return Err(ConfigError::new(option, "it is no cookie name", "use letters, digits, - and _"));
    }
    Ok(name)
}

/// Whether browsers drop a cookie of that name unless it is `Secure` (RFC 6265bis §4.1.3).
pub(crate) fn must_be_secure(name: &str) -> bool {
    begins_with(name, "__Secure-") || must_belong_to_one_host(name)
}

/// Whether browsers drop a cookie of that name unless it is `Secure`, has the path `/` and no domain (RFC 6265bis §4.1.3.2).
pub(crate) fn must_belong_to_one_host(name: &str) -> bool {
    begins_with(name, "__Host-")
}

/// RFC 6265bis §5.4: browsers compare the prefixes without regard to case.
fn begins_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// The cookie as a header whose `Debug` output does not show it, and that HTTP/2 does not keep in its table (RFC 7541 §7.1.3).
pub(crate) fn secret_header(cookie: &Cookie<'_>) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::try_from(cookie.to_string())?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_s_prefix_says_what_browsers_ask_of_the_cookie() {
        for (name, secure, one_host) in [
            ("__Host-t", true, true),
            ("__host-t", true, true),
            ("__Host-", true, true),
            ("__Secure-t", true, false),
            ("__SECURE-t", true, false),
            ("__Host", false, false),
            ("x__Host-t", false, false),
            ("logto_authtoken", false, false),
        ] {
            assert_eq!((must_be_secure(name), must_belong_to_one_host(name)), (secure, one_host), "{name}");
        }
    }
}
