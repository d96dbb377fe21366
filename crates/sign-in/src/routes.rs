use http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, LOCATION, ORIGIN, REFERRER_POLICY, RETRY_AFTER,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use url::form_urlencoded;

use crate::authorize::{FirstScreen, SignInOptions};
use crate::client::{LogtoClient, Redirect};
use crate::logto_session::ContextOptions;
use crate::{ConfigError, SignInError, config, error_page};

/// The routes of sign-in, over plain `http` types: any framework mounts them below
/// [`auth_routes_prefix`](crate::LogtoConfig::auth_routes_prefix).
///
/// | route | does |
/// |---|---|
/// | `GET …/sign-in?return_to=` | begins a sign-in |
/// | `GET …/sign-up?return_to=` | begins a registration |
/// | `GET …/sign-in-callback` | ends it |
/// | `POST`, `GET …/sign-out?return_to=` | signs out, here and at the issuer |
/// | `POST …/backchannel-logout` | ends the sessions that a logout token names; where sessions are in cookies, 404 |
/// | `GET …/user` | who is signed in, as JSON and without tokens |
#[derive(Clone, Debug)]
pub struct AuthRoutes {
    client: LogtoClient,
    prefix: String,
}

/// What a route does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    SignIn,
    SignUp,
    Callback,
    SignOut,
    BackchannelLogout,
    User,
}

/// Marks a sign-in that was sent to the application's own host once, and is not sent there again.
const AT_HOME: &str = "at_home";

const SEC_FETCH_SITE: &str = "sec-fetch-site";

impl AuthRoutes {
    /// The routes of one application.
    pub fn new(client: LogtoClient) -> Self {
        let prefix = client.config().auth_routes_prefix().to_owned();
        AuthRoutes { client, prefix }
    }

    /// The same routes below another path than the configuration's: for a framework that mounts them inside another path.
    ///
    /// # Errors
    /// A text that is no path.
    pub fn at(&self, prefix: &str) -> Result<Self, ConfigError> {
        Ok(AuthRoutes { client: self.client.clone(), prefix: config::prefix(prefix)? })
    }

    /// Below which path the routes are.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether a path is one of these routes' to answer, known action or not.
    pub fn owns(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.prefix());
        rest.is_some_and(|rest| rest.starts_with('/'))
    }

    /// Answers a request. `uri` is as the server received it: its path begins with the prefix.
    pub async fn handle(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Response<Vec<u8>> {
        let Some(action) = self.action(uri.path()) else {
            return plain(StatusCode::NOT_FOUND, "there is no such page");
        };
        let allowed: &[Method] = match action {
            Action::SignOut => &[Method::GET, Method::POST],
            Action::BackchannelLogout => &[Method::POST],
            _ => &[Method::GET],
        };
        if !allowed.contains(method) {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "the page does not work that way");
            let names: Vec<_> = allowed.iter().map(Method::as_str).collect();
            insert(response.headers_mut(), ALLOW.as_str(), &names.join(", "));
            return response;
        }
        let answer = match action {
            Action::SignIn => self.sign_in(uri, headers, None).await,
            Action::SignUp => self.sign_in(uri, headers, Some(FirstScreen::Register)).await,
            Action::Callback => self.client.handle_callback(headers, uri).await.map(|to| redirect(&to)),
            Action::SignOut => self.sign_out(method, uri, headers).await,
            Action::BackchannelLogout => self.backchannel_logout(body).await,
            Action::User => self.user(headers).await,
        };
        answer.unwrap_or_else(|error| self.refusal(&error, headers))
    }

    /// The answer to a request that needs somebody who is signed in: a browser is sent to sign in and back again, anything else is
    /// told so with 401.
    pub fn require_sign_in(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response<Vec<u8>> {
        if !wants_page(headers) || !(*method == Method::GET || *method == Method::HEAD) {
            return self.refusal(&SignInError::NotAuthenticated, headers);
        }
        let back = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let query: String =
            form_urlencoded::Serializer::new(String::new()).append_pair("return_to", back).finish();
        let location = format!("{}/sign-in?{query}", self.prefix());
        redirect(&Redirect { location, set_cookies: Vec::new() })
    }

    /// The answer to a request that fails so: a page for people, JSON for programs.
    pub fn refusal(&self, error: &SignInError, headers: &HeaderMap) -> Response<Vec<u8>> {
        let mut response = if wants_page(headers) {
            error_page::respond(error, self.prefix())
        } else {
            let mut response = Response::new(error.body().into_bytes());
            insert(response.headers_mut(), CONTENT_TYPE.as_str(), "application/json");
            response
        };
        *response.status_mut() =
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        insert(headers, CACHE_CONTROL.as_str(), "no-store");
        if let Some(span) = error.retry_after() {
            insert(headers, RETRY_AFTER.as_str(), &span.as_secs().max(1).to_string());
        }
        response
    }

    fn action(&self, path: &str) -> Option<Action> {
        let rest = path.strip_prefix(self.prefix())?.strip_prefix('/')?;
        match rest.strip_suffix('/').unwrap_or(rest) {
            "sign-in" => Some(Action::SignIn),
            "sign-up" => Some(Action::SignUp),
            "sign-in-callback" => Some(Action::Callback),
            "sign-out" => Some(Action::SignOut),
            "backchannel-logout" if self.client.can_end_sessions_from_afar() => {
                Some(Action::BackchannelLogout)
            }
            "user" => Some(Action::User),
            _ => None,
        }
    }

    async fn sign_in(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        first_screen: Option<FirstScreen>,
    ) -> Result<Response<Vec<u8>>, SignInError> {
        if let Some(home) = self.own_address(uri, headers) {
            return Ok(redirect(&Redirect { location: home, set_cookies: Vec::new() }));
        }
        let options = SignInOptions {
            return_to: parameter(uri, "return_to"),
            redirect_uri: Some(self.client.config().address(&format!("{}/sign-in-callback", self.prefix))),
            first_screen,
            ..SignInOptions::default()
        };
        Ok(redirect(&self.client.sign_in(headers, &options).await?))
    }

    /// Where a browser is to begin that asks at another host than the callback will come to, such as 127.0.0.1 for localhost: the
    /// cookie would stay behind there.
    fn own_address(&self, uri: &Uri, headers: &HeaderMap) -> Option<String> {
        let config = self.client.config();
        let host = headers.get(HOST)?.to_str().ok()?;
        if config.is_own_host(host) || parameter(uri, AT_HOME).is_some() {
            return None;
        }
        let mut query = form_urlencoded::Serializer::new(uri.query().unwrap_or_default().to_owned());
        query.append_pair(AT_HOME, "1");
        // As a URL writes it: in what a request names may be letters that none has.
        let mut home = config.base_url.clone();
        home.set_path(uri.path());
        home.set_query(Some(&query.finish()));
        Some(home.into())
    }

    async fn sign_out(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Response<Vec<u8>>, SignInError> {
        if !self.is_own_request(method, headers) {
            return Err(SignInError::CrossSite);
        }
        let return_to = parameter(uri, "return_to");
        Ok(redirect(&self.client.sign_out(headers, return_to.as_deref()).await?))
    }

    /// Whether a page of the application, or the user, asks to sign out. Old browsers say nothing when they follow a link. What follows no
    /// link, such as an image in somebody's text or a browser that reads ahead, may be on a page of the application and is not asked by it;
    /// browsers that tell such things tell them all.
    fn is_own_request(&self, method: &Method, headers: &HeaderMap) -> bool {
        let differs = |name: &str, wanted: &str| headers.get(name).is_some_and(|value| value != wanted);
        if *method == Method::GET
            && headers.contains_key(SEC_FETCH_SITE)
            && (differs("sec-fetch-mode", "navigate")
                || differs("sec-fetch-dest", "document")
                || headers.contains_key("sec-purpose"))
        {
            return false;
        }
        match headers.get(SEC_FETCH_SITE) {
            Some(site) => site == "same-origin" || site == "none",
            None if *method == Method::GET => true,
            None => headers
                .get(ORIGIN)
                .and_then(|origin| origin.to_str().ok())
                .is_some_and(|origin| origin == self.client.config().base_url.origin().ascii_serialization()),
        }
    }

    async fn backchannel_logout(&self, body: &[u8]) -> Result<Response<Vec<u8>>, SignInError> {
        let token = form_urlencoded::parse(body).find(|(name, _)| name == "logout_token");
        let (_, token) = token.ok_or(SignInError::InvalidLogoutToken("there is none"))?;
        self.client.backchannel_logout(&token).await?;
        let mut response = Response::new(Vec::new());
        insert(response.headers_mut(), CACHE_CONTROL.as_str(), "no-store");
        Ok(response)
    }

    async fn user(&self, headers: &HeaderMap) -> Result<Response<Vec<u8>>, SignInError> {
        let session = self.client.session(headers).await?;
        let context = session.context(&ContextOptions::default()).await;
        let mut response = Response::new(context.to_json().to_string().into_bytes());
        session.append_cookies(response.headers_mut());
        insert(response.headers_mut(), CONTENT_TYPE.as_str(), "application/json");
        insert(response.headers_mut(), X_CONTENT_TYPE_OPTIONS.as_str(), "nosniff");
        insert(response.headers_mut(), CACHE_CONTROL.as_str(), "no-store");
        Ok(response)
    }
}

/// Whether a person is looking.
fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")))
}

fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// 303, so that whatever led here is not done again there.
fn redirect(to: &Redirect) -> Response<Vec<u8>> {
    let mut response = Response::new(Vec::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    insert(headers, LOCATION.as_str(), &to.location);
    insert(headers, CACHE_CONTROL.as_str(), "no-store");
    insert(headers, REFERRER_POLICY.as_str(), "no-referrer");
    for cookie in &to.set_cookies {
        headers.append(SET_COOKIE, cookie.clone());
    }
    response
}

fn plain(status: StatusCode, text: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(text.as_bytes().to_vec());
    *response.status_mut() = status;
    insert(response.headers_mut(), CONTENT_TYPE.as_str(), "text/plain; charset=utf-8");
    insert(response.headers_mut(), CACHE_CONTROL.as_str(), "no-store");
    response
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
