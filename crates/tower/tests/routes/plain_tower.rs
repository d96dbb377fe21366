//! A tower stack without axum, over another body type, and the contract of `poll_ready`.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use logto_authkit_tower::{AuthContext, AuthLayer, RequireScopes};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::{World, bearer};

#[tokio::test]
async fn any_stack_over_http_types_can_carry_the_layers() {
    let world = World::new().await;
    let inner = service_fn(|request: Request<()>| async move {
        let user = request
            .extensions()
            .get::<AuthContext>()
            .and_then(AuthContext::user_id)
            .unwrap_or("nobody")
            .to_owned();
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(user))))
    });
    let service =
        AuthLayer::new(world.verifier.clone()).layer(RequireScopes::all(["read:products"]).layer(inner));
    let ask = async |token: String| {
        let request = Request::get("/").header("authorization", bearer(&token)).body(()).unwrap();
        service.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    assert_eq!(ask(world.token().scope("read:products").sign()).await, 200);
    assert_eq!(ask(world.token().scope("write:products").sign()).await, 403);
    assert_eq!(ask("x".into()).await, 401);
}

/// A service that panics when an instance is called that was not made ready.
struct Strict {
    ready: AtomicBool,
    calls: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Strict { ready: AtomicBool::new(false), calls: Arc::clone(&self.calls) }
    }
}

impl Service<Request<()>> for Strict {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready.store(true, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(self.ready.swap(false, Ordering::SeqCst), "an instance is called that was not made ready");
        self.calls.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(Response::new(String::new())))
    }
}

#[tokio::test]
async fn the_instance_that_was_made_ready_is_the_one_that_is_called() {
    let world = World::new().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let strict = Strict { ready: AtomicBool::new(false), calls: Arc::clone(&calls) };
    let mut service = AuthLayer::new(world.verifier.clone()).layer(strict);
    let token = world.token().sign();
    // The first token is verified behind a wait, the second is remembered: both ways lead to the inner service.
    for _ in 0..2 {
        let request = Request::get("/").header("authorization", bearer(&token)).body(()).unwrap();
        assert_eq!(service.ready().await.unwrap().call(request).await.unwrap().status(), 200);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}
