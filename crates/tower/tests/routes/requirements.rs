use axum::Router;
use axum::routing::{get as on_get, post};
use logto_authkit_tower::{Auth, AuthLayer, RequireRoles, RequireScopes, RoleRequirement, ScopeRequirement};

use crate::{World, bearer, get, request, send};

#[tokio::test]
async fn scopes_are_asked_for_route_by_route_and_compared_whole() {
    let world = World::new().await;
    let app = Router::new()
        .route("/products", on_get(|| async { "list" }).route_layer(RequireScopes::all(["read:products"])))
        .route(
            "/both",
            on_get(|| async { "both" }).route_layer(RequireScopes::all(["read:products", "write:products"])),
        )
        .route(
            "/any",
            on_get(|| async { "any" }).route_layer(RequireScopes::any(["read:products", "write:products"])),
        )
        .route("/products", post(|| async { "create" }).route_layer(RequireScopes::all(["write:products"])))
        .layer(AuthLayer::new(world.verifier.clone()));
    let status = async |method: &str, path: &str, scope: &str| {
        let token = bearer(&world.token().scope(scope).sign());
        send(&app, request(method, path, &[("authorization", &token)])).await.status.as_u16()
    };
    assert_eq!(status("GET", "/products", "read:products").await, 200);
    assert_eq!(status("POST", "/products", "read:products").await, 403);
    assert_eq!(status("POST", "/products", "write:products").await, 200);
    assert_eq!(status("GET", "/both", "read:products").await, 403);
    assert_eq!(status("GET", "/both", "write:products read:products").await, 200);
    assert_eq!(status("GET", "/any", "write:products").await, 200);
    for near_miss in ["read", "read:products:all", "xread:products", "READ:PRODUCTS", "read:product", ""] {
        assert_eq!(status("GET", "/products", near_miss).await, 403, "{near_miss}");
    }
}

#[tokio::test]
async fn a_missing_scope_is_named_in_body_and_challenge() {
    let world = World::new().await;
    let app = Router::new()
        .route("/", on_get(|| async {}).route_layer(RequireScopes::all(["read:products", "write:products"])))
        .layer(AuthLayer::new(world.verifier.clone()));
    let token = bearer(&world.token().scope("read:products").sign());
    let answer = get(&app, "/", &[("authorization", &token)]).await;
    assert_eq!(answer.denial(), (403, "missing_scope".into()));
    assert_eq!(answer.json()["message"], "the token lacks the scope: write:products");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.ends_with(r#"scope="read:products write:products""#), "{challenge}");
}

#[tokio::test]
async fn roles_come_from_their_claims_and_are_never_split() {
    let world = World::new().await;
    let elsewhere =
        RoleRequirement::all(["admin"]).unwrap().in_claims(["https://example.com/roles"]).unwrap();
    let app = Router::new()
        .route("/admin", on_get(|| async {}).route_layer(RequireRoles::all(["admin"])))
        .route("/either", on_get(|| async {}).route_layer(RequireRoles::any(["admin", "owner"])))
        .route("/elsewhere", on_get(|| async {}).route_layer(RequireRoles::new(elsewhere)))
        .layer(AuthLayer::new(world.verifier.clone()));
    let status = async |path: &str, claim: &str, value: serde_json::Value| {
        let token = bearer(&world.token().claim(claim, value).sign());
        get(&app, path, &[("authorization", &token)]).await.status.as_u16()
    };
    assert_eq!(status("/admin", "roles", serde_json::json!(["admin"])).await, 200);
    assert_eq!(status("/admin", "role", "admin".into()).await, 200);
    assert_eq!(status("/admin", "role", "admin user".into()).await, 403);
    assert_eq!(status("/admin", "roles", serde_json::json!(["administrator"])).await, 403);
    assert_eq!(status("/either", "roles", serde_json::json!(["owner"])).await, 200);
    assert_eq!(status("/elsewhere", "https://example.com/roles", serde_json::json!(["admin"])).await, 200);
    assert_eq!(status("/elsewhere", "roles", serde_json::json!(["admin"])).await, 403);
}

#[tokio::test]
async fn a_guest_meets_no_requirement() {
    let world = World::new().await;
    let app = Router::new()
        .route("/", on_get(|| async {}).route_layer(RequireScopes::all(["read:products"])))
        .layer(AuthLayer::new(world.verifier.clone()).allow_guests(true));
    assert_eq!(get(&app, "/", &[]).await.denial(), (401, "missing_token".into()));
}

#[tokio::test]
async fn what_is_refused_inside_a_layer_names_the_layer_s_realm() {
    let world = World::new().await;
    let layer = || AuthLayer::new(world.verifier.clone()).allow_guests(true);
    let routes = Router::new()
        .route("/scopes", on_get(|| async {}).route_layer(RequireScopes::all(["admin"])))
        .route("/roles", on_get(|| async {}).route_layer(RequireRoles::all(["admin"])))
        .route("/auth", on_get(|_: Auth| async {}));
    let token = bearer(&world.token().sign());
    for (app, realm) in [
        (routes.clone().layer(layer().realm("shop")), r#"Bearer realm="shop""#),
        (routes.clone().layer(layer()).layer(layer().realm("shop")), r#"Bearer realm="api""#),
        (routes.layer(layer().realm("shop")).layer(layer()), r#"Bearer realm="shop""#),
    ] {
        for (path, headers, status) in [
            ("/scopes", &[("authorization", token.as_str())][..], 403),
            ("/roles", &[("authorization", &token)], 403),
            ("/auth", &[], 401),
        ] {
            let answer = get(&app, path, headers).await;
            assert_eq!(answer.status, status, "{path}");
            assert!(answer.header("www-authenticate").unwrap().starts_with(realm), "{path}: {realm}");
        }
    }
}

#[tokio::test]
async fn a_requirement_without_an_auth_layer_fails_closed() {
    let app = Router::new()
        .route("/scopes", on_get(|| async {}).route_layer(RequireScopes::all(["read:products"])))
        .route("/roles", on_get(|| async {}).route_layer(RequireRoles::all(["admin"])));
    for path in ["/scopes", "/roles"] {
        assert_eq!(get(&app, path, &[]).await.denial(), (500, "misconfigured".into()));
    }
}

#[test]
fn an_empty_or_impossible_requirement_is_an_error() {
    assert!(ScopeRequirement::all(Vec::<String>::new()).is_err());
    assert!(RoleRequirement::any(Vec::<String>::new()).is_err());
    for scope in ["", "a b", "a\"b", "ä", "a\n"] {
        assert!(ScopeRequirement::all([scope]).is_err(), "{scope:?}");
    }
    assert!(std::panic::catch_unwind(|| RequireScopes::all(["read write"])).is_err());
}
