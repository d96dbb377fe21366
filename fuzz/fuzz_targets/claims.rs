//! Claims say what another JSON reader finds in the same payload.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logto_authkit_token::Claims;
use serde_json::Value;

fuzz_target!(|payload: &[u8]| {
    let Ok(claims) = Claims::parse(payload) else { return };
    assert_eq!(claims.json().as_bytes(), payload);
    let Ok(value) = serde_json::from_slice::<Value>(payload) else {
        // The one thing that the other reader minds and this one skips: a lone surrogate in a value that nobody asked for.
        assert!(claims.json().contains("\\u"), "an unreadable payload is taken for claims");
        return;
    };
    assert!(value.is_object());
    assert_eq!(value["iss"], claims.issuer());
    assert_eq!(value["sub"], claims.subject());
    assert!(!claims.subject().is_empty());
    assert_eq!(value["scope"].as_str().unwrap_or_default(), claims.scopes().as_str());
    assert_eq!(value["organization_id"].as_str().is_some(), value.get("organization_id").is_some());
    match &value["aud"] {
        Value::String(one) => assert!(claims.audience().eq([one.as_str()])),
        Value::Array(several) => assert!(claims.audience().eq(several.iter().map(|entry| entry.as_str().expect("a string")))),
        other => panic!("an audience of another type: {other}"),
    }
    let expires = value["exp"].as_f64().expect("a number");
    assert!((claims.expires_at().as_unix_millis() as f64 - expires * 1000.0).abs() <= 1.0 + expires.abs() * 1e-9);
});
