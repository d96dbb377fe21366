//! `cargo xtask test`: every test of the workspace, whatever runs it, and one line that sums them up.

use std::time::{Duration, Instant};

use crate::command::{Command, Failure, spoken};
use crate::node_packages::NODE_PACKAGES;
use crate::setup::{self, Purpose};
use crate::test_totals::{CargoTest, NodeTest, Totals, TotalsReader};

/// A command that runs tests, and who understands what it prints.
struct Runner {
    name: String,
    command: Command,
    reader: Box<dyn TotalsReader>,
}

struct Outcome {
    name: String,
    took: Duration,
    totals: Totals,
}

/// Runs all runners, also after one has failed.
pub(crate) fn run() -> Result<(), Failure> {
    let started = Instant::now();
    setup::run_for(Purpose::Test)?;
    println!("ok         set-up ({})", spoken(started.elapsed()));

    for package in NODE_PACKAGES {
        package.build()?;
    }
    let outcomes = runners().into_iter().map(Runner::run).collect::<Result<Vec<_>, _>>()?;
    summarize(&outcomes)
}

fn runners() -> Vec<Runner> {
    let cargo = Runner {
        name: "cargo test".into(),
        command: Command::cargo(["test", "--workspace", "--all-features", "--no-fail-fast"]),
        reader: Box::new(CargoTest::default()),
    };
    let node = NODE_PACKAGES.iter().filter(|package| package.has_tests).map(|package| Runner {
        name: format!("npm test in {}", package.folder),
        command: package.test_command(),
        reader: Box::new(NodeTest::default()),
    });
    std::iter::once(cargo).chain(node).collect()
}

impl Runner {
    fn run(mut self) -> Result<Outcome, Failure> {
        println!("\n== {}", self.name);
        let (status, took) = self.command.run_reading(|line| self.reader.read(line))?;
        if !status.success() {
            eprintln!("\n{}", self.command.failed(status));
        }
        Ok(Outcome { name: self.name, took, totals: settled(self.reader.totals(), status.success()) })
    }
}

/// A runner that failed without a failed test to show for it (it did not compile, it crashed) is one failure itself:
/// the closing line must not say that nothing failed.
fn settled(totals: Totals, succeeded: bool) -> Totals {
    if succeeded || totals.failed > 0 { totals } else { Totals { failed: 1, ..totals } }
}

fn summarize(outcomes: &[Outcome]) -> Result<(), Failure> {
    let mut sum = Totals::default();
    println!("\n== summary");
    for Outcome { name, took, totals } in outcomes {
        println!("{name}: {} passed, {} failed ({})", totals.passed, totals.failed, spoken(*took));
        sum += *totals;
    }
    if sum == Totals::default() {
        eprintln!("\nerror: no test ran");
    }
    // The last line of all, whatever happened: programs read it.
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    if is_success(sum) { Ok(()) } else { Err(Failure::told()) }
}

/// Nothing failed, and something ran: where no test ran, nothing has been shown.
fn is_success(sum: Totals) -> bool {
    sum.failed == 0 && sum.passed > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runner_that_broke_is_one_failure() {
        let compiled_nothing = settled(Totals::default(), false);
        assert_eq!(compiled_nothing, Totals { passed: 0, failed: 1 });
        let failed_two = Totals { passed: 3, failed: 2 };
        assert_eq!(settled(failed_two, false), failed_two);
    }

    #[test]
    fn only_passed_tests_and_no_failed_one_are_a_success() {
        assert!(is_success(Totals { passed: 1, failed: 0 }));
        assert!(!is_success(Totals { passed: 9, failed: 1 }));
        assert!(!is_success(Totals::default()));
    }
}
