//! The rules of a mall's customer-service desk, and nothing else.
//!
//! A member writes, the desk answers, both see the same numbered messages. This crate decides what may be
//! said, by whom, what number it gets, who has read how far and who is to be told. It promises that a
//! conversation's messages are numbered 1, 2, 3 … without a gap, that times within a conversation strictly
//! increase, that the desk's unread counter equals the member's messages above the desk's cursor, and that
//! one [`ClientMsgId`] of one sender means one message for ever.
//!
//! It refuses to know how any of that is kept or carried: there is no I/O here, no clock, no randomness, no
//! thread and no environment. Time, ids and earlier messages come in as arguments, through a [`UnitOfWork`]
//! that a [`Store`] has filled with locked rows; what happened goes out as [`Event`]s that know their
//! audience. A rule can neither commit nor tell anybody.
//!
//! ```
//! use kefu_domain::{Content, Kind};
//!
//! // The mall's console crashes on a text that parses to null; here it becomes a harmless text.
//! let content = Content::new(Kind::Text, "null").unwrap();
//! assert_eq!(content.body(), r#"{"text":"null"}"#);
//! ```

mod command;
mod content;
mod conversation;
mod error;
mod event;
mod id;
mod key;
mod message;
mod party;
mod permission;
mod port;
pub mod rules;
mod scope;
mod since;
mod time;
mod work;

#[cfg(feature = "testing")]
pub mod contract;
#[cfg(feature = "testing")]
pub mod memory;

pub use command::{Act, Command};
pub use content::{Content, ContentError, Kind, MAX_CHARS, is_address, shown};
pub use conversation::{Conversation, ConversationState, LastMessage};
pub use error::{BoxError, Chain, DirectoryError, Refusal, StoreError};
pub use event::{Event, What};
pub use id::{AdminId, ConversationId, MemberId, MessageId, SessionId, ShopId, TenantId};
pub use key::{ClientMsgId, Fingerprint, KeyError};
pub use message::{Deleted, Draft, Message, Quote, TOMBSTONE};
pub use party::{Party, Recipient, Side};
pub use permission::Permission;
pub use port::{
    AdminDirectory, Announcement, Announcer, Bus, ConversationPage, ConversationRepository, Ear, Handed, ListCursor,
    MemberDirectory, MessagePage, MessageRepository, OnlineCount, Presence, Profile, ShopDirectory, Standing, Store,
    Transaction,
};
#[cfg(feature = "testing")]
pub use port::{MockAdminDirectory, MockAnnouncer, MockMemberDirectory, MockShopDirectory};
pub use rules::{Done, Sent};
pub use scope::{Admin, Agent, Member, Scope, Shops};
pub use since::{ChangedPage, Cursor, Head, Outline, Since, Typing};
pub use time::Timestamp;
pub use work::{Committed, CursorMove, Mark, Need, UnitOfWork};
