//! One pass over a JSON object whose member names must be unique, also when they are written with escapes.
//!
//! RFC 7515 §4 and RFC 7519 §4 leave it to the reader to refuse duplicates or to take the last one. Two readers that choose
//! differently disagree about what was signed, so this one refuses.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Reads `json` and hands each member to `member`, which says what to do with the value.
pub(crate) fn read<'de, M: Members<'de>>(json: &'de [u8], members: &mut M) -> Result<(), ObjectError> {
    // Skipped values are not checked for UTF-8 by the reader, and RFC 8259 §8.1 allows nothing else.
    let text = std::str::from_utf8(json).map_err(|_| ObjectError::NotAnObject)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut names = Names(Vec::with_capacity(16));
    reader
        .deserialize_map(ObjectVisitor { members, names: &mut names })
        .and_then(|()| reader.end())
        .map_err(|_| ObjectError::NotAnObject)?;
    if names.repeat() { Err(ObjectError::DuplicateMember) } else { Ok(()) }
}

/// What is taken out of an object while it is read.
pub(crate) trait Members<'de> {
    /// Called once per member. It must take exactly one value from `map`.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Why something is not an object as wanted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectError {
    NotAnObject,
    DuplicateMember,
}

struct ObjectVisitor<'a, 'de, M> {
    members: &'a mut M,
    names: &'a mut Names<'de>,
}

impl<'de, M: Members<'de>> Visitor<'de> for ObjectVisitor<'_, 'de, M> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            self.members.member(&name, &mut map)?;
            self.names.0.push(name);
        }
        Ok(())
    }
}

/// The member names seen so far.
struct Names<'de>(Vec<Cow<'de, str>>);

impl Names<'_> {
    fn repeat(mut self) -> bool {
        // A token has about ten members; a hostile one has thousands and must not cost their square.
        if self.0.len() > 16 {
            self.0.sort_unstable();
            return self.0.windows(2).any(|pair| pair[0] == pair[1]);
        }
        self.0.iter().enumerate().any(|(index, name)| self.0[..index].contains(name))
    }
}

/// A string, borrowed from the document unless it is written with escapes.
struct Text<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Text<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::String(text) => Ok(Text(text)),
            _ => Err(D::Error::custom("not a string")),
        }
    }
}

/// A JSON value as far as headers and registered claims need one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'de> {
    String(Cow<'de, str>),
    Number(f64),
    /// An array: its strings, and whether it holds nothing else.
    Array {
        strings: Vec<Cow<'de, str>>,
        only_strings: bool,
    },
    /// An object, a boolean or null.
    Other,
}

impl<'de> serde::Deserialize<'de> for Json<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

/// The number that a value's text is; any other value is [`Json::Other`].
///
/// Where a number matters it is read from its text. `Json` sees a fraction or an exponent as an object once some crate of the
/// build turns on `arbitrary_precision`, a feature of `serde_json` that changes how all others are served.
pub(crate) fn number(value: &RawValue) -> Json<'static> {
    // The text is a JSON value, and no JSON value but a number can be read as one here.
    value.get().parse().map_or(Json::Other, Json::Number)
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Json<'de>, A::Error> {
        let mut strings = Vec::new();
        let mut only_strings = true;
        while let Some(element) = array.next_element()? {
            match element {
                Json::String(text) => strings.push(text),
                _ => only_strings = false,
            }
        }
        Ok(Json::Array { strings, only_strings })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Json::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Skip;

    impl<'de> Members<'de> for Skip {
        fn member<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
            map.next_value::<IgnoredAny>().map(|_| ())
        }
    }

    #[test]
    fn only_whole_objects_in_utf_8_are_read() {
        assert_eq!(read(br#" {"a":1,"b":{"a":[null]}} "#, &mut Skip), Ok(()));
        for text in [
            &b"[]"[..],
            b"7",
            b"\"a\"",
            b"null",
            b"",
            b"{",
            b"{\"a\":1,}",
            b"{\"a\":1} x",
            b"\xef\xbb\xbf{}",
            b"{\"a\":\"\xff\"}",
            b"{1:2}",
        ] {
            assert_eq!(read(text, &mut Skip), Err(ObjectError::NotAnObject), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn names_are_unique_however_they_are_written() {
        for text in [r#"{"alg":1,"alg":1}"#, r#"{"alg":1,"\u0061lg":2}"#, r#"{"\u0061lg":1,"x":0,"alg":2}"#] {
            assert_eq!(read(text.as_bytes(), &mut Skip), Err(ObjectError::DuplicateMember), "{text}");
        }
    }

    #[test]
    fn many_members_are_compared_without_squaring() {
        let mut members: Vec<String> = (0..3000).map(|index| format!("\"{index}\":0")).collect();
        assert_eq!(read(format!("{{{}}}", members.join(",")).as_bytes(), &mut Skip), Ok(()));
        members.push("\"77\":1".into());
        assert_eq!(
            read(format!("{{{}}}", members.join(",")).as_bytes(), &mut Skip),
            Err(ObjectError::DuplicateMember)
        );
    }

    #[test]
    fn numbers_are_read_in_all_their_forms_and_nothing_else_is_one() {
        let read = |text: &str| number(&RawValue::from_string(text.to_owned()).unwrap());
        for (text, expected) in [
            ("0", 0.0),
            ("-0", 0.0),
            ("1795207815", 1_795_207_815.0),
            ("1795207815.25", 1_795_207_815.25),
            ("-1.5", -1.5),
            ("1.795207815e9", 1_795_207_815.0),
            ("1E+2", 100.0),
            ("0.1e-400", 0.0),
            ("1e400", f64::INFINITY),
        ] {
            assert_eq!(read(text), Json::Number(expected), "{text}");
        }
        for text in [
            "null",
            "true",
            "\"1\"",
            "\"inf\"",
            "[1]",
            "{}",
            r#"{"$serde_json::private::Number":"1"}"#,
            r#"{"$serde_json::private::RawValue":"1"}"#,
        ] {
            assert_eq!(read(text), Json::Other, "{text}");
        }
    }

    #[test]
    fn an_array_is_not_nested_without_end() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(4000), "]".repeat(4000));
        struct Value;
        impl<'de> Members<'de> for Value {
            fn member<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
                map.next_value::<Json<'_>>().map(|_| ())
            }
        }
        assert_eq!(read(deep.as_bytes(), &mut Value), Err(ObjectError::NotAnObject));
    }
}
