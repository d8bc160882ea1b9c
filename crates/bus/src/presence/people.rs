//! The people at one node, in memory and as bytes: numbers in order, of each only how far it is from the one before.

use std::collections::BTreeMap;

use kefu_domain::{AdminId, MemberId, Party, Scope, ShopId, TenantId};

use crate::NodeId;

const VERSION: u8 = 1;
/// A snapshot is no longer; half a million people fit. Whoever does not is left out.
const LONGEST: usize = 1 << 20;
/// 64 bits, seven in each byte.
const LONGEST_NUMBER: usize = 10;

/// Who is there, by scope; each list in order and without repetition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct People(BTreeMap<Scope, Crowd>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Crowd {
    members: Vec<i64>,
    admins: Vec<i64>,
}

impl Crowd {
    fn parties(&self) -> impl Iterator<Item = Party> {
        let members = self.members.iter().map(|&id| Party::Member(MemberId(id)));
        members.chain(self.admins.iter().map(|&id| Party::Admin(AdminId(id))))
    }

    fn has(&self, party: Party) -> bool {
        match party {
            Party::Member(id) => self.members.binary_search(&id.0).is_ok(),
            Party::Admin(id) => self.admins.binary_search(&id.0).is_ok(),
            Party::System => false,
        }
    }
}

impl FromIterator<(Scope, Party)> for People {
    fn from_iter<I: IntoIterator<Item = (Scope, Party)>>(people: I) -> Self {
        let mut by_scope = BTreeMap::<_, Crowd>::new();
        for (scope, party) in people {
            match party {
                Party::Member(id) => by_scope.entry(scope).or_default().members.push(id.0),
                Party::Admin(id) => by_scope.entry(scope).or_default().admins.push(id.0),
                Party::System => {}
            }
        }
        for crowd in by_scope.values_mut() {
            for ids in [&mut crowd.members, &mut crowd.admins] {
                ids.sort_unstable();
                ids.dedup();
            }
        }
        Self(by_scope)
    }
}

impl People {
    pub(crate) fn has(&self, scope: Scope, party: Party) -> bool {
        self.0.get(&scope).is_some_and(|crowd| crowd.has(party))
    }

    pub(crate) fn of(&self, scope: Scope) -> impl Iterator<Item = Party> {
        self.0.get(&scope).into_iter().flat_map(Crowd::parties)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (Scope, Party)> {
        self.0.iter().flat_map(|(&scope, crowd)| crowd.parties().map(move |party| (scope, party)))
    }

    /// As bytes, and how many people did not fit.
    pub(crate) fn write(&self, node: NodeId) -> (Vec<u8>, usize) {
        let mut bytes = vec![VERSION];
        bytes.extend(node.0);
        let mut left_out = 0;
        for (scope, crowd) in &self.0 {
            // Two numbers and two counts.
            if bytes.len() + 4 * LONGEST_NUMBER > LONGEST {
                left_out += crowd.parties().count();
                continue;
            }
            put_signed(&mut bytes, scope.tenant.0);
            put_signed(&mut bytes, scope.shop.0);
            left_out += put_ids(&mut bytes, &crowd.members) + put_ids(&mut bytes, &crowd.admins);
        }
        (bytes, left_out)
    }

    /// Whose snapshot it is, and who is there; `None` when it is none.
    pub(crate) fn read(bytes: &[u8]) -> Option<(NodeId, Self)> {
        if bytes.len() > LONGEST {
            return None;
        }
        let (version, rest) = bytes.split_first()?;
        let (node, mut rest) = rest.split_at_checked(8)?;
        if *version != VERSION {
            return None;
        }
        let mut by_scope = BTreeMap::new();
        while !rest.is_empty() {
            let tenant = TenantId(take_signed(&mut rest)?);
            let shop = ShopId(take_signed(&mut rest)?);
            let crowd = Crowd { members: take_ids(&mut rest)?, admins: take_ids(&mut rest)? };
            by_scope.insert(Scope { tenant, shop }, crowd);
        }
        Some((NodeId(node.try_into().ok()?), Self(by_scope)))
    }
}

/// Numbers in order, as many as there is room for; says how many there was none for.
fn put_ids(bytes: &mut Vec<u8>, ids: &[i64]) -> usize {
    let room = LONGEST.saturating_sub(bytes.len());
    let (mut list, mut fits, mut before) = (Vec::new(), 0, None);
    for &id in ids {
        // A number, the count before the list, and the count of the next list.
        if list.len() + 3 * LONGEST_NUMBER > room {
            break;
        }
        match before.replace(id) {
            None => put_signed(&mut list, id),
            Some(before) => put(&mut list, id.wrapping_sub(before).cast_unsigned()),
        }
        fits += 1;
    }
    put(bytes, fits as u64);
    bytes.extend(list);
    ids.len() - fits
}

fn take_ids(bytes: &mut &[u8]) -> Option<Vec<i64>> {
    let count = usize::try_from(take(bytes)?).ok()?;
    // Each takes a byte at least; nobody makes us reserve more than that.
    if count > bytes.len() {
        return None;
    }
    let mut ids: Vec<i64> = Vec::with_capacity(count);
    for _ in 0..count {
        let id = match ids.last() {
            None => take_signed(bytes)?,
            Some(before) => before.checked_add_unsigned(take(bytes)?)?,
        };
        // In order and each once, or a search would miss somebody.
        if ids.last().is_some_and(|before| *before >= id) {
            return None;
        }
        ids.push(id);
    }
    Some(ids)
}

/// Seven bits in each byte, the lowest first, the top bit where more come.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number as u8) | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for place in 0..LONGEST_NUMBER {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        let shifted = bits << (7 * place);
        if shifted >> (7 * place) != bits {
            return None;
        }
        number |= shifted;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Small ones are short, either side of zero.
fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    let number = take(bytes)?;
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NODE: NodeId = NodeId([3; 8]);

    fn somebody() -> impl Strategy<Value = (Scope, Party)> {
        let id = prop_oneof![0..50_i64, any::<i64>()];
        (id.clone(), 0..3_i64, id, any::<bool>()).prop_map(|(tenant, shop, id, member)| {
            let scope = Scope { tenant: TenantId(tenant), shop: ShopId(shop) };
            (scope, if member { Party::Member(MemberId(id)) } else { Party::Admin(AdminId(id)) })
        })
    }

    proptest! {
        #[test]
        fn everybody_survives_the_wire_once(people in proptest::collection::vec(somebody(), 0..60)) {
            let snapshot: People = people.iter().copied().collect();

            let (bytes, left_out) = snapshot.write(NODE);

            prop_assert_eq!(left_out, 0);
            prop_assert_eq!(People::read(&bytes), Some((NODE, snapshot.clone())));
            prop_assert!(people.iter().all(|&(scope, party)| snapshot.has(scope, party)));
            let distinct: std::collections::HashSet<_> = people.into_iter().collect();
            prop_assert_eq!(snapshot.all().count(), distinct.len());
        }

        #[test]
        fn no_bytes_harm_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut snapshot = vec![VERSION];
            snapshot.extend(&bytes);
            // Whatever is accepted is in order, so that searching finds everybody.
            if let Some((_, people)) = People::read(&snapshot) {
                prop_assert!(people.all().all(|(scope, party)| people.has(scope, party)));
            }
            prop_assert!(bytes.first() == Some(&VERSION) || People::read(&bytes).is_none());
        }
    }

    #[test]
    fn a_hundred_thousand_people_take_little_room_and_too_many_are_left_out() {
        let scope = Scope::platform(TenantId(1));
        let crowd = |count: i64, step: i64| -> People {
            (0..count).map(|id| (scope, Party::Member(MemberId(id * step)))).collect()
        };

        let (bytes, left_out) = crowd(100_000, 37).write(NODE);
        assert_eq!((bytes.len() / 100_000, left_out), (1, 0));

        let (bytes, left_out) = crowd(2_000_000, 1 << 40).write(NODE);
        assert!(bytes.len() <= LONGEST && left_out > 1_000_000, "{} {left_out}", bytes.len());
        assert_eq!(People::read(&bytes).unwrap().1.all().count(), 2_000_000 - left_out);
    }

    #[test]
    fn more_scopes_than_fit_are_left_out_too() {
        let people: People = (0..200_000)
            .map(|shop| (Scope { tenant: TenantId(1), shop: ShopId(shop) }, Party::Admin(AdminId(7))))
            .collect();

        let (bytes, left_out) = people.write(NODE);

        assert!(bytes.len() <= LONGEST && left_out > 0, "{} {left_out}", bytes.len());
        assert_eq!(People::read(&bytes).unwrap().1.all().count(), 200_000 - left_out);
    }

    #[test]
    fn whoever_is_named_twice_makes_it_no_snapshot() {
        let snapshot = |step: u8| [[VERSION].as_slice(), &NODE.0, &[2, 0, 2, 10, step, 0]].concat();

        assert_eq!(People::read(&snapshot(1)).unwrap().1.all().count(), 2);
        assert_eq!(People::read(&snapshot(0)), None);
    }

    #[test]
    fn a_count_without_people_reserves_nothing() {
        let mut bytes = vec![VERSION, 3, 3, 3, 3, 3, 3, 3, 3, 2, 0];
        put(&mut bytes, u64::MAX);

        assert_eq!(People::read(&bytes), None);
    }
}
