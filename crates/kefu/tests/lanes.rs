//! Lanes: what they promise when all goes well, and what when it does not.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;

use std::sync::Arc;

use common::{Ear, Room, SHOP, everybody_waits, keyed, member, text};
use kefu::Error;
use kefu::domain::memory::{At, Fault, Gate, MemoryStore};
use kefu::domain::{Announcement, Announcer, ConversationId, Need, Refusal, Sent, Store};

/// Sends from one member, all at once, on tasks of this thread.
fn at_once(room: &Arc<Room>, posts: Vec<kefu::Post>) -> Vec<tokio::task::JoinHandle<Result<Sent, Error>>> {
    posts
        .into_iter()
        .map(|post| {
            let room = room.clone();
            tokio::spawn(async move { room.member(1).send(post).await })
        })
        .collect()
}

/// Waits until a commit stands before the gate, without holding up this thread's tasks.
async fn somebody_at(gate: Gate) -> Gate {
    let waited = tokio::task::spawn_blocking(move || {
        gate.wait_for(1);
        gate
    });
    waited.await.unwrap()
}

async fn answers(sending: Vec<tokio::task::JoinHandle<Result<Sent, Error>>>) -> Vec<Result<Sent, Error>> {
    let mut answers = Vec::new();
    for sending in sending {
        answers.push(sending.await.unwrap());
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_first_messages_at_once_make_one_conversation() {
    let room = Arc::new(Room::new());

    let sent = answers(at_once(&room, (0..50).map(|n| text(&n.to_string())).collect())).await;

    let mut seqs: Vec<_> = sent.into_iter().map(|sent| sent.unwrap().message.seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=50).collect::<Vec<_>>());
    assert_eq!(room.ear.seqs(), (1..=50).collect::<Vec<_>>(), "told in commit order");
    assert_eq!(*room.ear.premature.lock().unwrap(), 0, "nothing is told before its commit");
}

#[tokio::test]
async fn what_arrives_during_a_commit_shares_the_next_one() {
    let room = Arc::new(Room::built(|builder| builder.lanes(1).batch(30)));
    let first = room.member(1).send(text("first")).await.unwrap();
    let gate = room.store.shut_gate();
    let mut sending = at_once(&room, vec![text("second")]);
    everybody_waits().await;
    let gate = somebody_at(gate).await;
    sending.extend(at_once(&room, (0..40).map(|n| text(&n.to_string())).collect()));
    everybody_waits().await;

    gate.open();
    let answers = answers(sending).await;

    assert_eq!(first.message.seq, 1);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(room.store.counts().batches, [1, 1, 30, 10], "at most thirty jobs share a transaction");
}

#[tokio::test]
async fn a_limit_of_one_is_a_transaction_per_message() {
    let room = Arc::new(Room::built(|builder| builder.lanes(1).batch(1)));

    let sent = answers(at_once(&room, (0..5).map(|n| text(&n.to_string())).collect())).await;

    assert!(sent.iter().all(Result::is_ok));
    assert_eq!(room.store.counts().batches, [1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn a_refusal_concerns_its_own_job_only() {
    let room = Arc::new(Room::built(|builder| builder.lanes(1)));
    room.conversation(1);
    let gate = room.store.shut_gate();
    let mut sending = at_once(&room, vec![text("holds the lane")]);
    everybody_waits().await;
    let gate = somebody_at(gate).await;
    sending.extend(at_once(&room, vec![keyed("k", "one"), keyed("k", "another"), keyed("k", "one"), text("last")]));
    everybody_waits().await;

    gate.open();
    let answers = answers(sending).await;

    let seqs: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().map(|sent| (sent.message.seq, sent.duplicate)).ok()).collect();
    assert_eq!(seqs, [Some((1, false)), Some((2, false)), None, Some((2, true)), Some((3, false))]);
    assert!(matches!(answers[2], Err(Error::Refused(Refusal::KeyReused))));
    assert_eq!(room.ear.seqs(), [1, 2, 3], "a repetition is not told again");
}

#[tokio::test]
async fn bad_data_is_halved_down_to_its_culprit() {
    let room = Arc::new(Room::built(|builder| builder.lanes(1)));
    room.conversation(1);
    room.store.refuse("poison");
    let gate = room.store.shut_gate();
    let mut sending = at_once(&room, vec![text("holds the lane")]);
    everybody_waits().await;
    let gate = somebody_at(gate).await;
    let posts = (0..9).map(|n| if n == 4 { text("poison") } else { text(&n.to_string()) }).collect();
    sending.extend(at_once(&room, posts));
    everybody_waits().await;

    gate.open();
    let answers = answers(sending).await;

    let refused: Vec<_> = answers.iter().enumerate().filter(|(_, answer)| answer.is_err()).map(|(at, _)| at).collect();
    assert_eq!(refused, [5]);
    assert!(matches!(answers[5], Err(Error::Crashed)));
    assert_eq!(room.ear.seqs(), (1..=9).collect::<Vec<_>>(), "the others are numbered without a gap");
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_found_again_and_counts_as_new() {
    for applied in [true, false] {
        let room = Room::new();
        room.store.fail(At::Commit, 1, Fault::FateUnknown { applied });

        let sent = room.member(1).send(text("hello")).await.unwrap();

        assert!(!sent.duplicate, "applied: {applied}");
        assert_eq!(sent.message.seq, 1);
        assert_eq!(room.ear.seqs(), [1], "told once, although it was carried twice");
        assert_eq!(room.store.messages(sent.message.conversation).len(), 1);
    }
}

#[tokio::test]
async fn a_repetition_in_a_batch_whose_answer_was_lost_stays_a_repetition() {
    let room = Arc::new(Room::built(|builder| builder.lanes(1)));
    room.member(1).send(keyed("yesterday", "old")).await.unwrap();
    let gate = room.store.shut_gate();
    let mut sending = at_once(&room, vec![text("holds the lane")]);
    everybody_waits().await;
    let gate = somebody_at(gate).await;
    sending.extend(at_once(&room, vec![keyed("yesterday", "old"), keyed("tap", "new"), keyed("tap", "new")]));
    everybody_waits().await;
    // That of the message at the gate, and that of the batch behind it.
    room.store.fail(At::Commit, 2, Fault::FateUnknown { applied: true });

    gate.open();
    let answers = answers(sending).await;

    let duplicates: Vec<_> = answers.iter().map(|answer| answer.as_ref().unwrap().duplicate).collect();
    assert_eq!(duplicates, [false, true, false, true]);
    assert_eq!(room.ear.seqs(), [1, 2, 3], "each message is told once");
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let room = Room::new();
    room.store.fail(At::Begin, 2, Fault::Contended);
    room.store.fail(At::Commit, 2, Fault::Contended);

    let sent = room.member(1).send(text("hello")).await.unwrap();

    assert_eq!(sent.message.seq, 1);
    assert_eq!(room.ear.seqs(), [1]);
}

#[tokio::test]
async fn without_a_database_everybody_is_turned_away_in_time_and_the_lane_lives() {
    let room = Room::new();
    room.conversation(1);
    room.store.fail(At::Begin, 10_000, Fault::Unavailable);
    let asked = std::time::Instant::now();

    let refused = room.member(1).send(keyed("k", "hello")).await;

    assert!(matches!(refused, Err(Error::Late)), "{refused:?}");
    assert!(asked.elapsed() < std::time::Duration::from_secs(5));
    assert_eq!(room.ear.seqs(), [0_i64; 0]);
}

#[tokio::test]
async fn a_full_queue_is_an_answer() {
    let room = Arc::new(Room::built(|builder| builder.lanes(1).queue(1)));
    room.member(1).send(text("opens the conversation")).await.unwrap();
    let gate = room.store.shut_gate();
    let mut sending = at_once(&room, vec![text("at the gate")]);
    everybody_waits().await;
    let gate = somebody_at(gate).await;
    sending.extend(at_once(&room, vec![text("queued")]));
    everybody_waits().await;

    let refused = room.member(1).send(text("too much")).await;

    assert!(matches!(refused, Err(Error::Busy(_))), "{refused:?}");
    gate.open();
    assert!(answers(sending).await.iter().all(Result::is_ok), "nothing that was accepted is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_finishes_what_was_accepted_and_accepts_no_more() {
    let room = Arc::new(Room::built(|builder| builder.lanes(1)));
    room.conversation(1);
    let gate = room.store.shut_gate();
    let sending = at_once(&room, (0..20).map(|n| text(&n.to_string())).collect());
    let gate = somebody_at(gate).await;
    assert!(room.desk.is_running());
    let desk = room.desk.clone();
    let stopping = tokio::task::spawn_blocking(move || desk.stop(std::time::Duration::from_secs(20)));

    gate.open();

    assert!(stopping.await.unwrap(), "all lanes ended in time");
    let answers = answers(sending).await;
    let acknowledged = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(room.store.messages(room.conversation(1)).len(), acknowledged);
    assert!(acknowledged > 0);
    assert!(room.member(1).send(text("late")).await.is_err());
    assert!(!room.desk.is_running());
}

/// Somebody else's transaction, which holds a conversation's row until this is told to let go.
struct Holder {
    release: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Holder {
    fn of(room: &Room, conversation: ConversationId) -> Self {
        let store = room.store.clone();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let (release, released) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let transaction = store.begin(&[Need::of(conversation)]).unwrap();
            ready.send(()).unwrap();
            released.recv().unwrap();
            drop(transaction);
        });
        is_ready.recv().unwrap();
        Self { release, thread }
    }

    fn lets_go(self) {
        self.release.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_somebody_else_holds_delays_its_own_conversation_only() {
    for (batch, waiting) in [(1, 1), (1, 5), (4, 40), (128, 1)] {
        let room = Arc::new(Room::built(|builder| builder.lanes(1).batch(batch)));
        let holder = Holder::of(&room, room.conversation(1));
        let waiting = at_once(&room, (0..waiting).map(|n| text(&n.to_string())).collect());

        for seq in 1..=10 {
            assert_eq!(room.member(2).send(text("goes on")).await.unwrap().message.seq, seq);
        }

        assert!(waiting.iter().all(|one| !one.is_finished()), "batches of {batch}");
        holder.lets_go();
        let mut seqs: Vec<_> = answers(waiting).await.into_iter().map(|sent| sent.unwrap().message.seq).collect();
        seqs.sort_unstable();
        assert_eq!(seqs, (1..=seqs.len() as i64).collect::<Vec<_>>(), "batches of {batch}");
    }
}

#[tokio::test]
async fn what_was_given_up_is_not_done_behind_the_callers_back() {
    let room = Room::built(|builder| builder.lanes(1));
    let (given_up, other) = (room.conversation(1), room.conversation(2));
    // Away for three seconds: the pauses between attempts grow to 320 ms.
    room.store.fail(At::Commit, 1, Fault::FateUnknown { applied: false });
    room.store.fail(At::Begin, 14, Fault::Unavailable);

    let refused = room.member(1).send(text("never mind")).await;
    let later = loop {
        match room.member(2).send(text("later")).await {
            Err(Error::Late) => {}
            other => break other,
        }
    };

    assert!(matches!(refused, Err(Error::Late)), "{refused:?}");
    assert_eq!(later.unwrap().message.conversation, other);
    assert!(room.store.messages(given_up).is_empty(), "its caller was told that it was not done");
}

/// Panics at the first news.
struct Faints(std::sync::atomic::AtomicUsize);

impl Announcer for Faints {
    fn announce(&self, _: Vec<Announcement>) {
        let before = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        assert!(before > 0, "planned");
    }
}

#[tokio::test]
async fn an_announcer_that_panics_fails_nobody() {
    let store = MemoryStore::new();
    let members = kefu::domain::MockMemberDirectory::new();
    let admins = kefu::domain::MockAdminDirectory::new();
    let desk = kefu::builder(store, members, admins, Faints(0.into())).build();
    let alice = desk.member(member(1), kefu::domain::Profile::default());

    assert_eq!(alice.send(text("one")).await.unwrap().message.seq, 1);
    assert_eq!(alice.send(text("two")).await.unwrap().message.seq, 2);
}

#[tokio::test]
async fn an_answer_does_not_wait_long_for_a_socket_that_does_not_take_its_frame() {
    let store = MemoryStore::new();
    let ear = Ear { keeps: true, ..Ear::new(&store) };
    let room = Room::with(store, ear, |builder| builder);

    let sent = room.member(1).send(text("hello")).await.unwrap();

    assert_eq!(sent.message.seq, 1);
    assert_eq!(room.ear.kept.lock().unwrap().len(), 1, "its socket still holds the frame");
    assert_eq!(SHOP, room.ear.heard.lock().unwrap()[0].after.scope);
}
