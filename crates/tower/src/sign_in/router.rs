use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{OriginalUri, Request};
use axum::response::Response;
use axum::routing::any;
use http::StatusCode;
use logto_authkit_sign_in::AuthRoutes;

/// A logout token is the largest thing that is posted here.
const MAX_BODY: usize = 64 * 1024;

/// The routes of sign-in as a router, to be merged into the application's: `app.merge(auth_router(routes))`. Not to be nested: the
/// routes know their prefix.
pub fn auth_router<S: Clone + Send + Sync + 'static>(routes: AuthRoutes) -> Router<S> {
    let path = format!("{}/{{*action}}", routes.prefix());
    let answer = move |OriginalUri(uri): OriginalUri, request: Request| {
        let routes = routes.clone();
        async move {
            let (parts, body) = request.into_parts();
            let Ok(body) = to_bytes(body, MAX_BODY).await else {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
                return response;
            };
            routes.handle(&parts.method, &uri, &parts.headers, &body).await.map(Body::from)
        }
    };
    Router::new().route(&path, any(answer))
}
