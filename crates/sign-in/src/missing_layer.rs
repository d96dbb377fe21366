use logto_authkit_web::{Denial, ErrorCode};

/// The answer to a request on a route that asks for a session and that no `WithLogto` layer covers: 500, and the log says which layer
/// is missing and who asked for it.
pub fn missing_layer(asked_by: &'static str) -> Denial {
    tracing::error!(
        asked_by,
        missing = "WithLogto",
        "a route asks who is signed in, but no WithLogto layer is around it: add .layer(WithLogto::new(client)) outside of it"
    );
    Denial::new(ErrorCode::Misconfigured)
}
