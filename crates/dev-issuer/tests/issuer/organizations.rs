use serde_json::json;

use crate::browser::{API, Ask, ORGANIZATIONS, World};
use crate::verify::{decode, verifies};

async fn refresh_token(world: &World) -> String {
    world.alice_at("web").await["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_of_an_organization_has_the_organizations_audience_and_permissions() {
    let world = World::shop().await;
    let refresh = refresh_token(&world).await;
    let answer = world.refresh("web", &refresh, &[("organization_id", "org_acme")]).await;
    let token = answer.text("access_token");
    assert!(verifies(token, &world.issuer.jwks()));
    let payload = decode(token).payload;
    assert_eq!(payload["aud"], "urn:logto:organization:org_acme");
    assert_eq!((&payload["scope"], payload.get("organization_id")), (&json!("read:members"), None));
    assert_eq!(answer.text("scope"), "read:members", "her role does not let her invite");

    let with_resource = [("organization_id", "org_acme"), ("resource", ORGANIZATIONS)];
    let same = world.refresh("web", &refresh, &with_resource).await;
    assert_eq!(decode(same.text("access_token")).payload["aud"], "urn:logto:organization:org_acme");
}

#[tokio::test]
async fn a_token_for_a_resource_inside_an_organization_names_both() {
    let world = World::shop().await;
    let refresh = refresh_token(&world).await;
    let answer = world.refresh("web", &refresh, &[("organization_id", "org_acme"), ("resource", API)]).await;
    let payload = decode(answer.text("access_token")).payload;
    assert_eq!((&payload["aud"], &payload["organization_id"]), (&json!(API), &json!("org_acme")));
    // Two by her global role, one by her role in the organization.
    assert_eq!(payload["scope"], "read:products write:products delete:products");
}

#[tokio::test]
async fn who_is_no_member_is_denied() {
    let world = World::shop().await;
    let refresh = refresh_token(&world).await;
    for organization in ["org_other", "org_nowhere"] {
        let answer = world.refresh("web", &refresh, &[("organization_id", organization)]).await;
        assert_eq!(answer.failure(), (403, "access_denied", "user is not a member of the organization"));
    }
}

#[tokio::test]
async fn without_the_organizations_scope_there_is_no_token_of_one() {
    let world = World::shop().await;
    let ask = Ask::of("web").with("scope", "openid offline_access read:members");
    let callback = world.sign_in(&ask, "alice", "wonderland").await;
    let tokens = world.exchange("web", &callback.code()).await;
    let refresh = tokens.text("refresh_token");
    let answer = world.refresh("web", refresh, &[("organization_id", "org_acme")]).await;
    assert_eq!(answer.failure(), (403, "insufficient_scope", "refresh token missing required scope"));
    assert_eq!(answer.text("scope"), "urn:logto:scope:organizations");
}
