use std::collections::BTreeSet;
use std::time::Duration;

use logto_authkit_token::{
    Claims, CompactJws, ErrorCode, JwkSet, LogtoUrl, OrganizationId, OrganizationRule, Policy, Screened,
    Timestamp, TokenType, VerifyError,
};
use serde_json::Value;

/// A token found in the captures, with the file that it comes from.
struct Captured {
    file: String,
    token: String,
    claims: Value,
    token_type: TokenType,
}

/// Signed by a key that was staged while the exchanges were recorded and whose public half is in none of them.
const KEY_THAT_WAS_NOT_CAPTURED: &str = "6yQBupyeMVARNEW1n_n_iR902PHwrDIpOVxlbcZn0cM";

fn captures() -> Vec<(String, Value)> {
    crate::documents(&crate::conformance_folder().join("captures"))
}

/// Every key that the server published while it was recorded.
fn published_keys() -> JwkSet {
    let mut keys = Vec::new();
    for (name, document) in captures() {
        match name.as_str() {
            "jwks.json" | "admin-jwks.json" => {
                keys.extend(document["body"]["keys"].as_array().unwrap().clone());
            }
            "jwks-full-rsa.json" => keys.extend(document["keys"].as_array().unwrap().clone()),
            _ => {}
        }
    }
    JwkSet::parse(serde_json::json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn captured_tokens() -> Vec<Captured> {
    fn strings(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(elements) => elements.iter().for_each(|element| strings(element, found)),
            Value::Object(members) => members.values().for_each(|member| strings(member, found)),
            _ => {}
        }
    }
    let mut tokens = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, document) in captures() {
        let mut found = Vec::new();
        strings(&document, &mut found);
        for text in found {
            // A logout token stands in a form body, behind the name of its field.
            let token = text.split(['=', '&']).find(|part| part.starts_with("eyJ")).unwrap_or_default();
            let Ok(jws) = CompactJws::parse(token) else { continue };
            if seen.insert(token.to_owned()) {
                let claims = serde_json::from_slice(jws.payload()).unwrap();
                tokens.push(Captured {
                    file: file.clone(),
                    token: token.to_owned(),
                    claims,
                    token_type: jws.token_type(),
                });
            }
        }
    }
    tokens
}

impl Captured {
    fn issuer(&self) -> LogtoUrl {
        LogtoUrl::parse(self.claims["iss"].as_str().unwrap().strip_suffix("/oidc").unwrap()).unwrap()
    }

    fn seconds(&self, claim: &str) -> Timestamp {
        Timestamp::from_unix_seconds(self.claims[claim].as_i64().unwrap())
    }

    /// The policy that an application would have for this token.
    fn own_policy(&self) -> Policy {
        let audience = self.claims["aud"].as_str().unwrap();
        if let Some(id) = audience.strip_prefix("urn:logto:organization:") {
            return Policy::for_organization(OrganizationId::parse(id).unwrap());
        }
        let policy = Policy::for_resource(audience).unwrap();
        match self.claims.get("organization_id") {
            None => policy,
            Some(id) => {
                let id = OrganizationId::parse(id.as_str().unwrap()).unwrap();
                policy.with_organization(OrganizationRule::Require(id))
            }
        }
    }

    fn verify(&self, policy: &Policy, now: Timestamp) -> Result<Claims, VerifyError> {
        let signed = Screened::screen(&self.token, &self.issuer(), policy, now)?.verify(&published_keys())?;
        policy.authorize(signed.claims())?;
        Ok(signed.claims().clone())
    }

    fn code(&self, policy: &Policy, now: Timestamp) -> Option<ErrorCode> {
        self.verify(policy, now).err().map(|error| error.code())
    }

    fn key_was_captured(&self) -> bool {
        CompactJws::parse(&self.token).unwrap().key_id() != Some(KEY_THAT_WAS_NOT_CAPTURED)
    }
}

fn access_tokens() -> Vec<Captured> {
    let tokens: Vec<_> =
        captured_tokens().into_iter().filter(|token| token.token_type == TokenType::AccessToken).collect();
    assert!(tokens.len() >= 30, "only {} access tokens", tokens.len());
    tokens
}

#[test]
fn a_real_server_s_access_tokens_are_accepted_in_their_time_and_not_a_second_longer() {
    let mut algorithms = BTreeSet::new();
    for token in access_tokens() {
        let policy = token.own_policy();
        if !token.key_was_captured() {
            assert_eq!(token.code(&policy, token.seconds("iat")), Some(ErrorCode::UnknownKey));
            continue;
        }
        let (issued, expires) = (token.seconds("iat"), token.seconds("exp"));
        for now in [issued, expires - Duration::from_secs(1)] {
            let claims = token.verify(&policy, now).unwrap_or_else(|error| panic!("{}: {error}", token.file));
            assert_eq!(claims.subject(), token.claims["sub"]);
            let scope = token.claims.get("scope").and_then(Value::as_str).unwrap_or_default();
            assert_eq!(claims.scopes().as_str(), scope, "{}", token.file);
        }
        for now in [expires, expires + Duration::from_secs(1)] {
            assert_eq!(token.code(&policy, now), Some(ErrorCode::TokenExpired), "{}", token.file);
        }
        algorithms.insert(CompactJws::parse(&token.token).unwrap().algorithm().name());
    }
    // The rotation from EC to RSA is among them.
    assert_eq!(algorithms.into_iter().collect::<Vec<_>>(), ["ES384", "RS256"]);
}

#[test]
fn a_real_server_s_access_tokens_are_refused_under_every_other_audience() {
    let tokens = access_tokens();
    let audiences: BTreeSet<_> = tokens.iter().map(|token| token.claims["aud"].as_str().unwrap()).collect();
    assert!(audiences.len() >= 4);
    for token in &tokens {
        let now = token.seconds("iat");
        for audience in audiences.iter().filter(|audience| token.claims["aud"] != **audience) {
            let (policy, expected) = match audience.strip_prefix("urn:logto:organization:") {
                Some(id) => {
                    (Policy::for_organization(OrganizationId::parse(id).unwrap()), ErrorCode::InvalidAudience)
                }
                None => (Policy::for_resource(audience).unwrap(), ErrorCode::InvalidAudience),
            };
            assert_eq!(token.code(&policy, now), Some(expected), "{} under {audience}", token.file);
        }
        let slash = format!("{}/", token.claims["aud"].as_str().unwrap());
        if let Ok(policy) = Policy::for_resource(slash) {
            assert_eq!(token.code(&policy, now), Some(ErrorCode::InvalidAudience), "{}", token.file);
        }
    }
}

#[test]
fn a_real_server_s_organization_tokens_open_no_plain_route_and_no_other_organization() {
    let (mut in_resource, mut itself) = (0, 0);
    let other = OrganizationId::parse("anotherorganization").unwrap();
    for token in access_tokens() {
        let (now, audience) = (token.seconds("iat"), token.claims["aud"].as_str().unwrap());
        if token.claims.get("organization_id").is_some() {
            in_resource += 1;
            let plain = Policy::for_resource(audience).unwrap();
            assert_eq!(token.code(&plain, now), Some(ErrorCode::WrongOrganization), "{}", token.file);
            let others = plain.with_organization(OrganizationRule::Require(other.clone()));
            assert_eq!(token.code(&others, now), Some(ErrorCode::WrongOrganization), "{}", token.file);
        } else if audience.starts_with("urn:logto:organization:") {
            itself += 1;
            let others = Policy::for_organization(other.clone());
            assert_eq!(token.code(&others, now), Some(ErrorCode::WrongOrganization), "{}", token.file);
        } else if token.key_was_captured() {
            let any = Policy::for_resource(audience).unwrap().with_organization(OrganizationRule::Any);
            assert_eq!(token.code(&any, now), Some(ErrorCode::WrongOrganization), "{}", token.file);
        }
    }
    assert!(in_resource >= 2 && itself >= 2, "{in_resource} and {itself}");
}

#[test]
fn a_real_server_s_id_and_logout_tokens_are_no_access_tokens() {
    let others: Vec<_> =
        captured_tokens().into_iter().filter(|token| token.token_type != TokenType::AccessToken).collect();
    assert!(
        others.iter().filter(|token| token.token_type == TokenType::Absent).count() >= 20,
        "too few ID tokens"
    );
    assert!(others.iter().any(|token| token.token_type == TokenType::LogoutToken), "no logout token");
    for token in others {
        let policy = Policy::for_resource(token.claims["aud"].as_str().unwrap()).unwrap();
        assert_eq!(
            token.code(&policy, token.seconds("iat")),
            Some(ErrorCode::WrongTokenType),
            "{}",
            token.file
        );
    }
}

#[test]
fn a_changed_character_anywhere_in_a_real_token_is_refused() {
    let token = access_tokens().into_iter().find(Captured::key_was_captured).unwrap();
    let (policy, now, keys) = (token.own_policy(), token.seconds("iat"), published_keys());
    for index in 0..token.token.len() {
        let mut changed = token.token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let verdict = Screened::screen(&changed, &token.issuer(), &policy, now)
            .and_then(|screened| screened.verify(&keys));
        assert!(verdict.is_err(), "position {index}");
    }
}
