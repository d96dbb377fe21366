//! The packages of the workspace and their features, as `cargo metadata` tells them.

use serde_json::Value;

use crate::command::{Command, Failure};

/// A package of the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Every feature but `default`, sorted. Optional dependencies without a `dep:` are features too.
    pub(crate) features: Vec<String>,
}

/// The workspace's packages, in the order of their names.
pub(crate) fn in_workspace() -> Result<Vec<Package>, Failure> {
    let metadata = Command::cargo(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    parse(&metadata).ok_or_else(|| Failure::new("`cargo metadata` answered in an unknown form"))
}

fn parse(metadata: &str) -> Option<Vec<Package>> {
    let metadata: Value = serde_json::from_str(metadata).ok()?;
    let mut packages = metadata["packages"].as_array()?.iter().map(package).collect::<Option<Vec<_>>>()?;
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    Some(packages)
}

fn package(package: &Value) -> Option<Package> {
    let name = package["name"].as_str()?.to_owned();
    let mut features: Vec<String> =
        package["features"].as_object()?.keys().filter(|feature| *feature != "default").cloned().collect();
    features.sort();
    Some(Package { name, features })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_listed_without_default_and_in_order() {
        let metadata = r#"{"packages": [
            {"name": "tower", "features": {"default": ["axum"], "axum": ["dep:axum-core"], "actix": []}},
            {"name": "token", "features": {}}
        ]}"#;
        let expected = [
            Package { name: "token".into(), features: vec![] },
            Package { name: "tower".into(), features: vec!["actix".into(), "axum".into()] },
        ];
        assert_eq!(parse(metadata).unwrap(), expected);
    }

    #[test]
    fn an_unknown_form_is_refused_whole() {
        assert_eq!(parse("not JSON"), None);
        assert_eq!(parse("{}"), None);
        assert_eq!(parse(r#"{"packages": [{"name": "token"}]}"#), None);
    }

    #[test]
    fn this_workspace_has_this_package() {
        let packages = in_workspace().unwrap();
        assert!(packages.iter().any(|package| package.name == "xtask"), "{packages:?}");
    }
}
