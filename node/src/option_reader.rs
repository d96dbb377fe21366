use serde_json::{Map, Value};

use crate::problem::ConfigProblem;

/// Reads options one by one, says which one is of the wrong type, and finally which one nobody knows.
pub(crate) struct OptionReader {
    options: Map<String, Value>,
    known: Vec<&'static str>,
}

impl OptionReader {
    /// The options as the JavaScript half writes them: a JSON object in which what is undefined is absent.
    pub(crate) fn new(json: &str) -> Result<Self, ConfigProblem> {
        match serde_json::from_str(json) {
            Ok(Value::Object(options)) => Ok(OptionReader { options, known: Vec::new() }),
            _ => Err(ConfigProblem::new(
                "options",
                "it is no object",
                "pass an object with logtoUrl and audience",
            )),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.options.remove(name)
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, ConfigProblem> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(name, &other, "a string")),
        }
    }

    /// A string, or an array of strings.
    pub(crate) fn texts(&mut self, name: &'static str) -> Result<Option<Vec<String>>, ConfigProblem> {
        let wrong = |other: &Value| wrong_type(name, other, "a string or an array of strings");
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(vec![text])),
            Some(Value::Array(items)) => {
                let text = |item: Value| match item {
                    Value::String(text) => Ok(text),
                    other => Err(wrong(&other)),
                };
                items.into_iter().map(text).collect::<Result<_, _>>().map(Some)
            }
            Some(other) => Err(wrong(&other)),
        }
    }

    /// What is false unless it is said.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, ConfigProblem> {
        Ok(self.truth(name)?.unwrap_or(false))
    }

    pub(crate) fn truth(&mut self, name: &'static str) -> Result<Option<bool>, ConfigProblem> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(wrong_type(name, &other, "true or false")),
        }
    }

    /// A number that is not negative.
    pub(crate) fn number(&mut self, name: &'static str) -> Result<Option<f64>, ConfigProblem> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) if number >= 0.0 => Ok(Some(number)),
                _ => Err(wrong_type(name, &value, "a number that is not negative")),
            },
        }
    }

    /// Refuses options that nobody has asked for: a misspelt option must not be silently without effect.
    pub(crate) fn finish(mut self) -> Result<(), ConfigProblem> {
        // What only the JavaScript half writes is no option to advise.
        self.known.retain(|name| !["organizationFromRequest", "onServer"].contains(name));
        self.known.sort_unstable();
        match self.options.keys().next() {
            None => Ok(()),
            Some(name) => Err(ConfigProblem::new(
                name,
                "there is no such option",
                format!("write one of {}", self.known.join(", ")),
            )),
        }
    }
}

fn wrong_type(name: &str, found: &Value, wanted: &str) -> ConfigProblem {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    ConfigProblem::new(name, format!("it is {found}"), format!("write {wanted}"))
}
