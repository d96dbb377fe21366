use napi::bindgen_prelude::create_custom_tokio_runtime;
use tokio::runtime::Builder;

/// One worker for what waits for networks: sessions in Redis, the issuer, keys.
///
/// There is one JavaScript thread that asks and takes the answers, and a step between is short. With a worker per processor the workers
/// mostly woke each other: an application with sessions in Redis answered 7 % fewer requests on two processors. Signatures are checked
/// elsewhere; only those that had to wait for keys are checked here.
///
/// A process whose last environment has ended, and which loads the addon again, gets a worker per processor from napi.
#[napi_derive::module_init]
fn init() {
    if let Ok(runtime) = Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        create_custom_tokio_runtime(runtime);
    }
}
