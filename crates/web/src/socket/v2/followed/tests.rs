use super::*;

const THREAD: ConversationId = ConversationId(9);

fn at(seq: i64, change: i64) -> Cursor {
    Cursor { conversation: THREAD, seq, change }
}

fn following(from: Cursor) -> Followed {
    let mut followed = Followed::default();
    followed.follow(from);
    followed
}

#[test]
fn news_are_given_once_and_in_order() {
    let mut followed = following(at(4, 7));

    assert_eq!(followed.judge(at(4, 7)), Fate::Old);
    assert_eq!(followed.judge(at(5, 8)), Fate::Next);
    assert_eq!(followed.judge(at(5, 8)), Fate::Old);
    assert_eq!(followed.judge(at(7, 10)), Fate::Gap(at(5, 8)));
    assert_eq!(followed.judge(at(6, 9)), Fate::Next);
    assert_eq!(followed.judge(Cursor { conversation: ConversationId(1), ..at(7, 70) }), Fate::Next);
}

/// Given (5, 8) and (6, 9) at `start`, of which the client says nothing.
fn silent(start: Instant) -> Followed {
    let mut followed = following(at(4, 7));
    for next in [at(5, 8), at(6, 9)] {
        followed.judge(next);
        followed.handed(next, start);
    }
    followed
}

#[test]
fn what_is_not_confirmed_for_ten_seconds_is_given_again_once_and_then_no_more() {
    let start = Instant::now();
    let mut followed = silent(start);

    followed.beat();
    assert_eq!(followed.due(), Some(start + STILL));
    assert_eq!(followed.overdue(start + STILL - Duration::from_millis(1)), Overdue::Again(vec![]));
    assert_eq!(followed.overdue(start + STILL), Overdue::Again(vec![at(4, 7)]));
    assert_eq!(followed.judge(at(5, 8)), Fate::Next, "it is given again");
    followed.beat();
    assert_eq!(followed.overdue(start + STILL), Overdue::Again(vec![]));
    assert_eq!(followed.overdue(start + STILL * 2), Overdue::TooLate);
}

#[test]
fn nobody_is_given_anything_again_who_may_not_be_there() {
    let start = Instant::now();
    let mut followed = silent(start);

    assert_eq!(followed.due(), None);
    assert_eq!(followed.overdue(start + STILL * 3), Overdue::Again(vec![]));
    followed.beat();
    assert_eq!(followed.overdue(start + STILL * 3), Overdue::Again(vec![at(4, 7)]));
    assert_eq!(followed.overdue(start + STILL * 9), Overdue::Again(vec![]), "no heartbeat since");
}

#[test]
fn whoever_confirms_a_part_has_ten_seconds_for_the_rest() {
    let start = Instant::now();
    let mut followed = silent(start);

    followed.received(&[at(5, 8)], start + Duration::from_secs(9));
    followed.beat();
    assert_eq!(followed.due(), Some(start + Duration::from_secs(19)));
    followed.received(&[at(5, 8), at(6, 9)], start + Duration::from_secs(18));
    assert_eq!(followed.due(), None);
    assert_eq!(followed.overdue(start + STILL * 9), Overdue::Again(vec![]));
}

#[test]
fn a_confirmation_after_the_second_time_counts_before_it_has_arrived() {
    let start = Instant::now();
    let mut followed = silent(start);
    followed.beat();
    followed.overdue(start + STILL);

    followed.received(&[at(6, 9)], start + STILL);
    followed.beat();

    assert_eq!(followed.overdue(start + STILL * 2), Overdue::Again(vec![]));
}

#[test]
fn a_client_cannot_have_what_it_was_not_given() {
    let start = Instant::now();
    let mut followed = silent(start);

    followed.received(&[at(i64::MAX, i64::MAX)], start);
    followed.received(&[at(0, 0)], start);
    followed.judge(at(7, 10));
    followed.handed(at(7, 10), start);
    followed.beat();

    assert_eq!(followed.overdue(start + STILL), Overdue::Again(vec![at(6, 9)]));
}

/// Starts over with (3, 3), which has been handed over then; the client is there.
fn anew(followed: &mut Followed, now: Instant) {
    followed.start_over(THREAD);
    followed.give(at(3, 3));
    followed.handed(at(3, 3), now);
    followed.beat();
}

#[test]
fn whoever_starts_over_has_to_confirm_all_of_it() {
    let start = Instant::now();
    let mut followed = following(at(40, 70));

    anew(&mut followed, start);

    assert_eq!(followed.overdue(start + STILL), Overdue::Again(vec![at(-1, -1)]));
}

/// A page that brought everything anew brings it once more, and then no more.
#[test]
fn whoever_is_given_everything_again_has_been_given_it_again() {
    let start = Instant::now();
    let mut followed = following(at(-1, -1));
    anew(&mut followed, start);
    assert_eq!(followed.overdue(start + STILL), Overdue::Again(vec![at(-1, -1)]));

    anew(&mut followed, start + STILL);

    assert_eq!(followed.overdue(start + 2 * STILL), Overdue::TooLate);
}

#[test]
fn nobody_has_to_confirm_a_conversation_without_a_message() {
    let start = Instant::now();
    let mut followed = following(at(-1, -1));

    followed.give(at(0, 0));
    followed.handed(at(0, 0), start);
    followed.beat();

    assert_eq!(followed.overdue(start + STILL * 9), Overdue::Again(vec![]));
}

#[test]
fn nobody_is_told_anything_of_a_conversation_before_it_is_known_to_be_theirs() {
    let mut followed = following(at(4, 7));

    assert_eq!(followed.ids(), []);
    followed.give(at(4, 7));
    assert_eq!(followed.ids(), [THREAD]);
}

#[test]
fn of_too_many_conversations_the_one_resumed_longest_ago_is_followed_no_longer() {
    let mut followed = Followed::default();
    let id = |number: usize| ConversationId(i64::try_from(number).unwrap());

    for number in 0..MOST {
        followed.follow(Cursor { conversation: id(number), seq: 1, change: 1 });
    }
    followed.follow(Cursor { conversation: id(0), seq: 2, change: 2 });
    followed.follow(Cursor { conversation: id(MOST), seq: 1, change: 1 });

    assert_eq!(followed.cursors().len(), MOST);
    assert!(followed.follows(id(0)) && followed.follows(id(MOST)) && !followed.follows(id(1)));
}
