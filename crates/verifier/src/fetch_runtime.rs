//! The runtime that keys are fetched on: one for the process, on a thread of its own.
//!
//! A fetch serves every caller of an issuer, whatever executor they run on and however soon it ends. On the runtime of the
//! caller that started it, it would stop with that runtime and leave the others waiting, or with stale keys.

use std::io;
use std::sync::{Mutex, mpsc};
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;
use tracing::instrument::WithSubscriber;

use crate::lock;

/// The handle to the runtime, and the thread that drives it.
type Driven = (Handle, thread::JoinHandle<()>);

static RUNTIME: Mutex<Option<Driven>> = Mutex::new(None);

/// What the standard library gives a thread.
const STACK_SIZE: usize = 2 * 1024 * 1024;

/// Runs `task` to its end, whatever becomes of the caller. The first task starts the thread; where that is impossible, the task
/// is dropped.
pub(crate) fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> Result<JoinHandle<T>, io::Error> {
    // A subscriber that the caller chose for its own thread also hears of the fetch.
    let task = task.with_current_subscriber();
    handle().map(|runtime| runtime.spawn(task)).inspect_err(|error| {
        tracing::error!(%error, "the thread that fetches keys cannot be started");
    })
}

fn handle() -> Result<Handle, io::Error> {
    let mut runtime = lock(&RUNTIME);
    match &*runtime {
        Some((handle, thread)) if !thread.is_finished() => Ok(handle.clone()),
        _ => {
            let started = start(STACK_SIZE)?;
            let handle = started.0.clone();
            *runtime = Some(started);
            Ok(handle)
        }
    }
}

fn start(stack_size: usize) -> Result<Driven, io::Error> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let (give, take) = mpsc::channel::<Runtime>();
    let thread = thread::Builder::new().name("logto-authkit-keys".to_owned()).stack_size(stack_size).spawn(
        move || {
            if let Ok(runtime) = take.recv() {
                runtime.block_on(std::future::pending::<()>());
            }
        },
    );
    match thread {
        Ok(thread) => {
            // The thread waits for it, so this cannot fail.
            let _ = give.send(runtime);
            Ok((handle, thread))
        }
        Err(error) => {
            // To drop a runtime within another one is a panic.
            runtime.shutdown_background();
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_on_the_one_thread() {
        let name = || async { (thread::current().name().map(str::to_owned), thread::current().id()) };
        let ((first, one), (second, other)) =
            Builder::new_current_thread().build().unwrap().block_on(async {
                (spawn(name()).unwrap().await.unwrap(), spawn(name()).unwrap().await.unwrap())
            });
        assert_eq!(
            (first.as_deref(), second.as_deref()),
            (Some("logto-authkit-keys"), Some("logto-authkit-keys"))
        );
        assert_eq!(one, other);
    }

    #[test]
    fn a_thread_that_cannot_be_started_is_an_error_and_no_panic() {
        // More stack than there are addresses.
        let started = Builder::new_current_thread().build().unwrap().block_on(async { start(1 << 60) });
        assert!(started.is_err());
    }
}
