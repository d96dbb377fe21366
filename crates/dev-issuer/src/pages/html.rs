//! Text that is safe to send as HTML.

/// A piece of HTML in which everything that came from outside is escaped.
#[derive(Clone, Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Takes text of this crate as it is; the lifetime keeps everything else out.
    pub(super) fn trusted(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn and(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    pub(super) fn and_trusted(mut self, text: &'static str) -> Self {
        self.0.push_str(text);
        self
    }

    /// Appends text from anywhere, escaped for element content and for quoted attributes.
    pub(super) fn and_text(mut self, text: &str) -> Self {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
        self
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Joins literals, `{text to escape}` and `[ready HTML]`.
macro_rules! html {
    (@ $html:expr ;) => { $html };
    (@ $html:expr ; $literal:literal $($rest:tt)*) => { html!(@ $html.and_trusted($literal) ; $($rest)*) };
    (@ $html:expr ; {$text:expr} $($rest:tt)*) => { html!(@ $html.and_text($text) ; $($rest)*) };
    (@ $html:expr ; [$ready:expr] $($rest:tt)*) => { html!(@ $html.and(&$ready) ; $($rest)*) };
    ($($part:tt)*) => { html!(@ Html::default() ; $($part)*) };
}
pub(super) use html;

#[cfg(test)]
mod tests {
    use super::Html;

    #[test]
    fn nothing_from_outside_can_end_an_attribute_or_begin_a_tag() {
        let page = html!("<i title=\"" {"\"><script>'&"} "\">");
        assert_eq!(page.as_str(), "<i title=\"&quot;&gt;&lt;script&gt;&#39;&amp;\">");
    }
}
