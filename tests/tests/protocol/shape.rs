//! What a frame consists of.

use std::collections::BTreeSet;

use kefu_tests::Side;
use serde_json::Value;

/// Frames that must be alike: heard by one side, about one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    to: &'static str,
    /// Where it stands: alone, or among what was missed; of a content its style.
    place: String,
    category: String,
    /// Of a content its kind.
    action: String,
    /// What makes it another frame of the same name.
    which: &'static str,
}

/// The members of a frame with their types, those of its objects with their path.
pub(crate) type Shape = BTreeSet<String>;

/// What a content adds to its message, whoever hears it and wherever it stands.
const OF_CONTENT: [&str; 4] = ["url: ", "ext.duration: ", "ext.name: ", "ext.size: "];

/// A frame taken apart: itself, the envelopes in it, and the contents of messages.
pub(crate) fn parts(to: Side, frame: &Value) -> Vec<(Class, Shape)> {
    let listed =
        ["messages", "changed"].into_iter().flat_map(|list| frame["ext"][list].as_array().into_iter().flatten());
    let all = std::iter::once(("alone", frame)).chain(listed.map(|envelope| ("missed", envelope)));
    all.flat_map(|(place, envelope)| {
        let of_content = |member: &String| OF_CONTENT.iter().any(|name| member.starts_with(name));
        let (content, shape): (Shape, Shape) = shape(envelope).into_iter().partition(of_content);
        let content = envelope["style"].is_string().then(|| (content_class(envelope), content));
        std::iter::once((class(to, place, envelope), shape)).chain(content)
    })
    .collect()
}

fn class(to: Side, place: &str, frame: &Value) -> Class {
    let text = |name: &str| frame[name].as_str().unwrap_or_default();
    let has = |name: &str| !frame["ext"][name].is_null();
    let category = match text("category") {
        "customer" | "manager" => "customer or manager",
        other => other,
    };
    let which = match (has("code"), has("lagging"), has("conversation")) {
        (true, ..) => "a refusal",
        (_, true, _) => "lagging",
        (_, _, true) => "of a conversation",
        _ => "of none",
    };
    let to = match (which, text("action"), to) {
        ("lagging", ..) | (_, "bye", _) => "anybody",
        (.., Side::Member) => "a member",
        (.., Side::Agent) => "an admin",
    };
    Class { to, place: place.to_owned(), category: category.to_owned(), action: text("action").to_owned(), which }
}

fn content_class(envelope: &Value) -> Class {
    let text = |name: &str| envelope[name].as_str().unwrap_or_default().to_owned();
    Class { to: "anybody", place: text("style"), category: "a content".to_owned(), action: text("kind"), which: "" }
}

/// The members of a value, and of the objects in it.
pub(crate) fn shape(frame: &Value) -> Shape {
    let mut shape = Shape::new();
    write("", frame, &mut shape);
    shape
}

fn write(path: &str, value: &Value, shape: &mut Shape) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        // Lists of positions and of envelopes.
        Value::Array(_) => "a list",
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                write(&path, value, shape);
            }
            "an object"
        }
    };
    if !path.is_empty() {
        shape.insert(format!("{path}: {kind}"));
    }
}

/// What the one has and the other has not, and the other way round.
pub(crate) fn difference(document: &Shape, server: &Shape) -> String {
    let only = |one: &Shape, other: &Shape| one.difference(other).cloned().collect::<Vec<_>>().join(", ");
    format!("only in the document [{}], only from the server [{}]", only(document, server), only(server, document))
}
