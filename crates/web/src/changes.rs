//! What has become of a conversation since a change, for clients that know the numbers of the mall's lists.

use actix_web::web::Data;
use kefu_domain::{ConversationId, Cursor, Since};

use crate::person::{self, Person};
use crate::serving::{AdminCaller, MemberCaller, Params, Reply};
use crate::view::ChangesView;
use crate::{ApiError, Site};

/// `GET /kefu-message/changes` of a member.
pub(crate) async fn of_member(
    site: Data<Site>,
    caller: MemberCaller,
    params: Params,
) -> Result<Reply<Option<ChangesView>>, ApiError> {
    let asked = Asked::of(&params)?;
    answer(&site, caller.into(), asked).await
}

/// `GET /kefu-message/changes` of an admin.
pub(crate) async fn of_admin(
    site: Data<Site>,
    caller: AdminCaller,
    params: Params,
) -> Result<Reply<Option<ChangesView>>, ApiError> {
    let asked = Asked::of(&params)?;
    person::named(asked.conversation)?;
    answer(&site, caller.into(), asked).await
}

/// The conversation, the last change that is known, and the last message; without that, only what has become of older
/// messages is asked for.
struct Asked {
    conversation: Option<ConversationId>,
    since: i64,
    seq: Option<i64>,
}

impl Asked {
    fn of(params: &Params) -> Result<Self, ApiError> {
        let conversation = params.number("conversationId")?.map(ConversationId);
        let since = params.number("since")?.ok_or(ApiError::Invalid("since 不能为空".into()))?;
        Ok(Self { conversation, since, seq: params.number("sinceSeq")? })
    }
}

async fn answer(site: &Site, person: Person, asked: Asked) -> Result<Reply<Option<ChangesView>>, ApiError> {
    let reader = person.side();
    let found = since(site, person, asked).await?;
    let epoch = site.0.desk.epoch().to_owned();
    let legacy_escape = site.legacy_escape();
    Ok(Reply::new(found.map(|since| ChangesView { since, reader, epoch, legacy_escape })))
}

async fn since(site: &Site, person: Person, asked: Asked) -> Result<Option<Since>, ApiError> {
    let at = |conversation, seq| Some(Cursor { conversation, seq, change: asked.since });
    if let (Some(id), Some(seq)) = (asked.conversation, asked.seq) {
        return person.resume(site, at(id, seq)).await;
    }
    if let (Person::Member(_), Some(id)) = (&person, asked.conversation) {
        // Reading up to nothing does nothing, where the conversation is theirs.
        person.clone().read(site, Some(id), Some(0)).await?;
    }
    // How far it goes, before the question itself.
    let Some(anew) = person.clone().resume(site, asked.conversation.and_then(|id| at(id, -1))).await? else {
        return Ok(None);
    };
    person.resume(site, at(anew.outline.conversation, asked.seq.unwrap_or(anew.outline.head_seq))).await
}
