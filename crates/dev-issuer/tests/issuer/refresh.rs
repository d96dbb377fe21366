use std::time::Duration;

use serde_json::json;

use crate::browser::{API, Ask, SECOND_API, World};
use crate::verify::decode;

const REFUSED: (u16, &str, &str) = (400, "invalid_grant", "grant request is invalid");

async fn signed_in(world: &World, client: &str) -> String {
    world.alice_at(client).await["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_refresh_without_a_resource_gives_everything_anew() {
    let world = World::shop().await;
    let token = signed_in(&world, "web").await;
    world.clock.advance(Duration::from_secs(10));
    let answer = world.refresh("web", &token, &[]).await;
    assert_eq!((answer.status, answer.text("access_token").len()), (200, 43));
    assert_eq!(answer.text("refresh_token"), token, "a confidential application keeps its token");
    let payload = decode(answer.text("id_token")).payload;
    assert_eq!((&payload["iat"], &payload["nonce"]), (&json!(1_800_000_010), &json!("nonce-1")));
    assert_eq!(world.issuer.counters().token_refresh, 1);
}

#[tokio::test]
async fn a_refresh_for_a_resource_gives_a_jwt_with_the_users_scopes() {
    let world = World::shop().await;
    let token = signed_in(&world, "web").await;
    let answer = world.refresh("web", &token, &[("resource", API)]).await;
    let payload = decode(answer.text("access_token")).payload;
    assert_eq!((&payload["aud"], &payload["client_id"]), (&json!(API), &json!("web")));
    assert_eq!(answer.text("scope"), "read:products write:products");
    let second = world.refresh("web", &token, &[("resource", SECOND_API)]).await;
    assert_eq!((second.text("scope"), &second.body["expires_in"]), ("", &json!(600)));
}

#[tokio::test]
async fn two_resources_at_once_give_an_opaque_token() {
    let world = World::shop().await;
    let token = signed_in(&world, "web").await;
    let answer = world.refresh("web", &token, &[("resource", API), ("resource", SECOND_API)]).await;
    assert_eq!((answer.status, answer.text("access_token").len()), (200, 43));
    assert!(answer.text("scope").starts_with("openid"));
}

#[tokio::test]
async fn a_resource_that_was_not_named_at_sign_in_is_refused() {
    let world = World::shop().await;
    let callback = world.sign_in(&Ask::of("web").with("resource", API), "alice", "wonderland").await;
    let tokens = world.exchange("web", &callback.code()).await;
    let refresh = tokens.text("refresh_token");
    for resource in [SECOND_API, "https://unknown.example", "urn:logto:organization:org_acme"] {
        let answer = world.refresh("web", refresh, &[("resource", resource)]).await;
        assert_eq!(answer.failure(), (400, "invalid_target", "resource indicator is missing, or unknown"));
    }
}

#[tokio::test]
async fn an_explicit_scope_narrows_the_token_and_decides_about_the_id_token() {
    let world = World::shop().await;
    let token = signed_in(&world, "web").await;
    let narrow = world.refresh("web", &token, &[("resource", API), ("scope", "read:products")]).await;
    assert_eq!((narrow.text("scope"), narrow.body.get("id_token")), ("read:products", None));
    let with_openid =
        world.refresh("web", &token, &[("resource", API), ("scope", "openid read:products")]).await;
    assert_eq!(with_openid.text("scope"), "read:products");
    assert!(with_openid.body.get("id_token").is_some());
    let unknown = world.refresh("web", &token, &[("resource", API), ("scope", "read:nothing")]).await;
    assert_eq!(unknown.failure(), (400, "invalid_scope", "refresh token missing requested scope"));
    assert_eq!(unknown.text("scope"), "read:nothing");
}

#[tokio::test]
async fn a_public_application_gets_a_new_token_with_each_use() {
    let world = World::shop().await;
    let first = signed_in(&world, "spa").await;
    let second = world.refresh("spa", &first, &[]).await;
    assert_ne!(second.text("refresh_token"), first);
    let third = world.refresh("spa", second.text("refresh_token"), &[("resource", API)]).await;
    assert_eq!(third.status, 200);
}

#[tokio::test]
async fn a_replaced_token_works_within_three_seconds_of_its_last_use() {
    let world = World::shop().await;
    let first = signed_in(&world, "spa").await;
    for seconds in [0, 2, 4, 6, 8] {
        let answer = world.refresh("spa", &first, &[]).await;
        assert_eq!(answer.status, 200, "after {seconds} s");
        assert_ne!(answer.text("refresh_token"), first);
        world.clock.advance(Duration::from_secs(2));
    }
}

#[tokio::test]
async fn reuse_after_the_grace_ends_the_grant_with_all_its_tokens() {
    let world = World::shop().await;
    let first = signed_in(&world, "spa").await;
    let successor = world.refresh("spa", &first, &[]).await;
    world.clock.advance(Duration::from_millis(3_001));
    assert_eq!(world.refresh("spa", &first, &[]).await.failure(), REFUSED);
    assert_eq!(world.refresh("spa", successor.text("refresh_token"), &[]).await.failure(), REFUSED);
    assert_eq!(world.userinfo(successor.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn a_confidential_applications_token_rotates_after_seventy_per_cent_of_its_life() {
    let world = World::shop().await;
    let first = signed_in(&world, "web").await;
    let fourteen_days = 14 * 86_400;
    world.clock.advance(Duration::from_secs(fourteen_days * 70 / 100 - 1));
    assert_eq!(world.refresh("web", &first, &[]).await.text("refresh_token"), first);
    world.clock.advance(Duration::from_secs(1));
    let rotated = world.refresh("web", &first, &[]).await;
    assert_ne!(rotated.text("refresh_token"), first);
    let concurrent = world.refresh("web", &first, &[]).await;
    assert_eq!(concurrent.status, 200);
    world.clock.advance(Duration::from_secs(4));
    assert_eq!(world.refresh("web", &first, &[]).await.failure(), REFUSED);
    assert_eq!(world.refresh("web", rotated.text("refresh_token"), &[]).await.failure(), REFUSED);
}

#[tokio::test]
async fn a_refresh_token_lives_for_fourteen_days_and_a_public_line_no_longer_than_its_first() {
    let world = World::shop().await;
    let web = signed_in(&world, "web").await;
    let spa = signed_in(&world, "spa").await;
    world.clock.advance(Duration::from_secs(14 * 86_400 - 10));
    let renewed = world.refresh("web", &web, &[]).await;
    let last = world.refresh("spa", &spa, &[]).await;
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(world.refresh("web", renewed.text("refresh_token"), &[]).await.status, 200);
    assert_eq!(world.refresh("spa", last.text("refresh_token"), &[]).await.failure(), REFUSED);
}

#[tokio::test]
async fn a_token_of_another_application_and_garbage_are_refused() {
    let world = World::shop().await;
    let token = signed_in(&world, "web").await;
    assert_eq!(world.refresh("other", &token, &[]).await.failure(), REFUSED);
    assert_eq!(world.refresh("web", "garbage", &[]).await.failure(), REFUSED);
    assert_eq!(world.refresh("web", &token, &[]).await.status, 200);
}

#[tokio::test]
async fn an_application_that_always_gets_one_needs_no_offline_access() {
    let world = World::shop().await;
    let ask = Ask::of("always").with("scope", "openid profile").without("prompt");
    let callback = world.sign_in(&ask, "alice", "wonderland").await;
    let tokens = world.exchange("always", &callback.code()).await;
    assert_eq!(tokens.text("scope"), "openid profile");
    assert_eq!(world.refresh("always", tokens.text("refresh_token"), &[]).await.status, 200);
}

#[tokio::test]
async fn a_failed_refresh_does_not_use_the_token_up() {
    let world = World::shop().await;
    let token = signed_in(&world, "spa").await;
    assert_eq!(world.refresh("spa", &token, &[("resource", "https://unknown.example")]).await.status, 400);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(world.refresh("spa", &token, &[]).await.status, 200);
}
