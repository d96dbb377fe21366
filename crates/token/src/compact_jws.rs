use std::fmt;

use serde::de::{IgnoredAny, MapAccess};

use crate::json_object::{self, Json, Members, ObjectError};
use crate::{Algorithm, Malformed, VerifyError, base64url};

/// The parts of a token in JWS compact serialization (RFC 7515 §7.1), checked for shape, not yet for truth.
///
/// `Debug` shows the header only: the payload and the signature belong to the token's owner.
pub struct CompactJws<'a> {
    signing_input: &'a [u8],
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// The header members that this engine acts on.
///
/// `jwk`, `jku`, `x5u`, `x5c` and `x5t` have no place here: no key and no address is ever taken from a token.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    algorithm: Algorithm,
    key_id: Option<Box<str>>,
    token_type: TokenType,
}

/// What a token says it is, in `typ` (RFC 7515 §4.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// `at+jwt`: an access token (RFC 9068 §2.1).
    AccessToken,
    /// `logout+jwt`: a back-channel logout token.
    LogoutToken,
    /// `JWT`: any JWT, often an ID token.
    Jwt,
    /// No `typ` at all: what a Logto server's ID tokens have.
    Absent,
    /// Something else, or not a string.
    Other,
}

/// The longest token that is looked at, in bytes: 16 KiB.
pub const MAX_TOKEN_LENGTH: usize = 16 * 1024;

/// The longest key id, in bytes.
const MAX_KEY_ID_LENGTH: usize = 256;

impl<'a> CompactJws<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] for everything that is not strict; [`VerifyError::AlgorithmNotAllowed`] for `none`, HMAC and
    /// unknown algorithms.
    pub fn parse(token: &'a str) -> Result<Self, VerifyError> {
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(Malformed::TooLong.into());
        }
        let bytes = token.as_bytes();
        let mut dots = memchr::memchr_iter(b'.', bytes);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(Malformed::PartCount.into());
        };
        let (header, payload, signature) = (&bytes[..first], &bytes[first + 1..second], &bytes[second + 1..]);
        let (Some(header), Some(payload), Some(signature)) =
            (base64url::decode(header), base64url::decode(payload), base64url::decode(signature))
        else {
            return Err(Malformed::Encoding.into());
        };
        Ok(CompactJws {
            signing_input: &bytes[..second],
            header: Header::parse(&header)?,
            payload,
            signature,
        })
    }

    /// The algorithm that the header names.
    pub fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// The key id that the header names. It chooses among the issuer's keys and nothing else.
    pub fn key_id(&self) -> Option<&str> {
        self.header.key_id.as_deref()
    }

    /// What the token says it is.
    pub fn token_type(&self) -> TokenType {
        self.header.token_type
    }

    /// The decoded payload, unverified.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Gives the payload's memory away.
    pub(crate) fn take_payload(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.payload)
    }

    /// The bytes that are signed: header and payload in their encoded form.
    pub fn signing_input(&self) -> &'a [u8] {
        self.signing_input
    }

    /// The decoded signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

impl fmt::Debug for CompactJws<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CompactJws").field("header", &self.header).finish_non_exhaustive()
    }
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, VerifyError> {
        let mut members = HeaderMembers::default();
        json_object::read(json, &mut members).map_err(|error| match error {
            ObjectError::NotAnObject => Malformed::Header,
            ObjectError::DuplicateMember => Malformed::DuplicateHeaderMember,
        })?;
        // RFC 7515 §4.1.11: what is critical and not understood must be refused; we understand no extension, and an empty
        // list is an error anyway. RFC 7797 §6: `b64` changes what was signed.
        if members.extension {
            return Err(Malformed::Extension.into());
        }
        let key_id = match members.key_id {
            None => None,
            Some(Json::String(key_id)) if key_id.len() <= MAX_KEY_ID_LENGTH => Some(Box::from(key_id)),
            Some(_) => return Err(Malformed::KeyId.into()),
        };
        let Some(Json::String(algorithm)) = members.algorithm else {
            return Err(Malformed::Algorithm.into());
        };
        Ok(Header {
            algorithm: Algorithm::from_name(&algorithm).ok_or(VerifyError::AlgorithmNotAllowed)?,
            key_id,
            token_type: match members.token_type {
                None => TokenType::Absent,
                Some(Json::String(name)) => TokenType::from_name(&name),
                Some(_) => TokenType::Other,
            },
        })
    }
}

impl TokenType {
    /// Compared without case and with an optional `application/` in front (RFC 7515 §4.1.9, RFC 8725 §3.11).
    fn from_name(name: &str) -> Self {
        const PREFIX: &str = "application/";
        let name = match name.get(..PREFIX.len()) {
            Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => &name[PREFIX.len()..],
            _ => name,
        };
        match name {
            _ if name.eq_ignore_ascii_case("at+jwt") => TokenType::AccessToken,
            _ if name.eq_ignore_ascii_case("logout+jwt") => TokenType::LogoutToken,
            _ if name.eq_ignore_ascii_case("jwt") => TokenType::Jwt,
            _ => TokenType::Other,
        }
    }
}

#[derive(Default)]
struct HeaderMembers<'de> {
    algorithm: Option<Json<'de>>,
    key_id: Option<Json<'de>>,
    token_type: Option<Json<'de>>,
    extension: bool,
}

impl<'de> Members<'de> for HeaderMembers<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let place = match name {
            "alg" => &mut self.algorithm,
            "kid" => &mut self.key_id,
            "typ" => &mut self.token_type,
            _ => {
                self.extension |= matches!(name, "crit" | "b64");
                return map.next_value::<IgnoredAny>().map(|_| ());
            }
        };
        *place = Some(map.next_value()?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(json: &str) -> Result<Header, VerifyError> {
        Header::parse(json.as_bytes())
    }

    #[test]
    fn a_header_as_logto_writes_it() {
        let header = header(r#"{"alg":"ES384","typ":"at+jwt","kid":"k1"}"#).unwrap();
        assert_eq!(header.algorithm, Algorithm::Es384);
        assert_eq!(header.key_id.as_deref(), Some("k1"));
        assert_eq!(header.token_type, TokenType::AccessToken);
    }

    #[test]
    fn token_types_are_compared_as_media_types() {
        for (name, expected) in [
            ("AT+JWT", TokenType::AccessToken),
            ("application/at+jwt", TokenType::AccessToken),
            ("Application/AT+jwt", TokenType::AccessToken),
            ("application/application/at+jwt", TokenType::Other),
            ("text/at+jwt", TokenType::Other),
            ("at+jwt ", TokenType::Other),
            ("JWT", TokenType::Jwt),
            ("logout+jwt", TokenType::LogoutToken),
            ("ääääääääääää", TokenType::Other),
        ] {
            assert_eq!(TokenType::from_name(name), expected, "{name}");
        }
    }

    #[test]
    fn the_number_of_parts_is_counted_without_reading_on() {
        for token in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "..."] {
            assert_eq!(
                CompactJws::parse(token).unwrap_err(),
                VerifyError::Malformed(Malformed::PartCount),
                "{token}"
            );
        }
        assert_eq!(
            CompactJws::parse(&".".repeat(MAX_TOKEN_LENGTH + 1)).unwrap_err(),
            VerifyError::Malformed(Malformed::TooLong)
        );
    }

    #[test]
    fn debug_output_holds_neither_payload_nor_signature() {
        let token = "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJzZWNyZXQifQ.c2lnbmF0dXJl";
        let text = format!("{:?}", CompactJws::parse(token).unwrap());
        assert!(
            !text.contains("secret") && !text.contains("payload") && !text.contains("signature:"),
            "{text}"
        );
    }
}
