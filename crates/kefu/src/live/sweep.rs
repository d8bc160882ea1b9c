//! Looking at all conversations of the scopes that somebody listens to, for what nobody has brought: a bus that is dead
//! costs no more than the time between two looks.

use std::collections::HashSet;
use std::time::Instant;

use kefu_domain::{Head, StoreError, Timestamp};

use super::Live;
use super::follower::{Reader, ago, millis};
use super::others::{LONGEST, Others, SETTLED};
use super::stand::Stand;

/// By so much the two clocks may differ over a look, in milliseconds, and it is not asked twice.
const SLACK: i64 = 1_000;

impl Reader {
    /// Looks at what has changed lately in the scopes that somebody listens to, and notes what was not told of it.
    pub(super) fn look(&mut self, live: &Live, others: &Others) -> Result<(), StoreError> {
        let began = Instant::now();
        let number = others.begin_look();
        let heard = others.heard_lately(live.announcer.scopes());
        let scopes: Vec<_> = heard.iter().copied().collect();
        let within = LONGEST.saturating_add(SLACK).saturating_add(millis(self.looked.elapsed()));
        let (mut now, mut heads) = self.archive.conversations.heads(&scopes, within)?;
        let last = self.last(others, now);
        let reach = LONGEST.saturating_add(now.0.saturating_sub(last.0));
        if reach > within {
            (now, heads) = self.archive.conversations.heads(&scopes, reach)?;
        }
        metrics::counter!("kefu_sweeps_total").increment(1);

        let mut noted = true;
        let mut strangers = Vec::new();
        for head in heads {
            match live.stand(head.conversation) {
                Some(told) if told.change >= head.change => {}
                None if !others.was_heard(head.scope) => strangers.push(head),
                // Of one that has changed lately, the last look would have made it known.
                _ => noted &= others.miss_seen(&head, self.shortest),
            }
        }
        let settled_for = now.0.saturating_sub(last.0).saturating_add(SETTLED);
        noted &= self.settle(live, others, strangers, settled_for.saturating_add(millis(began.elapsed())))?;

        live.drop_unheard(&heard, number);
        others.has_heard(&heard, number);
        if noted {
            self.looked = began;
            others.is_told_until(ago(now, began));
        }
        Ok(())
    }

    /// When the last look was, by the database's clock, which shows this now. It may have been set meanwhile, forward
    /// or back, and this process's may have stood still, as that of a machine that was asleep: the earliest counts.
    fn last(&self, others: &Others, now: Timestamp) -> Timestamp {
        let guess = ago(now, self.looked);
        let Some(until) = others.told_until() else { return others.began(guess) };
        if guess < until {
            others.is_told_until(guess);
        }
        guess.min(until)
    }

    /// Of conversations where nobody has listened before: those that have changed within so many milliseconds are noted,
    /// the others were there for whoever came. Says whether there was room for all.
    fn settle(&self, live: &Live, others: &Others, strangers: Vec<Head>, settled_for: i64) -> Result<bool, StoreError> {
        if strangers.is_empty() {
            return Ok(true);
        }
        let scopes: HashSet<_> = strangers.iter().map(|head| head.scope).collect();
        let scopes: Vec<_> = scopes.into_iter().collect();
        let (_, lately) = self.archive.conversations.heads(&scopes, settled_for)?;
        let lately: HashSet<_> = lately.into_iter().map(|head| head.conversation).collect();
        let mut noted = true;
        for head in strangers {
            if lately.contains(&head.conversation) {
                noted &= others.miss_seen(&head, self.shortest);
            } else {
                let stand = Stand { seq: head.seq, change: head.change };
                live.settle(others, head.conversation, head.scope, stand);
            }
        }
        Ok(noted)
    }
}
