//! `cargo xtask bench`: the benchmarks, each with the arguments that were given.

use crate::command::{Command, Failure, spoken};
use crate::node_packages::NODE_PACKAGES;
use crate::setup::{self, Purpose};

/// Runs all of them, also after one has missed a target.
pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    setup::run_for(Purpose::Test)?;
    let engine = Command::cargo(["run", "--release", "--package", "logto-authkit-bench", "--"]);
    let mut outcomes = vec![run_one("the engine", &engine.with_args(args))];
    for package in NODE_PACKAGES.iter().filter(|package| package.is_built) {
        package.build()?;
        outcomes.push(run_one(package.folder, &package.bench_command().with_args(args)));
    }
    outcomes.into_iter().collect()
}

fn run_one(name: &str, command: &Command) -> Result<(), Failure> {
    println!("\n== {name}");
    let took = command.run()?;
    println!("ok ({})", spoken(took));
    Ok(())
}
