//! What a long poll is answered.

use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use kefu::Listed;
use kefu_domain::{ChangedPage, ConversationId, Cursor, Permission, Side, Since, Timestamp};
use kefu_push::{MallId, v2};
use serde::{Serialize, Serializer};
use tokio::time::{Instant, timeout_at};

use super::asked::Asked;
use crate::error::Told;
use crate::person::Person;
use crate::view::ConversationView;
use crate::{ApiError, Site, list};

/// How long a look may take, however much was asked for: a little less than anybody waits for an answer at most.
const LOOKS_FOR: Duration = Duration::from_secs(5);
/// Conversations that are read at once.
const SIDE_BY_SIDE: usize = 4;

/// What there is.
pub(super) struct Look {
    /// Whether anything of it is worth an answer at once.
    pub(super) is_news: bool,
    found: Vec<Found>,
    changed: Option<Changed>,
}

/// A conversation in which something is new, or of which there is nothing to be had.
enum Found {
    Since(Box<Since>),
    Refused(ConversationId, Told),
}

/// The desk's list.
struct Changed {
    list: Vec<Listed>,
    as_of: Timestamp,
    more: bool,
}

/// Reads what was asked for, as far as there is time: of several conversations those that could not be read are not
/// among what was found. Where nothing new was found and something could not be read, that is an error.
pub(super) async fn look(site: &Site, person: &Person, asked: &Asked) -> Result<Look, ApiError> {
    let until = Instant::now() + LOOKS_FOR;
    // First, since there is no answer without it.
    let changed = match asked.changed_since {
        Some(since) => Some(in_time(until, look_at_list(site, person, since)).await?),
        None => None,
    };
    let (found, failed) = match &asked.cursors {
        None => {
            // One that was opened a moment ago and has no message yet is not there yet.
            let own = in_time(until, person.clone().resume(site, None)).await?;
            let own = own.filter(|since| since.outline.head_seq > 0);
            (own.map(|since| Found::Since(Box::new(since))).into_iter().collect(), None)
        }
        Some(cursors) => look_at_all(site, person, asked.epoch.as_deref(), cursors, until).await,
    };
    let is_news = !found.is_empty() || changed.as_ref().is_some_and(|(_, is_news)| *is_news);
    if let Some(error) = failed.filter(|_| !is_news) {
        return Err(error);
    }
    Ok(Look { is_news, found, changed: changed.map(|(changed, _)| changed) })
}

/// A few at a time; what there is is in the order of the question. Also says why something could not be read, if that
/// was so.
async fn look_at_all(
    site: &Site,
    person: &Person,
    epoch: Option<&str>,
    cursors: &[Cursor],
    until: Instant,
) -> (Vec<Found>, Option<ApiError>) {
    let other_life = epoch.is_some_and(|other| other != site.0.desk.epoch());
    let from = |cursor: Cursor| if other_life { Cursor::of_nothing(cursor.conversation) } else { cursor };
    let looks = stream::iter(cursors.iter().enumerate())
        .map(|(at, cursor)| async move { (at, in_time(until, look_at(site, person, from(*cursor))).await) });
    let mut looks = looks.buffer_unordered(SIDE_BY_SIDE);
    let (mut found, mut failed) = (Vec::new(), None);
    while let Some((at, look)) = looks.next().await {
        match look {
            Ok(look) => found.extend(look.map(|look| (at, look))),
            Err(error) => failed = Some(error),
        }
        if Instant::now() >= until {
            failed = failed.or(Some(kefu::Error::Late.into()));
            break;
        }
    }
    found.sort_unstable_by_key(|(at, _)| *at);
    (found.into_iter().map(|(_, look)| look).collect(), failed)
}

async fn in_time<T>(until: Instant, look: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    timeout_at(until, look).await.unwrap_or(Err(kefu::Error::Late.into()))
}

async fn look_at(site: &Site, person: &Person, from: Cursor) -> Result<Option<Found>, ApiError> {
    match person.clone().resume(site, Some(from)).await {
        Ok(since) => {
            let news = |since: &Since| since.reset || since.more || since.outline.cursor() != from;
            Ok(since.filter(news).map(|since| Found::Since(Box::new(since))))
        }
        // One that is not there says nothing about the others; a database that is not there does.
        Err(error) if error.is_for_good() => Ok(Some(Found::Refused(from.conversation, error.told()))),
        Err(error) => Err(error),
    }
}

/// The list, and whether there is anything in it that changed after `since` was given out: what is older is there for
/// the sake of transactions that were under way then, and nobody is answered because of it.
async fn look_at_list(site: &Site, person: &Person, since: Timestamp) -> Result<(Changed, bool), ApiError> {
    let Person::Admin(caller) = person else { return Err(ApiError::Forbidden) };
    let (me, profile) = caller.clone().may(Permission::ConversationQuery)?;
    // The clock first: what is committed from here on is found by whoever asks from there on.
    let as_of = list::as_of(site.0.desk.now().await?);
    let limit = site.0.settings.list_limit;
    let found = site.0.desk.admin(me, profile).changed(ChangedPage { since, after: None, limit }).await?;
    let last = found.last().filter(|_| found.len() >= limit as usize).map(|last| last.conversation.changed);
    let given_out = list::given_out(since);
    let is_news = last.is_some() || found.iter().any(|listed| listed.conversation.changed >= given_out);
    Ok((Changed { list: found, as_of: last.unwrap_or(as_of), more: last.is_some() }, is_news))
}

impl Look {
    pub(super) async fn synced(self, site: &Site, person: &Person) -> Synced {
        let desk = &site.0.desk;
        Synced {
            found: self.found,
            changed: self.changed,
            reader: person.side(),
            me: v2::spelled(person.who().1),
            epoch: desk.epoch().to_owned(),
            server_time: site.0.clock.now(desk).await,
            legacy_escape: site.legacy_escape(),
        }
    }
}

impl Found {
    fn shown<'a>(&'a self, reader: Side, epoch: &'a str) -> Conversation<'a> {
        match self {
            Self::Since(since) => Conversation::Since(v2::since(since, reader, Some(epoch))),
            Self::Refused(id, told) => {
                Conversation::Refused(Refused { conversation: MallId(id.0), code: told.code, msg: &told.msg })
            }
        }
    }
}

/// The answer.
pub(crate) struct Synced {
    found: Vec<Found>,
    changed: Option<Changed>,
    reader: Side,
    me: String,
    epoch: String,
    server_time: Option<Timestamp>,
    legacy_escape: bool,
}

impl Serialize for Synced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let list = self.changed.as_ref().map(|changed| {
            let legacy_escape = self.legacy_escape;
            changed.list.iter().map(|listed| ConversationView { listed: listed.clone(), legacy_escape }).collect()
        });
        Body {
            me: &self.me,
            epoch: &self.epoch,
            server_time: self.server_time.map(|time| time.0),
            conversations: self.found.iter().map(|found| found.shown(self.reader, &self.epoch)).collect(),
            as_of: self.changed.as_ref().map(|changed| changed.as_of.0),
            list,
            more: self.changed.as_ref().map(|changed| changed.more),
        }
        .serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    me: &'a str,
    epoch: &'a str,
    server_time: Option<i64>,
    conversations: Vec<Conversation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<Vec<ConversationView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Conversation<'a> {
    Since(v2::Resumed<'a>),
    Refused(Refused<'a>),
}

#[derive(Serialize)]
struct Refused<'a> {
    conversation: MallId,
    code: i32,
    msg: &'a str,
}
