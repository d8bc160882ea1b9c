//! Which page of the desk's list somebody asks for: the newest conversations, or what has changed since.

use kefu::Listed;
use kefu_domain::{ChangedPage, ConversationId, ConversationPage, ListCursor, Timestamp};

use crate::serving::Params;
use crate::{ApiError, instant};

/// No transaction of ours lives this long, in milliseconds: what was under way at that time has been seen.
const UNDER_WAY: i64 = 60_000;

/// A page of either order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Pinned first, then the newest message first.
    Newest(ConversationPage),
    /// The longest unchanged first.
    Changed(ChangedPage),
}

/// `limit` 1..=200, all that the settings allow when absent; `after` as `Kefu-Next` gave it; `changedSince` as
/// `Kefu-As-Of` gave it, or `name`.
pub(crate) fn page(params: &Params, most: u32) -> Result<Page, ApiError> {
    let limit = match params.number("limit")? {
        None => most,
        Some(limit @ 1..=200) => u32::try_from(limit).unwrap_or(most),
        Some(..=0) => return Err(ApiError::Invalid("每次查询条数最小值为 1".into())),
        Some(_) => return Err(ApiError::Invalid("每次查询最大值为 200".into())),
    };
    let wrong = || ApiError::Invalid("after 须为上一页响应头 Kefu-Next 的值".into());
    let after = params.text("after");
    let Some(since) = changed_since(params)? else {
        let after = after.map(|text| read_place(text).ok_or_else(wrong)).transpose()?;
        return Ok(Page::Newest(ConversationPage { limit, after, name: params.text("name").map(str::to_owned) }));
    };
    if params.text("name").is_some() {
        return Err(ApiError::Invalid("changedSince、name 只能选一个".into()));
    }
    let after = after.map(|text| read_changed_place(text).ok_or_else(wrong)).transpose()?;
    Ok(Page::Changed(ChangedPage { since, after, limit }))
}

/// `changedSince`, in milliseconds. Nothing here is older than the epoch or younger than the calendar.
pub(crate) fn changed_since(params: &Params) -> Result<Option<Timestamp>, ApiError> {
    let calendar = instant::CALENDAR;
    let since = params.number("changedSince")?;
    Ok(since.map(|ms: i64| Timestamp(ms.clamp(calendar.start, calendar.end - 1))))
}

/// From where whoever saw the list at that time asks on.
pub(crate) fn as_of(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_sub(UNDER_WAY).max(0))
}

/// The time at which whoever asks from there on saw the list.
pub(crate) fn given_out(as_of: Timestamp) -> Timestamp {
    Timestamp(as_of.0.saturating_add(UNDER_WAY))
}

/// A place in the list, as text: pinned or not, when its last message was, its id.
pub(crate) fn place(listed: &Listed) -> String {
    let conversation = &listed.conversation;
    format!("{}.{}.{}", u8::from(conversation.pinned), conversation.last.time.0, conversation.id)
}

/// A place among what has changed: when, its id.
pub(crate) fn changed_place(listed: &Listed) -> String {
    format!("{}.{}", listed.conversation.changed.0, listed.conversation.id)
}

fn read_place(text: &str) -> Option<ListCursor> {
    let (pinned, rest) = text.split_once('.')?;
    let pinned = match pinned {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    let (last, id) = read_changed_place(rest)?;
    Some(ListCursor { pinned, last, id })
}

fn read_changed_place(text: &str) -> Option<(Timestamp, ConversationId)> {
    let (time, id) = text.split_once('.')?;
    let time = Timestamp(time.parse().ok().filter(|ms| instant::CALENDAR.contains(ms))?);
    Some((time, ConversationId(id.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, page: Option<Page>) {
        let uri = format!("/?{query}");
        let request = actix_web::test::TestRequest::with_uri(&uri).to_http_request();
        let read = Params::of(&request).and_then(|params| super::page(&params, 2_000));
        assert_eq!(read.map_err(|error| error.code()), page.ok_or(400), "{query}");
    }

    #[test]
    fn a_page_of_the_list_is_of_one_order() {
        let newest = |after, name: Option<&str>| {
            Some(Page::Newest(ConversationPage { limit: 2_000, after, name: name.map(str::to_owned) }))
        };
        let place = ListCursor { pinned: true, last: Timestamp(7), id: ConversationId(9) };
        let changed = |since, after, limit| Some(Page::Changed(ChangedPage { since: Timestamp(since), after, limit }));

        check("", newest(None, None));
        check("name=x&after=1.7.9", newest(Some(place), Some("x")));
        check("changedSince=5", changed(5, None, 2_000));
        check("changedSince=-5&limit=7", changed(0, None, 7));
        check("changedSince=5&after=7.9", changed(5, Some((Timestamp(7), ConversationId(9))), 2_000));
        check("changedSince=5&after=1.7.9", None);
        check("after=7.9", None);
        check("changedSince=x", None);
        check("changedSince=5&name=x", None);
        check("limit=201", None);
    }
}
