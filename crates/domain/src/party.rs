//! Who takes part in a conversation, and who is told about it.

use crate::{AdminId, MemberId, Permission, Scope, SessionId, TenantId};

/// Who said or did something. Replaces every pair of (user type, user id).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A shopper.
    Member(MemberId),
    /// Somebody at the desk.
    Admin(AdminId),
    /// The desk itself, speaking for nobody in particular.
    System,
}

impl Party {
    /// The mall's user type: 1 member, 2 admin; 0 is the system.
    #[must_use]
    pub const fn user_type(self) -> i32 {
        match self {
            Self::Member(_) => 1,
            Self::Admin(_) => 2,
            Self::System => 0,
        }
    }

    /// The id within its user type; 0 for the system.
    #[must_use]
    pub const fn id(self) -> i64 {
        match self {
            Self::Member(id) => id.0,
            Self::Admin(id) => id.0,
            Self::System => 0,
        }
    }

    /// The party of a (user type, id) pair as the tables keep it; an unknown type is the system.
    #[must_use]
    pub const fn of(user_type: i32, id: i64) -> Self {
        match user_type {
            1 => Self::Member(MemberId(id)),
            2 => Self::Admin(AdminId(id)),
            _ => Self::System,
        }
    }

    /// Which side of the conversation this party sits on.
    #[must_use]
    pub const fn side(self) -> Side {
        match self {
            Self::Member(_) => Side::Member,
            Self::Admin(_) | Self::System => Side::Desk,
        }
    }
}

/// The two sides of a conversation; each has one reading cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The shopper.
    Member,
    /// All agents together: what one has read, the desk has read.
    Desk,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// One socket.
    Socket(SessionId),
    /// All sockets of a member at a shop.
    Member(Scope, MemberId),
    /// All sockets of an admin, whatever shops they serve.
    Admin(TenantId, AdminId),
    /// All sockets of a member, at whatever shop's door.
    MemberAnywhere(TenantId, MemberId),
    /// Every member of a scope.
    Members(Scope),
    /// Every admin of a scope.
    EveryAdmin(Scope),
    /// Every member of a tenant, at whatever shop's door.
    MembersAnywhere(TenantId),
    /// Every admin of a tenant, whatever shops they serve.
    AdminsAnywhere(TenantId),
    /// Every admin of a scope who holds the permission.
    Admins(Scope, Permission),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_survives_the_tables_pair_of_type_and_id() {
        for party in [Party::Member(MemberId(5)), Party::Admin(AdminId(5)), Party::System] {
            assert_eq!(Party::of(party.user_type(), party.id()), party);
        }
        assert_eq!(Party::of(9, 5), Party::System, "a type that nobody knows speaks for nobody");
    }

    #[test]
    fn whoever_is_no_member_sits_at_the_desk() {
        assert_eq!(Party::Member(MemberId(5)).side(), Side::Member);
        assert_eq!(Party::Admin(AdminId(5)).side(), Side::Desk);
        assert_eq!(Party::System.side(), Side::Desk);
    }
}
