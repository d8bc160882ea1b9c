//! What somebody is called elsewhere, and the number that they have here.
//!
//! A number stays that number. Any other name gets an id of ours, below zero and the same for ever, so it never meets
//! a mall's number. All signed tokens and all API keys of a tenant speak of the same people: whoever has one name in
//! both is one person. Visitors have names of their own, which nobody else can give.

use std::sync::Arc;

use kefu_domain::{Party, StoreError, TenantId};
use kefu_storage::Subject;
use moka::sync::Cache;

/// Ids are numbers in JavaScript too.
pub(crate) const MAX_ID: i64 = (1 << 53) - 1;
/// What the column holds, in characters.
const LONGEST: usize = 128;

/// Whom a mall's server calls by names.
const MALL: &str = "mall";
/// Visitors.
const GUEST: &str = "guest";

/// What a mall calls somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    /// By a number, 1 to 2^53 − 1.
    Number(i64),
    /// By a name.
    Name(String),
}

impl Called {
    /// By this number; `None` for those that nobody has.
    #[must_use]
    pub fn number(number: i64) -> Option<Self> {
        (1..=MAX_ID).contains(&number).then_some(Self::Number(number))
    }

    /// By this text: the number that it writes, or a name.
    ///
    /// Digits that are no number here (`0012`, or more of them than a browser can count) are a name, so that two texts
    /// are never one person. `None` for 0, for negative numbers, and for what is no name: empty, over-long, with
    /// blanks at either end or control characters in it.
    #[must_use]
    pub fn text(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            if digits.len() < text.len() || digits.bytes().all(|byte| byte == b'0') {
                return None;
            }
            if let Some(number) = text.parse().ok().and_then(Self::number).filter(|_| !text.starts_with('0')) {
                return Some(number);
            }
        }
        let fits = !text.is_empty() && text.chars().count() <= LONGEST && text.trim() == text;
        (fits && !text.contains(char::is_control)).then(|| Self::Name(text.to_owned()))
    }
}

/// How names become numbers. Blocks.
pub type Numbering = Box<dyn Fn(&Subject) -> Result<i64, StoreError> + Send + Sync>;

/// The numbers of names, remembered: they never change. Clones share what they remember.
#[derive(Clone)]
pub struct Numbers(Arc<Inner>);

struct Inner {
    find: Numbering,
    known: Cache<Subject, i64>,
}

impl Numbers {
    /// Numbers that are looked up, and made, like this.
    #[must_use]
    pub fn new(find: Numbering) -> Self {
        Self(Arc::new(Inner { find, known: Cache::new(100_000) }))
    }

    /// Whoever a mall's server calls so, if that is known without asking.
    #[must_use]
    pub fn at_once(&self, tenant: TenantId, user_type: i32, called: &Called) -> Option<Party> {
        let id = match called {
            Called::Number(number) => *number,
            Called::Name(name) => self.0.known.get(&subject(tenant, user_type, MALL, name))?,
        };
        Some(Party::of(user_type, id))
    }

    /// Whoever a mall's server calls so. Blocks.
    pub fn ask(&self, tenant: TenantId, user_type: i32, called: &Called) -> Result<Party, StoreError> {
        let id = match called {
            Called::Number(number) => *number,
            Called::Name(name) => self.find(subject(tenant, user_type, MALL, name))?,
        };
        Ok(Party::of(user_type, id))
    }

    /// A visitor, if known without asking.
    #[must_use]
    pub fn visitor_at_once(&self, tenant: TenantId, visitor: &str) -> Option<Party> {
        self.0.known.get(&subject(tenant, MEMBER, GUEST, visitor)).map(|id| Party::of(MEMBER, id))
    }

    /// A visitor. Blocks.
    pub fn visitor(&self, tenant: TenantId, visitor: &str) -> Result<Party, StoreError> {
        Ok(Party::of(MEMBER, self.find(subject(tenant, MEMBER, GUEST, visitor))?))
    }

    fn find(&self, subject: Subject) -> Result<i64, StoreError> {
        if let Some(id) = self.0.known.get(&subject) {
            return Ok(id);
        }
        let id = (self.0.find)(&subject)?;
        self.0.known.insert(subject, id);
        Ok(id)
    }
}

/// The mall's user type of members.
const MEMBER: i32 = 1;

fn subject(tenant: TenantId, user_type: i32, issuer: &str, name: &str) -> Subject {
    Subject { tenant, user_type, issuer: issuer.to_owned(), name: name.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use kefu_domain::{AdminId, MemberId};

    use super::*;

    #[test]
    fn a_number_is_that_number_and_two_texts_are_never_one_person() {
        let name = |text: &str| Some(Called::Name(text.to_owned()));
        let check = |text: &str, called: Option<Called>| assert_eq!(Called::text(text), called, "{text:?}");

        check("1", Some(Called::Number(1)));
        check("9007199254740991", Some(Called::Number(MAX_ID)));
        check("9007199254740992", name("9007199254740992"));
        check("1785234523452345345", name("1785234523452345345"));
        check("99999999999999999999999", name("99999999999999999999999"));
        check("007", name("007"));
        check("1e3", name("1e3"));
        check("+1", name("+1"));
        check("１", name("１"));
        check("u-17", name("u-17"));
        check("auth0|5f", name("auth0|5f"));
        check("小明", name("小明"));
        check(&"客".repeat(128), name(&"客".repeat(128)));
        for text in ["", "0", "000", "-1", "-0", " 1", "1 ", " ", "a\n", "a\0b", &"客".repeat(129)] {
            check(text, None);
        }
        assert_eq!([0, -1, MAX_ID + 1].map(Called::number), [None, None, None]);
    }

    #[test]
    fn a_name_is_looked_up_once_and_members_admins_visitors_and_tenants_never_meet() {
        let asked = Arc::new(Mutex::new(Vec::<Subject>::new()));
        let book = asked.clone();
        let numbers = Numbers::new(Box::new(move |subject| {
            let mut book = book.lock().unwrap();
            book.push(subject.clone());
            Ok(-i64::try_from(book.len()).unwrap())
        }));
        let called = Called::Name("u-17".to_owned());
        assert_eq!(numbers.at_once(TenantId(1), 1, &called), None);

        assert_eq!(numbers.ask(TenantId(1), 1, &called).unwrap(), Party::Member(MemberId(-1)));
        assert_eq!(numbers.ask(TenantId(1), 1, &called).unwrap(), Party::Member(MemberId(-1)));
        assert_eq!(numbers.at_once(TenantId(1), 1, &called), Some(Party::Member(MemberId(-1))));
        assert_eq!(numbers.ask(TenantId(1), 2, &called).unwrap(), Party::Admin(AdminId(-2)));
        assert_eq!(numbers.ask(TenantId(2), 1, &called).unwrap(), Party::Member(MemberId(-3)));
        assert_eq!(numbers.visitor_at_once(TenantId(1), "u-17"), None);
        assert_eq!(numbers.visitor(TenantId(1), "u-17").unwrap(), Party::Member(MemberId(-4)));

        assert_eq!(asked.lock().unwrap().len(), 4);
        assert_eq!(numbers.ask(TenantId(1), 1, &Called::Number(5)).unwrap(), Party::Member(MemberId(5)));
    }
}
