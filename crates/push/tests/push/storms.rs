//! Everything at once, from real threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use futures_util::future::join_all;
use kefu_domain::{AdminId, Announcement, Announcer, ConversationId, MemberId, Party, Recipient, What};
use kefu_push::{Credential, Guest, Hub, Inbox, Online, Settings, WebSocketSender};

use tokio::time::{Duration, timeout};

use crate::common::{ALICE, BOB, SHOP, THREAD, guest, said, seqs};

const MESSAGES: i64 = 2_000;

/// These tests run in real time, and a busy machine must not make them wait for a ping.
fn patient() -> Hub {
    Hub::with(Settings { hold_after: Duration::from_secs(3_600), ..Settings::default() })
}

/// Takes on another thread until the hub lets go, and says ping meanwhile; gives up after a silence that no healthy
/// hub keeps.
fn listen(mut inbox: Inbox) -> thread::JoinHandle<Vec<(i64, i64)>> {
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut heard = Vec::new();
            while let Some(parcel) = timeout(Duration::from_secs(30), inbox.next()).await.unwrap() {
                inbox.pinged();
                heard.extend(parcel.shown.map(|(conversation, seq)| (conversation.0, seq)));
            }
            heard
        })
    })
}

#[test]
fn b18_joining_and_leaving_at_once_orphans_nobody_and_leaves_nobody_behind() {
    let hub = patient();
    let (_alice, alice) = hub.join(guest(SHOP, ALICE));
    let (_bob, bob) = hub.join(guest(SHOP, BOB));
    let listeners = [listen(alice), listen(bob)];
    let over = AtomicBool::new(false);

    thread::scope(|scope| {
        for visitor in 0..4 {
            let (hub, over) = (&hub, &over);
            scope.spawn(move || {
                // The same people as the listeners every other time, so that they share entries.
                let parties = [ALICE, Party::Member(MemberId(900 + visitor)), BOB, Party::Admin(AdminId(900))];
                let credential = Some(Credential([visitor as u8; 16]));
                // Whoever comes back waits for what they missed.
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                let _clock = runtime.enter();
                let mut visits = 0;
                while !over.load(Ordering::Relaxed) || visits < 100 {
                    let party = parties[visits % parties.len()];
                    let (seat, mut inbox) = hub.join(Guest { credential, ..guest(SHOP, party) });
                    let to = Recipient::Socket(seat.id());
                    assert_eq!(hub.send(&to, "notice-push", "{}"), 1, "whoever has a seat is reached");
                    let heard = seqs(&mut inbox);
                    assert!(heard.is_sorted_by(|a, b| a < b), "{heard:?}");
                    if visits % 3 == 0 {
                        assert_eq!(hub.close_credential(&Credential([visitor as u8; 16])), 1);
                    }
                    drop(seat);
                    assert_eq!(hub.send(&to, "notice-push", "{}"), 0, "whoever has none is not");
                    visits += 1;
                }
            });
        }
        for seq in 1..=MESSAGES {
            hub.announce(vec![said(ALICE, seq)]);
        }
        over.store(true, Ordering::Relaxed);
    });

    assert_eq!(hub.online(), Online { sockets: 2, v2: 0, members: 1, admins: 1 });
    assert_eq!(hub.close_all(), 2);
    for listener in listeners {
        let heard = listener.join().unwrap();
        assert!(heard.is_sorted_by(|a, b| a < b), "in order, none twice");
        assert_eq!(heard.last(), Some(&(THREAD.0, MESSAGES)));
    }
    drop((_alice, _bob));
    assert_eq!(hub.online(), Online::default());
    assert_eq!(hub.send(&Recipient::Members(SHOP), "notice-push", "{}"), 0);
}

#[test]
fn b17_pings_and_frames_at_once_lose_no_frame_and_double_none() {
    let hub = patient();
    let (_seat, inbox) = hub.join(guest(SHOP, ALICE));

    let reader = listen(inbox);
    // Fewer than a queue holds, so that not even a reader that never runs may miss one.
    for seq in 1..=1_000 {
        hub.announce(vec![said(BOB, seq)]);
    }
    hub.close_all();

    let heard: Vec<_> = reader.join().unwrap();
    assert_eq!(heard, (1..=1_000).map(|seq| (THREAD.0, seq)).collect::<Vec<_>>());
}

#[test]
fn two_speakers_at_once_are_both_heard_in_their_own_order() {
    let hub = patient();
    let (_seat, inbox) = hub.join(guest(SHOP, BOB));
    let listener = listen(inbox);

    thread::scope(|scope| {
        for conversation in [1, 2] {
            let hub = &hub;
            scope.spawn(move || {
                for seq in 1..=500 {
                    let mut news = said(ALICE, seq);
                    if let What::Posted(message) = &mut news.event.what {
                        message.conversation = ConversationId(conversation);
                    }
                    hub.announce(vec![news]);
                }
            });
        }
    });
    hub.close_all();

    let heard = listener.join().unwrap();
    for conversation in [1, 2] {
        let of_one: Vec<_> = heard.iter().filter(|(id, _)| *id == conversation).map(|(_, seq)| *seq).collect();
        assert_eq!(of_one, (1..=500).collect::<Vec<_>>());
    }
}

/// Message `seq` to a member in their own conversation.
fn to_member(member: i64, seq: i64) -> Announcement {
    let mut news = said(BOB, seq);
    (news.event.after.member, news.event.after.conversation) = (MemberId(member), ConversationId(member));
    if let What::Posted(message) = &mut news.event.what {
        message.conversation = ConversationId(member);
    }
    news
}

/// Takes and accepts some frames, takes one more and loses it, goes, comes back, and stays until the last message.
async fn comes_back(hub: &Hub, member: i64) -> (Vec<i64>, Vec<i64>) {
    let page = Guest { credential: Some(Credential([7; 16])), ..guest(SHOP, Party::Member(MemberId(member))) };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let take = async |inbox: &mut Inbox| timeout(Duration::from_secs(30), inbox.next()).await.unwrap().unwrap();

    let (seat, mut inbox) = hub.join(page.clone());
    for _ in 0..member % LETTERS {
        let parcel = take(&mut inbox).await;
        before.extend(parcel.shown.map(|(_, seq)| seq));
        parcel.accepted();
    }
    drop(take(&mut inbox).await);
    drop((seat, inbox));

    let (_seat, mut inbox) = hub.join(page);
    while after.last() != Some(&LETTERS) {
        let parcel = take(&mut inbox).await;
        after.extend(parcel.shown.map(|(_, seq)| seq));
        parcel.accepted();
    }
    (before, after)
}

/// As many as somebody who is away may miss.
const LETTERS: i64 = 50;

#[test]
fn whoever_goes_and_comes_while_news_pour_in_is_given_each_of_them_once_and_in_order() {
    const MEMBERS: i64 = 400;
    let hub = patient();
    let members: Vec<_> = (1..=MEMBERS).collect();

    thread::scope(|scope| {
        let readers: Vec<_> = members
            .chunks(100)
            .map(|chunk| {
                let hub = &hub;
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    runtime.block_on(join_all(chunk.iter().map(|&member| comes_back(hub, member))))
                })
            })
            .collect();
        // Nobody writes to somebody who has never been here.
        while hub.online().sockets < members.len() {
            thread::yield_now();
        }
        for mine in members.chunks(200) {
            let hub = &hub;
            scope.spawn(move || {
                for seq in 1..=LETTERS {
                    mine.iter().for_each(|&member| hub.announce(vec![to_member(member, seq)]));
                }
            });
        }

        for reader in readers {
            for (mut heard, after) in reader.join().unwrap() {
                heard.extend(after);
                assert_eq!(heard, (1..=LETTERS).collect::<Vec<_>>());
            }
        }
    });
}
