use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HOST, IF_NONE_MATCH};
use serde_json::{Value, json};

use crate::browser::{Answer, World};

const DOCUMENT: &str = "/oidc/.well-known/openid-configuration";

async fn get(world: &World, path: &str) -> Answer {
    Answer::of(world.http.get(world.url(path)).send().await.unwrap()).await
}

#[tokio::test]
async fn the_document_leads_to_every_endpoint() {
    let world = World::shop().await;
    let document = get(&world, DOCUMENT).await.body;
    let issuer = world.issuer.issuer();
    assert_eq!(issuer, format!("{}/oidc", world.issuer.logto_url()));
    assert_eq!(document["issuer"], issuer);
    for (name, path) in [
        ("authorization_endpoint", "/auth"),
        ("token_endpoint", "/token"),
        ("userinfo_endpoint", "/me"),
        ("jwks_uri", "/jwks"),
        ("end_session_endpoint", "/session/end"),
        ("introspection_endpoint", "/token/introspection"),
        ("revocation_endpoint", "/token/revocation"),
    ] {
        assert_eq!(document[name], format!("{issuer}{path}"), "{name}");
    }
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["id_token_signing_alg_values_supported"], json!(["ES384"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document["backchannel_logout_session_supported"], true);
    for absent in ["device_authorization_endpoint", "pushed_authorization_request_endpoint"] {
        assert_eq!(document.get(absent), None, "what is not there must not be announced");
    }
}

#[tokio::test]
async fn the_authorization_server_metadata_is_the_same_document() {
    let world = World::shop().await;
    let other = get(&world, "/oidc/.well-known/oauth-authorization-server").await.body;
    assert_eq!(get(&world, DOCUMENT).await.body, other);
    assert_eq!(world.issuer.counters().discovery, 2);
}

#[tokio::test]
async fn endpoint_addresses_follow_the_host_header_and_the_issuer_does_not() {
    let world = World::shop().await;
    let request = world.http.get(world.url(DOCUMENT)).header(HOST, "auth.internal:8443");
    let document = Answer::of(request.send().await.unwrap()).await.body;
    assert_eq!(document["token_endpoint"], "http://auth.internal:8443/oidc/token");
    assert_eq!(document["issuer"], world.issuer.issuer());

    let request = world.http.get(world.url(DOCUMENT)).header(HOST, "evil\"/path");
    let document = Answer::of(request.send().await.unwrap()).await.body;
    assert_eq!(document["token_endpoint"], format!("{}/token", world.issuer.issuer()));
}

#[tokio::test]
async fn the_key_set_is_served_as_one_that_caches_must_check() {
    let world = World::shop().await;
    let answer = get(&world, "/oidc/jwks").await;
    assert_eq!(answer.headers[CONTENT_TYPE], "application/jwk-set+json; charset=utf-8");
    assert_eq!(answer.headers[CACHE_CONTROL], "no-cache, max-age=0, must-revalidate");
    assert_eq!(answer.body, world.issuer.jwks());
    let key = &answer.body["keys"][0];
    assert_eq!((&key["alg"], &key["crv"], &key["use"]), (&json!("ES384"), &json!("P-384"), &json!("sig")));
    assert_eq!(key.get("d"), None, "the private half stays here");
}

#[tokio::test]
async fn known_keys_are_answered_with_304_until_they_change() {
    let world = World::shop().await;
    let etag = get(&world, "/oidc/jwks").await.headers[ETAG].clone();
    let again = || world.http.get(world.url("/oidc/jwks")).header(IF_NONE_MATCH, &etag).send();

    let same = Answer::of(again().await.unwrap()).await;
    assert_eq!((same.status, &same.body, &same.headers[ETAG]), (304, &Value::Null, &etag));
    world.issuer.rotate_keys(logto_authkit_dev_issuer::SigningAlgorithm::Es256);
    assert_eq!(Answer::of(again().await.unwrap()).await.status, 200);

    let counters = world.issuer.counters();
    assert_eq!((counters.jwks, counters.jwks_not_modified), (3, 1));
    world.issuer.reset_counters();
    assert_eq!(world.issuer.counters(), logto_authkit_dev_issuer::Counters::default());
}

#[tokio::test]
async fn scripts_of_other_origins_may_ask_for_tokens() {
    let world = World::shop().await;
    let preflight = world
        .http
        .request(reqwest::Method::OPTIONS, world.url("/oidc/token"))
        .header("origin", "http://localhost:5173")
        .header("access-control-request-method", "POST");
    let preflight = Answer::of(preflight.send().await.unwrap()).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.headers["access-control-allow-origin"], "*");
    assert_eq!(get(&world, DOCUMENT).await.headers["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn other_paths_are_not_found() {
    let world = World::shop().await;
    for path in ["/", "/.well-known/openid-configuration", "/oidc", "/oidc/jwks/"] {
        assert_eq!(get(&world, path).await.status, 404, "{path}");
    }
}
