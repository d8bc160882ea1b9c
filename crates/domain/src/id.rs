//! Typed ids: a conversation's number can never be passed where a member's is meant.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($raw:ty);)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $raw);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A tenant of the mall's platform; tenants never see each other.
    TenantId(i64);
    /// A shop within a tenant; 0 is the platform itself.
    ShopId(i64);
    /// The row id of a conversation, below 2^53.
    ConversationId(i64);
    /// The row id of a message, below 2^53; a name, never an order and never a cursor.
    MessageId(i64);
    /// A shopper.
    MemberId(i64);
    /// An agent, or anybody else who works at the desk.
    AdminId(i64);
    /// One connected socket of this process.
    SessionId(u64);
}

impl ShopId {
    /// The platform itself, which is always there.
    pub const PLATFORM: Self = Self(0);
}
