use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, Method};
use logto_authkit_token::{
    Claims, ConfigError, ErrorCode, OrganizationId, OrganizationRule, Policy, Timestamp, VerifyError,
};
use logto_authkit_verifier::Verifier;
use logto_authkit_verifier::danger::at_another_time;

use crate::credentials::{Authorization, CookieNames, KnownGuest};
use crate::guest::GuestId;
use crate::origin::Provenance;
use crate::realm::Realm;
use crate::set_cookie::cookie_name;
use crate::{Admission, AuthContext, Credentials, Denial, Guest, GuestReason};

/// The one decision that every adapter calls: is this request admitted, and as whom?
///
/// Cheap to clone.
///
/// ```no_run
/// # async fn run(request: http::Request<()>) -> Result<(), Box<dyn std::error::Error>> {
/// use logto_authkit_verifier::Verifier;
/// use logto_authkit_web::{Guard, RequestOrganization};
///
/// let verifier = Verifier::builder("https://tenant.logto.app").audience("https://api.example.com").build()?;
/// let guard = Guard::new(verifier).allow_guests(true);
/// let credentials = guard.credentials(request.method(), request.headers());
/// match guard.admit(&credentials, RequestOrganization::AsConfigured).await {
///     Ok(admission) => println!("{:?}", admission.context().user_id()),
///     Err(denial) => println!("{}", denial.body()),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    verifier: Verifier,
    policy: Policy,
    cookies: CookieNames,
    guests: bool,
    keys: KeyUse,
    realm: Option<Realm>,
}

/// Where the keys for a request come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyUse {
    Cached,
    FetchedForEach,
}

/// The organization that a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestOrganization {
    /// What the policy says, for every request the same.
    AsConfigured,
    /// This one: taken from the request's path, a header, its host.
    Id(OrganizationId),
    /// The request should name one and does not, or names something that cannot be one.
    Unnamed,
}

impl RequestOrganization {
    /// The organization of a text that the request carries where it should name one.
    pub fn named(text: Option<&str>) -> Self {
        match text.map(OrganizationId::parse) {
            Some(Ok(id)) => RequestOrganization::Id(id),
            _ => RequestOrganization::Unnamed,
        }
    }
}

impl Guard {
    /// A guard with the verifier's own policy, the default cookie names, and no guests.
    pub fn new(verifier: Verifier) -> Self {
        let policy = verifier.policy().clone();
        let cookies =
            CookieNames { token: "logto_authtoken".to_owned(), guest: "guest_logto_authtoken".to_owned() };
        Guard(Arc::new(Inner { verifier, policy, cookies, guests: false, keys: KeyUse::Cached, realm: None }))
    }

    /// Another policy over the same verifier.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        self.change(|inner| inner.policy = policy)
    }

    /// Whether visitors without an accepted token are admitted as guests. Default: no.
    ///
    /// An outage of the issuer makes nobody a guest: it stays a 503.
    #[must_use]
    pub fn allow_guests(self, allow: bool) -> Self {
        self.change(|inner| inner.guests = allow)
    }

    /// The cookie that holds the access token. Default `logto_authtoken`.
    ///
    /// A name that begins with `__Host-` keeps sibling domains from planting a cookie of theirs: browsers take such a cookie
    /// from this host alone.
    ///
    /// # Errors
    /// A name that no cookie can have (RFC 6265 §4.1.1).
    pub fn with_cookie_name(self, name: impl Into<String>) -> Result<Self, ConfigError> {
        let name = cookie_name("cookie_name", name.into())?;
        Ok(self.change(|inner| inner.cookies.token = name))
    }

    /// The cookie that holds a guest's id. Default `guest_logto_authtoken`.
    ///
    /// A name that begins with `__Host-` or `__Secure-` makes the cookie `Secure` also on loopback: browsers would drop it.
    ///
    /// # Errors
    /// As [`with_cookie_name`](Guard::with_cookie_name).
    pub fn with_guest_cookie_name(self, name: impl Into<String>) -> Result<Self, ConfigError> {
        let name = cookie_name("guest_cookie_name", name.into())?;
        Ok(self.change(|inner| inner.cookies.guest = name))
    }

    /// Whether the issuer is asked for its keys at every request, past all caches and without touching them. Default: no.
    ///
    /// Every request then costs a request to the issuer. For a diagnosis, not for traffic.
    #[must_use]
    pub fn fetch_keys_for_each(self, fetch: bool) -> Self {
        self.change(|inner| inner.keys = if fetch { KeyUse::FetchedForEach } else { KeyUse::Cached })
    }

    pub(crate) fn at(&self, now: Timestamp) -> Self {
        self.clone().change(|inner| inner.verifier = at_another_time(&inner.verifier, now))
    }

    /// The realm in `WWW-Authenticate`. Default `api`.
    #[must_use]
    pub fn with_realm(self, realm: impl Into<Box<str>>) -> Self {
        self.change(|inner| inner.realm = Realm::other_than_default(realm.into()))
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// The verifier behind it.
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// Reads what a request brought.
    pub fn credentials<'a>(&'a self, method: &'a Method, headers: &'a HeaderMap) -> Credentials<'a> {
        Credentials::read(method, headers, &self.0.cookies)
    }

    /// A token that did not come with a request: from a message queue, a WebSocket, a test. An empty one is a malformed one.
    pub fn credentials_of_token<'a>(&'a self, token: &'a str) -> Credentials<'a> {
        Credentials::of_token(token, &self.0.cookies)
    }

    /// Decides about a request.
    ///
    /// The cookie's token is tried first, then the header's; where both are refused, the first refusal is told.
    ///
    /// # Errors
    /// The denial to answer with.
    pub async fn admit(
        &self,
        credentials: &Credentials<'_>,
        organization: RequestOrganization,
    ) -> Result<Admission, Denial> {
        if let Some(decided) = self.admit_cached(credentials, &organization) {
            return decided;
        }
        // `admit_cached` has decided about every request that names no organization.
        let policy = self.policy_for(&organization);
        let cookie = match credentials.cookie {
            Some(token) => Some(self.verify(token, &policy).await),
            None => None,
        };
        let settled = matches!(&cookie, Some(Ok(_))) && credentials.provenance() != Provenance::Unproven;
        let header = match credentials.authorization {
            Authorization::Bearer(token) if !settled => Some(self.verify(token, &policy).await),
            _ => None,
        };
        self.decide(credentials, cookie, header)
    }

    async fn verify(&self, token: &str, policy: &Policy) -> Result<Arc<Claims>, VerifyError> {
        match self.0.keys {
            KeyUse::Cached => self.0.verifier.verify_with(token, policy).await,
            KeyUse::FetchedForEach => self.0.verifier.verify_past_caches(token, policy).await,
        }
    }

    /// The decision about a request whose token was accepted and whose claims the application itself then refuses: a guest where
    /// guests are admitted, else a denial with the code `claim_rejected`. `claim` names the check.
    ///
    /// # Errors
    /// The denial to answer with.
    pub fn reject(&self, credentials: &Credentials<'_>, claim: &str) -> Result<Admission, Denial> {
        self.refuse(credentials, VerifyError::ClaimRejected { claim: claim.to_owned() }, None)
    }

    /// The decision about a request whose first token is remembered as verified, or which brings no token at all; `None` where
    /// only [`admit`](Guard::admit) can tell. Never waits and needs no runtime.
    pub fn admit_cached(
        &self,
        credentials: &Credentials<'_>,
        organization: &RequestOrganization,
    ) -> Option<Result<Admission, Denial>> {
        self.settle(credentials, organization, |token, policy| self.0.verifier.verify_cached(token, policy))
    }

    /// As [`admit_cached`](Guard::admit_cached), and also about a token that is quickly verified on this thread: see
    /// [`Verifier::verify_at_once`].
    pub fn admit_at_once(
        &self,
        credentials: &Credentials<'_>,
        organization: &RequestOrganization,
    ) -> Option<Result<Admission, Denial>> {
        self.settle(credentials, organization, |token, policy| self.0.verifier.verify_at_once(token, policy))
    }

    fn settle(
        &self,
        credentials: &Credentials<'_>,
        organization: &RequestOrganization,
        verify: impl Fn(&str, &Policy) -> Option<Result<Arc<Claims>, VerifyError>>,
    ) -> Option<Result<Admission, Denial>> {
        if *organization == RequestOrganization::Unnamed && !credentials.is_empty() {
            let denial = Denial::with_message(ErrorCode::InvalidRequest, "the request names no organization");
            return Some(Err(self.denial(denial)));
        }
        if self.0.keys == KeyUse::FetchedForEach && !credentials.is_empty() {
            return None;
        }
        let policy = self.policy_for(organization);
        let (cookie, header) = match (credentials.cookie, credentials.authorization) {
            (Some(token), Authorization::Absent) => (Some(verify(token, &policy)?), None),
            (None, Authorization::Bearer(token)) => (None, Some(verify(token, &policy)?)),
            (None, _) => (None, None),
            (Some(_), _) => return None,
        };
        Some(self.decide(credentials, cookie, header))
    }

    fn policy_for(&self, organization: &RequestOrganization) -> Cow<'_, Policy> {
        match organization {
            RequestOrganization::AsConfigured | RequestOrganization::Unnamed => Cow::Borrowed(&self.0.policy),
            RequestOrganization::Id(id) => {
                Cow::Owned(self.0.policy.clone().with_organization(OrganizationRule::Require(id.clone())))
            }
        }
    }

    /// The table of what the two places said. Pure.
    fn decide(
        &self,
        credentials: &Credentials<'_>,
        cookie: Option<Result<Arc<Claims>, VerifyError>>,
        header: Option<Result<Arc<Claims>, VerifyError>>,
    ) -> Result<Admission, Denial> {
        // A header that cannot be read is the caller's mistake whatever the cookie says: RFC 6750 §3.1 answers it with 400.
        if credentials.authorization == Authorization::Malformed {
            return Err(self.denial(Denial::new(ErrorCode::InvalidRequest)));
        }
        let forged = matches!(&cookie, Some(Ok(_))) && credentials.provenance() == Provenance::Unproven;
        match (cookie, header) {
            (Some(Ok(claims)), _) if !forged => Ok(Admission::user(claims, self.0.realm.clone())),
            (_, Some(Ok(claims))) => Ok(Admission::user(claims, self.0.realm.clone())),
            // The cookie's token is good and the request may be forged: not even a guest's request is made of it.
            (Some(Ok(_)), _) => Err(self.denial(Denial::new(ErrorCode::CsrfFailed))),
            (None, None) => {
                self.guest_or(credentials, GuestReason::NoToken, || Denial::new(ErrorCode::MissingToken))
            }
            (Some(Err(first)), second) => self.refuse(credentials, first, second.and_then(Result::err)),
            (None, Some(Err(first))) => self.refuse(credentials, first, None),
        }
    }

    fn refuse(
        &self,
        credentials: &Credentials<'_>,
        first: VerifyError,
        second: Option<VerifyError>,
    ) -> Result<Admission, Denial> {
        // As long as one of the tokens could not be judged, nobody is turned away for good and nobody becomes a guest.
        let outage = |error: &VerifyError| error.code() == ErrorCode::KeysUnavailable;
        let reported = match second {
            Some(second) if outage(&second) && !outage(&first) => second,
            _ => first,
        };
        if outage(&reported) {
            return Err(self.denial(reported.into()));
        }
        self.guest_or(credentials, GuestReason::Refused(reported.code()), || reported.into())
    }

    fn guest_or(
        &self,
        credentials: &Credentials<'_>,
        reason: GuestReason,
        denial: impl FnOnce() -> Denial,
    ) -> Result<Admission, Denial> {
        if !self.0.guests {
            return Err(self.denial(denial()));
        }
        let (id, set_cookie) = match credentials.guest() {
            KnownGuest::Id(id) => (id, None),
            KnownGuest::Unproven => (GuestId::random(), None),
            KnownGuest::New => {
                let id = GuestId::random();
                (id, id.set_cookie(&self.0.cookies.guest, !credentials.is_for_loopback()))
            }
        };
        let context = AuthContext::Guest(Guest { id, reason });
        Ok(Admission { context, set_cookie, realm: self.0.realm.clone() })
    }

    fn denial(&self, denial: Denial) -> Denial {
        tracing::debug!(code = %denial.code(), reason = denial.message(), "a request is denied");
        denial.in_realm(self.0.realm.clone())
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Guard")
            .field("verifier", &self.0.verifier)
            .field("guests", &self.0.guests)
            .finish_non_exhaustive()
    }
}
