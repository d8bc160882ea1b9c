//! One shop, its people, and what they say.

use std::collections::HashMap;

use futures_util::FutureExt;
use kefu_domain::{
    AdminId, Announcement, ClientMsgId, ConversationId, Cursor, Deleted, Event, MemberId, Message, MessageId, Outline,
    Party, Permission, Scope, ShopId, Side, Since, TenantId, Timestamp, What,
};
use kefu_push::{Dialect, Guest, Inbox, Parcel};

pub(crate) const SHOP: Scope = Scope::platform(TenantId(1));
pub(crate) const OTHER_SHOP: Scope = Scope { tenant: TenantId(1), shop: ShopId(9) };
pub(crate) const OTHER_TENANT: Scope = Scope::platform(TenantId(2));

pub(crate) const ALICE: Party = Party::Member(MemberId(101));
pub(crate) const CAROL: Party = Party::Member(MemberId(102));
pub(crate) const BOB: Party = Party::Admin(AdminId(7));
pub(crate) const DAVE: Party = Party::Admin(AdminId(8));

/// Alice's.
pub(crate) const THREAD: ConversationId = ConversationId(1);

pub(crate) fn guest(scope: Scope, party: Party) -> Guest {
    let permissions = match party {
        Party::Admin(_) => vec![Permission::MessageQuery],
        _ => Vec::new(),
    };
    Guest { permissions, ..Guest::new(scope, party) }
}

/// The same, of the v2 dialect.
pub(crate) fn v2(scope: Scope, party: Party) -> Guest {
    Guest { dialect: Dialect::V2, ..guest(scope, party) }
}

/// Message `seq` of Alice's conversation.
pub(crate) fn message(by: Party, seq: i64) -> Message {
    Message {
        id: MessageId(1_000 + seq),
        conversation: THREAD,
        seq,
        change: seq,
        sender: by,
        receiver: (by.side() == Side::Desk).then_some(ALICE),
        kind: 1,
        content: format!(r#"{{"text":"{seq}"}}"#),
        read: false,
        time: Timestamp(1_795_287_600_000 + seq),
        key: ClientMsgId::new(format!("k{seq}")).ok(),
        fingerprint: None,
        quote: None,
        revoked: None,
        deleted: Deleted::default(),
    }
}

pub(crate) fn posted(message: Message) -> Announcement {
    let (by, seq) = (message.sender, message.seq);
    Announcement { event: event(by, seq, What::Posted(message)), avatar: None, handed: None }
}

pub(crate) fn said(by: Party, seq: i64) -> Announcement {
    posted(message(by, seq))
}

pub(crate) fn did(by: Party, what: What) -> Announcement {
    Announcement { event: event(by, 1, what), avatar: None, handed: None }
}

fn event(by: Party, seq: i64, what: What) -> Event {
    let after = Outline {
        conversation: THREAD,
        scope: SHOP,
        member: MemberId(101),
        head_seq: seq,
        change: seq,
        member_read_seq: 0,
        desk_read_seq: 0,
        desk_unread: 0,
        pinned: false,
        hidden: false,
    };
    Event { after, by, what }
}

/// Alice's conversation after its message of that number, of which she has read all and the desk none.
pub(crate) fn outline(seq: i64) -> Outline {
    event(ALICE, seq, What::Hidden).after
}

/// What was missed: these messages of hers.
pub(crate) fn caught_up(after: Outline, messages: Vec<Message>) -> Announcement {
    let (from, changed, admins) = (Some(Cursor { seq: 0, change: 0, ..after.cursor() }), Vec::new(), HashMap::new());
    let since = Since { outline: after, from, messages, changed, reset: false, more: false, admins };
    told(Event { after, by: Party::System, what: What::CaughtUp(Box::new(since)) })
}

pub(crate) fn told(event: Event) -> Announcement {
    Announcement { event, avatar: None, handed: None }
}

/// What an inbox gives without waiting.
pub(crate) fn waiting(inbox: &mut Inbox) -> Vec<Parcel> {
    std::iter::from_fn(|| inbox.next().now_or_never().flatten()).collect()
}

/// The numbers of the messages that an inbox gives without waiting.
pub(crate) fn seqs(inbox: &mut Inbox) -> Vec<i64> {
    waiting(inbox).iter().filter_map(|parcel| parcel.shown).map(|(_, seq)| seq).collect()
}

/// The texts that an inbox gives without waiting.
pub(crate) fn texts(inbox: &mut Inbox) -> Vec<String> {
    waiting(inbox).iter().map(|parcel| parcel.text.to_string()).collect()
}

/// The text of the only frame.
#[track_caller]
pub(crate) fn only(inbox: &mut Inbox) -> String {
    let mut texts = texts(inbox);
    assert_eq!(texts.len(), 1, "{texts:?}");
    texts.remove(0)
}
