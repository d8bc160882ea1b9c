//! Who comes to the proxy, and whether they are let in.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Shared;
use super::line::Line;
use crate::Dice;

/// More lines than any test opens; further ones are refused.
const MOST_LINES: usize = 12_000;

/// Takes in whoever comes, until it is aborted; the lines end with it.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>, mut dice: Dice) {
    let mut lines = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = lines.join_next() => continue,
        };
        let Ok((client, _)) = accepted else {
            // Too many open files: others have to close theirs first.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let refuses = shared.plan.borrow().refuses || shared.lines.load(Ordering::SeqCst) >= MOST_LINES;
        if refuses {
            send_away(client, &shared);
            continue;
        }
        let place = Place::take(&shared);
        let seeds = [dice.roll(), dice.roll()];
        lines.spawn(async move {
            let target = place.0.plan.borrow().target;
            match TcpStream::connect(target).await {
                Ok(server) => {
                    place.0.counts.send_modify(|counts| counts.opened += 1);
                    Line::new(client, server, place.0.clone(), seeds).run().await;
                    place.0.counts.send_modify(|counts| counts.ended += 1);
                }
                Err(_) => send_away(client, &place.0),
            }
        });
    }
}

/// A line's place among the lines, given back however the line ends.
struct Place(Arc<Shared>);

impl Place {
    fn take(shared: &Arc<Shared>) -> Self {
        shared.lines.fetch_add(1, Ordering::SeqCst);
        Self(shared.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.lines.fetch_sub(1, Ordering::SeqCst);
    }
}

fn send_away(client: TcpStream, shared: &Shared) {
    // As if nobody listened: the client sees a reset and not an end.
    let _ = client.set_zero_linger();
    drop(client);
    shared.counts.send_modify(|counts| counts.refused += 1);
}
