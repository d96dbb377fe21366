use std::fmt;

use logto_authkit::ConfigError;

/// Why a command cannot do its work: one sentence, on standard error, with exit code 2.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
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
