use serde::Serialize;

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    /// Whether it holds; `None` where it could not be looked at.
    pub(crate) ok: Option<bool>,
    pub(crate) detail: String,
    /// What to do about it. Part of the detail in JSON.
    #[serde(skip)]
    hint: Option<String>,
}

impl Check {
    pub(crate) fn holds(name: &'static str, detail: impl Into<String>) -> Self {
        Check { name, ok: Some(true), detail: detail.into(), hint: None }
    }

    pub(crate) fn fails(name: &'static str, detail: impl Into<String>) -> Self {
        Check { name, ok: Some(false), detail: detail.into(), hint: None }
    }

    pub(crate) fn not_reached(name: &'static str, detail: impl Into<String>) -> Self {
        Check { name, ok: None, detail: detail.into(), hint: None }
    }

    /// With what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        self.detail = format!("{}; hint: {hint}", self.detail);
        self.hint = Some(hint);
        self
    }

    /// The check as lines for a person.
    pub(crate) fn lines(&self, colour: bool) -> String {
        let (mark, code) = match self.ok {
            Some(true) => ("✓", "32"),
            Some(false) => ("✗", "31"),
            None => ("·", "2"),
        };
        let mark = if colour { format!("\u{1b}[{code}m{mark}\u{1b}[0m") } else { mark.to_owned() };
        let detail = match &self.hint {
            Some(hint) => self.detail.strip_suffix(&format!("; hint: {hint}")).unwrap_or(&self.detail),
            None => &self.detail,
        };
        let mut lines = format!("{mark} {:<13} {detail}\n", self.name);
        if let Some(hint) = &self.hint {
            lines.push_str(&format!("{:15} → {hint}\n", ""));
        }
        lines
    }
}
