//! A story: what happens to the nodes and to those who come and go, how it ends, and what everybody has then.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use kefu_domain::memory::MemoryStore;
use kefu_domain::{Bus, ConversationRepository, Member, MemberId, MessageRepository, Scope, Store, Timestamp};

use super::client::Client;
use super::pieces::Meddled;
use super::world::{HEARD, Room, SMALL, Shared, Weather, Wire, admins};
use crate::archive::Archive;
use crate::live::follower::Reader;
use crate::live::{Bounds, Live};

const STEPS: u64 = 60;

pub(super) struct World {
    shared: Arc<Shared>,
    readers: Vec<Reader>,
    archive: Arc<Archive>,
    clients: Vec<Client>,
}

impl World {
    pub(super) fn new(seed: u64, weather: Weather) -> Self {
        let store = MemoryStore::new();
        let members = [(HEARD, 101), (HEARD, 102), (SMALL, 101)];
        let open = |(scope, id): (Scope, i64)| {
            let id = MemberId(id);
            (scope, id, store.open(Member { scope, id }).unwrap())
        };
        let room = |_| Arc::new(Room { heard: Mutex::default(), doors: Mutex::default() });
        let conversations = members.map(open).to_vec();
        let shared = Arc::new(Shared {
            store,
            weather,
            dice: Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            rooms: (0..weather.nodes).map(room).collect(),
            lives: OnceLock::new(),
            untold: (0..weather.nodes).map(|_| Mutex::default()).collect(),
            wire: Mutex::default(),
            conversations,
            over: Mutex::new(false),
            remembered: Mutex::new(0),
            interruptions: Mutex::new(150),
        });
        let linger = if seed.is_multiple_of(3) { Duration::from_secs(3_600) } else { Duration::ZERO };
        let bounds = if weather.forgetful {
            Bounds { conversations: 1, messages: 2, bytes: 3_000, behind: 1, linger }
        } else {
            Bounds {
                conversations: 1_000,
                messages: 8,
                bytes: 1 << 20,
                behind: if seed.is_multiple_of(2) { 1_000 } else { 1 },
                linger,
            }
        };
        let live = |node: usize| {
            let bus = weather.bus.then(|| Arc::new(Wire(Arc::downgrade(&shared), node)) as Arc<dyn Bus>);
            Arc::new(Live::new(shared.rooms[node].clone(), bus, weather.nodes > 1, bounds))
        };
        let lives: Vec<_> = (0..weather.nodes).map(live).collect();
        let meddled = Arc::new(Meddled(Arc::downgrade(&shared)));
        let archive = Arc::new(Archive {
            conversations: meddled.clone() as Arc<dyn ConversationRepository>,
            messages: meddled as Arc<dyn MessageRepository>,
            admins: admins(),
            page: u32::try_from(1 + seed % 7).unwrap(),
        });
        let reader = |live| Reader { shortest: Duration::ZERO, ..Reader::new(live, &archive) };
        let readers = lives.iter().map(reader).collect();
        let _ = shared.lives.set(lives);
        // Each has its own conversation, or, as an agent, all of the shop that is heard.
        let clients = (0..6).map(|number| Client::new(shared.conversations[number % 3].2, number % 3 == 2)).collect();
        Self { shared, readers, archive, clients }
    }

    /// A story: it happens, ends well, and is compared. Says how often memory was enough for whoever came back.
    pub(super) fn story(mut self) -> usize {
        for _ in 0..STEPS {
            if self.shared.weather.stalls && self.shared.all_have_looked() {
                self.shared.time_passes();
            }
            if self.shared.weather.forgetful {
                // What does not fit is dropped now, not when there is time for it.
                self.shared.lives.get().unwrap().iter().for_each(|live| live.told.run_pending_tasks());
            }
            match self.shared.roll(12) {
                0..=5 => self.shared.step(),
                6 => self.look(),
                7 => self.read(),
                8 | 9 => self.come_or_go(),
                10 => self.clients.iter_mut().for_each(|client| client.listen(&self.shared)),
                _ if self.may_jump() && self.shared.roll(4) == 0 => self.jump(),
                _ => self.read(),
            }
        }
        self.end();
        let remembered = *self.shared.remembered.lock().unwrap();
        self.compare();
        remembered
    }

    /// A clock that jumps before a node has ever looked at it is one that it cannot know of.
    fn may_jump(&self) -> bool {
        self.shared.weather.jumps && self.shared.all_have_looked()
    }

    /// What is done and read between a jump back and the next look nobody can make out.
    fn jump(&mut self) {
        let far = i64::try_from(self.shared.roll(100_000)).unwrap();
        let now = self.shared.store.now().0;
        if self.shared.roll(2) == 0 {
            return self.shared.store.set_now(Timestamp(now + far));
        }
        self.shared.store.set_now(Timestamp(now - far));
        *self.shared.over.lock().unwrap() = true;
        for (node, live) in self.shared.lives.get().unwrap().iter().enumerate() {
            self.readers[node].look(live, live.others.as_ref().unwrap()).unwrap();
        }
        *self.shared.over.lock().unwrap() = false;
    }

    fn look(&mut self) {
        let node = self.shared.index(self.readers.len());
        let live = self.shared.lives.get().unwrap()[node].clone();
        if let Some(others) = &live.others {
            let _ = self.readers[node].look(&live, others);
        }
    }

    fn read(&mut self) {
        let node = self.shared.index(self.readers.len());
        let live = self.shared.lives.get().unwrap()[node].clone();
        if let Some(others) = &live.others {
            let _ = self.readers[node].read_all(&live, others);
        }
    }

    fn come_or_go(&mut self) {
        let which = self.shared.index(self.clients.len());
        let client = &mut self.clients[which];
        if client.is_here() {
            client.listen(&self.shared);
            client.leave(&self.shared);
        } else {
            let node = self.shared.index(self.shared.rooms.len());
            client.come(&self.shared, &self.archive, node);
        }
    }

    /// Nothing new happens any more; what is on the wire is lost; the nodes find what they have missed.
    fn end(&mut self) {
        *self.shared.over.lock().unwrap() = true;
        self.shared.tell_all();
        self.shared.wire.lock().unwrap().clear();
        for client in &mut self.clients {
            // Alone, what a lane has given up to ask after is found by whoever comes back.
            if self.shared.weather.fates && self.shared.rooms.len() == 1 {
                client.listen(&self.shared);
                client.leave(&self.shared);
            }
            if !client.is_here() {
                client.come(&self.shared, &self.archive, 0);
            }
        }
        for (node, live) in self.shared.lives.get().unwrap().clone().iter().enumerate() {
            let Some(others) = &live.others else { continue };
            let patience = Instant::now() + Duration::from_secs(20);
            // Of those there is no room to note, each look finds another.
            for _ in 0..4 {
                self.readers[node].look(live, others).unwrap();
                while !others.behind.is_empty() {
                    let _ = self.readers[node].read_all(live, others);
                    assert!(Instant::now() < patience, "something is never read");
                }
            }
        }
    }

    fn compare(mut self) {
        for client in &mut self.clients {
            client.listen(&self.shared);
            client.compare(&self.shared);
        }
        // Whoever has listened from the beginning, to all of them.
        for (node, room) in self.shared.rooms.iter().enumerate() {
            let heard = room.heard.lock().unwrap().clone();
            for (scope, _, id) in &self.shared.conversations {
                if *scope == HEARD && !self.shared.weather.forgetful && self.shared.weather.nodes > 1 {
                    let mut listener = Client::from_the_beginning(*id, node);
                    heard.iter().for_each(|news| listener.apply(&self.shared, news, true));
                    listener.compare(&self.shared);
                }
            }
        }
    }
}
