//! One line of the proxy, from its opening to its end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::Shared;
use super::plan::{Cut, Flow, Plan, Way, memory, spring};
use crate::Dice;

/// How much is taken off a line at once, in bytes.
const PIECE: usize = 8 * 1_024;
/// How many pieces may be on their way in one direction; a line that is late holds this much and no more.
const ON_THE_WAY: usize = 32;
/// How long the sides of a line that was ended may take to end theirs.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Why a line does not go on.
enum End {
    /// The proxy cuts it.
    Cut(Cut),
    /// One side broke it.
    Broken,
}

pub(super) struct Line {
    client: TcpStream,
    server: TcpStream,
    shared: Arc<Shared>,
    seeds: [u64; 2],
    cuts: u64,
}

impl Line {
    pub(super) fn new(client: TcpStream, server: TcpStream, shared: Arc<Shared>, seeds: [u64; 2]) -> Self {
        let cuts = shared.plan.borrow().cuts.0;
        Self { client, server, shared, seeds, cuts }
    }

    /// Passes on until the line has ended.
    pub(super) async fn run(mut self) {
        for side in [&self.client, &self.server] {
            // A line that has broken already breaks below.
            let _ = side.set_nodelay(true);
        }
        let lost = AtomicBool::new(false);
        let pump = |way| Pump { way, shared: &self.shared, plan: self.shared.plan.subscribe(), lost: &lost };
        let (from_client, to_client) = self.client.split();
        let (from_server, to_server) = self.server.split();
        let (up, down) = (pump(Way::Up), pump(Way::Down));
        let [up_seed, down_seed] = self.seeds.map(Dice::new);
        let end = tokio::select! {
            end = until_cut(self.shared.plan.subscribe(), self.cuts, &lost) => Some(end),
            passed = async {
                tokio::try_join!(up.run(from_client, to_server, up_seed), down.run(from_server, to_client, down_seed))
            } => passed.err(),
        };
        if matches!(end, Some(End::Cut(_))) {
            self.shared.counts.send_modify(|counts| counts.cut += 1);
        }
        match end {
            None => {}
            Some(End::Cut(Cut::End)) => self.say_goodbye().await,
            Some(End::Cut(Cut::Reset) | End::Broken) => {
                let _ = (self.client.set_zero_linger(), self.server.set_zero_linger());
            }
        }
    }

    /// Ends both sides. Closing at once would reset a side that is still being written to.
    async fn say_goodbye(&mut self) {
        for side in [&mut self.client, &mut self.server] {
            let _ = side.shutdown().await;
        }
        let drain = |side| async move {
            let (side, mut bytes): (&mut TcpStream, _) = (side, [0; 1_024]);
            while side.read(&mut bytes).await.is_ok_and(|count| count > 0) {}
        };
        let _ = timeout(LAST_WORDS, async { tokio::join!(drain(&mut self.client), drain(&mut self.server)) }).await;
    }
}

/// Waits until all lines are cut, or until a line of which something vanished would have to go on.
async fn until_cut(mut plan: watch::Receiver<Plan>, cuts: u64, lost: &AtomicBool) -> End {
    loop {
        {
            let plan = plan.borrow_and_update();
            if plan.cuts.0 > cuts {
                return End::Cut(plan.cuts.1);
            }
            let vanishes = Way::BOTH.iter().any(|way| plan.road(*way).flow == Flow::Vanishes);
            if lost.load(Ordering::SeqCst) && !vanishes {
                return End::Cut(Cut::Reset);
            }
        }
        if plan.changed().await.is_err() {
            return End::Broken;
        }
    }
}

/// One way of a line.
struct Pump<'a> {
    way: Way,
    shared: &'a Shared,
    plan: watch::Receiver<Plan>,
    lost: &'a AtomicBool,
}

/// What is on its way, and when it arrives; without bytes it is the end.
struct Parcel {
    due: Instant,
    bytes: Vec<u8>,
}

impl Pump<'_> {
    async fn run(self, from: ReadHalf<'_>, to: WriteHalf<'_>, mut dice: Dice) -> Result<(), End> {
        let (queue, parcels) = mpsc::channel(ON_THE_WAY);
        let slices = Dice::new(dice.roll());
        tokio::try_join!(self.take_in(from, queue, dice), self.pass_on(parcels, to, slices)).map(|_| ())
    }

    async fn take_in(&self, from: ReadHalf<'_>, queue: mpsc::Sender<Parcel>, mut dice: Dice) -> Result<(), End> {
        let (mut plan, mut due) = (self.plan.clone(), Instant::now());
        loop {
            self.open(&mut plan).await;
            tokio::select! {
                ready = from.readable() => ready.map_err(|_| End::Broken)?,
                _ = plan.changed() => continue,
            }
            let mut bytes = vec![0; PIECE];
            let count = match from.try_read(&mut bytes) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(_) => return self.break_off().await,
            };
            bytes.truncate(count);
            let road = self.shared.plan.borrow().road(self.way);
            let jitter = u64::try_from(road.jitter.as_micros()).expect("a jitter of less than 500,000 years");
            let late = road.delay + Duration::from_micros(dice.below(jitter + 1));
            due = due.max(Instant::now() + late);
            if queue.send(Parcel { due, bytes }).await.is_err() || count == 0 {
                return Ok(());
            }
        }
    }

    async fn pass_on(
        &self,
        mut parcels: mpsc::Receiver<Parcel>,
        mut to: WriteHalf<'_>,
        mut dice: Dice,
    ) -> Result<(), End> {
        let (mut plan, mut tail) = (self.plan.clone(), Vec::new());
        while let Some(Parcel { due, bytes }) = parcels.recv().await {
            sleep_until(due).await;
            if self.open(&mut plan).await == Flow::Vanishes {
                self.lost.store(true, Ordering::SeqCst);
                continue;
            }
            if bytes.is_empty() {
                return to.shutdown().await.map_err(|_| End::Broken);
            }
            let mut closed = None;
            self.shared.plan.send_if_modified(|plan| {
                closed = spring(&mut plan.traps, self.way, &tail, &bytes);
                let keep = memory(&plan.traps, self.way);
                tail.extend_from_slice(&bytes);
                tail.drain(..tail.len().saturating_sub(keep));
                false
            });
            let pass = closed.as_ref().map_or(bytes.len(), |closed| closed.pass);
            if self.write(&mut to, &bytes[..pass], &mut dice).await.is_err() {
                return self.break_off().await;
            }
            if let Some(closed) = closed {
                return Err(End::Cut(closed.how));
            }
        }
        Ok(())
    }

    async fn write(&self, to: &mut WriteHalf<'_>, mut bytes: &[u8], dice: &mut Dice) -> io::Result<()> {
        while !bytes.is_empty() {
            let slice = self.shared.plan.borrow().road(self.way).slice;
            let most = slice.map_or(bytes.len(), |most| most.min(bytes.len()));
            let length = match slice {
                Some(_) => 1 + usize::try_from(dice.below(most as u64)).expect("it was one"),
                None => most,
            };
            to.write_all(&bytes[..length]).await?;
            self.shared.carried[self.way as usize].fetch_add(length as u64, Ordering::SeqCst);
            bytes = &bytes[length..];
            if slice.is_some() {
                // So that the other side may see the piece alone.
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// One side is gone. Where all vanishes, so does this.
    async fn break_off(&self) -> Result<(), End> {
        let mut plan = self.plan.clone();
        loop {
            if plan.borrow_and_update().road(self.way).flow != Flow::Vanishes || plan.changed().await.is_err() {
                return Err(End::Broken);
            }
            self.lost.store(true, Ordering::SeqCst);
        }
    }

    /// Waits until something may pass, and says whether it arrives.
    async fn open(&self, plan: &mut watch::Receiver<Plan>) -> Flow {
        loop {
            let flow = plan.borrow_and_update().road(self.way).flow;
            if flow != Flow::Stalls {
                return flow;
            }
            if plan.changed().await.is_err() {
                return Flow::Vanishes;
            }
        }
    }
}
