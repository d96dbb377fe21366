//! A protected API to try things out on, and the issuer that makes its tokens.

mod page;
mod routes;
mod sessions;
mod web_app;

use std::process::ExitCode;

use logto_authkit::Verifier;
use logto_authkit::testing::{Application, DevIssuer};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::arguments::DemoOptions;
use crate::failure::Failure;
use crate::issuer::{start_failure, until_stopped};
use crate::terminal;

/// The resource, the application and the organization of [`DevIssuer::demo`].
const AUDIENCE: &str = "https://api.example.com";
const CLIENT_ID: &str = "demo-machine";
const CLIENT_SECRET: &str = "demo-secret";
const ORGANIZATION_ID: &str = "org_demo";
/// The application that signs people in, and the person.
const WEB_CLIENT_ID: &str = "demo-app";
const WEB_CLIENT_SECRET: &str = "demo-app-secret";
const USER: &str = "alice";

/// What the demo trusts.
#[derive(Clone, Debug)]
struct Setting {
    logto_url: String,
    issuer: String,
    audience: String,
    /// Whether the development issuer runs, so that tokens can be had for the asking.
    embedded: bool,
}

pub(crate) async fn run(options: DemoOptions) -> Result<ExitCode, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", options.port))
        .await
        .map_err(|error| Failure::port("--port", options.port, &error))?;
    let address = listener.local_addr().map_err(|error| Failure::port("--port", options.port, &error))?;
    let app = format!("http://{address}");

    let issuer = match options.logto_url {
        Some(_) => None,
        None => {
            let web = Application::web(WEB_CLIENT_ID, WEB_CLIENT_SECRET)
                .redirect_uri(format!("{app}/auth/sign-in-callback"))
                .post_logout_redirect_uri(format!("{app}/"))
                .backchannel_logout_uri(format!("{app}/auth/backchannel-logout"));
            let starting = DevIssuer::demo().application(web).port(options.issuer_port).start();
            Some(starting.await.map_err(|error| start_failure("--issuer-port", error))?)
        }
    };
    let (logto_url, audience) = match (&issuer, options.logto_url, options.audience) {
        (Some(issuer), ..) => (issuer.logto_url().to_owned(), AUDIENCE.to_owned()),
        (None, Some(logto_url), Some(audience)) => (logto_url, audience),
        _ => return Err(Failure::new("--logto-url and --audience belong together: give both, or neither")),
    };
    let verifier = Verifier::builder(&logto_url).audience(&audience).build()?;
    verifier.warm_up().await.map_err(|_| {
        Failure::new(format!(
            "--logto-url: {} does not answer with keys; logto-authkit doctor --logto-url {} says why",
            verifier.issuer().jwks_uri(),
            verifier.issuer(),
        ))
    })?;
    let setting = Setting {
        logto_url: verifier.issuer().endpoint().to_owned(),
        issuer: verifier.issuer().issuer().to_owned(),
        audience,
        embedded: issuer.is_some(),
    };
    let mut router = routes::router(verifier, setting.clone());
    if let Some((id, secret)) = web_client(&setting, options.app_id) {
        let client = sessions::client(&setting, &app, (&id, secret), options.sessions.as_deref()).await?;
        router = router.merge(web_app::router(client, &app, &setting.audience));
    }
    if options.json {
        terminal::print_json(&ready_line(&app, &setting))?;
    } else {
        terminal::print(&greeting(&app, &setting))?;
    }

    let serving = axum::serve(listener, router);
    tokio::select! {
        ended = serving.into_future() => {
            ended.map_err(|error| Failure::new(format!("the API stopped: {error}")))?;
        }
        () = until_stopped() => {}
    }
    if let Some(issuer) = issuer {
        issuer.shutdown().await;
    }
    Ok(ExitCode::SUCCESS)
}

/// The application that signs people in, and its secret: one of the development issuer's own, or the one that was named.
fn web_client(setting: &Setting, app_id: Option<String>) -> Option<(String, Option<String>)> {
    if setting.embedded {
        return Some((WEB_CLIENT_ID.to_owned(), Some(WEB_CLIENT_SECRET.to_owned())));
    }
    app_id.map(|id| (id, std::env::var("LOGTO_AUTHKIT_APP_SECRET").ok()))
}

/// One line for a program.
fn ready_line(app: &str, setting: &Setting) -> Value {
    let own = |value: &str| setting.embedded.then(|| value.to_owned());
    json!({
        "app": app,
        "issuer": setting.issuer,
        "logto_url": setting.logto_url,
        "audience": setting.audience,
        "client_id": own(CLIENT_ID),
        "client_secret": own(CLIENT_SECRET),
        "organization_id": own(ORGANIZATION_ID),
        "username": own(USER),
        "password": own(USER),
    })
}

/// Addresses and lines to copy, for a person.
fn greeting(app: &str, setting: &Setting) -> String {
    let Setting { issuer, audience, .. } = setting;
    let mut text = format!(
        "A protected API is ready.\n\n  API       {app}\n  issuer    {issuer}\n  audience  {audience}\n\n"
    );
    if setting.embedded {
        text.push_str(&format!(
            "Get a token:\n\n  \
             TOKEN=$(curl -s -u {CLIENT_ID}:{CLIENT_SECRET} {issuer}/token \\\n    \
             -d grant_type=client_credentials -d resource={audience} \\\n    \
             -d scope=read:products | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n\n"
        ));
    } else {
        text.push_str("Put a token of that issuer, for that audience, into TOKEN.\n\n");
    }
    text.push_str(&format!(
        "Use it, and see what is refused:\n\n  \
         curl -i {app}/api/me -H \"Authorization: Bearer $TOKEN\"\n  \
         curl -i {app}/api/products -H \"Authorization: Bearer $TOKEN\"\n  \
         curl -i -X POST {app}/api/products -H \"Authorization: Bearer $TOKEN\"   # 403: lacks write:products\n  \
         curl -i {app}/api/organizations/{ORGANIZATION_ID}/products -H \"Authorization: Bearer $TOKEN\"   # 403\n  \
         curl -i {app}/api/products   # 401: no token\n  \
         curl -i {app}/api/visitors   # guests are admitted\n\n\
         Or open {app} in a browser. Ctrl-C stops it.\n"
    ));
    if setting.embedded {
        text.push_str(&format!(
            "A web application that signs in {USER} (password {USER}) is at {app}/account.\n"
        ));
    }
    text
}
