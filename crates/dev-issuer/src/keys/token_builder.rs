//! Tokens made to order: right ones, and every kind of wrong one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::Value;

use super::{HmacAlgorithm, Members, SigningKey, base64url};
use crate::random;
use crate::server::Shared;

/// Makes one token, without a request to the issuer.
///
/// Left alone it is what a Logto server would issue for the first resource: an access token of the first user and
/// the first application with every scope of that resource, valid for an hour from now. Each method changes one
/// thing, and nothing is checked, because the wrong tokens are the point.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use logto_authkit_dev_issuer::DevIssuer;
///
/// let issuer = DevIssuer::demo().start().await?;
/// let good = issuer.token().scope("read:products").sign();
/// let expired = issuer.token().expires_at(1_000_000_000).sign();
/// let unsigned = issuer.token().algorithm("none").signature(Vec::new()).sign();
/// # assert_eq!(good.split('.').count() + expired.split('.').count() + unsigned.split('.').count(), 9);
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a token is made by `sign`"]
pub struct TokenBuilder {
    header: Members,
    payload: Members,
    issued_at: i64,
    scopes_of_audience: Option<Arc<Shared>>,
    signer: Signer,
    raw_header: Option<String>,
    raw_payload: Option<String>,
    raw_signature: Option<Vec<u8>>,
}

#[derive(Clone)]
enum Signer {
    Key(SigningKey),
    Hmac(Vec<u8>, HmacAlgorithm),
}

impl TokenBuilder {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let key = shared.keys().current().clone();
        let now = shared.clock.unix_seconds();
        let directory = &shared.directory;
        let subject = directory.users().next().map_or("user", |user| user.id());
        let client = directory.first_user_application().unwrap_or("application");
        let resource =
            directory.resources().next().map_or("https://api.example.com", |known| known.indicator());
        let payload = Members::default()
            .with("jti", random::identifier())
            .with("sub", subject)
            .with("iat", now)
            .with("exp", now.saturating_add(3600))
            .with("scope", "")
            .with("client_id", client)
            .with("iss", shared.issuer.as_str())
            .with("aud", resource);
        Self {
            header: header_of(&key),
            payload,
            issued_at: now,
            scopes_of_audience: Some(Arc::clone(shared)),
            signer: Signer::Key(key),
            raw_header: None,
            raw_payload: None,
            raw_signature: None,
        }
    }

    /// Sets `sub`.
    pub fn subject(self, subject: impl Into<String>) -> Self {
        self.claim("sub", subject.into())
    }

    /// Sets `aud`: one text stays a text, a list becomes an array. Unless [`scope`](Self::scope) is called too, the
    /// token carries the scopes of that resource, or `""` when the issuer does not know it.
    pub fn audience(self, audience: impl Into<Audience>) -> Self {
        let value = audience.into().0;
        self.claim("aud", value)
    }

    /// Sets `scope`: the scopes with a space between them.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes_of_audience = None;
        self.payload.set("scope", scope.into());
        self
    }

    /// Sets `client_id`.
    pub fn client_id(self, client_id: impl Into<String>) -> Self {
        self.claim("client_id", client_id.into())
    }

    /// Sets `organization_id`, which a token for a resource inside an organization carries.
    pub fn organization_id(self, id: impl Into<String>) -> Self {
        self.claim("organization_id", id.into())
    }

    /// Sets `iss`, to pretend that another server issued the token.
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        self.claim("iss", issuer.into())
    }

    /// Sets `iat`, in seconds since 1970. `exp` does not move with it.
    pub fn issued_at(mut self, unix_seconds: i64) -> Self {
        self.issued_at = unix_seconds;
        self.claim("iat", unix_seconds)
    }

    /// Sets `exp`, in seconds since 1970.
    pub fn expires_at(self, unix_seconds: i64) -> Self {
        self.claim("exp", unix_seconds)
    }

    /// Sets `exp` to so long after `iat`, in whole seconds.
    pub fn expires_in(self, lifetime: Duration) -> Self {
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let expires_at = self.issued_at.saturating_add(seconds);
        self.claim("exp", expires_at)
    }

    /// Sets `nbf`, in seconds since 1970. A real server sends none.
    pub fn not_before(self, unix_seconds: i64) -> Self {
        self.claim("nbf", unix_seconds)
    }

    /// Sets any claim to any JSON value.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        if name == "scope" {
            self.scopes_of_audience = None;
        }
        self.payload.set(name, value);
        self
    }

    /// Leaves a claim out.
    pub fn without_claim(mut self, name: &str) -> Self {
        if name == "scope" {
            self.scopes_of_audience = None;
        }
        self.payload.remove(name);
        self
    }

    /// Sets any header member to any JSON value.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.set(name, value);
        self
    }

    /// Leaves a header member out.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Sets the header's `typ`; access tokens have `at+jwt`.
    pub fn typ(self, typ: impl Into<String>) -> Self {
        self.header("typ", typ.into())
    }

    /// Sets what the header says about the algorithm. The key stays what it is, so that the two disagree unless
    /// they did before.
    pub fn algorithm(self, name: impl Into<String>) -> Self {
        self.header("alg", name.into())
    }

    /// Signs with this key, and puts its algorithm and its key id into the header. Call [`header`](Self::header)
    /// afterwards to claim another key id.
    pub fn signed_by(mut self, key: &SigningKey) -> Self {
        self.header.set("alg", key.algorithm().name());
        self.header.set("kid", key.key_id());
        self.signer = Signer::Key(key.clone());
        self
    }

    /// Signs with a shared secret, and puts that algorithm into the header. The key id stays.
    pub fn hmac(mut self, secret: impl Into<Vec<u8>>, algorithm: HmacAlgorithm) -> Self {
        self.header.set("alg", algorithm.name());
        self.signer = Signer::Hmac(secret.into(), algorithm);
        self
    }

    /// Takes this text for the payload instead of the claims: duplicate members, broken JSON, an array.
    pub fn payload_raw(mut self, payload: impl Into<String>) -> Self {
        self.raw_payload = Some(payload.into());
        self
    }

    /// Takes this text for the header instead of its members.
    pub fn header_raw(mut self, header: impl Into<String>) -> Self {
        self.raw_header = Some(header.into());
        self
    }

    /// Takes these bytes for the signature instead of a real one.
    pub fn signature(mut self, signature: impl Into<Vec<u8>>) -> Self {
        self.raw_signature = Some(signature.into());
        self
    }

    /// The payload as it will be signed, for comparing with what a verifier says about it.
    pub fn payload_json(&self) -> String {
        self.raw_payload.clone().unwrap_or_else(|| self.completed_payload().to_json())
    }

    /// The token in its compact form.
    pub fn sign(self) -> String {
        let header = self.raw_header.clone().unwrap_or_else(|| self.header.to_json());
        let input = format!("{}.{}", base64url(header), base64url(self.payload_json()));
        let signature = match (&self.raw_signature, &self.signer) {
            (Some(raw), _) => raw.clone(),
            (None, Signer::Key(key)) => key.sign(input.as_bytes()),
            (None, Signer::Hmac(secret, algorithm)) => {
                let algorithm = match algorithm {
                    HmacAlgorithm::Hs256 => hmac::HMAC_SHA256,
                    HmacAlgorithm::Hs384 => hmac::HMAC_SHA384,
                    HmacAlgorithm::Hs512 => hmac::HMAC_SHA512,
                };
                hmac::sign(&hmac::Key::new(algorithm, secret), input.as_bytes()).as_ref().to_vec()
            }
        };
        format!("{input}.{}", base64url(signature))
    }

    fn completed_payload(&self) -> Members {
        let mut payload = self.payload.clone();
        if let (Some(shared), Some(audience)) = (&self.scopes_of_audience, payload.get("aud")) {
            let scope = audience.as_str().and_then(|known| shared.directory.resource(known));
            let scope = scope.map(|resource| resource.scope_names().join(" ")).unwrap_or_default();
            payload.set("scope", scope);
        }
        payload
    }
}

impl fmt::Debug for TokenBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBuilder")
            .field("header", &self.header)
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}

/// Exactly the header of a real server's access token.
pub(crate) fn header_of(key: &SigningKey) -> Members {
    Members::default().with("alg", key.algorithm().name()).with("typ", "at+jwt").with("kid", key.key_id())
}

/// The `aud` of a token: one audience or several.
#[derive(Clone, Debug)]
pub struct Audience(Value);

impl From<&str> for Audience {
    fn from(one: &str) -> Self {
        Self(Value::from(one))
    }
}

impl From<String> for Audience {
    fn from(one: String) -> Self {
        Self(Value::from(one))
    }
}

impl<T: Into<String>> From<Vec<T>> for Audience {
    fn from(several: Vec<T>) -> Self {
        Self(several.into_iter().map(Into::into).collect::<Vec<String>>().into())
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for Audience {
    fn from(several: [T; N]) -> Self {
        Self::from(Vec::from(several))
    }
}
