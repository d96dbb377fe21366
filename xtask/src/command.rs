//! Running other programs: what runs, how long it took, and how to run it again by hand.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{self, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A program with its arguments, run in the workspace's folder or below it.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    program: &'static str,
    args: Vec<String>,
    env: Vec<(&'static str, &'static str)>,
    folder: Option<&'static str>,
}

impl Command {
    pub(crate) fn new<A: Into<String>>(program: &'static str, args: impl IntoIterator<Item = A>) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program, args, env: Vec::new(), folder: None }
    }

    pub(crate) fn cargo<A: Into<String>>(args: impl IntoIterator<Item = A>) -> Self {
        Self::new("cargo", args)
    }

    pub(crate) fn with_args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    pub(crate) fn with_env(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.push((name, value));
        self
    }

    /// Runs in this folder, named from the workspace's root.
    pub(crate) fn in_folder(mut self, folder: &'static str) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Says what runs, runs it with the terminal's own input and output, and tells how long it took.
    pub(crate) fn run(&self) -> Result<Duration, Failure> {
        println!("$ {self}");
        let started = Instant::now();
        let status = self.process().status().map_err(|error| self.not_started(&error))?;
        if status.success() { Ok(started.elapsed()) } else { Err(self.failed(status)) }
    }

    /// Runs like [`Command::run`], and also hands every line of the standard output to `on_line` as it passes.
    /// That the program failed is in the returned status, not an error: it has said something all the same.
    pub(crate) fn run_reading(
        &self,
        mut on_line: impl FnMut(&str),
    ) -> Result<(ExitStatus, Duration), Failure> {
        println!("$ {self}");
        let started = Instant::now();
        let mut child =
            self.process().stdout(Stdio::piped()).spawn().map_err(|error| self.not_started(&error))?;
        if let Some(output) = child.stdout.take() {
            pass_through(BufReader::new(output), io::stdout(), &mut on_line)
                .map_err(|error| self.not_read(&error))?;
        }
        let status = child.wait().map_err(|error| self.not_read(&error))?;
        Ok((status, started.elapsed()))
    }

    /// Runs without a word and returns the standard output.
    pub(crate) fn output(&self) -> Result<String, Failure> {
        let output = self.process().output().map_err(|error| self.not_started(&error))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            let said = String::from_utf8_lossy(&output.stderr);
            let failure = self.failed(output.status);
            Err(Failure { message: format!("{}: {}", failure.message, said.trim()), ..failure })
        }
    }

    pub(crate) fn failed(&self, status: ExitStatus) -> Failure {
        Failure { message: format!("`{}` ended with {status}", self.program), again: Some(self.to_string()) }
    }

    fn not_started(&self, error: &io::Error) -> Failure {
        let message = format!("`{}` could not be started: {error}", self.program);
        Failure { message, again: Some(self.to_string()) }
    }

    fn not_read(&self, error: &io::Error) -> Failure {
        let message = format!("the output of `{}` could not be read: {error}", self.program);
        Failure { message, again: Some(self.to_string()) }
    }

    fn process(&self) -> process::Command {
        let mut process = process::Command::new(self.program);
        process.args(&self.args).envs(self.env.iter().copied());
        if let Some(folder) = self.folder {
            process.current_dir(folder);
        }
        // `cargo run` describes the xtask package in these. Build scripts that watch them would run again at every
        // change between `cargo xtask` and plain `cargo`.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                process.env_remove(&*name);
            }
        }
        process
    }
}

/// The command as one would type it into a shell at the workspace's root.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(folder) = self.folder {
            write!(f, "cd {} && ", quoted(folder))?;
        }
        for (name, value) in &self.env {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str(self.program)?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

/// Why a command of the workspace did not succeed, and what to type to see it again.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    again: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), again: None }
    }

    /// For a failure that the reader has been told of: nothing more is said.
    pub(crate) fn told() -> Self {
        Self::new("")
    }

    pub(crate) fn is_told(&self) -> bool {
        self.message.is_empty()
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.again.iter().try_for_each(|command| write!(f, "\nrun it again with:\n\n  {command}\n"))
    }
}

/// How long something took, as a person says it: `0.4 s`, `12.0 s`, `3 min 04 s`.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

fn pass_through(
    mut from: impl BufRead,
    mut into: impl Write,
    on_line: &mut impl FnMut(&str),
) -> io::Result<()> {
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        into.write_all(&line)?;
        into.flush()?;
        on_line(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    Ok(())
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reads_as_one_types_it() {
        let command = Command::cargo(["doc", "--no-deps"])
            .with_env("RUSTDOCFLAGS", "-D warnings")
            .in_folder("crates/token")
            .with_args(&["it's"]);
        assert_eq!(
            command.to_string(),
            r"cd crates/token && RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'it'\''s'"
        );
    }

    #[test]
    fn every_line_is_read_and_passed_on_also_the_last_without_a_line_end() {
        let (mut lines, mut passed_on) = (Vec::new(), Vec::new());
        let mut on_line = |line: &str| lines.push(line.to_owned());
        pass_through(&b"one\r\ntwo \xff"[..], &mut passed_on, &mut on_line).unwrap();
        assert_eq!(lines, ["one", "two \u{fffd}"]);
        assert_eq!(passed_on, b"one\r\ntwo \xff");
    }

    #[test]
    fn a_failed_program_says_how_to_run_it_again() {
        let command = Command::new("rustc", ["--no-such-option"]);
        let failure = command.output().unwrap_err().to_string();
        assert!(failure.ends_with("  rustc --no-such-option\n"), "{failure}");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_and_no_panic() {
        let failure = Command::new("no-such-program-here", ["x"]).run().unwrap_err();
        assert!(failure.message().contains("could not be started"), "{failure}");
    }

    #[test]
    fn durations_are_spoken() {
        assert_eq!(spoken(Duration::from_millis(420)), "0.4 s");
        assert_eq!(spoken(Duration::from_secs(184)), "3 min 04 s");
    }
}
