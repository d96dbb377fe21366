//! Enough JOSE to make tokens: written apart from the code under test.

/// Base64url without padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let bits = chunk
                .iter()
                .enumerate()
                .fold(0_u32, |bits, (index, byte)| bits | u32::from(*byte) << (16 - 8 * index));
            (0..=chunk.len()).map(move |index| ALPHABET[(bits >> (18 - 6 * index) & 63) as usize] as char)
        })
        .collect()
}

/// Bytes from hexadecimal digits.
pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let padded = if text.len() % 2 == 1 { format!("0{text}") } else { text.to_owned() };
    (0..padded.len())
        .step_by(2)
        .map(|index| u8::from_str_radix(&padded[index..index + 2], 16).unwrap())
        .collect()
}
