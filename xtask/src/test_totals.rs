//! How many tests passed and failed, read from what the test runners print.

use std::ops::AddAssign;

/// Tests that passed and tests that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
    }
}

/// Reads a runner's output line by line. Lines that say nothing about totals are passed over.
pub(crate) trait TotalsReader {
    fn read(&mut self, line: &str);
    fn totals(&self) -> Totals;
}

/// `cargo test` closes every test binary with a line of its own; they add up.
#[derive(Default)]
pub(crate) struct CargoTest(Totals);

impl TotalsReader for CargoTest {
    /// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let line = without_colours(line);
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for part in result.split(['.', ';']) {
            match counted(part) {
                Some((count, "passed")) => self.0.passed += count,
                Some((count, "failed")) => self.0.failed += count,
                _ => {}
            }
        }
    }

    fn totals(&self) -> Totals {
        self.0
    }
}

/// `node --test` closes the whole run with one block of counts. What looks like one before it was printed by a test,
/// so the last one counts.
#[derive(Default)]
pub(crate) struct NodeTest {
    passed: u64,
    failed: u64,
    cancelled: u64,
}

impl TotalsReader for NodeTest {
    /// Reads `# pass 12` (reporter `tap`) and `ℹ pass 12` (reporter `spec`). A cancelled test has not passed.
    fn read(&mut self, line: &str) {
        let line = without_colours(line);
        let Some(fact) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) else { return };
        let Some((name, count)) = fact.trim().split_once(' ') else { return };
        let Ok(count) = count.parse() else { return };
        match name {
            "pass" => self.passed = count,
            "fail" => self.failed = count,
            "cancelled" => self.cancelled = count,
            _ => {}
        }
    }

    fn totals(&self) -> Totals {
        Totals { passed: self.passed, failed: self.failed + self.cancelled }
    }
}

/// `12 passed` as 12 and `passed`.
fn counted(part: &str) -> Option<(u64, &str)> {
    let (count, what) = part.trim().split_once(' ')?;
    Some((count.parse().ok()?, what))
}

/// The line without its terminal sequences: `ESC [`, parameters, one final letter.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, sequence)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = sequence.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        rest = rest.get(1..).unwrap_or_default();
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(mut reader: impl TotalsReader, output: &str) -> (u64, u64) {
        output.lines().for_each(|line| reader.read(line));
        let Totals { passed, failed } = reader.totals();
        (passed, failed)
    }

    #[test]
    fn test_binaries_and_doc_tests_add_up() {
        let output = "\
running 3 tests
test a ... ok
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s

test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.50s

   Doc-tests logto_authkit
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
        assert_eq!(totals(CargoTest::default(), output), (17, 2));
    }

    #[test]
    fn colours_do_not_hide_a_result() {
        let output = "test result: \u{1b}[31mFAILED\u{1b}(B\u{1b}[m. 1 passed; 1 failed; 0 ignored";
        assert_eq!(totals(CargoTest::default(), output), (1, 1));
        assert_eq!(totals(NodeTest::default(), "\u{1b}[34mℹ pass 7\u{1b}[39m"), (7, 0));
    }

    #[test]
    fn other_lines_count_nothing() {
        let output =
            "12 passed; 3 failed\ntest result_is_kept ... ok\ntest result: \nthe test result: ok. 1 passed;";
        assert_eq!(totals(CargoTest::default(), output), (0, 0));
        assert_eq!(totals(NodeTest::default(), "pass 3\n# pass many\n# passing 3\n#\n# pass"), (0, 0));
    }

    #[test]
    fn both_reporters_of_node_are_read() {
        let tap =
            "TAP version 13\nok 1 - a\n# tests 6\n# suites 1\n# pass 3\n# fail 2\n# cancelled 1\n# skipped 0";
        let spec = "✔ a (1.2ms)\nℹ tests 6\nℹ suites 1\nℹ pass 3\nℹ fail 2\nℹ cancelled 1\nℹ skipped 0";
        assert_eq!(totals(NodeTest::default(), tap), (3, 3));
        assert_eq!(totals(NodeTest::default(), spec), (3, 3));
    }

    #[test]
    fn what_a_node_test_prints_itself_does_not_count() {
        assert_eq!(totals(NodeTest::default(), "# pass 99\n# fail 1\nok 1 - a\n# pass 1\n# fail 0"), (1, 0));
    }
}
