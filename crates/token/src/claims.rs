use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess};
use serde_json::value::RawValue;

use crate::claim_text::{ClaimText, Span, SpanFinder, wrong};
use crate::json_object::{self, Json, Members, ObjectError};
use crate::{ClaimProblem, Malformed, Scopes, Timestamp, VerifyError};

/// The claims of an access token (RFC 9068 §2.2): the registered ones typed, the rest on demand.
///
/// Values of this type come out of a verification; [`Claims::parse`] is for tools that explain a token and proves nothing.
///
/// Serialises as the token's payload, member by member. `Debug` shows the subject and the times, never the whole payload.
///
/// ```
/// use logto_authkit_token::Claims;
///
/// let claims = Claims::parse(br#"{"iss":"https://tenant.logto.app/oidc","sub":"u1","aud":"https://api.example.com",
///     "exp":1795207815,"scope":"read:products","plan":"gold"}"#)?;
/// assert_eq!(claims.subject(), "u1");
/// assert_eq!(claims.get::<String>("plan")?, Some("gold".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Claims {
    /// The payload's JSON, and behind it the strings that are written with escapes there.
    text: ClaimText,
    issuer: Span,
    subject: Span,
    audience: Box<[Span]>,
    expires_at: Timestamp,
    not_before: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    scope: Option<Span>,
    client_id: Option<Span>,
    token_id: Option<Span>,
    organization_id: Option<Span>,
    roles: Box<[Span]>,
}

/// A claim that is there and cannot be read as the type that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the claim {name} cannot be read as {wanted}")]
pub struct ClaimError {
    name: String,
    wanted: &'static str,
}

impl Claims {
    /// Reads a payload: a JSON object with unique member names whose registered claims have the right types.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] when it is no such object, [`VerifyError::InvalidClaim`] when a claim is missing or wrong.
    pub fn parse(payload: &[u8]) -> Result<Self, VerifyError> {
        Claims::from_payload(payload.to_vec())
    }

    /// As [`parse`](Claims::parse), keeping the payload's own memory.
    pub(crate) fn from_payload(payload: Vec<u8>) -> Result<Self, VerifyError> {
        let mut members = ClaimMembers::default();
        json_object::read(&payload, &mut members).map_err(|error| match error {
            ObjectError::NotAnObject => Malformed::Payload,
            ObjectError::DuplicateMember => Malformed::DuplicateClaim,
        })?;
        let mut spans = SpanFinder::new(&payload);
        let issuer = required("iss", spans.string("iss", members.issuer)?)?;
        let subject = required("sub", spans.non_empty("sub", members.subject)?)?;
        let audience = audience(&mut spans, members.audience)?;
        let expires_at = required("exp", date("exp", members.expires_at.as_ref())?)?;
        let not_before = date("nbf", members.not_before.as_ref())?;
        let issued_at = date("iat", members.issued_at.as_ref())?;
        let scope = spans.string("scope", members.scope)?;
        let client_id = spans.string("client_id", members.client_id)?;
        let token_id = spans.string("jti", members.token_id)?;
        let organization_id = spans.non_empty("organization_id", members.organization_id)?;
        let mut roles = spans.strings(members.roles);
        roles.extend(spans.strings(members.role));
        let unescaped = spans.into_unescaped();
        Ok(Claims {
            text: ClaimText::new(payload, &unescaped).ok_or(Malformed::Payload)?,
            issuer,
            subject,
            audience,
            expires_at,
            not_before,
            issued_at,
            scope,
            client_id,
            token_id,
            organization_id,
            roles: roles.into(),
        })
    }

    /// `iss`: who issued the token.
    pub fn issuer(&self) -> &str {
        self.text.get(self.issuer)
    }

    /// `sub`: the user's id, or the application's for a machine-to-machine token.
    pub fn subject(&self) -> &str {
        self.text.get(self.subject)
    }

    /// `aud`: what the token is for; at least one entry.
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.audience.iter().map(|entry| self.text.get(*entry))
    }

    /// `exp`: the first moment at which the token is no longer valid.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// `nbf`: the first moment at which the token is valid.
    pub fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// `iat`: when the token was issued.
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    /// `scope`: what the token permits. Empty where the claim is absent.
    pub fn scopes(&self) -> Scopes<'_> {
        Scopes::from(self.scope.map_or("", |scope| self.text.get(scope)))
    }

    /// `client_id`: the application that asked for the token.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.map(|id| self.text.get(id))
    }

    /// `jti`: the token's own id.
    pub fn token_id(&self) -> Option<&str> {
        self.token_id.map(|id| self.text.get(id))
    }

    /// The organization that the token belongs to: `organization_id`, or the one that `aud` names.
    pub fn organization_id(&self) -> Option<&str> {
        self.organization_claim().or_else(|| {
            self.audience().find_map(|entry| entry.strip_prefix(crate::organization::AUDIENCE_PREFIX))
        })
    }

    /// The claim `organization_id` alone.
    pub(crate) fn organization_claim(&self) -> Option<&str> {
        self.organization_id.map(|id| self.text.get(id))
    }

    /// The roles in the claims `roles` and `role`, whole.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|role| self.text.get(*role))
    }

    /// One claim as `T`, or `None` where the token does not have it. Reads the payload anew at every call.
    ///
    /// # Errors
    /// The claim is there and is no `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClaimError> {
        let error = || ClaimError { name: name.to_owned(), wanted: std::any::type_name::<T>() };
        let mut wanted = OneMember { name, value: None };
        json_object::read(self.json().as_bytes(), &mut wanted).map_err(|_| error())?;
        wanted.value.map(|value| serde_json::from_str(value.get())).transpose().map_err(|_| error())
    }

    /// The whole payload as `T`: for an application's own claims type.
    ///
    /// # Errors
    /// The payload is no `T`.
    pub fn extra<T: DeserializeOwned>(&self) -> Result<T, ClaimError> {
        serde_json::from_str(self.json())
            .map_err(|_| ClaimError { name: "payload".to_owned(), wanted: std::any::type_name::<T>() })
    }

    /// The payload's JSON, as it was signed.
    pub fn json(&self) -> &str {
        self.text.json()
    }
}

/// The strings of a claim in a payload: the elements of an array, or the one string. Nothing for any other type.
pub(crate) fn strings_of_claim(payload: &str, name: &str) -> Vec<String> {
    let mut wanted = OneMember { name, value: None };
    if json_object::read(payload.as_bytes(), &mut wanted).is_err() {
        return Vec::new();
    }
    match wanted.value.and_then(|value| serde_json::from_str(value.get()).ok()) {
        Some(Json::String(text)) => vec![text.into_owned()],
        Some(Json::Array { strings, .. }) => strings.into_iter().map(Cow::into_owned).collect(),
        _ => Vec::new(),
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Claims")
            .field("subject", &self.subject())
            .field("scopes", &self.scopes())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl serde::Serialize for Claims {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let payload: serde_json::Value =
            serde_json::from_str(self.json()).map_err(serde::ser::Error::custom)?;
        payload.serialize(serializer)
    }
}

#[derive(Default)]
struct ClaimMembers<'de> {
    issuer: Option<Json<'de>>,
    subject: Option<Json<'de>>,
    audience: Option<Json<'de>>,
    expires_at: Option<Json<'de>>,
    not_before: Option<Json<'de>>,
    issued_at: Option<Json<'de>>,
    scope: Option<Json<'de>>,
    client_id: Option<Json<'de>>,
    token_id: Option<Json<'de>>,
    organization_id: Option<Json<'de>>,
    roles: Option<Json<'de>>,
    role: Option<Json<'de>>,
}

impl<'de> Members<'de> for ClaimMembers<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let place = match name {
            "iss" => &mut self.issuer,
            "sub" => &mut self.subject,
            "aud" => &mut self.audience,
            "scope" => &mut self.scope,
            "client_id" => &mut self.client_id,
            "jti" => &mut self.token_id,
            "organization_id" => &mut self.organization_id,
            "roles" => &mut self.roles,
            "role" => &mut self.role,
            "exp" => return take_number(&mut self.expires_at, map),
            "nbf" => return take_number(&mut self.not_before, map),
            "iat" => return take_number(&mut self.issued_at, map),
            _ => return map.next_value::<IgnoredAny>().map(|_| ()),
        };
        *place = Some(map.next_value()?);
        Ok(())
    }
}

fn take_number<'de, A: MapAccess<'de>>(place: &mut Option<Json<'de>>, map: &mut A) -> Result<(), A::Error> {
    *place = Some(json_object::number(map.next_value()?));
    Ok(())
}

/// The raw text of one member.
struct OneMember<'a, 'de> {
    name: &'a str,
    value: Option<&'de RawValue>,
}

impl<'de> Members<'de> for OneMember<'_, 'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if name == self.name {
            self.value = Some(map.next_value()?);
            return Ok(());
        }
        map.next_value::<IgnoredAny>().map(|_| ())
    }
}

fn required<T>(claim: &'static str, value: Option<T>) -> Result<T, VerifyError> {
    value.ok_or(VerifyError::InvalidClaim { claim, problem: ClaimProblem::Missing })
}

fn date(claim: &'static str, value: Option<&Json<'_>>) -> Result<Option<Timestamp>, VerifyError> {
    match value {
        None => Ok(None),
        Some(Json::Number(seconds)) => Timestamp::from_numeric_date(*seconds).map(Some).ok_or(wrong(claim)),
        Some(_) => Err(wrong(claim)),
    }
}

/// RFC 7519 §4.1.3: a string, or an array of strings. An empty array names nobody.
fn audience<'de>(spans: &mut SpanFinder<'de>, value: Option<Json<'de>>) -> Result<Box<[Span]>, VerifyError> {
    match required("aud", value)? {
        Json::Array { only_strings: false, .. } | Json::Number(_) | Json::Other => Err(wrong("aud")),
        value => match spans.strings(Some(value)) {
            entries if entries.is_empty() => Err(wrong("aud")),
            entries => Ok(entries.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(extra: &str) -> Result<Claims, VerifyError> {
        Claims::parse(format!(r#"{{"iss":"i","sub":"s","aud":["a","b"],"exp":100{extra}}}"#).as_bytes())
    }

    #[test]
    fn registered_claims_are_typed_and_the_rest_is_there_on_demand() {
        let claims = parse(r#","nbf":1.5,"scope":"x y","organization_id":"o","plan":{"tier":3}"#).unwrap();
        assert_eq!(claims.audience().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(claims.not_before(), Some(Timestamp::from_unix_millis(1500)));
        assert_eq!(claims.scopes().iter().collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(claims.organization_id(), Some("o"));
        assert_eq!(claims.get::<serde_json::Value>("plan").unwrap().unwrap()["tier"], 3);
        assert_eq!(claims.get::<String>("absent").unwrap(), None);
        assert_eq!(
            claims.get::<String>("plan").unwrap_err().to_string(),
            "the claim plan cannot be read as alloc::string::String"
        );
    }

    #[test]
    fn roles_are_the_strings_of_both_claims_and_never_split() {
        let claims = parse(r#","roles":["admin",7,"read only"],"role":"owner user""#).unwrap();
        assert_eq!(claims.roles().collect::<Vec<_>>(), ["admin", "read only", "owner user"]);
        assert_eq!(strings_of_claim(claims.json(), "role"), ["owner user"]);
        assert!(strings_of_claim(claims.json(), "exp").is_empty());
    }

    #[test]
    fn strings_with_escapes_are_read_plainly() {
        let payload = br#"{"iss":"i","sub":"\u0061\n\u00e9","aud":["\u0062","b"],"exp":1,"client_id":"plain","roles":["\"x\""]}"#;
        let claims = Claims::parse(payload).unwrap();
        assert_eq!((claims.subject(), claims.client_id()), ("a\n\u{e9}", Some("plain")));
        assert_eq!(claims.audience().collect::<Vec<_>>(), ["b", "b"]);
        assert_eq!(claims.roles().collect::<Vec<_>>(), ["\"x\""]);
        assert_eq!(claims.json().as_bytes(), payload);
    }

    /// `cargo test -p logto-authkit-token --lib --features serde_json/arbitrary_precision` asks it where it is least self-evident.
    #[test]
    fn dates_are_read_in_every_form_that_a_number_has() {
        for (date, milliseconds) in [
            ("1795207815", 1_795_207_815_000),
            ("1.795207815e9", 1_795_207_815_000),
            ("12.5", 12_500),
            ("-0.5", -500),
        ] {
            let claims = parse(&format!(r#","nbf":{date},"iat":{date}"#)).unwrap();
            let expected = Some(Timestamp::from_unix_millis(milliseconds));
            assert_eq!((claims.not_before(), claims.issued_at()), (expected, expected), "{date}");
        }
        for no_date in [r#""1""#, "1e400", "true", "[1]", r#"{"$serde_json::private::Number":"1"}"#] {
            assert_eq!(parse(&format!(r#","nbf":{no_date}"#)), Err(wrong("nbf")), "{no_date}");
        }
    }

    #[test]
    fn the_first_problem_names_its_claim() {
        for (extra, claim) in [
            (r#","nbf":null"#, "nbf"),
            (r#","iat":"1""#, "iat"),
            (r#","scope":["x"]"#, "scope"),
            (r#","organization_id":"""#, "organization_id"),
            (r#","client_id":1"#, "client_id"),
        ] {
            assert_eq!(parse(extra), Err(wrong(claim)), "{extra}");
        }
        let missing = Claims::parse(br#"{"iss":"i","sub":"s","aud":"a"}"#);
        assert_eq!(missing, Err(VerifyError::InvalidClaim { claim: "exp", problem: ClaimProblem::Missing }));
    }

    #[test]
    fn serialising_gives_the_payload_back() {
        let claims = parse(r#","plan":"gold""#).unwrap();
        let value = serde_json::to_value(&claims).unwrap();
        assert_eq!(value, serde_json::from_str::<serde_json::Value>(claims.json()).unwrap());
    }
}
