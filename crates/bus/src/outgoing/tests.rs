use kefu_domain::{ConversationId, MemberId, Party, Scope, TenantId};

use super::*;

fn typing() -> Typing {
    Typing {
        scope: Scope::platform(TenantId(1)),
        conversation: ConversationId(9),
        member: MemberId(101),
        by: Party::Member(MemberId(101)),
        on: true,
    }
}

#[tokio::test]
async fn what_waits_has_an_end_in_number_and_in_bytes_and_makes_room_again() {
    let (outbox, mut inbox) = queue();
    let mut taken = Vec::new();

    for _ in 0..20 {
        outbox.snapshot(vec![0; 1 << 20]);
    }
    assert_eq!(outbox.bytes.load(Ordering::Relaxed), BYTES, "eight fit");
    assert!(inbox.take(&mut taken).await);
    assert_eq!((taken.len(), outbox.bytes.load(Ordering::Relaxed)), (8, 0));

    for _ in 0..2 * LETTERS {
        outbox.snapshot(Vec::new());
    }
    assert_eq!(outbox.letters.capacity(), 0);
    for _ in 0..LETTERS / AT_ONCE {
        taken.clear();
        assert!(inbox.take(&mut taken).await && taken.len() == AT_ONCE);
    }
    assert_eq!(outbox.letters.capacity(), LETTERS);
}

#[test]
fn whoever_is_writing_gives_way_to_news() {
    let (outbox, _inbox) = queue();

    for _ in 0..2 * LETTERS {
        outbox.typing(&typing());
    }

    assert_eq!(outbox.letters.capacity(), LETTERS / 2);
}

#[test]
fn after_a_failure_everything_is_tried_once_more_and_not_for_ever() {
    let waiting = |tried| Waiting { letter: Letter::Typing(typing()), since: Instant::now(), tried };
    let mut batch = vec![waiting(false), waiting(true), waiting(false)];

    give_up_tried(&mut batch);
    assert_eq!(batch.iter().map(|it| it.tried).collect::<Vec<_>>(), [true, true]);

    give_up_tried(&mut batch);
    assert!(batch.is_empty());
}
