//! What a canary wears: letters, digits, dots and minus signs only, which no escaping changes.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::CANARY;

/// How every ring begins.
pub(crate) const PREFIX: &str = "Rq7.";

/// Longer than any ring with the canary behind it, in bytes.
pub(super) const LONGEST: usize = 128;

/// Whose something is, within a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// What either side said in the conversation of a member with a shop.
    Conversation {
        /// The shop.
        shop: i64,
        /// The member.
        member: i64,
    },
    /// A member's own name.
    Member(i64),
    /// An agent's own name.
    Agent(i64),
    /// A file that was brought to a shop.
    File(i64),
}

/// Says where a canary is at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ring {
    /// The server it was sent to.
    pub house: u32,
    /// The tenant.
    pub tenant: i64,
    /// Whose it is there.
    pub owner: Owner,
}

impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{:08x}.t{}.", self.house, self.tenant)?;
        match self.owner {
            Owner::Conversation { shop, member } => write!(f, "s{shop}.m{member}."),
            Owner::Member(id) => write!(f, "n{id}."),
            Owner::Agent(id) => write!(f, "a{id}."),
            Owner::File(shop) => write!(f, "f{shop}."),
        }
    }
}

impl Ring {
    /// Puts this ring on every canary that wears none.
    #[must_use]
    pub fn put_on<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let bare: Vec<usize> = sightings(bytes)
            .filter_map(|sighting| match sighting {
                Sighting::Bare(at) => Some(at),
                Sighting::Ringed { .. } | Sighting::Unreadable(_) => None,
            })
            .collect();
        if bare.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let (ring, mut done, mut from) = (self.to_string(), Vec::with_capacity(bytes.len() + 64), 0);
        for at in bare {
            done.extend_from_slice(&bytes[from..at]);
            done.extend_from_slice(ring.as_bytes());
            from = at;
        }
        done.extend_from_slice(&bytes[from..]);
        Cow::Owned(done)
    }

    /// Puts this ring on every canary of a text.
    #[must_use]
    pub fn put_on_text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.put_on(text.as_bytes())).into_owned()
    }
}

/// The same without any ring.
#[must_use]
pub fn take_off(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (mut done, mut from) = (Vec::new(), 0);
    for sighting in sightings(bytes) {
        if let Sighting::Ringed { at, end, .. } = sighting {
            done.extend_from_slice(&bytes[from..at]);
            from = end;
        }
    }
    if from == 0 {
        return Cow::Borrowed(bytes);
    }
    done.extend_from_slice(&bytes[from..]);
    Cow::Owned(done)
}

/// The rings among these bytes.
pub(crate) fn whose(bytes: &[u8]) -> impl Iterator<Item = Ring> {
    sightings(bytes).filter_map(|sighting| match sighting {
        Sighting::Ringed { ring, .. } => Some(ring),
        Sighting::Bare(_) | Sighting::Unreadable(_) => None,
    })
}

/// Something of these tests among bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sighting {
    /// A canary without a ring, which begins here.
    Bare(usize),
    /// A ring from here to there.
    Ringed { ring: Ring, at: usize, end: usize },
    /// The beginning of a ring that goes on as none does.
    Unreadable(usize),
}

/// All rings and all canaries that wear none. A ring that the end of the bytes cuts off is left for later.
pub(super) fn sightings(bytes: &[u8]) -> impl Iterator<Item = Sighting> {
    static AUTOMATON: LazyLock<AhoCorasick> =
        LazyLock::new(|| AhoCorasick::new([PREFIX, CANARY]).expect("two short words make an automaton"));
    // Behind the last ring stands the canary that wears it.
    let mut worn_at = None;
    AUTOMATON.find_iter(bytes).filter_map(move |found| {
        let at = found.start();
        if found.pattern().as_usize() == 1 {
            return (worn_at != Some(at)).then_some(Sighting::Bare(at));
        }
        match read(&bytes[found.end()..]) {
            Reading::Whole(ring, length) => {
                let end = found.end() + length;
                worn_at = Some(end);
                Some(Sighting::Ringed { ring, at, end })
            }
            Reading::CutOff => None,
            Reading::Other => Some(Sighting::Unreadable(at)),
        }
    })
}

enum Reading {
    Whole(Ring, usize),
    CutOff,
    Other,
}

/// What follows the prefix.
fn read(bytes: &[u8]) -> Reading {
    let mut words = Words { bytes, from: 0 };
    let ring = (|| {
        let house = u32::from_str_radix(words.next()?, 16).ok();
        let tenant = marked(words.next()?, 't');
        let owner = words.next()?;
        let owner = if let Some(shop) = marked(owner, 's') {
            marked(words.next()?, 'm').map(|member| Owner::Conversation { shop, member })
        } else {
            let names = [('n', Owner::Member as fn(i64) -> Owner), ('a', Owner::Agent), ('f', Owner::File)];
            names.into_iter().find_map(|(mark, make)| marked(owner, mark).map(make))
        };
        Ok::<_, bool>((|| Some(Ring { house: house?, tenant: tenant?, owner: owner? }))())
    })();
    match ring {
        Ok(Some(ring)) => Reading::Whole(ring, words.from),
        Err(cut_off) if cut_off => Reading::CutOff,
        Ok(None) | Err(_) => Reading::Other,
    }
}

struct Words<'a> {
    bytes: &'a [u8],
    from: usize,
}

impl<'a> Words<'a> {
    /// The next word up to its dot; an error says whether more bytes could have brought one.
    fn next(&mut self) -> Result<&'a str, bool> {
        let rest = &self.bytes[self.from..];
        let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-').ok_or(true)?;
        if rest[length] != b'.' || length == 0 {
            return Err(false);
        }
        self.from += length + 1;
        std::str::from_utf8(&rest[..length]).map_err(|_| false)
    }
}

fn marked(word: &str, mark: char) -> Option<i64> {
    word.strip_prefix(mark)?.parse().ok()
}
