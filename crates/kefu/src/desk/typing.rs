//! That somebody is writing: told if it can be told at once, or after one look at whose conversation it is; nobody
//! waits for it.

use std::sync::Arc;

use kefu_domain::{Agent, ConversationId, Member, Party, Typing};

use super::{Inner, admin, member};
use crate::Error;
use crate::known::Place;

pub(super) fn by_member(desk: &Arc<Inner>, me: Member, on: bool) {
    let whisper = move |desk: &Inner, conversation| {
        desk.live.whisper(&Typing { scope: me.scope, conversation, member: me.id, by: me.party(), on });
    };
    match desk.known.conversation(&me) {
        Some(id) => whisper(desk, id),
        None => look(desk, move |desk| {
            if let Some(found) = member::own(desk, me)? {
                whisper(desk, found.id);
            }
            Ok(())
        }),
    }
}

pub(super) fn by_agent(desk: &Arc<Inner>, me: &Agent, id: ConversationId, on: bool) {
    match desk.known.met(id) {
        Some(place) => whisper_at(desk, me, place, on),
        None => {
            let me = me.clone();
            look(desk, move |desk| {
                if let Some(found) = admin::find(desk, &me, id)? {
                    whisper_at(desk, &me, Place::from(&found), on);
                }
                Ok(())
            });
        }
    }
}

fn whisper_at(desk: &Inner, me: &Agent, place: Place, on: bool) {
    if me.at(place.scope).is_some() {
        let by = Party::Admin(me.id);
        desk.live.whisper(&Typing { scope: place.scope, conversation: place.id, member: place.member, by, on });
    }
}

/// Puts a question to the database if it has room for one now.
fn look(desk: &Arc<Inner>, question: impl FnOnce(&Inner) -> Result<(), Error> + Send + 'static) {
    let Ok(permit) = desk.questions.clone().try_acquire_owned() else { return };
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let desk = desk.clone();
    runtime.spawn_blocking(move || {
        let _permit = permit;
        // Not worth a line: whoever is writing says so again in a moment.
        let _ = question(&desk);
    });
}
