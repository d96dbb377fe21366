//! Proof key for code exchange (RFC 7636), method S256 only.

use aws_lc_rs::digest::{SHA256, digest};

use crate::keys::base64url;

/// Whether a text can be a challenge: 43 to 128 characters of the unreserved set (RFC 7636 §4.2).
pub(super) fn is_well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// Whether the verifier belongs to the challenge. A verifier without a challenge is as wrong as the opposite,
/// since otherwise an attacker could take the challenge out of the request (RFC 9700 §2.1.1).
pub(super) fn matches(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            is_well_formed(verifier) && base64url(digest(&SHA256, verifier.as_bytes())) == challenge
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn the_verifier_of_the_specification_belongs_to_its_challenge() {
        // RFC 7636 appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(matches(Some(challenge), Some(verifier)));
        assert!(!matches(Some(challenge), Some(challenge)));
        assert!(!matches(Some(challenge), None));
        assert!(!matches(None, Some(verifier)));
    }
}
