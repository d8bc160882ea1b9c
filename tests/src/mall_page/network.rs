//! What a browser does on the network for a page.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;

use super::browser::{Ask, Outcome};
use crate::Person;
use crate::canary::Leak;
use crate::wire::{self, Handshake, Sight};

/// Something of the outside happened.
pub(super) enum Event {
    Opened(usize),
    Heard(usize, String),
    Ended(usize),
    Answered(Ask, Outcome),
    Astray(Leak),
}

/// Something that a page does to a socket.
pub(super) enum Order {
    Ping,
    Close,
}

/// One socket of a page, from its beginning to its end.
pub(super) async fn socket(
    person: Person,
    number: usize,
    mut orders: mpsc::Receiver<Order>,
    tell: mpsc::Sender<Event>,
    closing: Duration,
) {
    let server = person.address();
    let sight = Sight::at(server, &person.token, 0);
    let path = &format!("/infra/ws?token={}", person.token);
    let handshake = Handshake { server, path, protocol: None, receive_buffer: None };
    let opened = tokio::select! {
        opened = handshake.open(&sight) => opened.ok(),
        Some(Order::Close) = orders.recv() => None,
    };
    if let Some(mut stream) = opened {
        let _ = tell.send(Event::Opened(number)).await;
        let mut ends_at = None;
        loop {
            tokio::select! {
                message = stream.next() => {
                    let Some(Ok(message)) = message else { break };
                    match wire::read(&sight, &message) {
                        Ok(Some(text)) => drop(tell.send(Event::Heard(number, text)).await),
                        Ok(None) if message.is_close() => break,
                        Ok(None) => {}
                        Err(leak) => {
                            let _ = tell.send(Event::Astray(leak)).await;
                            break;
                        }
                    }
                }
                Some(order) = orders.recv() => match order {
                    Order::Ping => if stream.send(Message::text("ping")).await.is_err() { break },
                    Order::Close => {
                        ends_at = Some(Instant::now() + closing);
                        if stream.send(Message::Close(None)).await.is_err() { break }
                    }
                },
                // The other side does not close: the browser does not wait for ever.
                () = until(ends_at) => break,
            }
        }
    }
    let _ = tell.send(Event::Ended(number)).await;
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

pub(super) async fn request(person: &Person, ask: &Ask) -> Outcome {
    let request = match ask {
        Ask::Send { conversation, kind, content } => {
            let mut body = json!({ "contentType": kind, "content": content });
            if let Some(conversation) = conversation {
                body["conversationId"] = (*conversation).into();
            }
            person.request(Method::POST, "/kefu-message/send").json(&body)
        }
        Ask::List { conversation, before, .. } => {
            let list = person.request(Method::GET, "/kefu-message/list");
            let list = match conversation {
                Some(conversation) => list.query(&[("conversationId", conversation)]),
                None => list.query(&[("no", 1), ("limit", 20)]),
            };
            match before {
                Some(before) => list.query(&[("createTime", in_the_malls_zone(*before))]),
                None => list,
            }
        }
        Ask::Read { conversation, .. } => {
            person.request(Method::PUT, "/kefu-message/update-read-status").query(&[("conversationId", conversation)])
        }
        Ask::Get(conversation) => person.request(Method::GET, "/kefu-conversation/get").query(&[("id", conversation)]),
        Ask::Conversations => person.request(Method::GET, "/kefu-conversation/list"),
    };
    match person.try_ask(request).await {
        Ok(answer) if answer.code == 0 => Outcome::Data(answer.data),
        Ok(answer) => Outcome::Failed(answer.code),
        Err(_) => Outcome::Failed(0),
    }
}

/// A time as a browser in the mall's zone writes it, without its milliseconds.
fn in_the_malls_zone(millis: i64) -> String {
    let zone = chrono::FixedOffset::east_opt(8 * 3_600).expect("an offset");
    let time = chrono::DateTime::from_timestamp_millis(millis).expect("a time");
    time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
}
