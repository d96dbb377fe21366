//! What ten thousand remembered tokens take, by the size of the process.

use logto_authkit::testing::SigningAlgorithm;
use tokio::runtime::Runtime;

use crate::subject::Subject;
use crate::table::{Row, Target};

pub(crate) fn row(runtime: &Runtime) -> Option<Row> {
    let subject = runtime.block_on(Subject::new(SigningAlgorithm::Es256, 10_000));
    let verifier = subject.verifier(10_000);
    runtime.block_on(verifier.warm_up()).expect("the issuer is there");
    let before = resident_bytes()?;
    for token in &subject.tokens {
        runtime.block_on(verifier.verify(token)).expect("the token is good");
    }
    let megabytes = resident_bytes()?.saturating_sub(before) as f64 / 1e6;
    Some(Row::figure(
        "10 000 remembered tokens (growth of the process)".to_owned(),
        format!("{megabytes:.1} MB"),
        megabytes,
        Target::AtMost(20.0),
    ))
}

/// The resident size, where the system tells it.
fn resident_bytes() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(pages.split_whitespace().nth(1)?.parse::<u64>().ok()? * 4096)
}
