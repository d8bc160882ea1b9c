//! What the small server has and does with it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::super::Cursor;
use super::model::Spoils;
use crate::Dice;

/// How many messages a page of a resuming has.
const PAGE: usize = 5;

pub(super) struct Row {
    pub(super) id: i64,
    pub(super) change: i64,
    pub(super) from: String,
    pub(super) key: String,
    pub(super) content: String,
    pub(super) quote: Value,
    pub(super) revoked: bool,
    pub(super) deleted_for: Option<String>,
}

#[derive(Default)]
pub(super) struct Conversation {
    pub(super) rows: Vec<Row>,
    pub(super) change: i64,
    pub(super) reads: BTreeMap<String, i64>,
}

pub(super) struct House {
    pub(super) epoch: String,
    pub(super) conversations: BTreeMap<i64, Conversation>,
    pub(super) seats: Vec<(usize, String, mpsc::Sender<Message>)>,
    pub(super) held: Vec<(usize, Message)>,
    pub(super) spoils: Spoils,
    pub(super) dice: Dice,
    /// So many sendings are answered with 503.
    pub(super) busy: usize,
    pub(super) keys_heard: Vec<String>,
    pub(super) received: Vec<Value>,
}

impl Conversation {
    pub(super) fn add(&mut self, id: i64, from: &str, key: &str, content: &str, quote: Value) {
        self.change += 1;
        let (from, key, content) = (from.to_owned(), key.to_owned(), content.to_owned());
        self.rows.push(Row { id, change: self.change, from, key, content, quote, revoked: false, deleted_for: None });
    }

    fn envelope(&self, conversation: i64, n: usize, action: &str, reader: &str) -> Value {
        let row = &self.rows[n];
        let category = if row.from.starts_with("member") { "customer" } else { "manager" };
        let mut value = json!({
            "category": category, "action": action, "style": if row.revoked { "toast" } else { "normal" },
            "kind": "text", "content": row.content, "from": row.from, "id": row.id, "created_at": 1_000 + row.id,
            "ext": { "conversation": conversation, "seq": n + 1, "change": row.change, "client_msg_id": row.key },
        });
        value["quote"] = if action == "send" { row.quote.clone() } else { row.id.into() };
        if row.revoked {
            value["is_revoke"] = true.into();
        }
        if row.deleted_for.as_deref() == Some(reader) {
            (value["is_delete"], value["content"]) = (true.into(), "".into());
        }
        value
    }

    fn pages(&self, conversation: i64, from: Option<Cursor>, reader: &str, epoch: &str) -> Vec<Value> {
        let head = self.rows.len();
        let (since, change, reset) = match from {
            Some(from) => (usize::try_from(from.seq).unwrap(), from.change, false),
            None => (head.saturating_sub(PAGE), 0, true),
        };
        let changed = |upto: usize| {
            let rows = self.rows.iter().enumerate().take(upto).filter(|(_, row)| !reset && row.change > change);
            rows.map(|(n, _)| self.envelope(conversation, n, "send", reader)).collect::<Vec<_>>()
        };
        let read = |who: &str| self.reads.get(who).copied().unwrap_or(0);
        let page = |(page, from): (usize, usize)| {
            let upto = head.min(from + PAGE);
            let messages: Vec<_> = (from..upto).map(|n| self.envelope(conversation, n, "send", reader)).collect();
            json!({ "category": "ack", "action": "resume", "ext": {
                "conversation": conversation, "seq": head, "change": self.change, "messages": messages,
                "changed": if page == 0 { changed(since) } else { Vec::new() }, "more": upto < head,
                "reset": reset && page == 0, "epoch": epoch, "unread": 0, "member_read": read("member"),
                "desk_read": read("admin"),
            } })
        };
        let starts = (since..head.max(since + 1)).step_by(PAGE);
        starts.enumerate().map(page).collect()
    }
}

impl House {
    pub(super) fn hear(&mut self, place: usize, who: &mut Option<String>, seat: &mpsc::Sender<Message>, frame: &Value) {
        let ext = &frame["ext"];
        let answer = |value: Value| seat.try_send(Message::text(value.to_string())).unwrap();
        if frame["action"] == "auth" {
            let name = frame["content"].as_str().unwrap().to_owned();
            if !name.contains(':') {
                answer(json!({ "category": "ack", "action": "auth", "ext": { "code": 401, "msg": "who?" } }));
                let close = CloseFrame { code: 4401.into(), reason: "".into() };
                seat.try_send(Message::Close(Some(close))).unwrap();
                return;
            }
            *who = Some(name.clone());
            self.seats.push((place, name.clone(), seat.clone()));
            answer(json!({ "category": "ack", "action": "auth", "from": name,
                "ext": { "epoch": self.epoch, "server_time": 1, "heartbeat": 20_000 } }));
        }
        let Some(name) = who.clone() else { return };
        self.received.extend(ext.get("received").cloned());
        if let Some(cursors) = ext["resume"].as_array() {
            let known = ext["epoch"].as_str().is_none_or(|epoch| epoch == self.epoch);
            let own = name.strip_prefix("member:").and_then(|id| id.parse::<i64>().ok());
            let newest = own.filter(|own| cursors.is_empty() && self.conversations.contains_key(own));
            let asked = cursors.iter().map(|cursor| Cursor::from_json(cursor).unwrap()).map(|cursor| {
                let head = self.conversations.get(&cursor.conversation).map_or(0, |known| known.rows.len() as i64);
                let good = known && cursor.seq <= head && (cursor.seq, cursor.change) != (0, 0);
                (cursor.conversation, good.then_some(cursor))
            });
            for (id, from) in newest.map(|own| (own, None)).into_iter().chain(asked) {
                let Some(conversation) = self.conversations.get(&id) else { continue };
                conversation.pages(id, from, &name, &self.epoch).into_iter().for_each(answer);
            }
        }
        if frame["category"] == "heartbeat" {
            let heads = self.conversations.iter().map(|(id, known)| json!([id, known.rows.len(), known.change]));
            answer(json!({ "category": "heartbeat", "ext": { "heads": heads.collect::<Vec<_>>() } }));
        }
        let id = ext["conversation"].as_i64().or_else(|| name.strip_prefix("member:")?.parse().ok());
        let (Some(id), Some(action)) = (id, frame["action"].as_str()) else { return };
        if ["send", "read", "revoke", "delete"].contains(&action) {
            answer(self.act(id, &name, action, frame));
        }
    }

    fn act(&mut self, id: i64, name: &str, action: &str, frame: &Value) -> Value {
        let key = frame["ext"]["client_msg_id"].as_str().unwrap().to_owned();
        let mut ack = json!({ "category": "ack", "action": action,
            "ext": { "conversation": id, "client_msg_id": key } });
        self.keys_heard.push(key.clone());
        if self.busy > 0 {
            self.busy -= 1;
            (ack["ext"]["code"], ack["ext"]["retry_after"]) = (503.into(), 20.into());
            return ack;
        }
        let next_id = self.conversations.values().map(|known| known.rows.len() as i64).sum::<i64>() + 1;
        let side = name.split(':').next().unwrap().to_owned();
        let conversation = self.conversations.entry(id).or_default();
        let place = match action {
            "send" => conversation.rows.iter().position(|row| row.key == key && row.from == name),
            _ => conversation.rows.iter().position(|row| frame["quote"] == row.id),
        };
        let news = match (action, place) {
            ("send", Some(_)) => {
                ack["ext"]["duplicate"] = true.into();
                None
            }
            ("send", None) => {
                let content = frame["content"].as_str().unwrap();
                conversation.add(next_id, name, &key, content, frame["quote"].clone());
                Some(conversation.rows.len() - 1)
            }
            ("read", _) => {
                conversation.change += 1;
                conversation.reads.insert(side.clone(), frame["ext"]["seq"].as_i64().unwrap());
                None
            }
            (_, Some(n)) => {
                conversation.change += 1;
                let change = conversation.change;
                let row = &mut conversation.rows[n];
                row.change = change;
                if action == "revoke" {
                    (row.revoked, row.content) = (true, "消息已撤回".into());
                } else {
                    row.deleted_for = Some(name.to_owned());
                }
                Some(n)
            }
            (_, None) => {
                ack["ext"]["code"] = 1_013_020_000.into();
                return ack;
            }
        };
        let conversation = &self.conversations[&id];
        if let Some(n) = place.or(news) {
            ack["id"] = conversation.rows[n].id.into();
            (ack["ext"]["seq"], ack["ext"]["change"]) = ((n + 1).into(), conversation.rows[n].change.into());
        }
        if ack["ext"]["duplicate"].is_null() {
            self.tell(id, name, action, news, &side, frame);
        }
        ack
    }

    /// One frame for everybody entitled, on a way that is spoiled.
    fn tell(&mut self, id: i64, name: &str, action: &str, news: Option<usize>, side: &str, frame: &Value) {
        let conversation = &self.conversations[&id];
        let category = if side == "member" { "customer" } else { "manager" };
        let ext = json!({ "conversation": id, "change": conversation.change });
        let mut frames = Vec::new();
        for (place, reader, _) in &self.seats {
            if reader.starts_with("member") && *reader != format!("member:{id}") {
                continue;
            }
            let value = match news {
                Some(_) if action == "delete" && reader != name => {
                    json!({ "category": "system", "action": "update", "ext": ext })
                }
                Some(n) => conversation.envelope(id, n, action, reader),
                None => {
                    let mut value = json!({ "category": category, "action": "read", "from": name, "ext": ext });
                    value["ext"]["seq"] = frame["ext"]["seq"].clone();
                    value
                }
            };
            frames.push((*place, Message::text(value.to_string())));
        }
        for (place, message) in frames {
            let chance = self.dice.below(1_000);
            let Spoils { lost, doubled, swapped } = self.spoils;
            if chance < lost {
                continue;
            }
            if chance < lost + swapped {
                self.held.push((place, message));
                continue;
            }
            let times = 1 + usize::from(chance < lost + swapped + doubled);
            let late = self.held.extract_if(.., |(known, _)| *known == place).map(|(_, message)| message);
            let late: Vec<_> = late.collect();
            let seat = self.seats.iter().find(|(known, _, _)| *known == place).map(|(_, _, seat)| seat);
            for message in std::iter::repeat_n(message, times).chain(late) {
                seat.unwrap().try_send(message).unwrap();
            }
        }
    }
}
