//! Accepting connections, and ending them when the issuer goes down.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tower_service::Service as _;

/// Closes the connection of the request that carries it, without an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut(Arc<Notify>);

impl Cut {
    pub(crate) fn close(&self) {
        self.0.notify_one();
    }
}

/// Whether the issuer answers at all. While it is down, every connection is closed as soon as it is there.
#[derive(Clone, Debug)]
pub(crate) struct Listening(watch::Sender<Reachability>);

/// The count lets a connection notice that the issuer was down, even when it is back already.
#[derive(Clone, Copy, Debug, Default)]
struct Reachability {
    is_down: bool,
    times_down: u64,
}

impl Listening {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Reachability::default()))
    }

    pub(crate) fn go_down(&self) {
        self.0.send_modify(|now| *now = Reachability { is_down: true, times_down: now.times_down + 1 });
    }

    pub(crate) fn come_back(&self) {
        self.0.send_modify(|now| now.is_down = false);
    }
}

/// Accepts connections until the task that runs this is aborted, which ends the connections with it.
pub(crate) async fn serve(listener: TcpListener, router: Router, listening: Listening) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let reachability = listening.0.subscribe();
                    if !reachability.borrow().is_down {
                        connections.spawn(converse(stream, router.clone(), reachability));
                    }
                }
                Err(error) => {
                    // Out of file descriptors, mostly: give the open connections a moment to end.
                    tracing::warn!(%error, "the issuer could not accept a connection");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            },
            // Finished connections are collected, so that their results do not pile up.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, router: Router, mut reachability: watch::Receiver<Reachability>) {
    let downs_before = reachability.borrow().times_down;
    let cut = Cut::default();
    let carried = cut.clone();
    let answer = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(carried.clone());
        router.clone().call(request.map(axum::body::Body::new) as Request)
    });
    // Without this a small answer after another one waits for the client's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    tokio::select! {
        result = connection => {
            if let Err(error) = result {
                tracing::debug!(%error, "a connection ended early");
            }
        }
        () = cut.0.notified() => {}
        _ = reachability.wait_for(|now| now.times_down != downs_before) => {}
    }
}
