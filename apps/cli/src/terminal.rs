//! What may be printed where: colour on terminals only, no token, and nothing that a stranger wrote without escaping it.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use crate::failure::Failure;
use crate::redaction::{redact_secrets, redact_tokens, redact_tokens_in_json};

/// Whether standard output shows colour: a terminal, and nobody said otherwise (no-color.org).
pub(crate) fn wants_colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The same for standard error.
pub(crate) fn wants_colour_on_stderr() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints a result to standard output.
///
/// # Errors
/// It did not get there.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    print_redacted(&redact_tokens(text))
}

/// Prints a result as one line of JSON.
///
/// # Errors
/// It did not get there.
pub(crate) fn print_json(value: &Value) -> Result<(), Failure> {
    print_redacted(&format!("{}\n", redact_tokens_in_json(value)))
}

/// Whether what was written to standard output got there. A reader that has gone away is no error:
/// `logto-authkit verify … | head -1`.
///
/// # Errors
/// It did not, because a disk is full, for example.
pub(crate) fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write the result: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints to standard error. Where that fails, nobody can be told; the exit code says enough.
pub(crate) fn print_error(text: &str) {
    let _ = io::stderr().write_all(redact_secrets(text).as_bytes());
}

/// Standard error for log lines, each in one piece. It never fails: a logger that cannot write complains with a panic.
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().write_all(redact_tokens(&String::from_utf8_lossy(line)).as_bytes());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Text from a token or a server as it may stand on a terminal: no control characters, and not without end.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 120;
    let plain: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    let plain = plain.replace("\\\"", "\"").replace("\\'", "'");
    if text.chars().count() > LONGEST { format!("{plain}…") } else { plain }
}

fn print_redacted(text: &str) -> Result<(), Failure> {
    written(io::stdout().write_all(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_a_stranger_wrote_cannot_steer_the_terminal() {
        assert_eq!(shown("\u{1b}[31mred\r\n"), "\\u{1b}[31mred\\r\\n");
        assert_eq!(shown("it's \"plain\""), "it's \"plain\"");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), 121);
    }
}
