//! What comes down is as the document shows it.

use std::collections::{BTreeMap, BTreeSet};

use kefu_tests::{Backend, Cursor, PATIENCE, Server, Setup, Side, V2Client, V2State, text};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::document::{Example, Way, examples};
use crate::shape::{Class, Shape, difference, parts};
use crate::talker::{BETWEEN_TYPINGS, Talker};

/// What was heard, by side.
type Heard = Vec<(Side, Value)>;

fn shapes<'a>(frames: impl IntoIterator<Item = &'a (Side, Value)>) -> BTreeMap<Class, BTreeSet<Shape>> {
    let mut shapes: BTreeMap<Class, BTreeSet<Shape>> = BTreeMap::new();
    for (class, shape) in frames.into_iter().flat_map(|(side, frame)| parts(*side, frame)) {
        shapes.entry(class).or_default().insert(shape);
    }
    shapes
}

/// Where the document and the server differ.
fn differences(document: &[Example], server: &Heard) -> Vec<String> {
    let mut wrong = Vec::new();
    let heard = shapes(server);
    for Example { line, sides, frame } in document {
        for (class, shape) in sides.iter().flat_map(|side| parts(*side, frame)) {
            match heard.get(&class) {
                None => wrong.push(format!("line {line}: nobody heard such a frame: {class:?}")),
                Some(real) if real.contains(&shape) => {}
                Some(real) => {
                    let nearest = real.iter().min_by_key(|real| real.symmetric_difference(&shape).count()).unwrap();
                    wrong.push(format!("line {line}, {class:?}: {}", difference(&shape, nearest)));
                }
            }
        }
    }

    let shown: Vec<_> =
        document.iter().flat_map(|one| one.sides.iter().map(|side| (*side, one.frame.clone()))).collect();
    let shown = shapes(&shown);
    for (class, real) in &heard {
        let Some(shown) = shown.get(class) else {
            wrong.push(format!("the document shows no frame of {class:?}: {:?}", real.first()));
            continue;
        };
        // What is in all examples is always there, what is in some may be.
        let may: Shape = shown.iter().flatten().cloned().collect();
        let must: Shape = may.iter().filter(|one| shown.iter().all(|shape| shape.contains(*one))).cloned().collect();
        for real in real.iter().filter(|real| !real.is_subset(&may) || !must.is_subset(real)) {
            let told: Shape = must.union(&may.intersection(real).cloned().collect()).cloned().collect();
            wrong.push(format!("the server says it otherwise, {class:?}: {}", difference(&told, real)));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_frame_of_the_server_has_the_members_that_the_document_shows() {
    let server = Setup::on(Backend::Sqlite).set("desk.sends_per_minute", 30).start().await;
    let mut heard = everything_there_is(&server).await;
    drop(server);
    heard.extend(too_slow().await);

    let wrong = differences(&examples(Way::Down), &heard);
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// The test above finds a member that is missing, one too many, and one of another name or type.
#[test]
fn a_document_that_shows_a_frame_otherwise_is_found_out() {
    let frame = json!({ "category": "system", "action": "bye", "ext": { "within": 5_000 } });
    let document = |frame: Value| vec![Example { line: 1, sides: vec![Side::Member], frame }];
    let server = vec![(Side::Member, frame.clone())];

    assert_eq!(differences(&document(frame), &server), [""; 0]);
    for other in [
        json!({ "category": "system", "action": "bye", "ext": {} }),
        json!({ "category": "system", "action": "bye", "ext": { "within": 5_000, "node": 1 } }),
        json!({ "category": "system", "action": "bye", "ext": { "time": 5_000 } }),
        json!({ "category": "system", "action": "bye", "ext": { "within": "5 s" } }),
        json!({ "category": "system", "action": "update", "ext": { "within": 5_000 } }),
    ] {
        assert!(!differences(&document(other.clone()), &server).is_empty(), "{other}");
    }
}

/// Brings about every kind of frame but one.
async fn everything_there_is(server: &Server) -> Heard {
    let (alice, bob) = (server.member(101), server.agent(7));
    let address = server.address();
    let mut member = Talker::come(address, &alice, Some(&[])).await;
    member.until("that there is nothing yet", |frame| frame["action"] == "resume").await;
    let mut admin = Talker::come(address, &bob, None).await;

    let first = member.send(None, "m1").await;
    let id = first["ext"]["conversation"].as_i64().expect("an id");
    let cursor = |seq, change| Cursor { conversation: id, seq, change };
    member.send(None, "m1").await;
    let second = member.send(None, "m2").await;
    let answered = admin.send(Some(id), "a1").await;
    admin.send(Some(id), "a1").await;
    say_all_there_is_to_say(&mut member, &mut admin, id, &first["id"]).await;

    for talker in [&mut member, &mut admin] {
        talker
            .ask(&json!({ "action": "read", "ext": { "conversation": id, "seq": 9, "client_msg_id": "read" } }))
            .await;
        talker.say(&json!({ "action": "typing", "content": "on", "ext": { "conversation": id } })).await;
        talker
            .ask(&json!({ "action": "send", "style": "normal", "kind": "text", "ext": { "client_msg_id": "x" } }))
            .await;
        talker
            .ask(&json!({ "action": "resume", "ext": { "client_msg_id": "other", "resume": [[999_999, 0, 0]] } }))
            .await;
    }
    let before = first["ext"]["change"].as_i64().expect("a number");
    // Taken back: something that was quoted. Deleted: by either side, something of the other's.
    member.ask(&about("revoke", id, &first["id"])).await;
    member.ask(&about("delete", id, &answered["id"])).await;
    admin.ask(&about("delete", id, &second["id"])).await;
    let own = admin.send(Some(id), "a3").await;
    admin.ask(&about("revoke", id, &own["id"])).await;
    bob.pin(id, true).await.ok();
    bob.hide(id).await.ok();
    let head = server.books().conversation_of(101).expect("a conversation");
    for talker in [&mut member, &mut admin] {
        talker.until("the last change", |frame| frame["ext"]["change"] == head.change).await;
        let conversations = json!({ "resume": [[id, head.head, before]] });
        talker.say(&json!({ "action": "resume", "ext": conversations })).await;
        talker
            .until("what was missed", |frame| frame["action"] == "resume" && frame["ext"]["conversation"] == id)
            .await;
        talker.must_be_understood(&json!({ "category": "receive", "ext": { "received": [[id, 1, 1]] } })).await;
    }

    let mut heard = Heard::new();
    let mut again = [
        Talker::come(address, &alice, Some(&[cursor(0, 0)])).await,
        Talker::come(address, &bob, Some(&[cursor(0, 0)])).await,
    ];
    for talker in &mut again {
        talker.until("all of it", |frame| frame["action"] == "resume").await;
        talker.until_refused_as_too_many(id).await;
    }
    for side in [Side::Member, Side::Agent] {
        let first = json!({ "action": "auth", "content": "no token", "ext": {} });
        let mut nobody = Talker::come_saying(address, side, &first).await;
        nobody.until("the refusal", |frame| frame["action"] == "auth").await;
        heard.extend(nobody.frames.drain(..).map(|frame| (side, frame)));
    }

    server.process().signal(Signal::SIGTERM);
    for talker in [&mut member, &mut admin].into_iter().chain(&mut again) {
        talker.until("the goodbye", |frame| frame["action"] == "bye").await;
        let side = talker.side;
        heard.extend(talker.frames.drain(..).map(|frame| (side, frame)));
    }
    heard
}

/// Every kind of content, from either side where it may be, and something that quotes.
async fn say_all_there_is_to_say(member: &mut Talker, admin: &mut Talker, id: i64, quoted: &Value) {
    let address = "https://mall.example/file";
    let card = json!({ "spuId": 1, "spuName": "x" }).to_string();
    let order = json!({ "items": [] }).to_string();
    let contents = [
        ("normal", "picture", address, json!({})),
        ("normal", "audio", address, json!({ "duration": 7 })),
        ("normal", "video", address, json!({})),
        ("normal", "file", address, json!({ "name": "x.pdf", "size": 1 })),
        ("card", "unknown", card.as_str(), json!({})),
        ("order", "unknown", order.as_str(), json!({})),
        ("toast", "text", "x", json!({})),
        ("assess", "unknown", "{}", json!({})),
    ];
    let mut last = String::new();
    for (n, (style, kind, content, mut ext)) in contents.into_iter().enumerate() {
        for talker in [&mut *member, &mut *admin] {
            if talker.side == Side::Member && ["toast", "assess"].contains(&style) {
                continue;
            }
            last = format!("c-{n}-{:?}", talker.side);
            (ext["conversation"], ext["client_msg_id"]) = (id.into(), last.clone().into());
            let mut frame = json!({ "action": "send", "style": style, "kind": kind, "content": content, "ext": ext });
            if style == "card" {
                frame["url"] = address.into();
            }
            let answer = talker.ask(&frame).await;
            assert!(answer["ext"]["code"].is_null(), "{answer}");
        }
    }
    for talker in [&mut *member, &mut *admin] {
        last = format!("q-{:?}", talker.side);
        let frame = json!({ "action": "send", "style": "normal", "kind": "text", "content": "yes", "quote": quoted,
            "ext": { "conversation": id, "client_msg_id": last } });
        talker.ask(&frame).await;
    }
    for talker in [member, admin] {
        let is_last = |frame: &Value| frame["category"] != "ack" && frame["ext"]["client_msg_id"] == last.as_str();
        if !talker.frames.iter().any(is_last) {
            talker.until("the last message", is_last).await;
        }
    }
    // Whoever is writing is heard by the others at most once in two seconds.
    tokio::time::sleep(BETWEEN_TYPINGS).await;
}

impl Talker {
    /// Says so much that it is too much, and waits until it is told so.
    async fn until_refused_as_too_many(&mut self, conversation: i64) {
        for n in 0..60 {
            let place = (self.side == Side::Agent).then_some(conversation);
            let answer = self.send(place, &format!("many-{n}")).await;
            if answer["ext"]["code"] == 429 {
                return;
            }
        }
        panic!("nobody said that it was too much");
    }
}

fn about(action: &str, conversation: i64, message: &Value) -> Value {
    json!({ "action": action, "quote": message, "ext": { "conversation": conversation, "client_msg_id": action } })
}

/// An agent's socket that did not read.
async fn too_slow() -> Heard {
    const EACH: usize = 90;
    let server = Server::start(Backend::Sqlite, &[]).await;
    let slow = server.agent(7).v2().but(|manners| manners.receive_buffer = Some(4_096)).join();
    slow.until("its coming", V2State::is_connected).await;
    let hasty: Vec<V2Client> =
        (1..=16).map(|n| server.member(n).v2().but(|manners| manners.window = EACH).join()).collect();
    // A machine that is slow itself lets it go before so much waits for it; then it comes back, and once more.
    for attempt in 1..=5 {
        slow.pause_reading();
        for n in 0..EACH {
            hasty.iter().for_each(|client| drop(client.post(None, &text(n))));
        }
        for client in &hasty {
            client.wait("all answers", 2 * PATIENCE, |state| state.outbox().is_empty()).await;
        }
        slow.resume_reading();
        let told = |state: &V2State| state.tallies().laggings > 0 || state.connections() > attempt;
        slow.until("that it was too slow", told).await;
        if slow.tallies().laggings > 0 {
            return slow.frames().into_iter().map(|frame| (Side::Agent, frame.value)).collect();
        }
        slow.until("its coming back", V2State::is_connected).await;
    }
    panic!("it was never too slow: {:?}", slow.tallies());
}
