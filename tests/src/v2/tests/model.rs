//! A server of kefu.v2 with one shop and a memory, small enough to be believed, that spoils what it pushes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use super::house::{House, Row};
use crate::Dice;

/// How often, of a thousand times, a push is spoiled.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spoils {
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) swapped: u64,
}

/// The server. Members are `member:N` with conversation N, admins are `admin:N`; a token is who shows it.
#[derive(Clone)]
pub(super) struct Model {
    pub(super) address: SocketAddr,
    house: Arc<Mutex<House>>,
    epochs: watch::Sender<u64>,
}

impl Model {
    pub(super) async fn start(seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let house = House {
            epoch: "first".into(),
            conversations: BTreeMap::new(),
            seats: Vec::new(),
            held: Vec::new(),
            spoils: Spoils::default(),
            dice: Dice::new(seed),
            busy: 0,
            keys_heard: Vec::new(),
            received: Vec::new(),
        };
        let address = listener.local_addr().unwrap();
        let model = Self { address, house: Arc::new(Mutex::new(house)), epochs: watch::channel(0).0 };
        model.clone().open_another(listener);
        model
    }

    /// Another door to the same house.
    pub(super) async fn another_door(&self) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        self.clone().open_another(listener);
        address
    }

    fn open_another(self, listener: TcpListener) {
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                number += 1;
                let place = number + usize::from(listener.local_addr().unwrap().port()) * 100_000;
                tokio::spawn(self.clone().serve(stream, place));
            }
        });
    }

    pub(super) fn spoil(&self, spoils: Spoils) {
        self.house.lock().unwrap().spoils = spoils;
    }

    pub(super) fn be_busy(&self, times: usize) {
        self.house.lock().unwrap().busy = times;
    }

    /// Begins another life with what it has; whoever is connected is cut off.
    pub(super) fn renew(&self, epoch: &str) {
        let mut house = self.house.lock().unwrap();
        house.epoch = epoch.into();
        house.seats.clear();
        self.epochs.send_modify(|count| *count += 1);
    }

    /// Tells everybody to leave.
    pub(super) fn bye(&self, within: u64) {
        let bye = json!({ "category": "system", "action": "bye", "ext": { "within": within } });
        for (_, _, seat) in &self.house.lock().unwrap().seats {
            seat.try_send(Message::text(bye.to_string())).unwrap();
        }
    }

    /// (number, id, key, content, revoked, deleted for that party) of all that it has.
    pub(super) fn log(&self, conversation: i64, reader: &str) -> Vec<(i64, i64, String, String, bool, bool)> {
        let house = self.house.lock().unwrap();
        let rows = house.conversations.get(&conversation).map(|known| known.rows.as_slice()).unwrap_or_default();
        let entry = |(n, row): (usize, &Row)| {
            let deleted = row.deleted_for.as_deref() == Some(reader);
            let content = if deleted { String::new() } else { row.content.clone() };
            (n as i64 + 1, row.id, row.key.clone(), content, row.revoked, deleted)
        };
        rows.iter().enumerate().map(entry).collect()
    }

    /// Stores a text past all sockets, and tells nobody.
    pub(super) fn say_nothing_of(&self, conversation: i64, text: &str) {
        let mut house = self.house.lock().unwrap();
        let id = house.conversations.values().map(|known| known.rows.len() as i64).sum::<i64>() + 1;
        house.conversations.entry(conversation).or_default().add(
            id,
            "admin:1",
            &format!("silent-{id}"),
            text,
            Value::Null,
        );
    }

    pub(super) fn keys_heard(&self) -> Vec<String> {
        self.house.lock().unwrap().keys_heard.clone()
    }

    pub(super) fn received(&self) -> Vec<Value> {
        self.house.lock().unwrap().received.clone()
    }

    #[expect(clippy::result_large_err, reason = "the library's own type of refusal")]
    async fn serve(self, stream: TcpStream, place: usize) {
        let choose = |_: &Request, mut response: Response| {
            response.headers_mut().insert("sec-websocket-protocol", "kefu.v2".parse().unwrap());
            Ok(response)
        };
        stream.set_nodelay(true).unwrap();
        let Ok(socket) = tokio_tungstenite::accept_hdr_async(stream, choose).await else { return };
        let (mut down, mut up) = socket.split();
        let (seat, mut inbox) = mpsc::channel::<Message>(10_000);
        let mut renewed = self.epochs.subscribe();
        let mut who = None;
        loop {
            tokio::select! {
                _ = renewed.changed() => break,
                Some(message) = inbox.recv() => {
                    let ends = message.is_close();
                    if down.send(message).await.is_err() || ends { break }
                }
                message = up.next() => {
                    let Some(Ok(Message::Text(text))) = message else { break };
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    self.house.lock().unwrap().hear(place, &mut who, &seat, &frame);
                }
            }
        }
        self.house.lock().unwrap().seats.retain(|(known, _, _)| *known != place);
    }
}
