use axum::routing::get as on_get;
use axum::{Json, Router};
use logto_authkit_tower::{Auth, AuthContext, AuthLayer, Denial};

use crate::{World, bearer, get};

#[tokio::test]
async fn an_extractor_without_an_auth_layer_fails_closed() {
    let app = Router::new()
        .route("/auth", on_get(|_: Auth| async {}))
        .route("/option", on_get(|_: Option<Auth>| async {}))
        .route("/context", on_get(|context: AuthContext| async { Json(context) }));
    for path in ["/auth", "/option", "/context"] {
        assert_eq!(get(&app, path, &[]).await.denial(), (500, "misconfigured".into()), "{path}");
    }
}

#[tokio::test]
async fn a_handler_can_take_the_denial_into_its_own_hands() {
    async fn handler(auth: Result<Auth, Denial>) -> String {
        auth.map_or_else(|denial| denial.code().to_string(), |auth| auth.user_id().to_owned())
    }
    let world = World::new().await;
    let app = Router::new()
        .route("/", on_get(handler))
        .layer(AuthLayer::new(world.verifier.clone()).allow_guests(true));
    assert_eq!(get(&app, "/", &[]).await.body, "missing_token");
    assert_eq!(get(&app, "/", &[("authorization", &bearer(&world.token().sign()))]).await.body, "alice");
}

#[tokio::test]
async fn an_inner_layer_decides_for_its_own_routes() {
    let world = World::new().await;
    let app = Router::new()
        .route("/", on_get(|context: AuthContext| async { Json(context) }))
        .layer(AuthLayer::new(world.verifier.clone()))
        .layer(AuthLayer::new(world.verifier.clone()).allow_guests(true));
    assert_eq!(get(&app, "/", &[]).await.denial(), (401, "missing_token".into()));
}
