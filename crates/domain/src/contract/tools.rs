//! People, sentences and transactions for promises.
#![allow(clippy::unwrap_used, reason = "a promise that is not kept fails its test")]

use std::time::{Duration, Instant};

use crate::rules::run;
use crate::{
    Act, Admin, AdminId, ClientMsgId, Command, Committed, Content, Conversation, ConversationId, Done, Draft, Kind,
    Member, MemberId, Message, MessagePage, Need, Party, Scope, ShopId, Side, Store, StoreError, TenantId, UnitOfWork,
};

use super::WholeStore;

/// Where most promises play.
pub(super) const DESK: Scope = Scope::platform(TenantId(1));
/// Another tenant's desk.
pub(super) const ELSEWHERE: Scope = Scope::platform(TenantId(2));
/// Another shop of the same tenant.
pub(super) const SHOP: Scope = Scope { tenant: TenantId(1), shop: ShopId(3) };
/// A shopper.
pub(super) const ALICE: Member = member(101);
/// Another shopper.
pub(super) const BOB: Member = member(102);
/// Somebody at the desk.
pub(super) const AGENT: Admin = Admin { scope: DESK, id: AdminId(7) };

/// How long a promise waits for a row before it is broken.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) const fn member(id: i64) -> Member {
    Member { scope: DESK, id: MemberId(id) }
}

pub(super) fn key(text: &str) -> ClientMsgId {
    ClientMsgId::new(text).unwrap()
}

/// The desk's grey line: kept as it is, so that every character reaches the store.
pub(super) fn line(key_text: &str, text: &str) -> Draft {
    Draft { content: Content::new(Kind::System, text).unwrap(), key: key(key_text), key_is_ours: false, quote: None }
}

pub(super) fn text(key_text: &str, text: &str) -> Draft {
    Draft { content: Content::new(Kind::Text, text).unwrap(), key: key(key_text), key_is_ours: false, quote: None }
}

pub(super) fn by(who: impl Into<Who>, id: ConversationId, act: Act) -> Command {
    match who.into() {
        Who::Member(me) => Command::of_member(me, id, act),
        Who::Admin(me) => Command::of_admin(me, id, act),
    }
}

pub(super) enum Who {
    Member(Member),
    Admin(Admin),
}

impl From<Member> for Who {
    fn from(me: Member) -> Self {
        Self::Member(me)
    }
}

impl From<Admin> for Who {
    fn from(me: Admin) -> Self {
        Self::Admin(me)
    }
}

/// A sentence; its key is its words.
pub(super) fn say(who: impl Into<Who>, id: ConversationId, words: &str) -> Command {
    by(who, id, Act::Send(text(&words.replace(' ', "-"), words)))
}

pub(super) fn read_up_to(who: impl Into<Who>, id: ConversationId, seq: i64) -> Command {
    by(who, id, Act::ReadUpTo(seq))
}

/// Takes back, however long ago it was said.
pub(super) fn revoke(who: impl Into<Who>, message: &Message) -> Command {
    by(who, message.conversation, Act::Revoke { message: message.id, within: i64::MAX })
}

pub(super) fn delete(who: impl Into<Who>, message: &Message) -> Command {
    by(who, message.conversation, Act::Delete(message.id))
}

/// Just the conversation's row.
pub(super) fn row(conversation: ConversationId) -> Need {
    Need::of(conversation)
}

pub(super) fn unread_by(conversation: ConversationId, side: Side) -> Need {
    Need { unread: Some(side), ..Need::of(conversation) }
}

pub(super) fn key_of(conversation: ConversationId, sender: Party, key: ClientMsgId) -> Need {
    Need { key: Some((sender, key)), ..Need::of(conversation) }
}

pub(super) fn opened(store: &impl Store, who: Member) -> ConversationId {
    store.open(who).unwrap()
}

/// Runs commands as one batch, which must succeed.
pub(super) fn carry(store: &impl Store, commands: &[Command]) -> (Vec<Done>, Committed) {
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();
    patiently(store, &needs, |work| commands.iter().map(|command| run(work, command).unwrap()).collect())
}

/// Runs a transaction until it has all of its rows and its commit is heard; like a lane, it commits only what
/// changed something.
pub(super) fn patiently<T>(
    store: &(impl Store + ?Sized),
    needs: &[Need],
    mut act: impl FnMut(&mut UnitOfWork) -> T,
) -> (T, Committed) {
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        match attempt(store, needs, &mut act) {
            Ok(Some(done)) => return done,
            // Whoever loses steps aside for thrice as long as losing took: a database is not asked in a tight loop.
            Ok(None) | Err(StoreError::Contended(_)) => std::thread::sleep(asked.elapsed() * 3),
            Err(error) => panic!("the store did not do it: {error:?}"),
        }
        assert!(began.elapsed() < PATIENCE, "a row was not to be had in {PATIENCE:?}");
    }
}

fn attempt<T>(
    store: &(impl Store + ?Sized),
    needs: &[Need],
    act: &mut impl FnMut(&mut UnitOfWork) -> T,
) -> Result<Option<(T, Committed)>, StoreError> {
    let mut transaction = store.begin(needs)?;
    let work = transaction.work();
    if needs.iter().any(|need| work.must_wait_for(need.conversation)) {
        return Ok(None);
    }
    let result = act(work);
    let committed = if work.is_untouched() { Committed::default() } else { transaction.commit()? };
    Ok(Some((result, committed)))
}

/// The conversation as anybody reads it.
pub(super) fn found(store: &impl WholeStore, scope: Scope, id: ConversationId) -> Conversation {
    store.find(scope.tenant, &[scope.shop], id).unwrap().unwrap_or_else(|| panic!("conversation {id} was not found"))
}

/// All messages of a conversation, oldest first.
pub(super) fn history(store: &impl WholeStore, scope: Scope, id: ConversationId) -> Vec<Message> {
    store.page(scope, id, Side::Desk, &MessagePage::SinceSeq(0, 100_000)).unwrap()
}

pub(super) fn seqs(messages: &[Message]) -> Vec<i64> {
    messages.iter().map(|message| message.seq).collect()
}
