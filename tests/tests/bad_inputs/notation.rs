//! How the file writes what cannot be written: bytes, repetitions, ids that are not known beforehand.

/// What stands between the brackets.
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    /// `‹own›`, `‹token›`
    Named(String),
    /// `‹absent›`
    Absent,
}

/// The bytes of an input; `None` where the whole thing is to be left out.
pub(crate) fn bytes(input: &str, named: impl Fn(&str) -> Option<String>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = input;
    while let Some((before, after)) = rest.split_once('‹') {
        bytes.extend_from_slice(before.as_bytes());
        let (inner, after) = after.split_once('›').unwrap_or_else(|| panic!("‹ without › in {input}"));
        match piece(inner) {
            Piece::Bytes(more) => bytes.extend_from_slice(&more),
            Piece::Named(name) => {
                let value = named(&name).unwrap_or_else(|| panic!("‹{name}› means nothing here"));
                bytes.extend_from_slice(value.as_bytes());
            }
            Piece::Absent => return None,
        }
        rest = after;
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

fn piece(inner: &str) -> Piece {
    match inner {
        "" => return Piece::Bytes(Vec::new()),
        "absent" => return Piece::Absent,
        "own" | "token" => return Piece::Named(inner.to_owned()),
        _ => {}
    }
    if let Some((what, times)) = inner.rsplit_once('*')
        && let Ok(times) = times.parse::<usize>()
    {
        return Piece::Bytes(hex(what).unwrap_or_else(|| what.as_bytes().to_owned()).repeat(times));
    }
    Piece::Bytes(hex(inner).unwrap_or_else(|| panic!("‹{inner}› is neither bytes nor a repetition")))
}

/// `C0 AF`
fn hex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &str| (pair.len() == 2).then(|| u8::from_str_radix(pair, 16).ok()).flatten();
    text.split(' ').map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: Option<&[u8]>) {
        let named = |name: &str| (name == "own").then(|| "7".to_owned());
        assert_eq!(bytes(input, named).as_deref(), expected, "{input}");
    }

    #[test]
    fn brackets_stand_for_what_cannot_be_written() {
        check("a", Some(b"a"));
        check("‹›", Some(b""));
        check("a‹absent›", None);
        check("\"‹own›\"", Some(b"\"7\""));
        check("‹x*3›y", Some(b"xxxy"));
        check("‹C0 AF›", Some(b"\xc0\xaf"));
        check("‹00*2›", Some(b"\0\0"));
        check("‹[*2››", Some("[[›".as_bytes()));
        check("‹ *2›", Some(b"  "));
    }
}
