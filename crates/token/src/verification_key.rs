use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self as lc, ParsedPublicKey, RsaParameters};
use serde::Deserialize;

use crate::{Algorithm, base64url};

/// One public key of an issuer, parsed once, together with the algorithms that it may be used with.
///
/// The key decides the algorithm and never the token's header: EC keys by their curve, Ed25519 by its type, RSA keys by their
/// `alg`, or all RSA algorithms where they have none, as the rotated RSA keys of a Logto server do.
pub struct VerificationKey {
    key_id: Option<Box<str>>,
    identity: KeyIdentity,
    /// One parsed key per algorithm, because a parsed key is bound to its padding and hash.
    parsed: Box<[(Algorithm, ParsedPublicKey)]>,
}

/// Which key it was: a digest of the key's material, id and algorithms. It stays the same when a set is fetched again.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyIdentity([u8; 32]);

/// Why a key of a set is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// Not a JSON object, a member of the wrong type, or one that stands twice.
    #[error("it is not a JSON Web Key")]
    NotAKey,
    /// `kty` is not EC, RSA or OKP. `oct`, a shared secret, stops here.
    #[error("its kty is not EC, RSA or OKP")]
    KeyType,
    /// The set shows a private key.
    #[error("it is a private key")]
    Private,
    /// `use` is not `sig` (RFC 7517 §4.2).
    #[error("its use is not sig")]
    Use,
    /// `key_ops` lacks `verify` (RFC 7517 §4.3).
    #[error("its key_ops lack verify")]
    Operations,
    /// `alg` does not fit the key or is none of ours.
    #[error("its alg does not fit")]
    Algorithm,
    /// The curve is not P-256, P-384, P-521 or Ed25519.
    #[error("its curve is not supported")]
    Curve,
    /// A member of the key's material is missing or no strict base64url.
    #[error("its material is incomplete or not base64url")]
    Material,
    /// The point is not on its curve, or has the wrong length.
    #[error("its point is not on its curve")]
    Point,
    /// RSA below 2048 or above 8192 bits.
    #[error("its RSA modulus has not between 2048 and 8192 bits")]
    ModulusLength,
    /// RSA with an even exponent, or one below 3.
    #[error("its RSA exponent is not an odd number from 3 up")]
    Exponent,
    /// `kid` is longer than 256 bytes.
    #[error("its kid is longer than 256 bytes")]
    KeyId,
}

/// The members of a JWK that matter here (RFC 7517 §4, RFC 7518 §6). A member that stands twice is an error of the reader.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<serde::de::IgnoredAny>,
    p: Option<serde::de::IgnoredAny>,
    k: Option<serde::de::IgnoredAny>,
}

impl VerificationKey {
    /// Reads a JSON Web Key.
    ///
    /// # Errors
    /// [`KeyProblem`] says why the key is not usable.
    pub fn from_jwk(json: &str) -> Result<Self, KeyProblem> {
        // An array would be taken for the struct's fields in order.
        if !json.trim_ascii_start().starts_with('{') {
            return Err(KeyProblem::NotAKey);
        }
        let jwk: Jwk = serde_json::from_str(json).map_err(|_| KeyProblem::NotAKey)?;
        if jwk.kty != "EC" && jwk.kty != "RSA" && jwk.kty != "OKP" {
            return Err(KeyProblem::KeyType);
        }
        if jwk.d.is_some() || jwk.p.is_some() || jwk.k.is_some() {
            return Err(KeyProblem::Private);
        }
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(KeyProblem::Use);
        }
        if jwk
            .key_ops
            .as_ref()
            .is_some_and(|operations| !operations.iter().any(|operation| operation == "verify"))
        {
            return Err(KeyProblem::Operations);
        }
        if jwk.kid.as_ref().is_some_and(|key_id| key_id.len() > 256) {
            return Err(KeyProblem::KeyId);
        }
        let named = match &jwk.alg {
            None => None,
            Some(name) => Some(Algorithm::from_name(name).ok_or(KeyProblem::Algorithm)?),
        };
        let parsed = match jwk.kty.as_str() {
            "EC" => elliptic_curve(&jwk)?,
            "RSA" => rsa(&jwk, named)?,
            _ => edwards_curve(&jwk)?,
        };
        if named.is_some_and(|named| parsed.iter().all(|(algorithm, _)| *algorithm != named)) {
            return Err(KeyProblem::Algorithm);
        }
        let identity = KeyIdentity::of(jwk.kid.as_deref(), &parsed);
        Ok(VerificationKey { key_id: jwk.kid.map(Into::into), identity, parsed: parsed.into() })
    }

    /// Whether `signature` is a signature of `message` under this key and `algorithm`. An algorithm that is not the key's is a no.
    ///
    /// ECDSA signatures are `r ‖ s` of exactly 64, 96 or 132 bytes (RFC 7518 §3.4); DER is refused.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.parsed
            .iter()
            .find(|(own, _)| *own == algorithm)
            .is_some_and(|(_, key)| key.verify_sig(message, signature).is_ok())
    }

    /// Whether the key may be used with `algorithm`.
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        self.algorithms().any(|own| own == algorithm)
    }

    /// The algorithms that the key may be used with.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.parsed.iter().map(|(algorithm, _)| *algorithm)
    }

    /// Whether a check under this key takes no longer than handing it to another thread would: P-256, Ed25519 and RSA up to 4096
    /// bits, tens of microseconds. P-384 takes four times as long as P-256.
    pub fn is_quick(&self) -> bool {
        self.parsed.iter().all(|(algorithm, key)| match algorithm {
            Algorithm::Es256 | Algorithm::EdDsa => true,
            Algorithm::Es384 | Algorithm::Es512 => false,
            // The key's DER: the modulus, the exponent, and less than 64 bytes around them.
            _ => key.as_ref().len() <= 4096 / 8 + 64,
        })
    }

    /// `kid`, where the key has one.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Which key it is, in whatever set it appears.
    pub fn identity(&self) -> KeyIdentity {
        self.identity
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VerificationKey")
            .field("key_id", &self.key_id)
            .field("algorithms", &self.algorithms().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl KeyIdentity {
    fn of(key_id: Option<&str>, parsed: &[(Algorithm, ParsedPublicKey)]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut part = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        part(&[u8::from(key_id.is_some())]);
        part(key_id.unwrap_or_default().as_bytes());
        for (algorithm, key) in parsed {
            part(algorithm.name().as_bytes());
            part(key.as_ref());
        }
        let mut identity = [0; 32];
        identity.copy_from_slice(context.finish().as_ref());
        KeyIdentity(identity)
    }
}

impl fmt::Debug for KeyIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "KeyIdentity({:02x}{:02x}{:02x}{:02x}…)",
            self.0[0], self.0[1], self.0[2], self.0[3]
        )
    }
}

type Parsed = Vec<(Algorithm, ParsedPublicKey)>;

fn material(member: Option<&String>) -> Result<Vec<u8>, KeyProblem> {
    member.and_then(|text| base64url::decode(text.as_bytes())).ok_or(KeyProblem::Material)
}

/// RFC 7518 §6.2: both coordinates in full length, joined to an uncompressed point. The parser checks that it is on the curve.
fn elliptic_curve(jwk: &Jwk) -> Result<Parsed, KeyProblem> {
    let (algorithm, rule, length) = match jwk.crv.as_deref() {
        Some("P-256") => (Algorithm::Es256, &lc::ECDSA_P256_SHA256_FIXED, 32),
        Some("P-384") => (Algorithm::Es384, &lc::ECDSA_P384_SHA384_FIXED, 48),
        Some("P-521") => (Algorithm::Es512, &lc::ECDSA_P521_SHA512_FIXED, 66),
        _ => return Err(KeyProblem::Curve),
    };
    let (x, y) = (material(jwk.x.as_ref())?, material(jwk.y.as_ref())?);
    if x.len() != length || y.len() != length {
        return Err(KeyProblem::Point);
    }
    let point = [&[4][..], &x, &y].concat();
    let key = ParsedPublicKey::new(rule, point).map_err(|_| KeyProblem::Point)?;
    Ok(vec![(algorithm, key)])
}

/// RFC 8037 §2.
fn edwards_curve(jwk: &Jwk) -> Result<Parsed, KeyProblem> {
    if jwk.crv.as_deref() != Some("Ed25519") {
        return Err(KeyProblem::Curve);
    }
    let x = material(jwk.x.as_ref())?;
    if x.len() != 32 {
        return Err(KeyProblem::Point);
    }
    let key = ParsedPublicKey::new(&lc::ED25519, x).map_err(|_| KeyProblem::Point)?;
    Ok(vec![(Algorithm::EdDsa, key)])
}

/// RFC 7518 §6.3. Without an `alg` the key serves the whole RSA family.
fn rsa(jwk: &Jwk, named: Option<Algorithm>) -> Result<Parsed, KeyProblem> {
    const FAMILY: [(Algorithm, &RsaParameters); 6] = [
        (Algorithm::Rs256, &lc::RSA_PKCS1_2048_8192_SHA256),
        (Algorithm::Rs384, &lc::RSA_PKCS1_2048_8192_SHA384),
        (Algorithm::Rs512, &lc::RSA_PKCS1_2048_8192_SHA512),
        (Algorithm::Ps256, &lc::RSA_PSS_2048_8192_SHA256),
        (Algorithm::Ps384, &lc::RSA_PSS_2048_8192_SHA384),
        (Algorithm::Ps512, &lc::RSA_PSS_2048_8192_SHA512),
    ];
    let (modulus, exponent) = (material(jwk.n.as_ref())?, material(jwk.e.as_ref())?);
    let (modulus, exponent) = (without_leading_zeros(&modulus), without_leading_zeros(&exponent));
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) {
        return Err(KeyProblem::ModulusLength);
    }
    // An even exponent is no RSA; with an exponent of one every message is its own signature.
    if exponent.last().is_none_or(|byte| byte % 2 == 0) || exponent == [1] {
        return Err(KeyProblem::Exponent);
    }
    let components = PublicKeyComponents { n: modulus, e: exponent };
    FAMILY
        .into_iter()
        .filter(|(algorithm, _)| named.is_none_or(|named| named == *algorithm))
        .map(|(algorithm, rule)| {
            let key = components.to_parsed_public_key(rule).map_err(|_| KeyProblem::Exponent)?;
            Ok((algorithm, key))
        })
        .collect()
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}
