use super::*;
use crate::{
    Act, Admin, AdminId, ClientMsgId, Content, ContentError, Conversation, ConversationState, Kind, MemberId,
    MessageId, Scope, ShopId, TenantId, Timestamp,
};

mod fates;
mod quotes;
mod talk;

const SCOPE: Scope = Scope::platform(TenantId(1));
const ALICE: Member = Member { scope: SCOPE, id: MemberId(101) };
const AGENT: Admin = Admin { scope: SCOPE, id: AdminId(7) };
const ID: ConversationId = ConversationId(5);

fn loaded() -> UnitOfWork {
    let mut work = UnitOfWork::new(Timestamp(1_000));
    work.lock(Conversation::restore(ConversationState::opened(ID, SCOPE, ALICE.id, Timestamp(0))));
    work.has_unread(ID, Side::Desk, Vec::new());
    work.has_unread(ID, Side::Member, Vec::new());
    work
}

fn draft(key: &str, kind: Kind, text: &str) -> Draft {
    Draft {
        content: Content::new(kind, text).unwrap(),
        key: ClientMsgId::new(key).unwrap(),
        key_is_ours: false,
        quote: None,
    }
}

fn member_says(key: &str, text: &str) -> Command {
    Command::of_member(ALICE, ID, Act::Send(draft(key, Kind::Text, text)))
}

fn desk_says(key: &str, text: &str) -> Command {
    Command::of_admin(AGENT, ID, Act::Send(draft(key, Kind::Text, text)))
}

fn desk(act: Act) -> Command {
    Command::of_admin(AGENT, ID, act)
}

/// Runs a batch that must succeed; its messages get the ids 1, 2, 3 …
fn commit(commands: &[Command]) -> (Vec<Done>, Committed) {
    let mut work = loaded();
    let done = commands.iter().map(|command| run(&mut work, command).unwrap()).collect();
    (done, work.into_committed((1..).map(MessageId)))
}

/// A unit of work in which what `commands` say was stored earlier.
fn after(commands: &[Command]) -> UnitOfWork {
    let mut earlier = loaded();
    commands.iter().for_each(|command| drop(run(&mut earlier, command).unwrap()));
    let mut work = UnitOfWork::new(Timestamp(2_000));
    work.lock(earlier.conversation(ID).unwrap().clone());
    for message in earlier.into_committed((1..).map(MessageId)).messages {
        work.remember(message);
    }
    work
}

#[track_caller]
fn refused(work: &mut UnitOfWork, command: &Command, refusal: &Refusal) {
    let before = format!("{work:?}");
    assert_eq!(run(work, command).as_ref(), Err(refusal), "{command:?}");
    assert_eq!(format!("{work:?}"), before, "a refusal leaves everything as it was");
}

#[test]
fn a_message_is_told_with_the_id_that_it_was_given() {
    let (done, committed) = commit(&[member_says("k1", "one"), desk_says("k2", "two")]);

    let event = done[1].event(&committed, false).unwrap();
    assert_eq!((event.after.scope, event.after.conversation, event.after.member), (SCOPE, ID, ALICE.id));
    assert_eq!((event.by, event.after.head_seq, event.after.change), (AGENT.party(), 2, 2));
    assert_eq!(event.what, What::Posted(committed.messages[1].clone()));
    assert_eq!(committed.messages[1].id, MessageId(2));
    let sent = done[1].sent(&committed, false).unwrap();
    assert_eq!(sent, Sent { message: committed.messages[1].clone(), duplicate: false });
    assert_eq!(done[0].event(&committed, false).unwrap().after.head_seq, 1, "numbers are as the rule left them");
}

#[test]
fn the_same_tap_twice_in_one_batch_is_one_message() {
    let (done, committed) = commit(&[member_says("tap", "hi"), member_says("tap", "hi"), member_says("tap", "hi")]);

    assert_eq!(committed.messages.len(), 1);
    let sent: Vec<_> = done.iter().map(|done| done.sent(&committed, false).unwrap()).collect();
    assert_eq!(
        sent.iter().map(|sent| (sent.message.id.0, sent.duplicate)).collect::<Vec<_>>(),
        [(1, false), (1, true), (1, true)]
    );
    let told = done.iter().filter_map(|done| done.event(&committed, false)).count();
    assert_eq!(told, 1);
}

#[test]
fn the_same_tap_later_is_the_message_of_that_time() {
    let mut work = after(&[member_says("tap", "hi"), member_says("k2", "more")]);

    let done = run(&mut work, &member_says("tap", "hi")).unwrap();

    assert!(work.is_untouched());
    let sent = done.sent(&Committed::default(), false).unwrap();
    assert_eq!((sent.message.id, sent.message.seq, sent.duplicate), (MessageId(1), 1, true));
    assert_eq!(done.event(&Committed::default(), false), None);
}

#[test]
fn a_key_is_one_content_for_ever() {
    let as_picture = Command::of_member(ALICE, ID, Act::Send(draft("tap", Kind::Picture, "/hi")));
    let wrapped = member_says("tap", r#"{"text":"hi"}"#);

    for other in [&member_says("tap", "ho"), &as_picture, &wrapped] {
        refused(&mut after(&[member_says("tap", "hi")]), other, &Refusal::KeyReused);
        let mut batch = loaded();
        run(&mut batch, &member_says("tap", "hi")).unwrap();
        refused(&mut batch, other, &Refusal::KeyReused);
    }
}

#[test]
fn a_key_belongs_to_its_sender() {
    let (_, committed) = commit(&[member_says("tap", "hi"), desk_says("tap", "hello"), member_says("TAP", "hi")]);

    assert_eq!(committed.messages.len(), 3);
}

#[test]
fn content_alone_is_never_a_key() {
    let (done, committed) = commit(&[member_says("k1", "1"), member_says("k2", "1")]);

    assert_eq!(committed.messages.len(), 2);
    assert!(done.iter().all(|done| !done.sent(&committed, false).unwrap().duplicate));
}

#[test]
fn a_message_stored_without_a_fingerprint_never_passes_for_a_retry() {
    let mut work = after(&[member_says("tap", "hi")]);
    let (_, committed) = commit(&[member_says("tap", "hi")]);
    work.remember(Message { fingerprint: None, ..committed.messages[0].clone() });

    refused(&mut work, &member_says("tap", "hi"), &Refusal::KeyReused);
}

#[test]
fn somebody_elses_conversation_does_not_exist() {
    let shop = Scope { shop: ShopId(3), ..SCOPE };
    let tenant = Scope::platform(TenantId(2));
    let send = || Act::Send(draft("k1", Kind::Text, "hi"));
    let nobody = Refusal::NoSuchConversation(ID);

    for act in [send(), Act::ReadUpTo(1), Act::Pin(true), Act::Hide(None)] {
        for scope in [shop, tenant] {
            refused(&mut loaded(), &Command::of_member(Member { scope, ..ALICE }, ID, act.clone()), &nobody);
            refused(&mut loaded(), &Command::of_admin(Admin { scope, ..AGENT }, ID, act.clone()), &nobody);
        }
        let bob = Member { id: MemberId(102), ..ALICE };
        refused(&mut loaded(), &Command::of_member(bob, ID, act.clone()), &nobody);
        let absent = ConversationId(6);
        let gone = Refusal::NoSuchConversation(absent);
        refused(&mut loaded(), &Command::of_admin(AGENT, absent, act.clone()), &gone);
        refused(&mut loaded(), &Command::of_member(ALICE, absent, act), &gone);
    }
}

#[test]
fn an_admin_whose_number_is_the_members_is_still_no_member() {
    let namesake = Admin { id: AdminId(ALICE.id.0), ..AGENT };
    let mut work = loaded();

    run(&mut work, &Command::of_admin(namesake, ID, Act::Send(draft("k1", Kind::Text, "hi")))).unwrap();

    assert_eq!(work.drafts()[0].sender, Party::Admin(AdminId(101)));
    assert_eq!(work.conversation(ID).unwrap().desk_unread, 0);
}

#[test]
fn a_member_neither_pins_nor_hides() {
    for act in [Act::Pin(true), Act::Pin(false), Act::Hide(None)] {
        let command = Command::of_member(ALICE, ID, act);
        refused(&mut loaded(), &command, &Refusal::NoSuchConversation(ID));
    }
}

#[test]
fn a_member_never_says_what_only_the_desk_says() {
    for (kind, text, code) in [(Kind::System, "shipped", 5), (Kind::Rating, "{}", 12)] {
        let by_member = Command::of_member(ALICE, ID, Act::Send(draft("k1", kind, text)));
        refused(&mut loaded(), &by_member, &Refusal::Content(ContentError::NotForMembers(code)));

        let (_, committed) = commit(&[desk(Act::Send(draft("k1", kind, text)))]);
        assert_eq!(committed.messages[0].kind, code);
    }
}

#[test]
fn the_desk_itself_may_speak_for_nobody_in_particular() {
    let note = Act::Send(draft("k1", Kind::System, "shipped"));
    let (done, committed) = commit(&[Command { conversation: ID, scope: SCOPE, by: Party::System, act: note }]);

    assert_eq!(committed.messages[0].sender, Party::System);
    assert_eq!(committed.messages[0].receiver, Some(ALICE.party()));
    assert_eq!(done[0].event(&committed, false).unwrap().by, Party::System);
}

#[test]
fn passing_the_other_sides_messages_is_told_and_anything_else_is_silent() {
    let read_by_member = |seq| Command::of_member(ALICE, ID, Act::ReadUpTo(seq));
    let (done, committed) = commit(&[
        member_says("k1", "1"),
        desk_says("k2", "2"),
        read_by_member(1),
        read_by_member(2),
        read_by_member(2),
        desk(Act::ReadUpTo(99)),
        desk(Act::ReadUpTo(99)),
    ]);

    let told: Vec<_> = done[2..].iter().map(|done| done.event(&committed, false).map(|event| event.what)).collect();
    let read = |side, seq| Some(What::Read(side, seq));
    assert_eq!(told, [None, read(Side::Member, 2), None, read(Side::Desk, 2), None]);
    assert!(done[2..].iter().all(|done| done.sent(&committed, false).is_none()));
    let changes: Vec<_> = done.iter().map(|done| done.after.change).collect();
    assert_eq!(changes, [1, 2, 2, 3, 3, 4, 4]);
}

#[test]
fn pinning_and_hiding_are_told_when_they_change_something() {
    let acts = [Act::Pin(true), Act::Pin(true), Act::Pin(false), Act::Hide(None), Act::Hide(None)];
    let (done, committed) = commit(&acts.map(desk));

    let told: Vec<_> = done.iter().map(|done| done.event(&committed, false).map(|event| event.what)).collect();
    assert_eq!(told, [Some(What::Pinned(true)), None, Some(What::Pinned(false)), Some(What::Hidden), None]);
}

#[test]
fn what_a_commit_of_unknown_fate_did_is_told_when_it_is_found_again() {
    let batch = [member_says("k1", "one"), desk(Act::ReadUpTo(i64::MAX)), desk(Act::Pin(true)), desk(Act::Hide(None))];
    let mut work = after(&batch);
    work.has_unread(ID, Side::Desk, Vec::new());

    let again: Vec<_> = batch.iter().map(|command| run(&mut work, command).unwrap()).collect();

    assert!(work.is_untouched(), "it was done already");
    let nothing = Committed::default();
    let told: Vec<_> = again.iter().map(|done| done.event(&nothing, true).map(|event| event.what)).collect();
    let sent = again[0].sent(&nothing, true).unwrap();
    assert!(!sent.duplicate, "its sender was never answered: for the sender it is new");
    assert_eq!(
        told,
        [
            Some(What::Posted(sent.message)),
            Some(What::Read(Side::Desk, 1)),
            Some(What::Pinned(true)),
            Some(What::Hidden)
        ]
    );
    assert!(again.iter().all(|done| done.event(&nothing, false).is_none()));
}

#[test]
fn what_a_commit_of_unknown_fate_did_not_do_is_done_and_told_as_usual() {
    let (done, committed) = commit(&[member_says("k1", "one")]);

    assert_eq!(done[0].event(&committed, true), done[0].event(&committed, false));
    assert_eq!(done[0].sent(&committed, true), done[0].sent(&committed, false));
}

#[test]
fn only_what_did_something_is_news() {
    let (done, _) = commit(&[
        member_says("k1", "one"),
        member_says("k1", "one"),
        desk(Act::ReadUpTo(1)),
        desk(Act::ReadUpTo(1)),
        desk(Act::Pin(true)),
        desk(Act::Pin(true)),
        desk(Act::Hide(None)),
    ]);
    let news: Vec<_> = done.iter().map(Done::is_news).collect();
    assert_eq!(news, [true, false, true, false, true, false, true]);

    let stored = run(&mut after(&[member_says("k1", "one")]), &member_says("k1", "one")).unwrap();
    assert!(!stored.is_news(), "a message of yesterday is not news, whatever becomes of today's commit");
}

#[test]
fn a_rule_run_again_from_its_mark_comes_to_the_same() {
    let written = |work: &UnitOfWork| {
        let changed: Vec<_> = work.changed().into_iter().cloned().collect();
        (changed, work.drafts().to_vec(), work.moves().to_vec())
    };
    let mut work = loaded();

    for command in [member_says("k1", "one"), desk_says("k2", "two"), desk(Act::ReadUpTo(1)), desk(Act::Hide(None))] {
        let mark = work.mark(ID);
        let first = (run(&mut work, &command), written(&work));
        work.restore(ID, mark);

        assert_eq!((run(&mut work, &command), written(&work)), first);
    }
}
