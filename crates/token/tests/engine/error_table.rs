use logto_authkit_token::{Challenge, ErrorCode};

/// One table for all languages: the code in Rust and the data that Node's tests and the documentation read are the same.
#[test]
fn the_table_of_error_codes_is_the_shared_one() {
    let table: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(crate::conformance_folder().join("errors.json")).unwrap())
            .unwrap();
    let ours: Vec<serde_json::Value> = ErrorCode::ALL
        .iter()
        .map(|code| {
            serde_json::json!({
                "code": code.as_str(),
                "status": code.status(),
                "title": code.title(),
                "challenge": code.challenge().map(|challenge| match challenge {
                    Challenge::RealmOnly => "none",
                    other => other.error().unwrap(),
                }),
                "retryAfter": *code == ErrorCode::KeysUnavailable,
            })
        })
        .collect();
    assert_eq!(ours, table);
}

#[test]
fn the_documentation_has_a_row_for_every_code() {
    let page = std::fs::read_to_string(crate::conformance_folder().join("../docs/errors.md")).unwrap();
    for code in ErrorCode::ALL {
        let row = format!("| `{}` | {} |", code.as_str(), code.status());
        assert!(page.contains(&row), "docs/errors.md lacks the row {row}");
    }
}
