use crate::ConfigError;

/// A list of names of which all, or at least one, must be held. Never empty: an empty requirement would be a silent yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    mode: Mode,
    names: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    All,
    Any,
}

impl Requirement {
    pub(crate) fn all(
        option: &'static str,
        names: impl IntoIterator<Item = impl Into<String>>,
        problem: fn(&str) -> Option<&'static str>,
    ) -> Result<Self, ConfigError> {
        Requirement::new(Mode::All, option, names, problem)
    }

    pub(crate) fn any(
        option: &'static str,
        names: impl IntoIterator<Item = impl Into<String>>,
        problem: fn(&str) -> Option<&'static str>,
    ) -> Result<Self, ConfigError> {
        Requirement::new(Mode::Any, option, names, problem)
    }

    fn new(
        mode: Mode,
        option: &'static str,
        names: impl IntoIterator<Item = impl Into<String>>,
        problem: fn(&str) -> Option<&'static str>,
    ) -> Result<Self, ConfigError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.is_empty() {
            return Err(ConfigError::new(
                option,
                "the list is empty",
                "name at least one, or leave the requirement out",
            ));
        }
        for name in &names {
            if name.is_empty() {
                return Err(ConfigError::new(
                    option,
                    "a name in the list is empty",
                    "write what must be held",
                ));
            }
            if let Some(problem) = problem(name) {
                return Err(ConfigError::new(option, format!("{name:?} cannot be held"), problem));
            }
        }
        Ok(Requirement { mode, names })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The names that are lacking: empty when the requirement is met, without an allocation.
    pub(crate) fn missing(&self, holds: impl Fn(&str) -> bool) -> Vec<String> {
        if self.mode == Mode::Any && self.names.iter().any(|name| holds(name)) {
            return Vec::new();
        }
        self.names.iter().filter(|name| !holds(name)).cloned().collect()
    }
}
