//! An issuer, an application that signs people in with it, and browsers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri};
use logto_authkit_dev_issuer::{
    Application, DevIssuer, Organization, OrganizationRole, Resource, Role, User,
};
use logto_authkit_sign_in::{
    AuthRoutes, LogtoClient, LogtoConfig, LogtoConfigBuilder, LogtoSession, MemoryStore, SessionStore, scopes,
};
use logto_authkit_verifier::{Clock, KeySources, ManualClock, ReqwestClient};
use serde_json::Value;

pub(crate) const API: &str = "https://api.example.com";
pub(crate) const SECOND_API: &str = "https://second.example.com";
pub(crate) const HOME: &str = "http://localhost:4000";
pub(crate) const KEY: &str = "thirty-two random bytes, or more of them";

pub(crate) struct World {
    pub(crate) issuer: DevIssuer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) keys: KeySources,
    http: reqwest::Client,
}

/// One process of the application.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) client: LogtoClient,
    pub(crate) routes: AuthRoutes,
}

/// A browser, with the cookies that the application and the issuer have given it.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) at_issuer: BTreeMap<String, String>,
}

impl World {
    pub(crate) async fn new() -> Self {
        World::with_organizations(["org_acme", "org_other"]).await
    }

    pub(crate) async fn with_organizations(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let clock = Arc::new(ManualClock::at_present());
        let issuers_clock = Arc::clone(&clock);
        let mut builder = DevIssuer::builder()
            .resource(Resource::new(API).scopes(["read:products", "write:products"]))
            .resource(Resource::new(SECOND_API).scopes(["ping"]))
            .role(Role::new("manager").grant(API, ["read:products"]).grant(SECOND_API, ["ping"]))
            .user(User::new("alice", "alice").with_id("user_alice").name("Alice Example").roles(["manager"]))
            .user(User::new("bob", "bob").with_id("user_bob"))
            .application(
                Application::web("web", "web secret+/:")
                    .redirect_uri(format!("{HOME}/auth/sign-in-callback"))
                    .redirect_uri(format!("{HOME}/admin/auth/sign-in-callback"))
                    .post_logout_redirect_uri(format!("{HOME}/"))
                    .backchannel_logout_uri(format!("{HOME}/auth/backchannel-logout")),
            )
            .application(Application::spa("public").redirect_uri(format!("{HOME}/auth/sign-in-callback")))
            .application(Application::machine("robot", "robot-secret").roles(["manager"]));
        for id in ids {
            let id = id.into();
            let member = OrganizationRole::new("member").scopes(["read:members"]);
            builder =
                builder.organization(Organization::new(&id, &id).role(member).member("alice", ["member"]));
        }
        let issuer = builder.clock(move || issuers_clock.now().as_unix_millis()).start().await.unwrap();
        let keys = KeySources::new(Arc::new(ReqwestClient::new()), Arc::clone(&clock) as Arc<dyn Clock>);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        World { issuer, clock, keys, http }
    }

    /// What the application is built with unless a test wants something else. A public client: its refresh tokens rotate at each use.
    pub(crate) fn config(&self) -> LogtoConfigBuilder {
        LogtoConfig::builder(self.issuer.logto_url(), "public")
            .base_url(HOME)
            .resource(API)
            .resource(SECOND_API)
            .scope("read:products")
            .scope("ping")
            .scope("read:members")
            .scope(scopes::ROLES)
            .scope(scopes::ORGANIZATIONS)
            .scope(scopes::ORGANIZATION_ROLES)
            .sealing_key(KEY)
    }

    pub(crate) fn app_of(&self, config: LogtoConfigBuilder, store: Option<Arc<dyn SessionStore>>) -> App {
        let builder = LogtoClient::builder(config.build().unwrap()).key_sources(&self.keys);
        let client = match store {
            Some(store) => builder.shared_store(store).build(),
            None => builder.build(),
        };
        App { routes: AuthRoutes::new(client.clone()), client }
    }

    pub(crate) fn store(&self) -> Arc<dyn SessionStore> {
        Arc::new(MemoryStore::with_clock(Arc::clone(&self.clock) as Arc<dyn Clock>))
    }

    /// With sessions in memory.
    pub(crate) fn app(&self) -> App {
        self.app_of(self.config(), Some(self.store()))
    }

    /// With sessions in cookies.
    pub(crate) fn cookie_app(&self) -> App {
        self.app_of(self.config(), None)
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Signs somebody in, and returns the browser and where it ended up.
    pub(crate) async fn sign_in(&self, app: &App, user: &str, path: &str) -> (Browser, String) {
        let mut browser = Browser::default();
        let callback = self.callback_of(app, &mut browser, user, path).await;
        let answer = browser.get(app, &callback).await;
        assert_eq!(answer.status(), 303, "{}", String::from_utf8_lossy(answer.body()));
        let location = location(&answer);
        (browser, location)
    }

    pub(crate) async fn alice(&self, app: &App) -> Browser {
        self.sign_in(app, "alice", "/auth/sign-in").await.0
    }

    /// Goes as far as the issuer's answer: the path and query of the callback.
    pub(crate) async fn callback_of(
        &self,
        app: &App,
        browser: &mut Browser,
        user: &str,
        path: &str,
    ) -> String {
        let begun = browser.get(app, path).await;
        assert_eq!(begun.status(), 303, "{}", String::from_utf8_lossy(begun.body()));
        self.at_issuer(browser, &location(&begun), user).await
    }

    /// Follows an authorization request to the application's callback.
    pub(crate) async fn at_issuer(&self, browser: &mut Browser, url: &str, user: &str) -> String {
        let mut answer = self.browse(browser, self.http.get(url)).await;
        loop {
            if answer.status() == 200 {
                let page = answer.text().await.unwrap();
                let interaction = page.split_once("name=\"interaction\" value=\"").unwrap().1;
                let interaction = interaction.split_once('"').unwrap().0;
                let form = [("interaction", interaction), ("username", user), ("password", user)];
                let url = format!("{}/sign-in", self.issuer.logto_url());
                answer = self.browse(browser, self.http.post(url).form(&form)).await;
            }
            assert_eq!(answer.status(), 303);
            let to = answer.headers()[LOCATION].to_str().unwrap().to_owned();
            match to.strip_prefix(HOME) {
                Some(path) => return path.to_owned(),
                None if to.starts_with('/') => {
                    let url = format!("{}{to}", self.issuer.logto_url());
                    answer = self.browse(browser, self.http.get(url)).await;
                }
                None => panic!("the issuer sends the browser to {to}"),
            }
        }
    }

    async fn browse(&self, browser: &mut Browser, request: reqwest::RequestBuilder) -> reqwest::Response {
        let line = cookie_line(&browser.at_issuer);
        let response = request.header("accept", "text/html").header("cookie", line).send().await.unwrap();
        for line in response.headers().get_all("set-cookie") {
            take_cookie(&mut browser.at_issuer, line.to_str().unwrap());
        }
        response
    }
}

impl Browser {
    pub(crate) fn headers(&self) -> HeaderMap {
        self.headers_with(&[])
    }

    pub(crate) fn headers_with(&self, more: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("text/html"));
        if !self.cookies.is_empty() {
            headers.insert(COOKIE, cookie_line(&self.cookies).parse().unwrap());
        }
        for (name, value) in more {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        headers
    }

    pub(crate) async fn get(&mut self, app: &App, path: &str) -> Response<Vec<u8>> {
        self.ask(app, Method::GET, path, &[], b"").await
    }

    pub(crate) async fn ask(
        &mut self,
        app: &App,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: &[u8],
    ) -> Response<Vec<u8>> {
        let uri: Uri = path.parse().unwrap();
        let answer = app.routes.handle(&method, &uri, &self.headers_with(headers), body).await;
        self.take(answer.headers());
        answer
    }

    /// Keeps the cookies of an answer, as browsers do: nothing larger than 4 096 bytes.
    pub(crate) fn take(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            assert!(line.len() <= 4096, "browsers drop a cookie of {} bytes", line.len());
            take_cookie(&mut self.cookies, line);
        }
    }

    pub(crate) fn take_from(&mut self, session: &LogtoSession) {
        let mut headers = HeaderMap::new();
        for line in session.set_cookies() {
            headers.append(SET_COOKIE, line);
        }
        self.take(&headers);
    }

    pub(crate) async fn session(&self, app: &App) -> LogtoSession {
        app.client.session(&self.headers()).await.unwrap()
    }

    /// Who the application says is signed in.
    pub(crate) async fn user(&mut self, app: &App) -> Value {
        let answer = self.get(app, "/auth/user").await;
        assert_eq!(answer.status(), 200);
        serde_json::from_slice(answer.body()).unwrap()
    }

    pub(crate) async fn is_signed_in(&mut self, app: &App) -> bool {
        self.user(app).await["isAuthenticated"] == true
    }
}

pub(crate) fn location(answer: &Response<Vec<u8>>) -> String {
    answer.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// The code of a refusal, whether it was made for a person or for a program.
pub(crate) fn code(answer: &Response<Vec<u8>>) -> String {
    let text = String::from_utf8_lossy(answer.body());
    match serde_json::from_str::<Value>(&text) {
        Ok(body) => body["code"].as_str().unwrap().to_owned(),
        Err(_) => text.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0.to_owned(),
    }
}

pub(crate) fn cookie_line(cookies: &BTreeMap<String, String>) -> String {
    cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

pub(crate) fn take_cookie(cookies: &mut BTreeMap<String, String>, line: &str) {
    let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
    if line.contains("Max-Age=0") || value.is_empty() {
        cookies.remove(name);
    } else {
        cookies.insert(name.to_owned(), value.to_owned());
    }
}

impl World {
    /// What the application is built with from now on: a clock that differs by so many seconds from the issuer's.
    pub(crate) fn set_our_clock_apart(&mut self, seconds: i64) {
        self.clock = Arc::new(ManualClock::at_unix_seconds(self.clock_seconds() + seconds));
        self.keys =
            KeySources::new(Arc::new(ReqwestClient::new()), Arc::clone(&self.clock) as Arc<dyn Clock>);
    }

    pub(crate) fn clock_seconds(&self) -> i64 {
        self.clock.now().as_unix_seconds()
    }
}
