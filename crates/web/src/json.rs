//! JSON from outside: objects in which two readers could not disagree, and no deeper than anybody means.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Objects and lists within each other, the outermost counted.
pub(crate) const DEEPEST: u8 = 32;

/// Why something is not taken for an object. Shows nothing of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    /// There is nothing but white space.
    #[error("nothing was sent")]
    Nothing,
    /// It is JSON, but not what we take: no object, a member named twice, too deep, a number that is too large.
    #[error("one JSON object expected, no member twice, not nested too deep")]
    Unfit,
    /// It is no JSON.
    #[error("malformed JSON")]
    Malformed,
}

/// Reads an object whose members, and those of every object in it, are each named once, which is at most
/// [`DEEPEST`] deep, and whose numbers are within 64 bits with a sign. How long it may be is for the caller to say.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Flaw> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Object { left: DEEPEST }.deserialize(&mut reader).and_then(|object| reader.end().map(|()| object));
    read.map_err(|error| match error {
        _ if bytes.iter().all(u8::is_ascii_whitespace) => Flaw::Nothing,
        error if error.is_data() => Flaw::Unfit,
        _ => Flaw::Malformed,
    })
}

/// An object, with room for so many levels, its own included.
struct Object {
    left: u8,
}

/// Anything, with room for so many levels.
struct Anything {
    left: u8,
}

impl<'de> DeserializeSeed<'de> for Object {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        members(access, self.left)
    }
}

impl<'de> DeserializeSeed<'de> for Anything {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(|number| Value::Number(number.into())).map_err(|_| too_large())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        // 2^63: the first that is beyond.
        let within = number.abs() < 9_223_372_036_854_775_808.0;
        Number::from_f64(number).filter(|_| within).map(Value::Number).ok_or_else(too_large)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let left = one_deeper(self.left)?;
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(Anything { left })? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        members(access, self.left).map(Value::Object)
    }
}

fn members<'de, A: MapAccess<'de>>(mut access: A, left: u8) -> Result<Map<String, Value>, A::Error> {
    let left = one_deeper(left)?;
    let mut map = Map::new();
    while let Some(name) = access.next_key::<String>()? {
        let value = access.next_value_seed(Anything { left })?;
        if map.insert(name, value).is_some() {
            return Err(A::Error::custom("a member is named twice"));
        }
    }
    Ok(map)
}

fn one_deeper<E: serde::de::Error>(left: u8) -> Result<u8, E> {
    left.checked_sub(1).ok_or_else(|| E::custom("too deep"))
}

fn too_large<E: serde::de::Error>() -> E {
    E::custom("a number is too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, flaw: Option<Flaw>) {
        assert_eq!(object(json.as_bytes()).err(), flaw, "{json}");
    }

    #[test]
    fn only_an_object_that_says_one_thing_is_taken() {
        check("{}", None);
        check(r#" {"a":[1,-1,1.5,true,false,null,"x",{}]} "#, None);
        check(r#"{"a":{"x":1},"b":{"x":2}}"#, None);
        check(r#"{"a":1,"a":1}"#, Some(Flaw::Unfit));
        check(r#"{"a":1,"\u0061":1}"#, Some(Flaw::Unfit));
        check(r#"{"a":[{"x":1,"x":2}]}"#, Some(Flaw::Unfit));
        check("[1]", Some(Flaw::Unfit));
        check("null", Some(Flaw::Unfit));
        check("", Some(Flaw::Nothing));
        check(" \n", Some(Flaw::Nothing));
        check("{", Some(Flaw::Malformed));
        check("{}x", Some(Flaw::Malformed));
        check("{}{}", Some(Flaw::Malformed));
        check(r#"{"a":NaN}"#, Some(Flaw::Malformed));
        check(r#"{"a":"\ud800"}"#, Some(Flaw::Malformed));
        check(r#"{"a":"\ud83d\ude00"}"#, None);
    }

    #[test]
    fn numbers_end_where_64_bits_with_a_sign_do() {
        check(r#"{"a":9223372036854775807,"b":-9223372036854775808}"#, None);
        check(r#"{"a":9223372036854775808}"#, Some(Flaw::Unfit));
        check(r#"{"a":18446744073709551616}"#, Some(Flaw::Unfit));
        check(r#"{"a":-9223372036854775809}"#, Some(Flaw::Unfit));
        check(r#"{"a":[1e19]}"#, Some(Flaw::Unfit));
        check(r#"{"a":9.2e18}"#, None);
        check(r#"{"a":1e400}"#, Some(Flaw::Malformed));
    }

    #[test]
    fn thirty_two_levels_are_taken_and_one_more_is_not() {
        for (open, close) in [("[", "]"), (r#"{"x":"#, "}")] {
            let nested = |levels: usize| {
                let middle = if open == "[" { "" } else { "1" };
                format!(r#"{{"x":{}{middle}{}}}"#, open.repeat(levels - 1), close.repeat(levels - 1))
            };

            check(&nested(32), None);
            check(&nested(33), Some(Flaw::Unfit));
            check(&nested(10_000), Some(Flaw::Unfit));
        }
    }

    #[test]
    fn what_was_read_is_what_any_reader_reads() {
        let text = r#"{"a":[1,-1,1.5,true,null,"é😀\n",{"b":{}}],"c":9007199254740993}"#;

        let read = object(text.as_bytes()).map(Value::Object);

        assert_eq!(read.ok(), serde_json::from_str(text).ok());
    }
}
