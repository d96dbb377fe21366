use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use logto_authkit::keys::{HttpClient, HttpLimits, ReqwestClient};
use logto_authkit::{Auth, AuthContext, AuthLayer, Organization, RequireScopes, Verifier};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

use super::{CLIENT_ID, CLIENT_SECRET, Setting, page};

/// Everything that the demo serves. Three routers, three layers, one verifier.
pub(super) fn router(verifier: Verifier, setting: Setting) -> Router {
    let api = Router::new()
        .route("/api/me", get(me))
        .route("/api/products", get(list).route_layer(RequireScopes::all(["read:products"])))
        .route("/api/products", post(create).route_layer(RequireScopes::all(["write:products"])))
        .layer(AuthLayer::new(verifier.clone()));
    let organizations = Router::new()
        .route(
            "/api/organizations/{id}/products",
            get(list_of_organization).route_layer(RequireScopes::all(["read:products"])),
        )
        .layer(AuthLayer::new(verifier.clone()).organization(Organization::path("id")));
    let visitors =
        Router::new().route("/api/visitors", get(me)).layer(AuthLayer::new(verifier).allow_guests(true));
    let mut pages = page::routes(&setting);
    if setting.embedded {
        pages = pages.route("/demo/token", post(token));
    }
    Router::new().merge(api).merge(organizations).merge(visitors).merge(pages.with_state(setting))
}

async fn me(context: AuthContext) -> Json<AuthContext> {
    Json(context)
}

async fn list() -> Json<Value> {
    Json(json!({ "products": ["lamp", "chair", "table"] }))
}

async fn create(auth: Auth) -> impl IntoResponse {
    (StatusCode::CREATED, Json(json!({ "created": "shelf", "by": auth.user_id() })))
}

async fn list_of_organization(Path(id): Path<String>, auth: Auth) -> Json<Value> {
    Json(json!({ "organization": id, "products": ["desk"], "for": auth.user_id() }))
}

/// What the page asks a token for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenWish {
    #[serde(default)]
    scope: String,
    organization_id: Option<String>,
}

/// Gets a token from the development issuer for the page. Exists only beside that issuer, whose secrets are no secrets.
async fn token(State(setting): State<Setting>, Json(wish): Json<TokenWish>) -> Response {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut form = format!(
        "grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&resource={}&scope={}",
        encode(&setting.audience),
        encode(&wish.scope),
    );
    if let Some(organization) = &wish.organization_id {
        form.push_str(&format!("&organization_id={}", encode(organization)));
    }
    let request = http::Request::post(format!("{}/token", setting.issuer))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.into_bytes());
    let Ok(request) = request else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    match ReqwestClient::new().send(request, HttpLimits::new(Duration::from_secs(5), 64 * 1024)).await {
        Ok(answer) => {
            let status = answer.status();
            (
                status,
                [("content-type", "application/json"), ("cache-control", "no-store")],
                answer.into_body(),
            )
                .into_response()
        }
        Err(_) => {
            (StatusCode::BAD_GATEWAY, Json(json!({ "error": "the development issuer does not answer" })))
                .into_response()
        }
    }
}
