//! The order of things: the directory is asked before a row is locked, a fact is told after it was committed, and
//! what was not stored is told to nobody. The desk here is as small as a desk can be.
#![allow(clippy::unwrap_used, reason = "clippy takes helpers of tests for production code")]

use std::collections::HashMap;

use kefu_domain::memory::{At, Fault, MemoryStore};
use kefu_domain::{
    Act, Admin, AdminDirectory, AdminId, Announcement, Announcer, ClientMsgId, Command, Content, ConversationId,
    ConversationRepository, Draft, Kind, Member, MemberDirectory, MemberId, MockAdminDirectory, MockAnnouncer,
    MockMemberDirectory, Profile, Recipient, Refusal, Scope, Sent, Store, StoreError, TenantId, What, rules,
};
use mockall::Sequence;
use mockall::predicate::eq;

const SCOPE: Scope = Scope::platform(TenantId(1));
const ALICE: Member = Member { scope: SCOPE, id: MemberId(101) };
const AGENT: Admin = Admin { scope: SCOPE, id: AdminId(7) };

#[derive(Debug)]
enum Failure {
    Refused(Refusal),
    Store(StoreError),
}

struct Desk {
    store: MemoryStore,
    members: MockMemberDirectory,
    admins: MockAdminDirectory,
    announcer: MockAnnouncer,
}

impl Desk {
    /// Asks the directories, then runs one rule in one transaction, then tells.
    fn admin(&self, me: Admin, id: ConversationId, act: Act) -> Result<Option<Sent>, Failure> {
        let profiles = self.admins.profiles(me.scope.tenant, &[me.id]).unwrap();
        if let Some(found) = self.store.find(me.scope.tenant, &[me.scope.shop], id).map_err(Failure::Store)?
            && self.members.denies(me.scope.tenant, found.member).unwrap()
        {
            return Err(Failure::Refused(Refusal::NoSuchMember(found.member)));
        }
        let avatar = profiles.get(&me.id).and_then(|profile| profile.avatar.clone());
        self.carry(&Command::of_admin(me, id, act), avatar)
    }

    fn member(&self, me: Member, id: ConversationId, act: Act) -> Result<Option<Sent>, Failure> {
        self.carry(&Command::of_member(me, id, act), None)
    }

    fn carry(&self, command: &Command, avatar: Option<String>) -> Result<Option<Sent>, Failure> {
        let mut transaction = self.store.begin(&[command.need(false)]).map_err(Failure::Store)?;
        let done = rules::run(transaction.work(), command).map_err(Failure::Refused)?;
        let committed = transaction.commit().map_err(Failure::Store)?;
        if let Some(event) = done.event(&committed, false) {
            self.announcer.announce(vec![Announcement { event, avatar, handed: None }]);
        }
        Ok(done.sent(&committed, false))
    }
}

/// A desk at which Alice has said something; nobody has been told of anything yet.
fn desk() -> (Desk, ConversationId) {
    let store = MemoryStore::new();
    let id = store.open(ALICE).unwrap();
    let command = Command::of_member(ALICE, id, hello("first"));
    let mut transaction = store.begin(&[command.need(false)]).unwrap();
    rules::run(transaction.work(), &command).unwrap();
    transaction.commit().unwrap();
    let mut members = MockMemberDirectory::new();
    members.expect_denies().returning(|_, _| Ok(false));
    let mut admins = MockAdminDirectory::new();
    admins.expect_profiles().returning(|_, _| Ok(HashMap::new()));
    (Desk { store, members, admins, announcer: MockAnnouncer::new() }, id)
}

fn hello(key: &str) -> Act {
    let content = Content::new(Kind::Text, "hello").unwrap();
    Act::Send(Draft { content, key: ClientMsgId::new(key).unwrap(), key_is_ours: false, quote: None })
}

#[test]
fn a_message_is_told_once_after_it_can_be_read() {
    let (mut desk, id) = desk();
    let store = desk.store.clone();
    desk.announcer
        .expect_announce()
        .withf(move |news| {
            let [Announcement { event, .. }] = news.as_slice() else { return false };
            let What::Posted(message) = &event.what else { return false };
            store.locked() == 0 && store.messages(id).contains(message)
        })
        .once()
        .return_const(());

    let sent = desk.member(ALICE, id, hello("k1")).unwrap().unwrap();

    assert_eq!(sent.message.seq, 2);
}

#[test]
fn the_member_and_the_desk_hear_of_it_with_the_senders_picture() {
    let (mut desk, id) = desk();
    desk.admins = MockAdminDirectory::new();
    let picture = Profile { nickname: Some("Bob".into()), avatar: Some("/bob.png".into()) };
    desk.admins
        .expect_profiles()
        .withf(|tenant, ids| *tenant == TenantId(1) && ids == [AGENT.id])
        .once()
        .returning(move |_, ids| Ok(HashMap::from([(ids[0], picture.clone())])));
    desk.announcer
        .expect_announce()
        .withf(|news| {
            let audience = news[0].event.audience();
            news[0].avatar.as_deref() == Some("/bob.png")
                && audience[0] == Recipient::Member(SCOPE, ALICE.id)
                && matches!(audience[1..], [Recipient::Admins(SCOPE, _)])
        })
        .once()
        .return_const(());

    desk.admin(AGENT, id, hello("k1")).unwrap();
}

#[test]
fn no_row_is_locked_while_a_directory_is_asked() {
    let (mut desk, id) = desk();
    let (store, mut order) = (desk.store.clone(), Sequence::new());
    let begun = store.counts().begins;
    desk.members = MockMemberDirectory::new();
    desk.members.expect_denies().with(eq(TenantId(1)), eq(ALICE.id)).once().in_sequence(&mut order).returning(
        move |_, _| {
            assert_eq!((store.locked(), store.counts().begins), (0, begun));
            Ok(false)
        },
    );
    desk.announcer.expect_announce().once().in_sequence(&mut order).return_const(());

    desk.admin(AGENT, id, hello("k1")).unwrap();
}

#[test]
fn a_message_to_somebody_who_does_not_exist_is_neither_stored_nor_told() {
    let (mut desk, id) = desk();
    desk.members = MockMemberDirectory::new();
    desk.members.expect_denies().once().returning(|_, _| Ok(true));
    desk.announcer.expect_announce().never();

    let refused = desk.admin(AGENT, id, hello("k1"));

    assert!(matches!(refused, Err(Failure::Refused(Refusal::NoSuchMember(MemberId(101))))), "{refused:?}");
    assert_eq!(desk.store.messages(id).len(), 1);
}

#[test]
fn nobody_is_told_of_what_a_rule_refused() {
    let (mut desk, id) = desk();
    desk.announcer.expect_announce().never();
    let stranger = Member { id: MemberId(102), ..ALICE };

    let refused = desk.member(stranger, id, hello("k1"));

    assert!(matches!(refused, Err(Failure::Refused(Refusal::NoSuchConversation(_)))), "{refused:?}");
    assert_eq!((desk.store.messages(id).len(), desk.store.locked()), (1, 0));
}

#[test]
fn nobody_is_told_of_what_was_not_stored() {
    not_told(Fault::Unavailable, |error| matches!(error, StoreError::Unavailable(_)));
    not_told(Fault::Contended, |error| matches!(error, StoreError::Contended(_)));
    not_told(Fault::Failed, |error| matches!(error, StoreError::Failed(_)));
    not_told(Fault::FateUnknown { applied: false }, |error| matches!(error, StoreError::FateUnknown(_)));
}

#[track_caller]
fn not_told(fault: Fault, expected: fn(&StoreError) -> bool) {
    let (mut desk, id) = desk();
    desk.announcer.expect_announce().never();
    desk.store.fail(At::Commit, 1, fault);

    let failed = desk.member(ALICE, id, hello("k1"));

    assert!(matches!(&failed, Err(Failure::Store(error)) if expected(error)), "{failed:?}");
    assert_eq!((desk.store.messages(id).len(), desk.store.locked()), (1, 0));
}

#[test]
fn the_same_tap_twice_is_told_once() {
    let (mut desk, id) = desk();
    desk.announcer.expect_announce().once().return_const(());

    let first = desk.member(ALICE, id, hello("tap")).unwrap().unwrap();
    let second = desk.member(ALICE, id, hello("tap")).unwrap().unwrap();

    assert_eq!((first.message == second.message, first.duplicate, second.duplicate), (true, false, true));
}

#[test]
fn reading_what_is_read_already_is_told_to_nobody() {
    let (mut desk, id) = desk();
    desk.announcer
        .expect_announce()
        .withf(|news| news[0].event.what == What::Read(AGENT.party().side(), 1))
        .once()
        .return_const(());

    for _ in 0..3 {
        desk.admin(AGENT, id, Act::ReadUpTo(1)).unwrap();
    }
}
