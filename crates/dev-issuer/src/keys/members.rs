//! A JSON object that keeps its members in the order in which they were set.

use serde_json::Value;

/// The header or the payload of a token. The order is kept because a real server's tokens have one, and because
/// somebody who looks at a token in a debugger should see it the way Logto shows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members(Vec<(String, Value)>);

impl Members {
    /// Sets a member, in its old place if it is there already.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some(member) => member.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// The same, for building in one expression.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(crate) fn append(&mut self, other: Self) {
        for (name, value) in other.0 {
            self.set(&name, value);
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let members: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
        format!("{{{}}}", members.join(","))
    }
}

impl From<Members> for Value {
    fn from(members: Members) -> Self {
        Self::Object(members.0.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Members;
    use serde_json::Value;

    #[test]
    fn members_keep_their_order_and_replace_in_place() {
        let mut members = Members::default().with("b", 1).with("a", "x\"y").with("b", Value::Null);
        assert_eq!(members.to_json(), r#"{"b":null,"a":"x\"y"}"#);
        members.remove("b");
        assert_eq!(members.to_json(), r#"{"a":"x\"y"}"#);
    }
}
