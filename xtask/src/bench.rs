//! `cargo xtask bench`: the benchmarks, each with the arguments that were given.

use crate::command::{Command, Failure, spoken};

struct Bench {
    name: &'static str,
    /// What cargo is told; the reader's own arguments follow.
    cargo: &'static [&'static str],
}

const BENCHES: &[Bench] =
    &[Bench { name: "verification", cargo: &["run", "--release", "--package", "logto-authkit-bench", "--"] }];

pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    for Bench { name, cargo } in BENCHES {
        println!("== {name}");
        let took = Command::cargo(cargo.iter().copied()).with_args(args).run()?;
        println!("ok ({})", spoken(took));
    }
    Ok(())
}
