use std::sync::{Arc, LazyLock};

use http::header::{COOKIE as COOKIE_HEADER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, Response};
use logto_authkit_sign_in::{AuthRoutes, LogtoClient, LogtoConfig, Redirect, SessionStore, SignInOptions};
use logto_authkit_token::LogtoUrl;
use logto_authkit_verifier::{Clock, HttpClient, KeySources, ManualClock};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::issuer::{Answer, ScriptedIssuer};
use crate::signer::{id_token, key_set};

/// Where the application is.
pub const BASE: &str = "https://app.example.com";
/// The name of the session's cookie.
pub const COOKIE: &str = "__Host-s";
/// The time, in seconds since 1970.
pub const NOW: i64 = 1_795_204_215;

/// An application and its issuer.
#[derive(Clone, Debug)]
pub struct Application {
    pub client: LogtoClient,
    pub routes: AuthRoutes,
    pub issuer: Arc<ScriptedIssuer>,
}

/// A sign-in on its way.
#[derive(Clone, Debug)]
pub struct Begun {
    pub state: String,
    pub nonce: String,
    /// The cookie that remembers it.
    pub name: String,
    pub value: String,
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime"));

/// Waits for what does not take long.
pub fn wait<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

impl Application {
    /// With sessions in cookies.
    pub fn with_cookies() -> Self {
        Application::new("/auth", None)
    }

    /// With sessions in a store.
    pub fn with_store(store: Arc<dyn SessionStore>) -> Self {
        Application::new("/auth", Some(store))
    }

    /// As [`with_cookies`](Application::with_cookies), below another path: one that the others' sessions do not open in.
    pub fn other() -> Self {
        Application::new("/other", None)
    }

    fn new(prefix: &str, store: Option<Arc<dyn SessionStore>>) -> Self {
        let endpoint = "https://tenant.logto.app";
        let issuer = Arc::new(ScriptedIssuer::new());
        let clock = Arc::new(ManualClock::at_unix_seconds(NOW)) as Arc<dyn Clock>;
        let keys = KeySources::new(Arc::clone(&issuer) as Arc<dyn HttpClient>, clock);
        keys.prime(&LogtoUrl::parse(endpoint).expect("an endpoint"), key_set());
        let config = LogtoConfig::builder(endpoint, "app")
            .base_url(BASE)
            .auth_routes_prefix(prefix)
            .resource("https://api.example.com")
            .cookie_name("s")
            .sealing_key("thirty-two random bytes, or more of them")
            .build()
            .expect("a right configuration");
        let builder = LogtoClient::builder(config).key_sources(&keys);
        let client = match store {
            Some(store) => builder.shared_store(store).build(),
            None => builder.build(),
        };
        Application { routes: AuthRoutes::new(client.clone()), client, issuer }
    }

    /// The answer of the routes to a request.
    pub fn get(&self, path_and_query: &str, headers: &HeaderMap) -> Response<Vec<u8>> {
        let uri = path_and_query.parse().expect("a path and query");
        wait(self.routes.handle(&Method::GET, &uri, headers, &[]))
    }
}

/// Begins a sign-in that ends at `return_to`.
pub fn begin(app: &Application, return_to: &str) -> Begun {
    let mut options = SignInOptions::default();
    options.return_to = Some(return_to.to_owned());
    begin_with(&wait(app.client.sign_in(&HeaderMap::new(), &options)).expect("a redirect"))
}

/// The sign-in that this redirect begins.
pub fn begin_with(redirect: &Redirect) -> Begun {
    let (_, query) = redirect.location.split_once('?').expect("a query");
    // What is looked for is base64url: nothing in it is encoded.
    let parameter = |name: &str| {
        let found = query.split('&').rev().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.expect("the parameter").to_owned()
    };
    let (state, nonce) = (parameter("state"), parameter("nonce"));
    let (name, value) = cookies_of(&redirect.set_cookies).pop().expect("a cookie");
    Begun { state, nonce, name, value }
}

/// Signs somebody in, and returns the cookies of the session.
pub fn sign_in_as(app: &Application, subject: &str, sid: &str) -> Vec<(String, String)> {
    let begun = begin(app, "/");
    let token = id_token(subject, sid, &begun.nonce);
    let answer = json!({
        "access_token": "opaque", "expires_in": 3600, "refresh_token": "refresh", "id_token": token, "scope": "openid",
    });
    app.issuer.set_answer(Answer::ok(answer.to_string()));
    let headers = cookie_header(&[(&begun.name, &begun.value)]);
    let prefix = app.routes.prefix();
    let answer = app.get(&format!("{prefix}/sign-in-callback?code=c&state={}", begun.state), &headers);
    assert_eq!(answer.status(), 303, "{}", String::from_utf8_lossy(answer.body()));
    let headers: Vec<_> = answer.headers().get_all(SET_COOKIE).iter().cloned().collect();
    cookies_of(&headers).into_iter().filter(|(name, _)| *name != begun.name).collect()
}

/// The names and values that `Set-Cookie` headers set.
pub fn cookies_of(headers: &[HeaderValue]) -> Vec<(String, String)> {
    let pair = |header: &HeaderValue| {
        let text = header.to_str().expect("visible ASCII").to_owned();
        let (name, value) = text.split(';').next()?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    headers.iter().filter_map(pair).collect()
}

/// The headers of a request with these cookies.
pub fn cookie_header(cookies: &[(&str, &str)]) -> HeaderMap {
    let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE_HEADER, HeaderValue::try_from(pairs.join("; ")).expect("visible ASCII"));
    headers
}
