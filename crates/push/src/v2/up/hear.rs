//! Understanding a frame.

use kefu_domain::{ClientMsgId, ConversationId, Cursor, MessageId, ShopId};
use serde_json::{Map, Value};

use super::super::{content, envelope::Action};
use super::{Auth, Heard, MOST_RESUMED, Misheard, Said, Up};

type Wrong = &'static str;

/// Understands a frame. That it is an object of sound JSON is the caller's affair; members that are null, or that
/// nobody here knows, are as good as absent.
pub fn hear(frame: &Map<String, Value>) -> Result<Heard, Misheard> {
    let members = Members(Some(frame));
    let (asked, key) = (asked(members), key(members));
    let up = match (&asked, &key) {
        (Ok(asked), Ok(key)) => understood(members, *asked, key.as_ref()),
        (Err(why), _) | (_, Err(why)) => Err(*why),
    };

    let client_msg_id = key.ok().flatten();
    match up {
        Ok(up) => Ok(Heard { up, client_msg_id }),
        Err(why) => {
            let action = asked.ok().and_then(|asked| if let Asked::For(action) = asked { Some(action) } else { None });
            Err(Misheard { why, action, client_msg_id })
        }
    }
}

#[derive(Clone, Copy)]
enum Asked {
    For(Action),
    Heartbeat,
    Receive,
}

fn asked(frame: Members<'_>) -> Result<Asked, Wrong> {
    match frame.text("category", "category is a text")? {
        Some("heartbeat") => return Ok(Asked::Heartbeat),
        Some("receive") => return Ok(Asked::Receive),
        _ => {}
    }
    let action = frame.text("action", "action is a text")?.ok_or("action is missing")?;
    Action::asked(action).map(Asked::For).ok_or("action is not one that can be asked for")
}

fn key(frame: Members<'_>) -> Result<Option<ClientMsgId>, Wrong> {
    const KEY: Wrong = "ext.client_msg_id is 1 to 64 of A-Z, a-z, 0-9, _ and -";
    frame.ext()?.text("client_msg_id", KEY)?.map(ClientMsgId::new).transpose().map_err(|_| KEY)
}

fn understood(frame: Members<'_>, asked: Asked, key: Option<&ClientMsgId>) -> Result<Up, Wrong> {
    let ext = frame.ext()?;
    let conversation = ext.id("conversation", "ext.conversation is an id")?.map(ConversationId);
    let epoch = || ext.text("epoch", "ext.epoch is a text").map(|epoch| epoch.map(str::to_owned));
    let quote = || frame.id("quote", "quote is the id of a message").map(|id| id.map(MessageId));
    let received = || ext.cursors("received").map(Option::unwrap_or_default);

    Ok(match asked {
        Asked::Heartbeat => Up::Heartbeat { received: received()? },
        Asked::Receive => Up::Receive { received: received()? },
        Asked::For(Action::Auth) => Up::Auth(Auth {
            credential: frame.text("content", WORDS)?.ok_or(WORDS)?.to_owned(),
            shop: ext.id("shop", "ext.shop is an id")?.map_or(ShopId::PLATFORM, ShopId),
            epoch: epoch()?,
            resume: ext.cursors("resume").and_then(few)?,
        }),
        Asked::For(Action::Resume) => {
            let drop = ext.dropped()?;
            let cursors = ext.cursors("resume").and_then(few)?;
            // Whoever only drops something asks for nothing.
            if cursors.is_none() && drop.is_empty() {
                return Err("ext.resume is missing");
            }
            Up::Resume { epoch: epoch()?, cursors, drop }
        }
        Asked::For(Action::Send) => {
            let style = frame.text("style", "style is a text")?;
            let kind = frame.text("kind", "kind is a text")?;
            let said = frame.text("content", WORDS)?.ok_or(WORDS)?;
            let url = frame.text("url", "url is a text")?;
            let (kind, content) = content::up(style, kind, said, url, ext.0)?;
            let key = key.ok_or("ext.client_msg_id is missing")?.clone();
            Up::Send(Said { conversation, kind, content, key, quote: quote()? })
        }
        Asked::For(Action::Read) => {
            Up::Read { conversation, seq: ext.id("seq", "ext.seq is a number")?.ok_or("ext.seq is missing")? }
        }
        Asked::For(Action::Revoke) => Up::Revoke { conversation, message: quote()?.ok_or("quote is missing")? },
        Asked::For(Action::Delete) => Up::Delete { conversation, message: quote()?.ok_or("quote is missing")? },
        Asked::For(Action::Typing) => match frame.text("content", WORDS)? {
            Some("on") => Up::Typing { conversation, on: true },
            Some("off") => Up::Typing { conversation, on: false },
            _ => return Err("content is on or off"),
        },
        Asked::For(Action::Update | Action::Bye) => return Err("action is not one that can be asked for"),
    })
}

const WORDS: Wrong = "content is a text";

fn few(cursors: Option<Vec<Cursor>>) -> Result<Option<Vec<Cursor>>, Wrong> {
    match cursors {
        Some(cursors) if cursors.len() > MOST_RESUMED => Err("ext.resume names more than 64 conversations"),
        cursors => Ok(cursors),
    }
}

/// An object whose members are what they should be, or absent.
#[derive(Clone, Copy)]
struct Members<'a>(Option<&'a Map<String, Value>>);

impl<'a> Members<'a> {
    fn get(self, name: &str) -> Option<&'a Value> {
        self.0?.get(name).filter(|value| !value.is_null())
    }

    fn ext(self) -> Result<Self, Wrong> {
        match self.get("ext") {
            None => Ok(Self(None)),
            Some(Value::Object(ext)) => Ok(Self(Some(ext))),
            Some(_) => Err("ext is an object"),
        }
    }

    fn text(self, name: &str, wrong: Wrong) -> Result<Option<&'a str>, Wrong> {
        self.get(name).map(|value| value.as_str().ok_or(wrong)).transpose()
    }

    fn id(self, name: &str, wrong: Wrong) -> Result<Option<i64>, Wrong> {
        self.get(name).map(|value| number(value).ok_or(wrong)).transpose()
    }

    fn dropped(self) -> Result<Vec<ConversationId>, Wrong> {
        const WRONG: Wrong = "ext.drop is a list of at most 64 conversations";
        let Some(value) = self.get("drop") else { return Ok(Vec::new()) };
        let list = value.as_array().filter(|list| list.len() <= MOST_RESUMED).ok_or(WRONG)?;
        list.iter().map(|id| number(id).map(ConversationId).ok_or(WRONG)).collect()
    }

    fn cursors(self, name: &str) -> Result<Option<Vec<Cursor>>, Wrong> {
        const WRONG: Wrong = "positions are a list of [conversation, seq, change]";
        let Some(value) = self.get(name) else { return Ok(None) };
        let list = value.as_array().ok_or(WRONG)?;
        list.iter().map(|one| cursor(one).ok_or(WRONG)).collect::<Result<_, _>>().map(Some)
    }
}

fn cursor(value: &Value) -> Option<Cursor> {
    let [conversation, seq, change] = value.as_array()?.as_slice() else { return None };
    Some(Cursor { conversation: ConversationId(number(conversation)?), seq: number(seq)?, change: number(change)? })
}

/// A number, or the text of one.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
