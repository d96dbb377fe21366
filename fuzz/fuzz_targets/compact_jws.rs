//! Whatever is taken for a token has three parts and one spelling: encoding its parts again gives the same text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logto_authkit_token::{CompactJws, MAX_TOKEN_LENGTH};

fuzz_target!(|text: &str| {
    let Ok(jws) = CompactJws::parse(text) else { return };
    assert!(text.len() <= MAX_TOKEN_LENGTH);
    assert_eq!(text.bytes().filter(|byte| *byte == b'.').count(), 2);
    let (input, signature) = text.rsplit_once('.').expect("there are two dots");
    assert_eq!(jws.signing_input(), input.as_bytes());
    assert_eq!(base64url(jws.signature()), signature);
    assert_eq!(base64url(jws.payload()), input.split_once('.').expect("there is a dot").1);
});

fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0_u32, |bits, (index, byte)| bits | u32::from(*byte) << (16 - 8 * index));
        for index in 0..=chunk.len() {
            text.push(ALPHABET[(bits >> (18 - 6 * index) & 63) as usize] as char);
        }
    }
    text
}
