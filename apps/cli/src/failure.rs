use std::fmt;
use std::process::ExitCode;

use logto_authkit::ConfigError;

use crate::terminal;

/// Why a command cannot do its work: one sentence, on standard error, with exit code 2.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// What a program ends with that could not do its work.
    pub(crate) const EXIT_CODE: u8 = 2;

    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Failure(sentence.into())
    }

    /// A port that cannot be listened on.
    pub(crate) fn port(option: &str, port: u16, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::AddrInUse => Failure(format!(
                "port {port} is in use: stop the program that has it, or choose another with {option} (0 takes a free one)"
            )),
            _ => Failure(format!("cannot listen on port {port}: {error}; choose another with {option}")),
        }
    }

    /// Tells it, and gives the exit code to end with.
    pub(crate) fn tell(&self) -> ExitCode {
        terminal::print_error(&format!("logto-authkit: {self}\n"));
        Failure::EXIT_CODE.into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let option = error.option().replace('_', "-");
        Failure(format!("--{option}: {}; {}", error.problem(), error.hint()))
    }
}
