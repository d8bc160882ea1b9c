//! Marks and messages that are stored already.

use super::*;

/// Alice has said 1 and 2, the desk 3 and Alice 4; Bob has said 5. All of it is stored and may be named.
fn talked() -> UnitOfWork {
    let mut earlier = loaded();
    let hello = || Act::Send(draft("hello"));
    run(&mut earlier, &say(ALICES, "1", "1")).unwrap();
    run(&mut earlier, &say(ALICES, "2", "2")).unwrap();
    run(&mut earlier, &Command::of_admin(AGENT, ALICES, hello())).unwrap();
    run(&mut earlier, &say(ALICES, "4", "4")).unwrap();
    run(&mut earlier, &say(BOBS, "5", "5")).unwrap();

    let mut work = UnitOfWork::new(Timestamp(3_000));
    for id in [ALICES, BOBS] {
        work.lock(earlier.conversation(id).unwrap().clone());
        for side in [Side::Member, Side::Desk] {
            work.has_unread(id, side, earlier.unread(id, side).to_vec());
        }
    }
    let messages = earlier.into_committed((1..).map(MessageId)).messages;
    messages.iter().cloned().for_each(|message| work.has_message(message));
    for id in [ALICES, BOBS] {
        work.has_newest(id, messages.iter().rev().filter(|it| it.conversation == id).cloned().collect());
    }
    work
}

fn draft(key: &str) -> Draft {
    let content = Content::new(Kind::Text, key).unwrap();
    Draft { content, key: ClientMsgId::new(key).unwrap(), key_is_ours: false, quote: None }
}

fn revoke(message: i64) -> Command {
    Command::of_member(ALICE, ALICES, Act::Revoke { message: MessageId(message), within: 60_000 })
}

fn delete(message: i64) -> Command {
    Command::of_admin(AGENT, ALICES, Act::Delete(MessageId(message)))
}

#[test]
fn a_message_that_is_only_looked_at_is_not_written() {
    let mut work = talked();
    let quoting = Draft { quote: Some(MessageId(2)), ..draft("quoting") };

    run(&mut work, &Command::of_member(ALICE, ALICES, Act::Send(quoting))).unwrap();

    assert_eq!(work.altered().count(), 0);
    assert!(talked().is_untouched());
}

#[test]
fn what_was_taken_back_and_deleted_is_written_once_each_in_the_order_of_the_ids() {
    let mut work = talked();

    for command in [delete(4), revoke(2), delete(2), revoke(4)] {
        run(&mut work, &command).unwrap();
    }

    let written: Vec<_> = work.altered().map(|it| (it.id.0, it.change, it.revoked.is_some(), it.deleted)).collect();
    let by_desk = crate::Deleted { by_desk: true, ..crate::Deleted::default() };
    assert_eq!(written, [(2, 7, true, by_desk), (4, 8, true, by_desk)]);
    assert!(!work.is_untouched());
}

#[test]
fn a_mark_undoes_what_was_taken_back_and_deleted_after_it_and_nothing_before() {
    let mut work = talked();
    run(&mut work, &delete(2)).unwrap();
    let before = seen(&work);
    let mark = work.mark(ALICES);

    for command in [delete(4), revoke(1), delete(3), delete(1), Command::of_admin(AGENT, ALICES, Act::ReadUpTo(4))] {
        run(&mut work, &command).unwrap();
    }
    assert_ne!(seen(&work), before);
    work.restore(ALICES, mark);

    assert_eq!(seen(&work), before);
    assert_eq!(work.altered().map(|it| it.id.0).collect::<Vec<_>>(), [2]);
    assert_eq!(work.unread(ALICES, Side::Desk), [1, 4], "the numbers of what was undone are unread again");
}

#[test]
fn a_mark_of_untouched_messages_restores_that_nothing_is_to_be_written() {
    let mut work = talked();
    let mark = work.mark(ALICES);

    run(&mut work, &revoke(4)).unwrap();
    work.restore(ALICES, mark);

    assert!(work.is_untouched(), "{work:?}");
}

#[test]
fn what_was_undone_is_done_again_as_if_for_the_first_time() {
    let done = |work: &mut UnitOfWork| {
        let did: Vec<_> = [delete(4), revoke(2), revoke(1)].iter().map(|it| run(work, it).unwrap()).collect();
        (did, seen(work))
    };
    let mut work = talked();
    let mark = work.mark(ALICES);

    let first = done(&mut work);
    work.restore(ALICES, mark);

    assert_eq!(done(&mut work), first);
    assert!(first.0.iter().all(crate::Done::is_news));
}

#[test]
fn a_refusal_in_the_middle_of_a_batch_undoes_what_is_of_its_conversation_only() {
    let mut work = talked();
    run(&mut work, &delete(4)).unwrap();
    let bobs = Command::of_admin(AGENT, BOBS, Act::Delete(MessageId(5)));
    run(&mut work, &bobs).unwrap();
    let before = seen(&work);

    let mark = work.mark(ALICES);
    let refused = run(&mut work, &revoke(5));
    work.restore(ALICES, mark);

    assert_eq!(refused, Err(Refusal::NoSuchMessage(MessageId(5))));
    assert_eq!(seen(&work), before);
    assert_eq!(work.altered().map(|it| it.id.0).collect::<Vec<_>>(), [4, 5]);
    let last = |id| work.conversation(id).unwrap().last.content.clone();
    assert_eq!((last(ALICES).as_str(), last(BOBS).as_str()), (r#"{"text":"hello"}"#, ""));
}
