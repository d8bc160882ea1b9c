//! What a long poll asks for.

use std::time::Duration;

use kefu_domain::{ConversationId, Cursor, Timestamp};
use kefu_push::v2::MOST_RESUMED;

use crate::ApiError;
use crate::list;
use crate::serving::Params;

/// Below what proxies allow an answer to take, in seconds.
const LONGEST: i64 = 25;

/// What somebody has, and how long they will wait for something new.
pub(super) struct Asked {
    /// Where they stand; `None` for a member who has nothing.
    pub(super) cursors: Option<Vec<Cursor>>,
    /// The life of the database that this is of.
    pub(super) epoch: Option<String>,
    /// Of the desk's list.
    pub(super) changed_since: Option<Timestamp>,
    pub(super) wait: Duration,
}

impl Asked {
    pub(super) fn by_member(params: &Params) -> Result<Self, ApiError> {
        let cursors = params.text("cursors").map(|text| cursors(text).ok_or_else(wrong)).transpose()?;
        let epoch = params.text("epoch").map(str::to_owned);
        Ok(Self { cursors, epoch, changed_since: None, wait: wait(params)? })
    }

    /// An admin who names no conversation asks for the list alone.
    pub(super) fn by_admin(params: &Params) -> Result<Self, ApiError> {
        let asked = Self::by_member(params)?;
        let cursors = Some(asked.cursors.unwrap_or_default());
        Ok(Self { cursors, changed_since: list::changed_since(params)?, ..asked })
    }

    /// Whether news of a conversation are worth a look. Where a member's conversation has become part of another its
    /// news come under that one's number, and they have no third.
    pub(super) fn concerns(&self, id: ConversationId) -> bool {
        let named = |cursors: &Vec<Cursor>| cursors.iter().any(|cursor| cursor.conversation == id);
        self.changed_since.is_some() || self.cursors.as_ref().is_none_or(named)
    }
}

fn wait(params: &Params) -> Result<Duration, ApiError> {
    let seconds = params.number("wait")?.unwrap_or(LONGEST);
    match u64::try_from(seconds) {
        Ok(wait) if seconds <= LONGEST => Ok(Duration::from_secs(wait)),
        _ => Err(ApiError::Invalid("wait 须为 0 到 25 秒".into())),
    }
}

/// `9.41.77,10.3.4`: conversation, number and change of each.
fn cursors(text: &str) -> Option<Vec<Cursor>> {
    let cursors: Vec<_> = text.split(',').map(cursor).collect::<Option<_>>()?;
    (cursors.len() <= MOST_RESUMED).then_some(cursors)
}

fn cursor(text: &str) -> Option<Cursor> {
    let mut numbers = text.trim().splitn(3, '.').map(str::parse::<i64>);
    let (Some(Ok(id)), Some(Ok(seq)), Some(Ok(change))) = (numbers.next(), numbers.next(), numbers.next()) else {
        return None;
    };
    Some(Cursor { conversation: ConversationId(id), seq, change })
}

fn wrong() -> ApiError {
    ApiError::Invalid("cursors 的格式为 会话.seq.change，逗号分隔，最多 64 个".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, cursors: Option<&[(i64, i64, i64)]>, code: i32) {
        let request = actix_web::test::TestRequest::with_uri(&format!("/?{query}")).to_http_request();
        let asked = Params::of(&request).and_then(|params| Asked::by_member(&params));
        let read = asked.map(|asked| {
            let plain = |cursor: Cursor| (cursor.conversation.0, cursor.seq, cursor.change);
            asked.cursors.map(|cursors| cursors.into_iter().map(plain).collect::<Vec<_>>())
        });
        let expected = if code == 0 { Ok(cursors.map(<[_]>::to_vec)) } else { Err(code) };
        assert_eq!(read.map_err(|error| error.code()), expected, "{query}");
    }

    #[test]
    fn cursors_are_three_numbers_each() {
        check("", None, 0);
        check("cursors=9.41.77,10.3.4", Some(&[(9, 41, 77), (10, 3, 4)]), 0);
        check("cursors=9.-1.-1", Some(&[(9, -1, -1)]), 0);
        check("wait=0", None, 0);
        for wrong in
            ["cursors=9", "cursors=9.1", "cursors=9.1.2.3", "cursors=9.1.2,", "cursors=a.1.2", "wait=26", "wait=-1"]
        {
            check(wrong, None, 400);
        }
        check(&format!("cursors={}", ["1.1.1"; 65].join(",")), None, 400);
    }
}
