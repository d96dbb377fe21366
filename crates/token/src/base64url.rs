//! Strict base64url (RFC 4648 §5, RFC 7515 §2): no padding, no white space, no unused bits.
//!
//! A decoder that is lenient about unused bits gives one token many spellings, and whatever is keyed by the text of a
//! token (a cache, a deny-list) can then be walked around.

const INVALID: u8 = 0xff;

/// The value of each alphabet character; everything else is `INVALID`, whose high bits no valid value has.
const VALUES: [u8; 256] = {
    let mut values = [INVALID; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut value = 0;
    while value < alphabet.len() {
        values[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// Decodes `text`, or returns `None` where it is not the one canonical spelling of some bytes.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let (quads, tail) = text.as_chunks::<4>();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    // Invalid characters are collected and looked at once: the loop has no branch per character.
    let mut seen = 0;
    for quad in quads {
        let [a, b, c, d] = quad.map(|character| VALUES[character as usize]);
        seen |= a | b | c | d;
        bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    match *tail {
        [] => {}
        [a, b] => {
            let [a, b] = [a, b].map(|character| VALUES[character as usize]);
            seen |= a | b;
            if b & 0b1111 != 0 {
                return None;
            }
            bytes.push(a << 2 | b >> 4);
        }
        [a, b, c] => {
            let [a, b, c] = [a, b, c].map(|character| VALUES[character as usize]);
            seen |= a | b | c;
            if c & 0b11 != 0 {
                return None;
            }
            bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2]);
        }
        // Six bits are no byte.
        _ => return None,
    }
    (seen & 0b1100_0000 == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_decode() {
        for (text, bytes) in [
            ("", ""),
            ("Zg", "f"),
            ("Zm8", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg", "foob"),
            ("Zm9vYmE", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ] {
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert_eq!(decode(b"-_-_"), Some(vec![0xfb, 0xff, 0xbf]));
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in ["Zg==", "Zh", "Zm9", "Z", "Zm9vY", "Zm 9", "Zm9v\n", "+/+/", "Zm9v.", "Zmé"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_decodes_has_exactly_one_spelling(text in "[A-Za-z0-9_=+/-]{0,40}") {
            if let Some(bytes) = decode(text.as_bytes()) {
                proptest::prop_assert_eq!(encode(&bytes), text);
            }
        }
    }

    /// The canonical spelling, written the slow and obvious way.
    fn encode(bytes: &[u8]) -> String {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
        bits.as_bytes()
            .chunks(6)
            .map(|six| {
                let padded = format!("{:0<6}", std::str::from_utf8(six).unwrap());
                alphabet[usize::from_str_radix(&padded, 2).unwrap()] as char
            })
            .collect()
    }
}
