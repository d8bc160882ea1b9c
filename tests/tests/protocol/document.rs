//! The examples in the chapter on kefu.v2.
//!
//! They stand in blocks that begin with ```` ```json up ```` or ```` ```json down ````, one frame in a line, and answers
//! of the long poll in ```` ```json poll ````. A block that goes on with `member` or `admin` is of that side only, any other
//! of both.

use kefu_tests::Side;
use serde_json::Value;

pub(crate) const PAGE: &str = include_str!("../../../docs/PROTOCOL.md");
const CHAPTER: &str = "## kefu.v2 (ours)";

/// Which way a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Up,
    Down,
    /// The answer of a long poll.
    Poll,
}

/// A frame of the document.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    /// Where it stands, the first line being 1.
    pub(crate) line: usize,
    /// Who says or hears it.
    pub(crate) sides: Vec<Side>,
    pub(crate) frame: Value,
}

/// All of one way, in the document's order.
pub(crate) fn examples(way: Way) -> Vec<Example> {
    let mut lines = PAGE.lines().enumerate().skip_while(|(_, line)| *line != CHAPTER);
    assert!(lines.next().is_some(), "the chapter is not in the document");
    let mut found = Vec::new();
    let mut block = None;
    for (number, line) in lines.take_while(|(_, line)| !line.starts_with("## ")) {
        match (line.strip_prefix("```"), &block) {
            (Some(words), None) => block = Some(words),
            (Some(_), Some(_)) => block = None,
            (None, Some(words)) => {
                let Some(sides) = sides(words, way) else { continue };
                let frame = serde_json::from_str(line)
                    .unwrap_or_else(|error| panic!("line {} of the document is no JSON: {error}", number + 1));
                found.push(Example { line: number + 1, sides, frame });
            }
            (None, None) => {}
        }
    }
    let least = if way == Way::Poll { 2 } else { 8 };
    assert!(
        found.len() >= least,
        "only {} frames that go {way:?}: is the chapter still written in that way?",
        found.len()
    );
    found
}

/// Who says or hears the frames of a block that begins with these words, if they go that way.
fn sides(words: &str, way: Way) -> Option<Vec<Side>> {
    let mut words = words.split_whitespace();
    let goes = match (words.next()?, words.next()?) {
        ("json", "up") => Way::Up,
        ("json", "down") => Way::Down,
        ("json", "poll") => Way::Poll,
        _ => return None,
    };
    let sides = match words.next() {
        None => vec![Side::Member, Side::Agent],
        Some("member") => vec![Side::Member],
        Some("admin") => vec![Side::Agent],
        Some(other) => panic!("whose frames are of {other}?"),
    };
    (goes == way).then_some(sides)
}
