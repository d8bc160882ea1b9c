//! What becomes of messages: taken back by whoever said them, deleted by a side for itself.

use super::talk::{MINUTE, Talk, delete, member, revoke};
use super::*;
use crate::TOMBSTONE;

fn told(done: &[Done], found_again: bool) -> Vec<Option<What>> {
    let nothing = Committed::default();
    done.iter().map(|done| done.event(&nothing, found_again).map(|event| event.what)).collect()
}

#[test]
fn nobody_takes_back_what_somebody_else_has_said() {
    let note = Command { conversation: ID, scope: SCOPE, by: Party::System, act: desk_says("k5", "note").act };
    let talk = Talk::of_four().and(&[note]);
    let colleague = Command::of_admin(Admin { id: AdminId(8), ..AGENT }, ID, revoke(3));
    let namesake = Command::of_admin(Admin { id: AdminId(ALICE.id.0), ..AGENT }, ID, revoke(1));

    for (command, message) in
        [(member(revoke(3)), 3), (desk(revoke(4)), 4), (colleague, 3), (namesake, 1), (desk(revoke(5)), 5)]
    {
        refused(&mut talk.at(3_000), &command, &Refusal::NotTheirs(MessageId(message)));
    }
    for command in [member(revoke(1)), desk(revoke(3))] {
        assert!(run(&mut talk.at(3_000), &command).is_ok());
    }
}

#[test]
fn a_message_is_taken_back_within_the_time_that_the_databases_clock_shows() {
    let talk = Talk::of_four();
    let at = |now| run(&mut talk.at(now), &member(revoke(1))).map(|_| ());
    let said = talk.messages[0].time.0;

    assert_eq!(at(said + 2 * MINUTE), Ok(()));
    assert_eq!(at(said + 2 * MINUTE + 1), Err(Refusal::TooLate(2 * MINUTE)));
    assert_eq!(at(said - 5_000), Ok(()), "a clock that was set back makes nothing old");
    refused(&mut talk.at(said + 2 * MINUTE + 1), &member(revoke(1)), &Refusal::TooLate(2 * MINUTE));
}

#[test]
fn what_is_left_of_a_message_has_its_number_and_says_that_it_was_taken_back() {
    let before = Talk::of_four();
    let after = before.clone().and(&[member(revoke(2))]);

    let tombstone = Message {
        kind: 5,
        content: TOMBSTONE.to_owned(),
        revoked: Some(Timestamp(3_000)),
        change: 5,
        ..before.messages[1].clone()
    };
    assert_eq!(TOMBSTONE, "消息已撤回");
    assert_eq!(after.messages[1], tombstone);
    assert_eq!((tombstone.seq, tombstone.key.is_some(), tombstone.fingerprint.is_some()), (2, true, true));
    assert_eq!((after.conversation.head_seq, after.conversation.change), (4, 5));
    assert_eq!(after.conversation.changed, Timestamp(3_000));
}

#[test]
fn the_key_of_a_message_that_was_taken_back_stays_taken() {
    let talk = Talk::of_four().and(&[member(revoke(2))]);

    let done = run(&mut talk.at(4_000), &member_says("k2", "2")).unwrap();

    let sent = done.sent(&Committed::default(), false).unwrap();
    assert_eq!((sent.message, sent.duplicate), (talk.messages[1].clone(), true));
    refused(&mut talk.at(4_000), &member_says("k2", "other"), &Refusal::KeyReused);
}

#[test]
fn taking_back_and_deleting_are_news_once() {
    let talk = Talk::of_four();
    let mut work = talk.at(3_000);
    let twice = [member(revoke(2)), member(revoke(2)), desk(delete(1)), desk(delete(1)), member(delete(1))];

    let done: Vec<_> = twice.iter().map(|command| run(&mut work, command).unwrap()).collect();

    assert_eq!(done.iter().map(Done::is_news).collect::<Vec<_>>(), [true, false, true, false, true]);
    assert_eq!(told(&done, false).iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, false, true]);
    assert_eq!(done.iter().map(|done| done.after.change).collect::<Vec<_>>(), [5, 5, 6, 6, 7]);
    let talk = talk.kept(work);
    let mut later = talk.at(10 * MINUTE);
    for command in twice {
        assert!(!run(&mut later, &command).unwrap().is_news(), "{command:?}");
    }
    assert!(later.is_untouched(), "it was done long ago, and it is too late to do it");
}

#[test]
fn what_a_commit_of_unknown_fate_took_back_or_deleted_is_told_when_it_is_found_again() {
    let batch = [member(revoke(2)), desk(delete(1)), member(delete(3))];
    let talk = Talk::of_four().and(&batch);
    let mut work = talk.at(10 * MINUTE);

    let again: Vec<_> = batch.iter().map(|command| run(&mut work, command).unwrap()).collect();

    assert!(work.is_untouched());
    let [one, two, three, _] = <[Message; 4]>::try_from(talk.messages).unwrap();
    let whole = [What::Revoked(two), What::Deleted(Side::Desk, one), What::Deleted(Side::Member, three)].map(Some);
    assert_eq!(told(&again, true), whole);
    assert_eq!(told(&again, false), [None, None, None]);
}

#[test]
fn the_preview_follows_what_becomes_of_the_newest_message_that_the_desk_has() {
    let talk = Talk::of_four();
    let last = |commands: &[Command]| talk.clone().and(commands);
    let four = r#"{"text":"4"}"#;

    assert_eq!(last(&[member(revoke(2))]).preview(), (1, four));
    assert_eq!(last(&[member(revoke(4))]).preview(), (5, TOMBSTONE));
    assert_eq!(last(&[desk(delete(3))]).preview(), (1, four));
    assert_eq!(last(&[member(delete(4))]).preview(), (1, four), "the desk still has it");
    assert_eq!(last(&[desk(delete(4))]).preview(), (1, r#"{"text":"3"}"#));
    assert_eq!(last(&[desk(delete(4)), desk(revoke(3))]).preview(), (5, TOMBSTONE));
    assert_eq!(last(&[desk(delete(4)), member(revoke(4))]).preview(), (1, r#"{"text":"3"}"#));
    let place = |talk: &Talk| talk.conversation.last.time;
    assert_eq!(place(&last(&[desk(delete(4))])), place(&talk), "its place in the list is still that of the newest");
}

#[test]
fn several_deletions_of_one_batch_leave_the_newest_that_is_left() {
    let in_one = |ids: &[i64]| Talk::of_four().and(&ids.iter().map(|id| desk(delete(*id))).collect::<Vec<_>>());
    let one_by_one = |ids: &[i64]| ids.iter().fold(Talk::of_four(), |talk, id| talk.and(&[desk(delete(*id))]));

    for (ids, left) in [
        (&[4, 3][..], (1, r#"{"text":"2"}"#)),
        (&[3, 4], (1, r#"{"text":"2"}"#)),
        (&[1, 3, 2], (1, r#"{"text":"4"}"#)),
        (&[2, 4, 1, 3], (1, "")),
    ] {
        assert_eq!(in_one(ids).preview(), left, "{ids:?}");
        assert_eq!(one_by_one(ids).preview(), left, "{ids:?}");
        assert_eq!(in_one(ids).conversation.change, 4 + i64::try_from(ids.len()).unwrap());
    }
}

#[test]
fn what_the_batch_says_is_the_preview_whatever_becomes_of_older_messages() {
    let says = || member_says("k5", "5");
    for batch in [[says(), desk(delete(4))], [desk(delete(4)), says()], [says(), member(revoke(4))]] {
        assert_eq!(Talk::of_four().and(&batch).preview(), (1, r#"{"text":"5"}"#), "{batch:?}");
    }
}

#[test]
fn a_message_that_is_gone_is_no_longer_unread() {
    let unread = |commands: &[Command]| Talk::of_four().and(commands).conversation.desk_unread;

    assert_eq!(unread(&[]), 3);
    for gone in [member(revoke(2)), desk(delete(2))] {
        assert_eq!(unread(std::slice::from_ref(&gone)), 2);
        assert_eq!(unread(&[desk(Act::ReadUpTo(1)), gone.clone()]), 1);
        assert_eq!(unread(&[gone.clone(), desk(Act::ReadUpTo(1))]), 1);
        assert_eq!(unread(&[desk(Act::ReadUpTo(2)), gone.clone()]), 1, "it was read before");
        assert_eq!(unread(&[gone, desk(Act::ReadUpTo(2))]), 1);
    }
    for both in [[member(revoke(2)), desk(delete(2))], [desk(delete(2)), member(revoke(2))]] {
        assert_eq!(unread(&both), 2, "it is gone once");
    }
    for elsewhere in [member(delete(2)), desk(revoke(3)), desk(delete(3)), member(delete(3))] {
        assert_eq!(unread(&[elsewhere]), 3);
    }
}

#[test]
fn passing_only_what_is_gone_is_silent() {
    for (gone, reads) in [
        (member(delete(3)), member(Act::ReadUpTo(3))),
        (desk(revoke(3)), member(Act::ReadUpTo(3))),
        (desk(delete(1)), desk(Act::ReadUpTo(1))),
        (member(revoke(1)), desk(Act::ReadUpTo(1))),
    ] {
        let read = |talk: Talk| run(&mut talk.at(4_000), &reads).unwrap().is_news();
        assert!(read(Talk::of_four()));
        assert!(!read(Talk::of_four().and(std::slice::from_ref(&gone))), "{gone:?}");
        let mut batch = Talk::of_four().at(3_000);
        run(&mut batch, &gone).unwrap();
        assert!(!run(&mut batch, &reads).unwrap().is_news(), "{gone:?}");
    }
    let kept = Talk::of_four().and(&[desk(delete(3))]);
    assert!(run(&mut kept.at(4_000), &member(Act::ReadUpTo(3))).unwrap().is_news(), "the member still has it");
}

#[test]
fn a_deletion_hides_a_message_from_the_side_that_deletes_and_from_no_other() {
    let before = Talk::of_four();
    for (command, by, other) in
        [(member(delete(3)), Side::Member, Side::Desk), (desk(delete(3)), Side::Desk, Side::Member)]
    {
        let after = before.clone().and(&[command]).messages[2].clone();

        assert_eq!((after.seq, after.change, after.content.as_str()), (3, 5, r#"{"text":"3"}"#));
        assert!(after.deleted.by(by) && !after.deleted.by(other));
        assert_eq!(after.clone().seen_by(other), after);
        let hidden = after.clone().seen_by(by);
        assert_eq!((hidden.content.as_str(), hidden.kind, hidden.seq, hidden.id), ("", 5, 3, after.id));
    }
    let both = before.and(&[member(delete(3)), desk(delete(3))]).messages[2].clone();
    assert!(both.deleted.by_member && both.deleted.by_desk);
}

#[test]
fn a_deletion_is_told_to_the_side_that_deletes_and_of_the_other_only_that_something_changed() {
    let mut work = Talk::of_four().at(3_000);
    let nothing = Committed::default();
    let mut event = |command| run(&mut work, &command).unwrap().event(&nothing, false).unwrap();

    let (deleted, revoked) = (event(desk(delete(1))), event(member(revoke(2))));

    assert!(deleted.concerns(Side::Desk) && !deleted.concerns(Side::Member));
    assert!(revoked.concerns(Side::Desk) && revoked.concerns(Side::Member));
    assert_eq!((deleted.after.change, deleted.after.desk_unread), (5, 2));
    assert_eq!((revoked.after.change, revoked.after.desk_unread), (6, 1));
}

#[test]
fn what_a_side_has_deleted_it_cannot_take_back() {
    let own = Talk::of_four().and(&[member(delete(2))]);
    refused(&mut own.at(4_000), &member(revoke(2)), &Refusal::NoSuchMessage(MessageId(2)));

    let others = Talk::of_four().and(&[desk(delete(2))]);
    assert!(run(&mut others.at(4_000), &member(revoke(2))).unwrap().is_news());
}

#[test]
fn what_was_taken_back_can_still_be_deleted() {
    let talk = Talk::of_four().and(&[member(revoke(4)), desk(delete(4))]);

    assert!(talk.messages[3].revoked.is_some() && talk.messages[3].deleted.by_desk);
    assert_eq!((talk.preview(), talk.conversation.desk_unread), ((1, r#"{"text":"3"}"#), 2));
}

#[test]
fn a_message_of_another_conversation_does_not_exist() {
    let elsewhere =
        Message { conversation: ConversationId(6), id: MessageId(9), ..Talk::of_four().messages[0].clone() };
    let nobody = |id| Refusal::NoSuchMessage(MessageId(id));

    for id in [9, 77] {
        for command in [member(revoke(id)), member(delete(id)), desk(revoke(id)), desk(delete(id))] {
            let mut work = Talk::of_four().at(3_000);
            work.has_message(elsewhere.clone());
            refused(&mut work, &command, &nobody(id));
        }
    }
}

#[test]
fn in_somebody_elses_conversation_there_is_nothing_to_take_back_or_to_delete() {
    let scope = Scope { shop: ShopId(3), ..SCOPE };
    let bob = Member { id: MemberId(102), ..ALICE };

    for act in [revoke(1), delete(1)] {
        for command in [
            Command::of_member(bob, ID, act.clone()),
            Command::of_member(Member { scope, ..ALICE }, ID, act.clone()),
            Command::of_admin(Admin { scope, ..AGENT }, ID, act),
        ] {
            refused(&mut Talk::of_four().at(3_000), &command, &Refusal::NoSuchConversation(ID));
        }
    }
}

#[test]
fn a_key_that_is_sent_again_behind_the_revoke_of_its_message_finds_the_tombstone() {
    let mut work = Talk::of_four().at(3_000);

    run(&mut work, &member(revoke(1))).unwrap();
    let again = run(&mut work, &member_says("k1", "1")).unwrap();

    let sent = again.sent(&Committed::default(), true).unwrap();
    assert!(sent.message.revoked.is_some() && sent.message.content == TOMBSTONE, "{sent:?}");
}
