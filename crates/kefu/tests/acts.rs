//! Taking back, deleting, quoting, and saying that one is writing; and what has changed at the desk.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::counted::Counted;
use common::{Ear, Room, SHOP, admin, member, text};
use kefu::Error;
use kefu::domain::memory::{At, Fault};
use kefu::domain::{
    Agent, Announcement, Bus, ChangedPage, ConversationId, MessageId, MessagePage, Party, Profile, Refusal, ShopId,
    Shops, Side, TOMBSTONE, TenantId, Timestamp, Typing, What,
};

fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_is_taken_back_by_its_sender_and_for_everybody() {
    let room = Room::new();
    let sent = room.member(1).send(text("oops")).await.unwrap().message;
    let id = sent.conversation;

    assert_eq!(refused(room.admin(7).revoke(id, sent.id).await), Refusal::NotTheirs(sent.id));
    let after = room.member(1).revoke(sent.id, None).await.unwrap();
    let again = room.member(1).revoke(sent.id, Some(id)).await.unwrap();

    assert_eq!((after.change, after.desk_unread, again), (2, 0, after));
    for history in [
        room.member(1).history(MessagePage::Newest(9)).await.unwrap(),
        room.admin(7).history(id, MessagePage::Newest(9)).await.unwrap(),
    ] {
        assert_eq!((history.messages[0].seq, history.messages[0].content.as_str()), (1, TOMBSTONE));
    }
    let told = room.ear.heard.lock().unwrap();
    assert!(matches!(&told[..], [_, one] if matches!(one.what, What::Revoked(_))), "told once: {told:?}");
}

#[tokio::test]
async fn a_message_that_is_too_old_stays() {
    let room = Room::built(|builder| builder.revoke_within(Duration::from_secs(1)));
    let sent = room.admin(7).send(room.conversation(1), text("too late")).await.unwrap().message;
    room.store.set_now(Timestamp(sent.time.0 + 1_000));

    let refusal = refused(room.admin(7).revoke(sent.conversation, sent.id).await);

    assert_eq!(refusal, Refusal::TooLate(1_000));
    let two_minutes = Room::new();
    let sent = two_minutes.member(1).send(text("in time")).await.unwrap().message;
    two_minutes.store.set_now(Timestamp(sent.time.0 + 119_000));
    assert!(two_minutes.member(1).revoke(sent.id, None).await.is_ok());
}

#[tokio::test]
async fn a_side_deletes_for_itself_and_keeps_the_number() {
    let room = Room::new();
    let sent = room.member(1).send(text("one")).await.unwrap().message;
    let id = sent.conversation;

    let after = room.admin(7).delete(id, sent.id).await.unwrap();

    assert_eq!((after.change, after.desk_unread), (2, 0));
    let desk = room.admin(8).history(id, MessagePage::SinceSeq(0, 9)).await.unwrap().messages;
    let theirs = room.member(1).history(MessagePage::SinceSeq(0, 9)).await.unwrap().messages;
    assert_eq!((desk[0].seq, desk[0].content.as_str(), desk[0].deleted.by(Side::Desk)), (1, "", true));
    assert_eq!(theirs[0].content, r#"{"text":"one"}"#);
    assert!(room.admin(7).history(id, MessagePage::Newest(9)).await.unwrap().messages.is_empty());
}

#[tokio::test]
async fn nobody_changes_what_is_not_there_or_not_theirs_to_see() {
    let room = Room::new();
    let sent = room.member(1).send(text("mine")).await.unwrap().message;
    let (id, other) = (sent.conversation, room.member(2).send(text("other")).await.unwrap().message);

    let nothing = Refusal::NoSuchMessage(MessageId(999));
    assert_eq!(refused(room.member(1).revoke(MessageId(999), None).await), nothing);
    assert_eq!(refused(room.admin(7).delete(id, MessageId(999)).await), nothing);
    assert_eq!(refused(room.member(1).delete(other.id, None).await), Refusal::NoSuchMessage(other.id));
    assert_eq!(refused(room.member(3).delete(sent.id, None).await), Refusal::NoSuchMessage(sent.id));
    assert_eq!(refused(room.member(2).delete(sent.id, Some(id)).await), Refusal::NoSuchConversation(id));
    assert_eq!(refused(agent_of(&room, 5).revoke(id, sent.id).await), Refusal::NoSuchConversation(id));
    assert_eq!(room.store.messages(id), [sent]);
}

fn agent_of(room: &Room, shop: i64) -> kefu::AdminDesk {
    let shops: Shops = [ShopId(shop)].into_iter().collect();
    room.desk.admin(Agent { tenant: TenantId(1), shops, id: admin(9).id }, Profile::default())
}

#[tokio::test]
async fn a_reference_is_to_a_message_of_the_same_conversation() {
    let room = Room::new();
    let sent = room.member(1).send(text("question")).await.unwrap().message;
    let foreign = room.member(2).send(text("other")).await.unwrap().message;

    let answer = room.admin(7).send(sent.conversation, text("answer").quoting(sent.id)).await.unwrap().message;
    let refusal = refused(room.admin(7).send(sent.conversation, text("leak").quoting(foreign.id)).await);

    assert_eq!(answer.quote.map(|quote| (quote.id, quote.seq)), Some((sent.id, 1)));
    assert_eq!(refusal, Refusal::NoSuchMessage(foreign.id));
}

#[tokio::test]
async fn a_change_whose_commit_was_not_answered_is_told_once() {
    for applied in [true, false] {
        let room = Room::new();
        let sent = room.member(1).send(text("one")).await.unwrap().message;
        let id = sent.conversation;
        room.store.fail(At::Commit, 1, Fault::FateUnknown { applied });
        let deleted = room.admin(7).delete(id, sent.id).await.unwrap();
        room.store.fail(At::Commit, 1, Fault::FateUnknown { applied });
        let revoked = room.member(1).revoke(sent.id, None).await.unwrap();
        room.store.fail(At::Commit, 1, Fault::FateUnknown { applied });
        let quoting = room.member(1).send(text("two").quoting(sent.id)).await.unwrap().message;

        assert_eq!((deleted.change, revoked.change, quoting.change), (2, 3, 4), "applied: {applied}");
        let told = room.ear.heard.lock().unwrap().clone();
        let changes: Vec<_> = told.iter().map(|event| event.after.change).collect();
        assert_eq!(changes, [1, 2, 3, 4]);
        assert!(matches!(told[1].what, What::Deleted(Side::Desk, _)) && matches!(told[2].what, What::Revoked(_)));
        let from = kefu::domain::Cursor { conversation: id, seq: 1, change: 1 };
        let since = room.member(1).resume(Some(from)).await.unwrap().unwrap();
        assert_eq!((since.messages.len(), since.changed.len(), since.outline.change), (1, 1, 4));
    }
}

/// Writes down what goes to the other nodes.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<Typing>>>, Arc<Mutex<Vec<Announcement>>>);

impl Bus for Wire {
    fn publish(&self, news: &[Announcement]) {
        self.1.lock().unwrap().extend_from_slice(news);
    }

    fn whisper(&self, typing: &Typing) {
        self.0.lock().unwrap().push(*typing);
    }
}

#[tokio::test]
async fn whoever_is_writing_is_heard_here_and_elsewhere_where_they_may_write() {
    let counted = Counted::default();
    let wire = Wire::default();
    let bus = wire.clone();
    let store = counted.store.clone();
    let room = Room::over(counted.clone(), store.clone(), Ear::new(&store), |builder| builder.bus(bus));
    let id = room.conversation(1);
    let heard = |by| Typing { scope: SHOP, conversation: id, member: member(1).id, by, on: true };

    room.member(1).typing(true);
    everybody(&room, 1).await;
    let looked = counted.reads();
    room.member(1).typing(true);
    room.admin(7).typing(id, true);
    everybody(&room, 3).await;
    let looked_twice = counted.reads();
    room.admin(8).typing(id, true);
    agent_of(&room, 5).typing(id, true);
    room.member(2).typing(true);
    room.admin(7).typing(ConversationId(999), true);
    while counted.reads() < looked_twice + 2 {
        tokio::task::yield_now().await;
    }
    assert!(room.desk.stop(Duration::from_secs(20)));

    let mut told = room.ear.typing.lock().unwrap().clone();
    let alice = member(1).party();
    assert_eq!(told.split_off(2), [heard(Party::Admin(admin(7).id)), heard(Party::Admin(admin(8).id))]);
    assert_eq!(told, [heard(alice), heard(alice)]);
    assert_eq!(wire.0.lock().unwrap().len(), 4);
    assert_eq!((looked, looked_twice), (1, 2), "whose conversation it is was looked up once");
}

/// Waits until so many have been heard writing.
async fn everybody(room: &Room, heard: usize) {
    let patience = std::time::Instant::now() + Duration::from_secs(20);
    while room.ear.typing.lock().unwrap().len() < heard {
        assert!(std::time::Instant::now() < patience, "nobody was heard");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_other_nodes_are_told_what_was_told_here_in_order_and_wait_for_nobody() {
    let wire = Wire::default();
    let bus = wire.clone();
    let room = Room::built(|builder| builder.bus(bus));
    for number in 0..20 {
        room.member(1).send(text(&number.to_string())).await.unwrap();
    }

    let hints = wire.1.lock().unwrap();
    let events: Vec<_> = hints.iter().map(|hint| hint.event.clone()).collect();
    assert_eq!(events, *room.ear.heard.lock().unwrap());
    assert!(hints.len() == 20 && hints.iter().all(|hint| hint.handed.is_none()));
}

#[tokio::test]
async fn what_has_changed_is_found_in_the_order_of_changes_over_all_shops() {
    let room = Room::new();
    room.store.freeze();
    let mut at = room.store.now();
    for id in [3, 1, 2] {
        at = Timestamp(at.0 + 10);
        room.store.set_now(at);
        room.member(id).send(text("hello")).await.unwrap();
    }
    at = Timestamp(at.0 + 10);
    room.store.set_now(at);
    room.admin(7).hide(room.conversation(3)).await.unwrap();
    let everything = ChangedPage { since: Timestamp(0), after: None, limit: 2 };

    let first = room.admin(7).changed(everything).await.unwrap();
    let last = &first[1].conversation;
    let second =
        room.admin(7).changed(ChangedPage { after: Some((last.changed, last.id)), ..everything }).await.unwrap();
    let lately = room.admin(7).changed(ChangedPage { since: at, ..everything }).await.unwrap();

    let members = |page: &[kefu::Listed]| page.iter().map(|one| one.conversation.member.0).collect::<Vec<_>>();
    assert_eq!((members(&first), members(&second), members(&lately)), (vec![1, 2], vec![3], vec![3]));
    assert!(lately[0].conversation.hidden_from_desk);
    assert!(agent_of(&room, 5).changed(everything).await.unwrap().is_empty());
}
