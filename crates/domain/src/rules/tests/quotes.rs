//! Messages that refer to others.

use super::talk::{Talk, delete, member, revoke};
use super::*;

fn quoting(side: Side, message: i64) -> Command {
    let draft = Draft { quote: Some(MessageId(message)), ..draft("quoting", Kind::Text, "that one") };
    match side {
        Side::Member => member(Act::Send(draft)),
        Side::Desk => desk(Act::Send(draft)),
    }
}

#[test]
fn a_message_may_refer_to_any_of_its_conversation_whoever_said_it() {
    for side in [Side::Member, Side::Desk] {
        for quoted in 1..=4 {
            let talk = Talk::of_four().and(&[quoting(side, quoted)]);

            assert_eq!(talk.messages[4].quote, Some(Quote { id: MessageId(quoted), seq: quoted }));
            assert_eq!(talk.messages[4].content, r#"{"text":"that one"}"#, "what the other one said is not copied");
        }
    }
}

#[test]
fn a_message_of_another_conversation_cannot_be_quoted() {
    for quoted in [9, 77] {
        let mut work = Talk::of_four().at(3_000);
        let elsewhere = Talk::of_four().messages.remove(0);
        work.has_message(Message { conversation: ConversationId(6), id: MessageId(9), ..elsewhere });
        refused(&mut work, &quoting(Side::Member, quoted), &Refusal::NoSuchMessage(MessageId(quoted)));
    }
}

#[test]
fn what_a_side_has_deleted_it_cannot_quote() {
    for (deleted, by, other) in
        [(member(delete(3)), Side::Member, Side::Desk), (desk(delete(3)), Side::Desk, Side::Member)]
    {
        let talk = Talk::of_four().and(std::slice::from_ref(&deleted));
        refused(&mut talk.at(4_000), &quoting(by, 3), &Refusal::NoSuchMessage(MessageId(3)));
        assert_eq!(talk.and(&[quoting(other, 3)]).messages[4].quote.map(|quote| quote.seq), Some(3));

        let mut batch = Talk::of_four().at(3_000);
        run(&mut batch, &deleted).unwrap();
        refused(&mut batch, &quoting(by, 3), &Refusal::NoSuchMessage(MessageId(3)));
    }
}

#[test]
fn what_was_taken_back_may_still_be_quoted() {
    let talk = Talk::of_four().and(&[member(revoke(2))]).and(&[quoting(Side::Desk, 2)]);

    assert_eq!(talk.messages[4].quote, Some(Quote { id: MessageId(2), seq: 2 }));
    assert!(talk.messages[1].revoked.is_some());
}

#[test]
fn a_message_that_is_taken_back_refers_to_nothing_and_one_that_is_deleted_does() {
    let talk = Talk::of_four().and(&[quoting(Side::Member, 3)]);

    assert_eq!(talk.clone().and(&[member(revoke(5))]).messages[4].quote, None);
    let deleted = talk.and(&[desk(delete(5))]).messages[4].clone();
    assert!(deleted.quote.is_some(), "the member still has it");
    assert_eq!(deleted.seen_by(Side::Desk).quote, None);
}

#[test]
fn a_retry_is_the_message_of_that_time_though_what_it_quoted_was_deleted_since() {
    let talk = Talk::of_four().and(&[quoting(Side::Member, 3)]).and(&[member(delete(3))]);

    let done = run(&mut talk.at(4_000), &quoting(Side::Member, 3)).unwrap();

    let sent = done.sent(&Committed::default(), false).unwrap();
    assert_eq!((sent.message.id, sent.duplicate), (MessageId(5), true));
}
