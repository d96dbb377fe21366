use serde_json::json;

use crate::browser::{API, Answer, ORGANIZATIONS, SECOND_API, World, basic};
use crate::verify::{decode, verifies};

async fn ask(world: &World, client: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(more);
    world.token(client, &form).await
}

#[tokio::test]
async fn a_machine_gets_the_scopes_of_its_roles_and_the_others_are_dropped() {
    let world = World::shop().await;
    let answer =
        ask(&world, "robot", &[("resource", API), ("scope", "write:products read:products nope")]).await;
    assert_eq!((answer.status, answer.text("scope")), (200, "read:products"));
    assert_eq!((&answer.body["expires_in"], answer.text("token_type")), (&json!(3600), "Bearer"));
    assert_eq!(answer.headers["cache-control"], "no-store");

    let token = answer.text("access_token");
    assert!(verifies(token, &world.issuer.jwks()));
    let decoded = decode(token);
    let kid = world.issuer.signing_key().key_id().to_owned();
    assert_eq!(decoded.header, json!({ "alg": "ES384", "typ": "at+jwt", "kid": kid }));
    let expected = json!({
        "jti": decoded.payload["jti"], "sub": "robot", "iat": 1_800_000_000, "exp": 1_800_003_600,
        "scope": "read:products", "client_id": "robot", "iss": world.issuer.issuer(), "aud": API,
    });
    assert_eq!(decoded.payload, expected);
}

#[tokio::test]
async fn a_token_without_granted_scopes_has_no_scope_member() {
    let world = World::shop().await;
    for (client, scope) in [("robot", None), ("robot", Some("nope")), ("idle", Some("read:products"))] {
        let mut form = vec![("resource", API)];
        form.extend(scope.map(|scope| ("scope", scope)));
        let answer = ask(&world, client, &form).await;
        assert_eq!((answer.status, answer.body.get("scope")), (200, None));
        assert_eq!(decode(answer.text("access_token")).payload.get("scope"), None);
    }
}

#[tokio::test]
async fn the_secret_may_stand_in_the_body_but_not_in_both_places() {
    let world = World::shop().await;
    let in_body = [("client_id", "robot"), ("client_secret", "robot-secret"), ("resource", API)];
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(in_body);
    let post = world.http.post(world.url("/oidc/token")).form(&form);
    assert_eq!(Answer::of(post.send().await.unwrap()).await.status, 200);
    let both = ask(&world, "robot", &in_body).await;
    assert_eq!((both.status, both.text("error")), (400, "invalid_request"));
}

#[tokio::test]
async fn wrong_secrets_unknown_applications_and_wrong_grants_fail_each_in_its_way() {
    let world = World::shop().await;
    let form = [("grant_type", "client_credentials"), ("resource", API)];
    let with = |id: &str, secret: &str| {
        world
            .http
            .post(world.url("/oidc/token"))
            .header("authorization", basic(id, secret))
            .form(&form)
            .send()
    };
    let wrong = Answer::of(with("robot", "wrong").await.unwrap()).await;
    assert_eq!(wrong.failure(), (401, "invalid_client", "client authentication failed"));
    let challenge = wrong.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with("Basic realm=\"http://127.0.0.1:"), "{challenge}");
    let unknown = Answer::of(with("nobody", "x").await.unwrap()).await;
    assert_eq!(unknown.failure(), (400, "invalid_client", "invalid client nobody"));
    let nobody = world.http.post(world.url("/oidc/token")).form(&form).send().await.unwrap();
    assert_eq!(Answer::of(nobody).await.failure().0, 400);

    let not_allowed = "requested grant type is not allowed for this client";
    let answer = ask(&world, "web", &[("resource", API)]).await;
    assert_eq!(answer.failure(), (400, "invalid_request", not_allowed));
    let answer = world.token("robot", &[("grant_type", "password")]).await;
    assert_eq!(answer.failure(), (400, "unsupported_grant_type", "unsupported grant_type requested"));
}

#[tokio::test]
async fn a_target_is_required_known_and_single() {
    let world = World::shop().await;
    let unknown = "resource indicator is missing, or unknown";
    let none = ask(&world, "robot", &[("scope", "read:products")]).await;
    let neither = "both `resource` and `organization_id` are not provided";
    assert_eq!(none.failure(), (400, "invalid_target", neither));
    for resource in ["https://api.example.com/", "https://unknown.example", "urn:logto:organization:org_acme"]
    {
        let answer = ask(&world, "robot", &[("resource", resource)]).await;
        assert_eq!(answer.failure(), (400, "invalid_target", unknown), "{resource}");
    }
    let two = ask(&world, "robot", &[("resource", API), ("resource", SECOND_API)]).await;
    assert_eq!(two.failure().1, "invalid_target");
}

#[tokio::test]
async fn a_machine_gets_tokens_of_its_organizations() {
    let world = World::shop().await;
    let acme = ("organization_id", "org_acme");
    let answer = ask(&world, "robot", &[acme, ("scope", "read:members invite:members")]).await;
    let payload = decode(answer.text("access_token")).payload;
    assert_eq!(
        (answer.text("scope"), &payload["aud"]),
        ("read:members", &json!("urn:logto:organization:org_acme"))
    );
    assert_eq!(payload.get("organization_id"), None);

    let empty = ask(&world, "robot", &[acme]).await;
    assert_eq!((empty.text("scope"), &decode(empty.text("access_token")).payload["scope"]), ("", &json!("")));

    let scopes = ("scope", "read:products delete:products");
    let inside = ask(&world, "robot", &[acme, ("resource", API), scopes]).await;
    let payload = decode(inside.text("access_token")).payload;
    assert_eq!((&payload["aud"], &payload["organization_id"]), (&json!(API), &json!("org_acme")));
    assert_eq!(inside.text("scope"), "delete:products", "a machine's own roles do not count inside");

    let all = ask(&world, "robot", &[("resource", ORGANIZATIONS), ("scope", "read:members")]).await;
    assert_eq!(decode(all.text("access_token")).payload["aud"], ORGANIZATIONS);
}

#[tokio::test]
async fn a_machine_that_is_no_member_is_denied() {
    let world = World::shop().await;
    let denied = (403, "access_denied", "app has not associated with the organization");
    for (client, organization) in [("robot", "org_other"), ("robot", "org_nowhere"), ("idle", "org_acme")] {
        let answer = ask(&world, client, &[("organization_id", organization)]).await;
        assert_eq!(answer.failure(), denied, "{client} {organization}");
    }
}

#[tokio::test]
async fn errors_have_logtos_shape_unless_the_query_asks_for_the_bare_one() {
    let world = World::shop().await;
    let wrapped = ask(&world, "robot", &[]).await;
    assert_eq!(wrapped.text("code"), "oidc.invalid_target");
    assert!(wrapped.body.get("message").is_some());
    let bare =
        world.post("robot", "/oidc/token?parse_error=false", &[("grant_type", "client_credentials")]).await;
    let description = "both `resource` and `organization_id` are not provided";
    assert_eq!(bare.body, json!({ "error": "invalid_target", "error_description": description }));
}

#[tokio::test]
async fn a_body_that_is_no_form_and_a_repeated_parameter_are_refused() {
    let world = World::shop().await;
    let request =
        world.http.post(world.url("/oidc/token")).json(&json!({ "grant_type": "client_credentials" }));
    assert_eq!(Answer::of(request.send().await.unwrap()).await.failure().1, "invalid_request");
    let twice = ask(&world, "robot", &[("resource", API), ("scope", "a"), ("scope", "b")]).await;
    assert_eq!(twice.failure(), (400, "invalid_request", "'scope' parameter must not be provided twice"));
}
