//! Looking at all conversations of the scopes that somebody listens to, for what nobody has brought: a bus that is dead
//! costs no more than the time between two looks.

use std::collections::HashSet;
use std::time::Instant;

use kefu_domain::{StoreError, Timestamp};

use super::Live;
use super::follower::{Reader, millis};
use super::others::{Others, SETTLED};
use super::stand::Stand;

/// How far back a look reaches, in milliseconds: beyond the life of any transaction of ours.
const WINDOW: i64 = 60_000;

impl Reader {
    /// Looks at what has changed lately in the scopes that somebody listens to, and notes what was not told of it.
    pub(super) fn look(&mut self, live: &Live, others: &Others) -> Result<(), StoreError> {
        let began = Instant::now();
        let number = others.begin_look();
        let scopes = live.announcer.scopes();
        let within = WINDOW.saturating_add(millis(self.looked.elapsed()));
        let (mut now, mut heads) = self.archive.conversations.heads(&scopes, within)?;
        let began_at = self.began(others, now);
        // The two clocks may have gone differently, as after a machine was asleep.
        let last = others.told_until().unwrap_or(began_at);
        let reach = within.max(WINDOW.saturating_add(now.0.saturating_sub(last.0)));
        if reach > within {
            (now, heads) = self.archive.conversations.heads(&scopes, reach)?;
        }
        metrics::counter!("kefu_sweeps_total").increment(1);

        let mut noted = true;
        let mut strangers = Vec::new();
        for head in heads {
            match live.stand(head.conversation) {
                Some(told) if told.change < head.change => noted &= others.miss_seen(&head, self.shortest),
                Some(_) => {}
                None => strangers.push(head),
            }
        }
        if !strangers.is_empty() {
            let settled_for = reach - WINDOW + SETTLED;
            let within = settled_for.saturating_add(millis(began.elapsed()));
            let (_, lately) = self.archive.conversations.heads(&scopes, within)?;
            let lately: HashSet<_> = lately.into_iter().map(|head| head.conversation).collect();
            for head in strangers {
                if lately.contains(&head.conversation) {
                    noted &= others.miss_seen(&head, self.shortest);
                } else {
                    live.settle(others, head.conversation, Stand { seq: head.seq, change: head.change });
                }
            }
        }
        live.drop_unheard(&scopes, number);
        if noted {
            self.looked = began;
            others.is_told_until(Timestamp(now.0.saturating_sub(millis(began.elapsed()))));
        }
        Ok(())
    }
}
