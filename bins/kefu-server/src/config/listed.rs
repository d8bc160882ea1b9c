//! Settings that are lists.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize, de};

/// A list; a variable of the environment has none, so there commas stand between the entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Listed<T>(pub Vec<T>);

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Listed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// What may stand in a list.
pub trait Entry: Sized {
    /// What the list is called in a complaint.
    const LIST: &'static str;

    /// Reads one from a text.
    fn read(text: &str) -> Option<Self>;
}

impl Entry for i64 {
    const LIST: &'static str = "a list of numbers";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl<'de, T: Entry> Deserialize<'de> for Listed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);

        impl<'de, T: Entry> de::Visitor<'de> for Visitor<T> {
            type Value = Listed<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::LIST)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Listed<T>, E> {
                let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
                entries.map(entry).collect::<Result<_, _>>().map(Listed)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Listed<T>, A::Error> {
                let mut entries = Vec::new();
                // The settings' library reads a number as a text where one is wanted.
                while let Some(text) = list.next_element::<String>()? {
                    entries.push(entry(text.trim())?);
                }
                Ok(Listed(entries))
            }
        }

        fn entry<T: Entry, E: de::Error>(text: &str) -> Result<T, E> {
            T::read(text).ok_or_else(|| E::custom(format!("{text:?} does not belong into {}", T::LIST)))
        }

        deserializer.deserialize_any(Visitor(PhantomData))
    }
}
