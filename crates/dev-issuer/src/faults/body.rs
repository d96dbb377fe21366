//! Bodies that arrive in an unpleasant way.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use std::convert::Infallible;
use tokio::time::{Sleep, sleep};

/// JSON of a given length, without the length being announced.
#[derive(Debug)]
pub(super) struct Huge {
    pending: Option<Bytes>,
    padding: usize,
}

const OPENING: &[u8] = b"{\"keys\":[],\"padding\":\"";
const CLOSING: &[u8] = b"\"}";
const PADDING: &[u8; 65_536] = &[b'a'; 65_536];

impl Huge {
    pub(super) fn new(bytes: usize) -> Self {
        let padding = bytes.saturating_sub(OPENING.len() + CLOSING.len());
        Self { pending: Some(Bytes::from_static(OPENING)), padding }
    }
}

impl Body for Huge {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(chunk) = self.pending.take() else { return Poll::Ready(None) };
        let next = self.padding.min(PADDING.len());
        self.padding -= next;
        if next > 0 {
            self.pending = PADDING.get(..next).map(Bytes::from_static);
        } else if chunk != CLOSING {
            self.pending = Some(Bytes::from_static(CLOSING));
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }
}

/// A known body in small pieces with a pause before each.
#[derive(Debug)]
pub(super) struct Drip {
    rest: Bytes,
    bytes_per_chunk: usize,
    interval: Duration,
    pause: Pin<Box<Sleep>>,
}

impl Drip {
    pub(super) fn new(whole: Bytes, bytes_per_chunk: usize, interval: Duration) -> Self {
        let pause = Box::pin(sleep(interval));
        Self { rest: whole, bytes_per_chunk: bytes_per_chunk.max(1), interval, pause }
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        ready!(self.pause.as_mut().poll(context));
        self.pause = Box::pin(sleep(self.interval));
        let length = self.bytes_per_chunk.min(self.rest.len());
        let chunk = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }
}
