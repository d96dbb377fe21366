//! A web application with axum that signs people in: README.md says how to point it at a Logto server.

use std::env;
use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use logto_authkit::sign_in::{
    AuthRoutes, LogtoClient, LogtoConfig, LogtoContext, MemoryStore, RedisStore, RequireSignIn, SessionStore,
    SignInError, SignedIn, WithLogto, auth_router,
};
use logto_authkit::testing::{Application, DevIssuer};
use tokio::net::TcpListener;

const API: &str = "https://api.example.com";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    let url = format!("http://{}", listener.local_addr()?);

    // The Logto server that the environment names, or else a development issuer inside this process, with the user alice.
    let issuer = match env::var("LOGTO_URL") {
        Ok(_) => None,
        Err(_) => Some(DevIssuer::demo().application(own_application(&url)).start().await?),
    };
    let logto_url =
        issuer.as_ref().map_or_else(|| env::var("LOGTO_URL"), |issuer| Ok(issuer.logto_url().to_owned()))?;
    let config =
        LogtoConfig::builder(logto_url, env::var("LOGTO_APP_ID").unwrap_or_else(|_| "example".to_owned()))
            .app_secret(env::var("LOGTO_APP_SECRET").unwrap_or_else(|_| "example-secret".to_owned()))
            .base_url(env::var("BASE_URL").unwrap_or_else(|_| url.clone()))
            .resource(API)
            .scope("read:products")
            .sealing_key(
                env::var("SEALING_KEY")
                    .unwrap_or_else(|_| "only for development: put your own into SEALING_KEY".to_owned()),
            )
            .build()?;

    // Sessions in Redis are there for several processes, and after a restart.
    let store: Arc<dyn SessionStore> = match env::var("REDIS_URL") {
        Ok(url) => Arc::new(RedisStore::connect_when_needed(&url)?),
        Err(_) => Arc::new(MemoryStore::new()),
    };
    let client = LogtoClient::builder(config).shared_store(store).build();

    let app = Router::new()
        .route("/account", get(account))
        .route("/products", get(products))
        .route_layer(RequireSignIn)
        .route("/", get(home))
        .merge(auth_router(AuthRoutes::new(client.clone())))
        .layer(WithLogto::new(client));
    println!("listening on {url}");
    axum::serve(listener, app).await?;
    Ok(())
}

fn own_application(url: &str) -> Application {
    Application::web("example", "example-secret")
        .redirect_uri(format!("{url}/auth/sign-in-callback"))
        .post_logout_redirect_uri(format!("{url}/"))
}

/// Anybody may see this.
async fn home(context: LogtoContext) -> Html<&'static str> {
    Html(if context.is_authenticated {
        "<p>You are signed in. <a href=/account>Account</a> · <a href=/auth/sign-out>Sign out</a></p>"
    } else {
        "<p><a href='/auth/sign-in?return_to=/account'>Sign in</a></p>"
    })
}

/// Whoever is not signed in is sent to sign in, and back here.
async fn account(user: SignedIn) -> String {
    format!("You are {}.\n", user.user_id())
}

/// A token for an API, refreshed when its time is nearly up. An issuer that is down is a 503 and signs nobody out.
async fn products(user: SignedIn) -> Result<String, (axum::http::StatusCode, String)> {
    let answer = |error: SignInError| {
        let status = axum::http::StatusCode::from_u16(error.status());
        (status.unwrap_or(axum::http::StatusCode::INTERNAL_SERVER_ERROR), error.to_string())
    };
    let token = user.access_token(Some(API)).await.map_err(answer)?;
    Ok(format!("With this token you may: {:?}\n", token.scopes().collect::<Vec<_>>()))
}
