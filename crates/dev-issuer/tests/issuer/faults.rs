use std::time::Duration;

use logto_authkit_dev_issuer::{DevIssuer, Fault, StartError};
use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use serde_json::json;
use tokio::time::timeout;

use crate::browser::{API, Answer, World};

/// Long enough for a slow machine to answer, short enough to wait for an answer that never comes.
const SOON: Duration = Duration::from_millis(200);

async fn jwks(world: &World) -> reqwest::Result<reqwest::Response> {
    world.http.get(world.url("/oidc/jwks")).send().await
}

async fn answer(world: &World, fault: Fault) -> (u16, String, Vec<u8>) {
    world.issuer.faults().jwks(fault);
    let response = jwks(world).await.unwrap();
    let content_type = response.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), content_type.unwrap_or_default(), response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn wrong_answers_are_given_until_the_fault_is_cleared() {
    let world = World::shop().await;
    assert_eq!(answer(&world, Fault::Status(503)).await.0, 503);
    assert_eq!(answer(&world, Fault::Status(7)).await.0, 500);
    let (status, content_type, body) = answer(&world, Fault::Html).await;
    assert_eq!(
        (status, content_type.as_str(), body.starts_with(b"<!doctype html>")),
        (200, "text/html; charset=utf-8", true)
    );
    assert_eq!(answer(&world, Fault::Empty).await.2, b"");
    assert_eq!(answer(&world, Fault::EmptyKeySet).await.2, br#"{"keys":[]}"#);
    let wrong: serde_json::Value = serde_json::from_slice(&answer(&world, Fault::WrongJson).await.2).unwrap();
    assert!(wrong.is_array());

    world.issuer.faults().jwks(Fault::None);
    assert_eq!(jwks(&world).await.unwrap().json::<serde_json::Value>().await.unwrap(), world.issuer.jwks());
    assert_eq!(world.issuer.counters().jwks, 7);
}

#[tokio::test]
async fn redirects_and_retry_after_carry_their_headers() {
    let world = World::shop().await;
    world.issuer.faults().jwks(Fault::Redirect("http://127.0.0.1:1/elsewhere".into()));
    let response = jwks(&world).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()[LOCATION]),
        (302, &"http://127.0.0.1:1/elsewhere".parse().unwrap())
    );
    world.issuer.faults().jwks(Fault::RetryAfter(429, Duration::from_secs(7)));
    let response = jwks(&world).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()[RETRY_AFTER]), (429, &"7".parse().unwrap()));
}

#[tokio::test]
async fn a_huge_body_is_json_of_exactly_that_size() {
    let world = World::shop().await;
    for bytes in [24, 1000, 65_536 * 3 + 17] {
        let (_, _, body) = answer(&world, Fault::HugeBody(bytes)).await;
        assert_eq!(body.len(), bytes);
        let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(value["keys"], json!([]));
    }
}

#[tokio::test]
async fn many_keys_come_before_the_true_one() {
    let world = World::shop().await;
    let (_, _, body) = answer(&world, Fault::ManyKeys(150)).await;
    let set: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!((keys.len(), &keys[150]), (151, &world.issuer.jwks()["keys"][0]));
    assert_ne!(keys[0]["kid"], keys[1]["kid"]);
}

#[tokio::test]
async fn a_dripping_answer_is_the_true_one_in_small_pieces() {
    let world = World::shop().await;
    let drip = Fault::SlowDrip { bytes_per_chunk: 50, interval: Duration::from_millis(1) };
    world.issuer.faults().jwks(drip);
    let mut response = jwks(&world).await.unwrap();
    assert_eq!(response.content_length(), None);
    let mut body = Vec::new();
    let mut pieces = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        body.extend_from_slice(&chunk);
        pieces += 1;
    }
    assert!(pieces > 1, "{pieces}");
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap(), world.issuer.jwks());
}

#[tokio::test]
async fn latency_delays_the_true_answer() {
    let world = World::shop().await;
    let delay = Duration::from_millis(50);
    world.issuer.faults().jwks(Fault::Latency(delay));
    let begun = std::time::Instant::now();
    assert_eq!(jwks(&world).await.unwrap().status().as_u16(), 200);
    assert!(begun.elapsed() >= delay);
}

#[tokio::test]
async fn a_hanging_endpoint_takes_the_request_and_never_answers() {
    let world = World::shop().await;
    world.issuer.faults().token(Fault::Hang);
    let form = [("grant_type", "client_credentials"), ("resource", API)];
    assert!(timeout(SOON, world.token("robot", &form)).await.is_err());
    assert_eq!(world.issuer.counters().token_client_credentials, 1, "the request did arrive");
    assert_eq!(jwks(&world).await.unwrap().status().as_u16(), 200, "the other endpoints answer");
    timeout(SOON * 20, world.issuer.shutdown())
        .await
        .expect("a hanging request does not keep it from stopping");
}

#[tokio::test]
async fn a_dropped_connection_gives_no_answer() {
    let world = World::shop().await;
    world.issuer.faults().jwks(Fault::DropConnection);
    assert!(jwks(&world).await.is_err());
    world.issuer.faults().clear();
    assert!(jwks(&world).await.is_ok());
}

#[tokio::test]
async fn a_fault_of_an_endpoint_goes_before_the_one_for_all() {
    let world = World::shop().await;
    world.issuer.faults().all(Fault::Status(500));
    world.issuer.faults().jwks(Fault::Status(503));
    assert_eq!(jwks(&world).await.unwrap().status().as_u16(), 503);
    for path in ["/oidc/.well-known/openid-configuration", "/oidc/me", "/oidc/auth", "/oidc/session/end"] {
        let response = world.http.get(world.url(path)).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 500, "{path}");
    }
    for path in ["/oidc/token", "/oidc/token/introspection", "/oidc/token/revocation"] {
        assert_eq!(world.post("robot", path, &[]).await.status, 500, "{path}");
    }
    world.issuer.faults().clear();
    assert_eq!(jwks(&world).await.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn an_issuer_that_is_down_closes_open_and_new_connections() {
    let world = World::shop().await;
    assert!(jwks(&world).await.is_ok());
    world.issuer.go_down();
    assert!(jwks(&world).await.is_err());
    assert!(jwks(&world).await.is_err());
    assert_eq!(world.issuer.counters().jwks, 1);
    world.issuer.come_back();
    assert!(jwks(&world).await.is_ok());
}

#[tokio::test]
async fn going_down_ends_a_request_that_waits() {
    let world = World::shop().await;
    world.issuer.faults().jwks(Fault::Hang);
    let waiting = tokio::spawn(world.http.get(world.url("/oidc/jwks")).send());
    while world.issuer.counters().jwks == 0 {
        tokio::task::yield_now().await;
    }
    world.issuer.go_down();
    world.issuer.come_back();
    assert!(waiting.await.unwrap().is_err(), "even when it is back at once");
}

#[tokio::test]
async fn a_port_in_use_is_named_and_free_again_after_a_shutdown() {
    let first = DevIssuer::builder().start().await.unwrap();
    let port = first.port();
    let refused = DevIssuer::builder().port(port).start().await.unwrap_err();
    assert!(matches!(refused, StartError::PortInUse { port: named } if named == port));
    assert!(refused.to_string().contains(&port.to_string()));
    first.shutdown().await;
    let second = DevIssuer::builder().port(port).start().await.unwrap();
    assert_eq!(second.logto_url(), format!("http://127.0.0.1:{port}"));
}

#[tokio::test]
async fn a_form_that_is_too_long_is_refused() {
    let world = World::shop().await;
    let request = world.http.post(world.url("/oidc/token")).body(vec![b'a'; 2 * 1024 * 1024]);
    assert_eq!(Answer::of(request.send().await.unwrap()).await.status, 413);
}
