use logto_authkit_token::{JwkSet, KeyProblem, VerificationKey};

/// RFC 7515 §A.3.1.
const OBJECT: &str = r#"{"kty":"EC","crv":"P-256","kid":"k","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

/// The same key as an array of the members' values, in the order in which our reader knows them.
const ARRAY: &str = r#"["EC","sig",null,"ES256","k","P-256","f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",null,null,null,null,null]"#;

#[test]
fn a_key_is_an_object_and_nothing_else() {
    assert_eq!(VerificationKey::from_jwk(&format!(" \t\r\n{OBJECT} ")).unwrap().key_id(), Some("k"));
    for no_key in [ARRAY, "[]", "null", "\"EC\"", "1", "", "{"] {
        assert_eq!(VerificationKey::from_jwk(no_key).unwrap_err(), KeyProblem::NotAKey, "{no_key}");
    }
}

#[test]
fn a_key_that_is_no_object_is_skipped_and_the_rest_of_the_set_lives() {
    let set = JwkSet::parse(format!(r#"{{"keys":[{ARRAY},{OBJECT}]}}"#).as_bytes()).unwrap();
    assert_eq!(set.keys().len(), 1);
    let skipped: Vec<_> = set.skipped().iter().map(|skipped| (skipped.index, skipped.problem)).collect();
    assert_eq!(skipped, [(0, KeyProblem::NotAKey)]);
}
