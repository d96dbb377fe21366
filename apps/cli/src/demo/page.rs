use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;

use super::{ORGANIZATION_ID, Setting};

/// The page for people, its script and its style: from this server alone.
pub(super) fn routes(setting: &Setting) -> Router<Setting> {
    let page = include_str!("page.html")
        .replace("{{issuer}}", &escaped(&setting.issuer))
        .replace("{{audience}}", &escaped(&setting.audience))
        .replace("{{organization}}", ORGANIZATION_ID)
        .replace(
            "{{tokens}}",
            if setting.embedded {
                include_str!("tokens_embedded.html")
            } else {
                include_str!("tokens_pasted.html")
            },
        );
    let page = page.replace(
        "{{account}}",
        if setting.embedded {
            "<p><a href=\"/account\">The web application that signs people in</a></p>"
        } else {
            ""
        },
    );
    Router::new()
        .route("/", get(|| async move { asset("text/html; charset=utf-8", page) }))
        .route(
            "/demo.css",
            get(|| async { asset("text/css; charset=utf-8", include_str!("page.css").to_owned()) }),
        )
        .route(
            "/demo.js",
            get(|| async { asset("text/javascript; charset=utf-8", include_str!("page.js").to_owned()) }),
        )
}

fn asset(content_type: &'static str, body: String) -> impl IntoResponse {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; \
                  form-action 'none'; frame-ancestors 'none'";
    let headers = [
        ("content-type", content_type),
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ];
    (headers, body)
}

/// Text as it may stand in HTML, between tags and in quoted attributes.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
