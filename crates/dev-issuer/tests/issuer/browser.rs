//! A browser with one cookie, an application that signs people in, and an issuer for both.

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use logto_authkit_dev_issuer::{
    Application, DevIssuer, DevIssuerBuilder, ManualClock, Organization, OrganizationRole, Resource, Role,
    User,
};
use reqwest::header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use url::Url;

pub(crate) const API: &str = "https://api.example.com";
pub(crate) const SECOND_API: &str = "https://second.example.com";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:4000/auth/sign-in-callback";
pub(crate) const AFTER_LOGOUT: &str = "http://127.0.0.1:4000/";
pub(crate) const ORGANIZATIONS: &str = "urn:logto:resource:organizations";
/// The scopes of an application that wants everything.
pub(crate) const EVERYTHING: &str = "openid offline_access profile email phone roles custom_data identities \
    urn:logto:scope:organizations urn:logto:scope:organization_roles \
    read:products write:products delete:products read:members invite:members";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A shop with an API, two people, three applications and two organizations.
pub(crate) fn shop() -> DevIssuerBuilder {
    let member = OrganizationRole::new("member").scopes(["read:members"]).grant(API, ["delete:products"]);
    DevIssuer::builder()
        .resource(Resource::new(API).scopes(["read:products", "write:products", "delete:products"]))
        .resource(
            Resource::new(SECOND_API)
                .scopes(["ping"])
                .access_token_lifetime(std::time::Duration::from_secs(600)),
        )
        .role(Role::new("manager").grant(API, ["read:products", "write:products"]))
        .role(Role::new("reader").grant(API, ["read:products"]))
        .user(
            User::new("alice", "wonderland")
                .with_id("user_alice")
                .name("Alice Example")
                .full_name("Alice", "Example")
                .locale("en-GB")
                .email("alice@example.com")
                .roles(["manager"])
                .custom_data("plan", "gold"),
        )
        .user(User::new("bob", "builder"))
        .application(
            Application::web("web", "web secret+/:")
                .redirect_uri(CALLBACK)
                .post_logout_redirect_uri(AFTER_LOGOUT),
        )
        .application(Application::web("other", "other-secret").redirect_uri(CALLBACK))
        .application(
            Application::web("always", "always-secret")
                .redirect_uri(CALLBACK)
                .always_issue_refresh_token(true),
        )
        .application(Application::spa("spa").redirect_uri(CALLBACK))
        .application(Application::machine("robot", "robot-secret").roles(["reader"]))
        .application(Application::machine("idle", "idle-secret"))
        .organization(
            Organization::new("org_acme", "Acme")
                .description("Acme Inc")
                .role(member)
                .member("alice", ["member"])
                .machine_member("robot", ["member"]),
        )
        .organization(Organization::new("org_other", "Other"))
}

pub(crate) struct World {
    pub(crate) issuer: DevIssuer,
    pub(crate) clock: ManualClock,
    pub(crate) http: Client,
    cookie: RefCell<Option<String>>,
}

/// What an application asks for at the beginning of a sign-in.
pub(crate) struct Ask<'a>(pub(crate) Vec<(&'a str, &'a str)>);

impl<'a> Ask<'a> {
    pub(crate) fn of(client: &'a str) -> Self {
        Self(vec![
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", EVERYTHING),
            ("state", "s t&te"),
            ("nonce", "nonce-1"),
            ("prompt", "consent"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("resource", API),
            ("resource", SECOND_API),
            ("resource", ORGANIZATIONS),
        ])
    }

    pub(crate) fn with(mut self, name: &'a str, value: &'a str) -> Self {
        self = self.without(name);
        self.0.push((name, value));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| *known != name);
        self
    }
}

impl World {
    pub(crate) async fn shop() -> Self {
        Self::with(shop()).await
    }

    pub(crate) async fn with(builder: DevIssuerBuilder) -> Self {
        let clock = ManualClock::at_unix_seconds(1_800_000_000);
        let issuer = builder.clock(clock.clone()).start().await.unwrap();
        Self { issuer, clock, http: http(), cookie: RefCell::new(None) }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.logto_url())
    }

    /// One request of the browser, with its cookie and without following redirects.
    pub(crate) async fn browse(&self, request: reqwest::RequestBuilder) -> Response {
        let cookie = self.cookie.borrow().clone();
        let request = request.header("accept", "text/html");
        let request = match cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        };
        let response = request.send().await.unwrap();
        for line in response.headers().get_all(SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap().to_owned();
            *self.cookie.borrow_mut() = (!pair.ends_with('=')).then_some(pair);
        }
        response
    }

    pub(crate) fn forget_cookie(&self) {
        *self.cookie.borrow_mut() = None;
    }

    pub(crate) async fn authorize(&self, ask: &Ask<'_>) -> Response {
        self.browse(self.http.get(self.url("/oidc/auth")).query(&ask.0)).await
    }

    /// Goes through the sign-in, over the page when it comes, and returns what the application gets.
    pub(crate) async fn sign_in(&self, ask: &Ask<'_>, username: &str, password: &str) -> Callback {
        let response = self.authorize(ask).await;
        let to = location(&response);
        if !to.starts_with('/') {
            return Callback::of(&to);
        }
        let page = self.browse(self.http.get(self.url(&to))).await;
        assert_eq!(page.status(), StatusCode::OK);
        let response =
            self.submit(&hidden(&page.text().await.unwrap(), "interaction"), username, password).await;
        Callback::of(&location(&response))
    }

    pub(crate) async fn submit(&self, interaction: &str, username: &str, password: &str) -> Response {
        let form = [("interaction", interaction), ("username", username), ("password", password)];
        self.browse(self.http.post(self.url("/sign-in")).form(&form)).await
    }

    /// A token request of this application, which authenticates with HTTP Basic when it has a secret.
    pub(crate) async fn token(&self, client: &str, form: &[(&str, &str)]) -> Answer {
        self.post(client, "/oidc/token", form).await
    }

    pub(crate) async fn post(&self, client: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.http.post(self.url(path));
        let mut form = form.to_vec();
        let request = match secret(client) {
            Some(secret) => request.header(AUTHORIZATION, basic(client, secret)),
            None => {
                form.push(("client_id", client));
                request
            }
        };
        Answer::of(request.form(&form).send().await.unwrap()).await
    }

    /// Signs Alice in with everything, and exchanges the code.
    pub(crate) async fn alice_at(&self, client: &str) -> Value {
        let callback = self.sign_in(&Ask::of(client), "alice", "wonderland").await;
        let answer = self.exchange(client, &callback.code()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    pub(crate) async fn exchange(&self, client: &str, code: &str) -> Answer {
        self.token(client, &code_form(code)).await
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        form.extend(more);
        self.token(client, &form).await
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        Answer::of(self.http.get(self.url("/oidc/me")).bearer_auth(token).send().await.unwrap()).await
    }
}

pub(crate) fn http() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

pub(crate) fn code_form(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

pub(crate) fn secret(client: &str) -> Option<&'static str> {
    match client {
        "web" => Some("web secret+/:"),
        "other" => Some("other-secret"),
        "always" => Some("always-secret"),
        "robot" => Some("robot-secret"),
        "idle" => Some("idle-secret"),
        _ => None,
    }
}

/// RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

pub(crate) fn location(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// The value of a hidden field of a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&start).unwrap_or_else(|| panic!("no field {name} in {page}")).1;
    rest.split_once('"').unwrap().0.to_owned()
}

/// What the issuer sends the browser back to the application with.
#[derive(Debug)]
pub(crate) struct Callback(Url);

impl Callback {
    pub(crate) fn of(location: &str) -> Self {
        assert!(location.starts_with(CALLBACK), "not the application's callback: {location}");
        Self(Url::parse(location).unwrap())
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.0.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn code(&self) -> String {
        self.get("code").unwrap_or_else(|| panic!("no code in {}", self.0))
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null);
        Self { status, headers, body }
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_else(|| panic!("no text {name} in {}", self.body))
    }

    /// Status, error and description: what a failed request is compared by.
    pub(crate) fn failure(&self) -> (u16, &str, &str) {
        (self.status, self.text("error"), self.text("error_description"))
    }
}
