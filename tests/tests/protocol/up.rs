//! What goes up is understood.

use kefu_tests::{Backend, Person, Server, Side};
use serde_json::{Value, json};

use crate::document::{Example, Way, examples};
use crate::talker::Talker;

/// A server with two conversations, and who takes part.
struct House {
    server: Server,
    member: Person,
    admin: Person,
    epoch: String,
    conversations: [i64; 2],
    keys: usize,
}

impl House {
    async fn start() -> Self {
        let server = Server::start(Backend::Sqlite, &[]).await;
        let (member, admin) = (server.member(101), server.agent(7));
        let (address, mut conversations) = (server.address(), [0; 2]);
        let mut epoch = String::new();
        for (place, person) in conversations.iter_mut().zip([&member, &server.member(102)]) {
            let mut talker = Talker::come(address, person, None).await;
            let sent = talker.send(None, "first").await;
            *place = sent["ext"]["conversation"].as_i64().expect("an id");
            epoch = talker.frames[0]["ext"]["epoch"].as_str().expect("an epoch").to_owned();
        }
        Self { server, member, admin, epoch, conversations, keys: 0 }
    }

    fn person(&self, side: Side) -> &Person {
        if side == Side::Member { &self.member } else { &self.admin }
    }

    async fn come(&self, side: Side) -> Talker {
        Talker::come(self.server.address(), self.person(side), None).await
    }

    /// A message of that person in the first conversation.
    async fn message(&mut self, talker: &mut Talker) -> Value {
        self.keys += 1;
        let place = (talker.side == Side::Agent).then_some(self.conversations[0]);
        talker.send(place, &format!("own-{}", self.keys)).await["id"].clone()
    }

    /// The positions of the document, in conversations that there are.
    fn positions(&self, said: &Value) -> Value {
        let said = said.as_array().expect("a list");
        assert!(said.len() <= self.conversations.len(), "the document names more conversations than there are here");
        said.iter().zip(self.conversations).map(|(position, id)| json!([id, position[1], position[2]])).collect()
    }

    /// The same frame about what there is here.
    async fn in_real(&mut self, example: &Value, talker: &mut Talker) -> Value {
        let mut frame = example.clone();
        if !frame["quote"].is_null() {
            frame["quote"] = self.message(talker).await;
        }
        let ext = &mut frame["ext"];
        for (name, real) in [("conversation", json!(self.conversations[0])), ("epoch", json!(self.epoch))] {
            if !ext[name].is_null() {
                ext[name] = real;
            }
        }
        if !ext["drop"].is_null() {
            ext["drop"] = json!([self.conversations[1]]);
        }
        for name in ["resume", "received"] {
            if !ext[name].is_null() {
                ext[name] = self.positions(&ext[name]);
            }
        }
        frame.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        frame["ext"].as_object_mut().unwrap().retain(|_, value| !value.is_null());
        frame
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_frame_that_a_client_may_say_is_understood_as_the_document_has_it() {
    let mut house = House::start().await;
    for Example { line, sides, frame } in examples(Way::Up) {
        for side in sides {
            eprintln!("line {line}, said by the {side:?}: {frame}");
            let mut talker = house.come(side).await;
            let mut real = house.in_real(&frame, &mut talker).await;
            match (frame["category"].as_str(), frame["action"].as_str()) {
                (None, Some("auth")) => {
                    let person = house.person(side);
                    let is_ticket = frame["content"].as_str().expect("a credential").starts_with("kt_");
                    let credential = if is_ticket { person.ticket().await } else { Some(person.token.clone()) };
                    real["content"] = credential.expect("a credential").into();
                    let server = house.server.address();
                    let mut talker = Talker::come_saying(server, side, &real).await;
                    let answer = talker.until("the answer", |frame| frame["action"] == "auth").await;
                    assert!(answer["ext"]["code"].is_null(), "line {line} was refused: {answer}");
                    if !real["ext"]["resume"].is_null() {
                        talker.until("what was missed", |frame| frame["action"] == "resume").await;
                    }
                }
                (None, Some("resume")) if real["ext"]["resume"].is_null() => talker.must_be_understood(&real).await,
                (None, Some("resume")) => {
                    talker.say(&real).await;
                    let answer = talker.until("what was missed", |frame| frame["action"] == "resume").await;
                    assert!(answer["ext"]["code"].is_null(), "line {line} was refused: {answer}");
                }
                (None, Some("send" | "read" | "revoke" | "delete")) => {
                    let answer = talker.ask(&real).await;
                    assert!(answer["ext"]["code"].is_null(), "line {line} was refused: {answer}");
                    assert_eq!(answer["action"], real["action"]);
                }
                (None, Some("typing")) | (Some("heartbeat" | "receive"), None) => {
                    talker.must_be_understood(&real).await;
                }
                other => panic!("line {line}: nobody says {other:?}"),
            }
        }
    }
}

/// The test above finds what a server does not understand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frame_under_another_name_is_not_understood() {
    let house = House::start().await;
    for wrong in [
        json!({ "action": "sent", "ext": { "client_msg_id": "x" } }),
        json!({ "action": "revoke", "message": 1, "ext": { "client_msg_id": "x" } }),
        json!({ "action": "read", "ext": { "up_to": 1, "client_msg_id": "x" } }),
        json!({ "action": "send", "style": "normal", "kind": "voice", "content": "x", "ext": { "client_msg_id": "x" } }),
    ] {
        let mut talker = house.come(Side::Member).await;
        let answer = talker.ask(&wrong).await;
        assert_eq!(answer["ext"]["code"], 400, "{wrong}");
    }
}
