use axum::Router;
use axum::routing::get as on_get;
use http::HeaderName;
use logto_authkit_tower::{Auth, AuthLayer, Organization, OrganizationId};

use crate::{World, bearer, cookie, get, request, send};

async fn organization(auth: Auth) -> String {
    auth.organization_id().unwrap_or("none").to_owned()
}

fn route(world: &World, path: &str, from: Organization) -> Router {
    Router::new()
        .route(path, on_get(organization))
        .layer(AuthLayer::new(world.verifier.clone()).organization(from))
}

#[tokio::test]
async fn an_organization_token_opens_no_plain_route() {
    let world = World::new().await;
    let app = Router::new().route("/", on_get(organization)).layer(AuthLayer::new(world.verifier.clone()));
    let token = world.token().organization_id("o1").sign();
    let answer = get(&app, "/", &[("authorization", &bearer(&token))]).await;
    assert_eq!(answer.denial(), (403, "wrong_organization".into()));
    assert!(answer.header("www-authenticate").unwrap().contains(r#"error="insufficient_scope""#));
    // Before the signature is known to be good, the answer is 401.
    let forged = world.token().organization_id("o1").signature(vec![7; 64]).sign();
    let answer = get(&app, "/", &[("authorization", &bearer(&forged))]).await;
    assert_eq!(answer.denial(), (401, "invalid_signature".into()));
}

#[tokio::test]
async fn every_source_of_an_organization_admits_its_own_tokens_only() {
    let world = World::new().await;
    let subdomain = Organization::from_request(|parts| {
        Some(parts.headers.get("host")?.to_str().ok()?.split_once('.')?.0.to_owned())
    });
    let sources = [
        (route(&world, "/", Organization::fixed(OrganizationId::parse("o1").unwrap())), "/"),
        (route(&world, "/{id}/products", Organization::path("id")), "/o1/products"),
        (route(&world, "/", Organization::header(HeaderName::from_static("x-organization"))), "/"),
        (route(&world, "/", subdomain), "/"),
    ];
    let (own, other, none) = (
        world.token().organization_id("o1").sign(),
        world.token().organization_id("o2").sign(),
        world.token().sign(),
    );
    for (app, path) in &sources {
        let ask = async |token: &str| {
            let headers = [
                ("authorization", bearer(token)),
                ("x-organization", "o1".into()),
                ("host", "o1.example.com".into()),
            ];
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            get(app, path, &headers).await
        };
        assert_eq!(ask(&own).await.body, "o1");
        assert_eq!(ask(&other).await.denial(), (403, "wrong_organization".into()));
        assert_eq!(ask(&none).await.denial(), (403, "wrong_organization".into()));
    }
}

#[tokio::test]
async fn any_organization_is_left_to_the_handler() {
    let world = World::new().await;
    let app = route(&world, "/", Organization::any());
    let token = world.token().organization_id("o7").sign();
    assert_eq!(get(&app, "/", &[("authorization", &bearer(&token))]).await.body, "o7");
    let plain = world.token().sign();
    let answer = get(&app, "/", &[("authorization", &bearer(&plain))]).await;
    assert_eq!(answer.denial(), (403, "wrong_organization".into()));
}

#[tokio::test]
async fn a_request_that_names_no_organization_is_a_bad_request() {
    let world = World::new().await;
    let app = route(&world, "/", Organization::header(HeaderName::from_static("x-organization")));
    let (token, plain) = (bearer(&world.token().organization_id("o1").sign()), bearer(&world.token().sign()));
    for headers in [
        &[("authorization", token.as_str())][..],
        &[("authorization", &plain)],
        &[("authorization", &token), ("x-organization", "")],
        &[("authorization", &token), ("x-organization", "o1 o2")],
        &[("authorization", &token), ("x-organization", "o1"), ("x-organization", "o2")],
    ] {
        assert_eq!(get(&app, "/", headers).await.denial(), (400, "invalid_request".into()));
    }
    // Without a token there is nothing to say about organizations.
    assert_eq!(get(&app, "/", &[]).await.denial(), (401, "missing_token".into()));
}

#[tokio::test]
async fn the_path_parameter_is_the_route_s_own_also_in_nested_routers_and_percent_encoding() {
    let world = World::new().await;
    let inner = route(&world, "/products", Organization::path("organization"));
    let app = Router::new().nest("/organizations/{organization}", inner);
    let token = bearer(&world.token().organization_id("org_1").sign());
    assert_eq!(get(&app, "/organizations/org_1/products", &[("authorization", &token)]).await.body, "org_1");
    assert_eq!(
        get(&app, "/organizations/org%5F1/products", &[("authorization", &token)]).await.body,
        "org_1"
    );
    let other = get(&app, "/organizations/org_2/products", &[("authorization", &token)]).await;
    assert_eq!(other.denial(), (403, "wrong_organization".into()));
    let odd = get(&app, "/organizations/a%2Fb/products", &[("authorization", &token)]).await;
    assert_eq!(odd.denial(), (400, "invalid_request".into()));
}

#[tokio::test]
async fn a_route_without_the_path_parameter_fails_closed() {
    let world = World::new().await;
    let app = route(&world, "/products", Organization::path("organization"));
    for headers in [
        &[("authorization", bearer(&world.token().organization_id("o1").sign()))][..],
        &[("cookie", cookie(&world.token().sign()))],
    ] {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(get(&app, "/products", &headers).await.denial(), (500, "misconfigured".into()));
    }
}

#[tokio::test]
async fn a_path_parameter_that_is_no_text_names_no_organization() {
    let world = World::new().await;
    let app = route(&world, "/organizations/{id}/products/{product}", Organization::path("id"));
    let token = bearer(&world.token().organization_id("o1").sign());
    for path in ["/organizations/%FF/products/1", "/organizations/o1/products/%FF"] {
        assert_eq!(get(&app, path, &[]).await.denial(), (401, "missing_token".into()), "{path}");
        let answer = get(&app, path, &[("authorization", &token)]).await;
        assert_eq!(answer.denial(), (400, "invalid_request".into()), "{path}");
    }
}

#[tokio::test]
async fn a_path_of_no_route_names_no_organization() {
    let world = World::new().await;
    let layer = AuthLayer::new(world.verifier.clone()).organization(Organization::path("id"));
    let routes = Router::new().route("/organizations/{id}", on_get(organization));
    let token = bearer(&world.token().organization_id("o1").sign());
    for (routes, found) in [(routes.clone(), 404), (routes.fallback(|| async { "home" }), 200)] {
        let app = routes.clone().layer(layer.clone());
        // A CONNECT comes with a host and without a path.
        for (method, path) in [("GET", "/nowhere"), ("POST", "/"), ("CONNECT", "app.example.com:443")] {
            let bare = send(&app, request(method, path, &[])).await;
            assert_eq!(bare.denial(), (401, "missing_token".into()), "{method}");
            let answer = send(&app, request(method, path, &[("authorization", &token)])).await;
            assert_eq!(answer.denial(), (400, "invalid_request".into()), "{method}");
        }
        let for_guests = routes.layer(layer.clone().allow_guests(true));
        assert_eq!(get(&for_guests, "/nowhere", &[]).await.status, found);
    }
}

#[tokio::test]
async fn a_route_with_the_path_parameter_twice_fails_closed() {
    let world = World::new().await;
    let layer = AuthLayer::new(world.verifier.clone()).organization(Organization::path("id"));
    let inner = Router::new().route("/projects/{id}", on_get(organization)).route("/", on_get(organization));
    let token = bearer(&world.token().organization_id("o1").sign());
    for app in [
        Router::new().nest("/organizations/{id}", inner.clone()).layer(layer.clone()),
        Router::new().nest("/organizations/{id}", inner.clone().layer(layer.clone())),
        Router::new().nest_service("/organizations/{id}", inner.layer(layer)),
    ] {
        for path in ["/organizations/o1/projects/o2", "/organizations/o2/projects/o1"] {
            let answer = get(&app, path, &[("authorization", &token)]).await;
            assert_eq!(answer.denial(), (500, "misconfigured".into()), "{path}");
        }
    }
}

#[tokio::test]
async fn different_routers_carry_different_layers_over_one_verifier() {
    let world = World::new().await;
    let app = Router::new()
        .merge(
            Router::new().route("/plain", on_get(organization)).layer(AuthLayer::new(world.verifier.clone())),
        )
        .merge(route(&world, "/organizations/{id}", Organization::path("id")));
    let (plain, member) =
        (bearer(&world.token().sign()), bearer(&world.token().organization_id("o1").sign()));
    assert_eq!(get(&app, "/plain", &[("authorization", &plain)]).await.body, "none");
    assert_eq!(get(&app, "/organizations/o1", &[("authorization", &member)]).await.body, "o1");
    assert_eq!(get(&app, "/plain", &[("authorization", &member)]).await.status, 403);
    assert_eq!(get(&app, "/organizations/o1", &[("authorization", &plain)]).await.status, 403);
    assert_eq!(world.issuer.counters().jwks, 1);
}
