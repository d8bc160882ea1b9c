//! What has been said at the mall's own customer service before a desk came to stand beside it.

use serde_json::json;

use super::people::MallMember;
use super::tables::{Tables, quoted};
use super::{Broken, FakeMall, now};
use crate::Dice;

const KEFU: &str = include_str!("kefu.sql");

/// Members who are here for their history only.
const STRANGERS_FROM: i64 = 10_001;
/// As many messages as a conversation has on average.
const LONG: u32 = 20;
/// Rows in one statement.
const BATCH: usize = 500;

struct Talk {
    id: i64,
    member: i64,
    tenant: i64,
    /// Of the admin who answers.
    agent: i64,
    said: Vec<Said>,
}

struct Said {
    at: i64,
    by_member: bool,
    kind: i64,
    content: String,
    read: bool,
    deleted: bool,
}

impl FakeMall {
    /// Makes the mall's customer-service tables and fills them with that many messages, the same for the same number
    /// but for their times, the newest of now.
    ///
    /// Half the messages share their second with another. Member 101 has two conversations, as Java makes them when two
    /// first messages meet. Some conversations are hidden, some messages are deleted, some unread, one is a text that
    /// is no object, and every tenth conversation is tenant 2's.
    ///
    /// # Panics
    ///
    /// Without [`tables`](super::MallSetup::tables), and where the tables of customer service are there already.
    pub fn write_history(&self, messages: u32) {
        let tables = self.inside.tables.as_ref().expect("a mall with tables");
        let talks = talks(messages, now());
        for talk in &talks {
            if talk.member >= STRANGERS_FROM {
                self.put_member(MallMember::new(talk.member).at(talk.tenant));
            }
        }
        write(tables, &talks).expect("the history is written");
    }
}

fn talks(messages: u32, now: i64) -> Vec<Talk> {
    let mut dice = Dice::new(7);
    let count = i64::from((messages / LONG).max(3));
    let mut talks: Vec<Talk> = (1..=count)
        .map(|id| {
            let tenant = if id % 10 == 0 { 2 } else { 1 };
            // The third conversation is the first member's second one.
            let member = match id {
                1 | 3 => 101,
                2 => 102,
                _ => STRANGERS_FROM + id,
            };
            Talk { id, member, tenant, agent: if tenant == 1 { 7 } else { 27 }, said: Vec::new() }
        })
        .collect();
    for number in 0..messages {
        // Two messages a second, up to now.
        let at = now - i64::from(messages - number) * 500;
        let place = usize::try_from(dice.below(count.unsigned_abs())).expect("a small number");
        let talk = &mut talks[place];
        let by_member = talk.said.is_empty() || dice.below(2) == 0;
        let (kind, content) = content(&mut dice, number);
        let deleted = dice.below(50) == 0;
        talk.said.push(Said { at, by_member, kind, content, read: true, deleted });
    }
    for talk in &mut talks {
        // Whoever was written to last has not looked yet, as often as not.
        let unread = usize::try_from(dice.below(4)).expect("a small number");
        for said in talk.said.iter_mut().rev().take(unread) {
            said.read = false;
        }
    }
    talks
}

fn content(dice: &mut Dice, number: u32) -> (i64, String) {
    const LINES: [&str; 6] = [
        "你好，在吗？",
        "这件什么时候发货？",
        "可以换一个颜色吗？",
        "好的，已为您登记[可爱]",
        "谢谢",
        "稍等，我查一下",
    ];
    match dice.below(20) {
        0 => (2, json!({"picUrl": format!("https://mall.example/{number}.png")}).to_string()),
        1 => {
            let cup = json!({
                "id": 1, "spuId": 633, "spuName": "竹节保温杯", "picUrl": "https://mall.example/cup.png",
                "price": 5_900, "salesCount": 12, "stock": 80,
            });
            (10, cup.to_string())
        }
        // What Java took from old clients.
        2 => (1, "null".to_owned()),
        line => {
            let line = LINES[usize::try_from(line).expect("a small number") % LINES.len()];
            (1, json!({"text": format!("{line} {number}")}).to_string())
        }
    }
}

fn write(tables: &Tables, talks: &[Talk]) -> Result<(), Broken> {
    tables.run(KEFU)?;
    let talks: Vec<&Talk> = talks.iter().filter(|talk| !talk.said.is_empty()).collect();
    let conversations: Vec<String> = talks.iter().filter_map(|talk| conversation(tables, talk)).collect();
    let head = "promotion_kefu_conversation (id, user_id, last_message_time, last_message_content, \
                last_message_content_type, admin_pinned, admin_deleted, admin_unread_message_count, creator, \
                create_time, updater, update_time, tenant_id)";
    insert(tables, head, &conversations)?;

    let mut said: Vec<(&Talk, &Said)> =
        talks.iter().flat_map(|talk| talk.said.iter().map(|said| (*talk, said))).collect();
    said.sort_by_key(|(_, said)| said.at);
    let messages: Vec<String> = said.into_iter().map(|(talk, said)| message(tables, talk, said)).collect();
    let head = "promotion_kefu_message (conversation_id, sender_id, sender_type, receiver_id, receiver_type, \
                content_type, content, read_status, creator, create_time, updater, update_time, deleted, tenant_id)";
    insert(tables, head, &messages)
}

fn insert(tables: &Tables, head: &str, rows: &[String]) -> Result<(), Broken> {
    rows.chunks(BATCH).try_for_each(|rows| tables.run(&format!("INSERT INTO {head} VALUES {}", rows.join(", "))))
}

fn conversation(tables: &Tables, talk: &Talk) -> Option<String> {
    let Talk { id, member, tenant, said, .. } = talk;
    let (first, last) = (tables.wall(said.first()?.at), said.last()?);
    let unread = said.iter().filter(|said| said.by_member && !said.read && !said.deleted).count();
    let (kind, content, end) = (last.kind, quoted(&last.content), tables.wall(last.at));
    let (pinned, hidden) = (i32::from(id % 7 == 0), i32::from(id % 8 == 0));
    Some(format!(
        "({id}, {member}, '{end}', {content}, {kind}, {pinned}, {hidden}, {unread}, '{member}', '{first}', '{member}', \
         '{end}', {tenant})"
    ))
}

fn message(tables: &Tables, talk: &Talk, said: &Said) -> String {
    let Talk { id, member, tenant, agent, .. } = talk;
    let people = if said.by_member { format!("{member}, 1, NULL, NULL") } else { format!("{agent}, 2, {member}, 1") };
    let author = if said.by_member { member } else { agent };
    let (kind, content, at) = (said.kind, quoted(&said.content), tables.wall(said.at));
    let (read, deleted) = (i32::from(said.read), i32::from(said.deleted));
    format!("({id}, {people}, {kind}, {content}, {read}, '{author}', '{at}', '{author}', '{at}', {deleted}, {tenant})")
}
