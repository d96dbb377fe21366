//! Introspection and revocation.

use serde_json::{Value, json};

use crate::browser::{Answer, World};

async fn introspect(world: &World, client: &str, token: &str) -> Answer {
    world.post(client, "/oidc/token/introspection", &[("token", token)]).await
}

async fn revoke(world: &World, client: &str, token: &str) -> Answer {
    world.post(client, "/oidc/token/revocation", &[("token", token)]).await
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

#[tokio::test]
async fn opaque_tokens_can_be_introspected_by_any_confidential_application() {
    let world = World::shop().await;
    let tokens = world.alice_at("web").await;
    let own = introspect(&world, "web", text(&tokens, "access_token")).await;
    let expected = json!({
        "active": true, "sub": "user_alice", "client_id": "web", "iat": 1_800_000_000, "exp": 1_800_003_600,
        "sid": own.body["sid"], "iss": world.issuer.issuer(), "scope": tokens["scope"], "token_type": "Bearer",
    });
    assert_eq!((own.status, &own.body), (200, &expected));
    assert_eq!(introspect(&world, "robot", text(&tokens, "access_token")).await.body, expected);

    let refresh = introspect(&world, "web", text(&tokens, "refresh_token")).await;
    assert_eq!(refresh.body["exp"], 1_800_000_000 + 14 * 86_400);
    assert_eq!(refresh.body.get("token_type"), None);
    assert!(refresh.text("scope").ends_with("read:products write:products delete:products read:members"));
    assert_eq!(world.issuer.counters().introspection, 3);
}

#[tokio::test]
async fn unknown_tokens_are_inactive_and_jwts_are_refused() {
    let world = World::shop().await;
    assert_eq!(introspect(&world, "web", "garbage").await.body, json!({ "active": false }));
    let jwt = introspect(&world, "web", &world.issuer.token().sign()).await;
    assert_eq!((jwt.status, jwt.text("error")), (400, "unsupported_token_type"));
    let jwt = revoke(&world, "web", &world.issuer.token().sign()).await;
    assert_eq!((jwt.status, jwt.text("error")), (400, "unsupported_token_type"));
}

#[tokio::test]
async fn revoking_a_refresh_token_ends_the_grant() {
    let world = World::shop().await;
    let tokens = world.alice_at("web").await;
    let answer = revoke(&world, "web", text(&tokens, "refresh_token")).await;
    assert_eq!((answer.status, &answer.headers["content-length"]), (200, &"0".parse().unwrap()));
    assert_eq!(world.refresh("web", text(&tokens, "refresh_token"), &[]).await.status, 400);
    assert_eq!(world.userinfo(text(&tokens, "access_token")).await.status, 401);
    assert_eq!(
        introspect(&world, "web", text(&tokens, "access_token")).await.body,
        json!({ "active": false })
    );
    assert_eq!(world.issuer.counters().revocation, 1);
}

#[tokio::test]
async fn revoking_an_opaque_token_ends_that_token_only() {
    let world = World::shop().await;
    let tokens = world.alice_at("web").await;
    assert_eq!(revoke(&world, "web", text(&tokens, "access_token")).await.status, 200);
    assert_eq!(world.userinfo(text(&tokens, "access_token")).await.status, 401);
    assert_eq!(world.refresh("web", text(&tokens, "refresh_token"), &[]).await.status, 200);
}

#[tokio::test]
async fn an_unknown_token_counts_as_revoked_and_a_foreign_one_is_refused() {
    let world = World::shop().await;
    assert_eq!(revoke(&world, "web", "garbage").await.status, 200);
    let tokens = world.alice_at("web").await;
    let foreign = revoke(&world, "other", text(&tokens, "refresh_token")).await;
    let description = "client is not authorized to revoke the presented token";
    assert_eq!(foreign.failure(), (400, "invalid_request", description));
    assert_eq!(world.refresh("web", text(&tokens, "refresh_token"), &[]).await.status, 200);
}
