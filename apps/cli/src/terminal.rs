//! What may be printed where: colour on terminals only, and nothing that a stranger wrote without escaping it.

use std::io::{IsTerminal, Write};

/// Whether standard output shows colour: a terminal, and nobody said otherwise (no-color.org).
pub(crate) fn wants_colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The same for standard error.
pub(crate) fn wants_colour_on_stderr() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints to standard output. A reader that has gone away is no error: `logto-authkit verify … | head -1`.
pub(crate) fn print(text: &str) {
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}

/// Text from a token or a server as it may stand on a terminal: no control characters, and not without end.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 120;
    let plain: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    let plain = plain.replace("\\\"", "\"").replace("\\'", "'");
    if text.chars().count() > LONGEST { format!("{plain}…") } else { plain }
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
