//! A snapshot as bytes: numbers in order, of each only how far it is from the one before.

use std::collections::BTreeMap;

use kefu_domain::{Scope, ShopId, TenantId};

use super::{Crowd, Ids, People};
use crate::NodeId;
use crate::presence::MOST_OF_A_NODE;

pub(super) const VERSION: u8 = 2;
/// A snapshot is no longer. Whoever finds no room by name is counted.
pub(super) const LONGEST: usize = 1 << 20;
/// 64 bits, seven in each byte.
const LONGEST_NUMBER: usize = 10;
/// The two numbers of a scope, and two counts of each of its lists.
const LONGEST_SCOPE: usize = 6 * LONGEST_NUMBER;

impl People {
    /// As bytes, and how many people are not in them, not even as a number.
    pub(crate) fn write(&self, node: NodeId) -> (Vec<u8>, usize) {
        let mut bytes = vec![VERSION];
        bytes.extend(node.0);
        let mut left_out = 0;
        for (scope, crowd) in &self.0 {
            if bytes.len() + LONGEST_SCOPE > LONGEST {
                left_out += crowd.total();
                continue;
            }
            put_signed(&mut bytes, scope.tenant.0);
            put_signed(&mut bytes, scope.shop.0);
            put_ids(&mut bytes, &crowd.members);
            put_ids(&mut bytes, &crowd.admins);
        }
        (bytes, left_out)
    }

    /// Whose snapshot it is, and who is there; `None` when it is none, or larger than any.
    pub(crate) fn read(bytes: &[u8]) -> Option<(NodeId, Self)> {
        if bytes.len() > LONGEST {
            return None;
        }
        let (version, rest) = bytes.split_first()?;
        let (node, mut rest) = rest.split_at_checked(8)?;
        if *version != VERSION {
            return None;
        }
        let (mut by_scope, mut room) = (BTreeMap::new(), MOST_OF_A_NODE);
        while !rest.is_empty() {
            room = room.checked_sub(1)?;
            let tenant = TenantId(take_signed(&mut rest)?);
            let shop = ShopId(take_signed(&mut rest)?);
            let members = take_ids(&mut rest, &mut room)?;
            let admins = take_ids(&mut rest, &mut room)?;
            by_scope.insert(Scope { tenant, shop }, Crowd { members, admins });
        }
        Some((NodeId(node.try_into().ok()?), Self(by_scope)))
    }
}

/// Numbers in order, as many as there is room for, and how many more there are.
fn put_ids(bytes: &mut Vec<u8>, ids: &Ids) {
    let room = LONGEST.saturating_sub(bytes.len());
    let (mut list, mut fits, mut before) = (Vec::new(), 0, None);
    for &id in ids.named() {
        // A number, and the counts of this list and the next.
        if list.len() + 5 * LONGEST_NUMBER > room {
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
    put(bytes, (ids.named().len() - fits + ids.unnamed) as u64);
}

fn take_ids(bytes: &mut &[u8], room: &mut usize) -> Option<Ids> {
    let count = usize::try_from(take(bytes)?).ok()?;
    // Each takes a byte at least; nobody makes us reserve more than that.
    if count > bytes.len() {
        return None;
    }
    *room = room.checked_sub(count)?;
    let mut ids: Vec<i64> = Vec::with_capacity(count);
    for _ in 0..count {
        let id = match ids.last() {
            None => take_signed(bytes)?,
            Some(before) => before.checked_add_unsigned(take(bytes)?)?,
        };
        ids.push(id);
    }
    // As many as no node has, so that their sum stays a number.
    let unnamed = u32::try_from(take(bytes)?).ok()?;
    Ids::in_order(ids, usize::try_from(unnamed).ok()?)
}

/// Seven bits in each byte, the lowest first, the top bit where more come.
pub(super) fn put(bytes: &mut Vec<u8>, mut number: u64) {
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
