//! The store, the nodes, the wire between them, and what may happen next.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use kefu_domain::memory::MemoryStore;
use kefu_domain::{
    Act, Admin, AdminId, Announcement, Announcer, Bus, ClientMsgId, Command, Content, Conversation, ConversationId,
    ConversationRepository, Cursor, Deleted, Draft, Kind, Member, MemberId, Message, MessageId, MockAdminDirectory,
    Outline, Scope, ShopId, Since, Store, StoreError, TenantId, Timestamp, Typing, rules,
};

use crate::archive::Archive;
use crate::live::{Live, Told};

/// Somebody listens here all the time, at every node.
pub(super) const HEARD: Scope = Scope { tenant: TenantId(1), shop: ShopId(0) };
/// Here somebody does now and then.
pub(super) const SMALL: Scope = Scope { tenant: TenantId(1), shop: ShopId(2) };

/// What may happen in a story.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    pub(super) nodes: usize,
    /// There is a bus, which loses, repeats and reorders.
    pub(super) bus: bool,
    /// Reads fail now and then.
    pub(super) outages: bool,
    /// The database's clock is set forward, or back.
    pub(super) jumps: bool,
    /// The fate of a commit is unknown now and then, and now and then nobody finds it out.
    pub(super) fates: bool,
    /// Transactions take up to a minute between the look at the clock and the commit.
    pub(super) stalls: bool,
    /// Next to nothing is remembered.
    pub(super) forgetful: bool,
}

impl Weather {
    pub(super) const fn two_nodes() -> Self {
        Self { nodes: 2, bus: false, outages: false, jumps: false, fates: false, stalls: false, forgetful: false }
    }

    pub(super) const fn alone() -> Self {
        Self { nodes: 1, ..Self::two_nodes() }
    }
}

/// Who listens at a node, and what was told there.
pub(super) struct Room {
    pub(super) heard: Mutex<Vec<Announcement>>,
    /// Small shops with somebody at their door.
    pub(super) doors: Mutex<Vec<Scope>>,
}

impl Announcer for Room {
    fn announce(&self, news: Vec<Announcement>) {
        self.heard.lock().unwrap().extend(news);
    }

    fn scopes(&self) -> Vec<Scope> {
        let doors = self.doors.lock().unwrap();
        HashSet::<Scope>::from_iter(doors.iter().copied().chain([HEARD])).into_iter().collect()
    }
}

/// What a lane has yet to do after a commit.
pub(super) enum Due {
    Tell(Box<Told>),
    /// It gave up asking whether something was done.
    Doubt(ConversationId, Scope),
}

impl Due {
    fn conversation(&self) -> ConversationId {
        match self {
            Self::Tell(told) => told.news.event.after.conversation,
            Self::Doubt(id, _) => *id,
        }
    }

    fn happens(self, live: &Live) {
        match self {
            Self::Tell(told) => live.tell(vec![*told]),
            Self::Doubt(id, scope) => live.doubt(id, scope),
        }
    }
}

/// Everything but the clients: what a read may be interrupted by.
pub(super) struct Shared {
    pub(super) store: MemoryStore,
    pub(super) weather: Weather,
    pub(super) dice: Mutex<u64>,
    pub(super) rooms: Vec<Arc<Room>>,
    pub(super) lives: OnceLock<Vec<Arc<Live>>>,
    /// What lanes have committed and not told yet.
    pub(super) untold: Vec<Mutex<VecDeque<Due>>>,
    pub(super) wire: Mutex<Vec<(usize, Announcement)>>,
    pub(super) conversations: Vec<(Scope, MemberId, ConversationId)>,
    pub(super) over: Mutex<bool>,
    /// How often somebody who came back was answered from memory.
    pub(super) remembered: Mutex<usize>,
    /// How often a read may still be interrupted.
    pub(super) interruptions: Mutex<u32>,
}

pub(super) struct Wire(pub(super) Weak<Shared>, pub(super) usize);

impl Bus for Wire {
    fn publish(&self, news: &[Announcement]) {
        let shared = self.0.upgrade().unwrap();
        let others = (0..shared.rooms.len()).filter(|node| *node != self.1);
        let sent = others.flat_map(|node| news.iter().map(move |one| (node, one.clone())));
        assert!(news.iter().all(|one| one.handed.is_none()), "nobody waits for another node");
        shared.wire.lock().unwrap().extend(sent);
    }

    fn whisper(&self, _: &Typing) {}
}

impl Shared {
    /// A number below `below`.
    pub(super) fn roll(&self, below: u64) -> u64 {
        let mut dice = self.dice.lock().unwrap();
        *dice ^= *dice << 13;
        *dice ^= *dice >> 7;
        *dice ^= *dice << 17;
        (*dice >> 11) % below.max(1)
    }

    pub(super) fn index(&self, length: usize) -> usize {
        usize::try_from(self.roll(length as u64)).unwrap()
    }

    fn is_over(&self) -> bool {
        *self.over.lock().unwrap()
    }

    /// Before and after each question to the database.
    pub(super) fn meddle(&self) {
        while !self.is_over() && self.roll(3) == 0 {
            // Somebody who reads one message at a time may be slower than those who write.
            let mut left = self.interruptions.lock().unwrap();
            if *left == 0 {
                return;
            }
            *left -= 1;
            drop(left);
            self.step();
        }
    }

    /// Whether a question goes wrong.
    pub(super) fn trouble(&self) -> Option<StoreError> {
        let strikes = self.weather.outages && !self.is_over() && self.roll(6) == 0;
        let planned = "planned by a test".into();
        strikes.then(|| if self.roll(2) == 0 { StoreError::Unavailable(planned) } else { StoreError::Failed(planned) })
    }

    pub(super) fn step(&self) {
        match self.roll(9) {
            0..=3 => self.deed(),
            4..=6 => self.tell_some(self.index(self.rooms.len())),
            _ => self.deliver(),
        }
    }

    /// A lane tells the oldest of what it has committed.
    fn tell_some(&self, node: usize) {
        let mut untold = self.untold[node].lock().unwrap();
        let some = self.index(3).min(untold.len());
        let due: Vec<_> = untold.drain(..some).collect();
        drop(untold);
        due.into_iter().for_each(|due| due.happens(&self.lives.get().unwrap()[node]));
    }

    pub(super) fn tell_all(&self) {
        for (node, live) in self.lives.get().unwrap().iter().enumerate() {
            let due: Vec<_> = self.untold[node].lock().unwrap().drain(..).collect();
            due.into_iter().for_each(|due| due.happens(live));
        }
    }

    /// The bus brings something, or loses it, or brings it and keeps a copy.
    fn deliver(&self) {
        let mut wire = self.wire.lock().unwrap();
        if wire.is_empty() {
            return;
        }
        let at = if self.roll(3) == 0 { self.index(wire.len()) } else { 0 };
        let fate = self.roll(6);
        let (node, news) = if fate == 0 { wire[at].clone() } else { wire.remove(at) };
        drop(wire);
        if fate != 1 {
            self.lives.get().unwrap()[node].ear().hear(news);
        }
    }

    /// Somebody does something at some node: committed, and not told yet.
    fn deed(&self) {
        let node = self.index(self.rooms.len());
        let (scope, member, id) = self.conversations[self.index(self.conversations.len())];
        let stored = self.store.messages(id);
        let some = MessageId(1 + i64::try_from(self.roll(40)).unwrap());
        let named = stored.get(self.index(stored.len().max(1))).map_or(some, |message| message.id);
        let by_member = self.roll(2) == 0;
        // A conversation without a message is in no list, and nobody looks for it.
        let act = match self.roll(10) {
            what if what < 5 || stored.is_empty() => Act::Send(Draft {
                content: Content::new(Kind::Text, &format!("text {}", self.roll(1_000_000))).unwrap(),
                key: ClientMsgId::new(format!("k{}", self.roll(u64::MAX))).unwrap(),
                key_is_ours: false,
                quote: (self.roll(5) == 0 && !stored.is_empty()).then_some(named),
            }),
            5 | 6 => Act::ReadUpTo(i64::try_from(self.roll(20)).unwrap()),
            7 if by_member => Act::Delete(named),
            7 => {
                if self.roll(2) == 0 {
                    Act::Hide(None)
                } else {
                    Act::Pin(self.roll(2) == 0)
                }
            }
            8 => Act::Revoke { message: named, within: 1_000_000 },
            _ => Act::Delete(named),
        };
        let command = if by_member {
            Command::of_member(Member { scope, id: member }, id, act)
        } else {
            Command::of_admin(Admin { scope, id: AdminId(7) }, id, act)
        };
        let Some((done, committed)) = self.commit_late(&command) else { return };
        let mut event = done.event(&committed, false);
        let mut found_again = false;
        if self.weather.fates && event.is_some() && self.roll(8) == 0 {
            // Its answer was lost; others write before it is asked after.
            for _ in 0..self.roll(2) {
                if self.rooms.len() > 1 {
                    self.write_elsewhere(1 - node, scope, member, id);
                }
            }
            if self.roll(4) == 0 {
                return self.untold[node].lock().unwrap().push_back(Due::Doubt(id, scope));
            }
            found_again = true;
            event = self.commit(&command, true).and_then(|(done, committed)| done.event(&committed, true));
        }
        if let Some(event) = event {
            let news = Announcement { event, avatar: None, handed: None };
            self.untold[node].lock().unwrap().push_back(Due::Tell(Box::new(Told { news, found_again })));
        }
    }

    fn write_elsewhere(&self, node: usize, scope: Scope, member: MemberId, id: ConversationId) {
        let key = ClientMsgId::new(format!("e{}", self.roll(u64::MAX))).unwrap();
        let content = Content::new(Kind::Text, "meanwhile").unwrap();
        let act = if self.roll(2) == 0 {
            Act::Send(Draft { content, key, key_is_ours: false, quote: None })
        } else {
            Act::ReadUpTo(20)
        };
        let command = Command::of_member(Member { scope, id: member }, id, act);
        let Some((done, committed)) = self.commit(&command, false) else { return };
        if let Some(event) = done.event(&committed, false) {
            let news = Announcement { event, avatar: None, handed: None };
            self.untold[node].lock().unwrap().push_back(Due::Tell(Box::new(Told { news, found_again: false })));
        }
    }

    /// The same, after a while in which the clock went on. Where nobody has listened before, what takes so long is found
    /// by whoever asks.
    fn commit_late(&self, command: &Command) -> Option<(rules::Done, kefu_domain::Committed)> {
        if !self.weather.stalls || command.scope != HEARD || !self.all_have_looked() || self.roll(4) > 0 {
            return self.commit(command, false);
        }
        let now = self.store.now();
        self.store.set_now(Timestamp(now.0 - i64::try_from(self.roll(55_000)).unwrap()));
        let committed = self.commit(command, false);
        self.store.set_now(now);
        committed
    }

    pub(super) fn time_passes(&self) {
        let millis = i64::try_from(self.roll(20_000)).unwrap();
        self.store.set_now(Timestamp(self.store.now().0 + millis));
    }

    pub(super) fn all_have_looked(&self) -> bool {
        let has_looked = |live: &Arc<Live>| live.others.as_ref().is_some_and(|others| others.told_until().is_some());
        self.lives.get().unwrap().iter().all(has_looked)
    }

    fn commit(&self, command: &Command, again: bool) -> Option<(rules::Done, kefu_domain::Committed)> {
        let mut transaction = self.store.begin(&[command.need(again)]).unwrap();
        let done = rules::run(transaction.work(), command).ok()?;
        if transaction.work().is_untouched() {
            return Some((done, kefu_domain::Committed::default()));
        }
        let committed = transaction.commit().unwrap();
        Some((done, committed))
    }

    /// As a desk answers whoever comes back; `None` while the database does not answer.
    pub(super) fn resume(&self, node: usize, archive: &Archive, from: Cursor) -> Option<Since> {
        let live = &self.lives.get().unwrap()[node];
        if let Some(since) = live.recall(from) {
            self.check_memory(from, &since);
            return Some(since);
        }
        let place = self.conversations.iter().find(|(_, _, id)| *id == from.conversation).unwrap();
        let found = archive.conversations.find(place.0.tenant, &[place.0.shop], from.conversation).ok()??;
        let since = archive.resume(Outline::from(&found), Some(from)).ok()?;
        live.was_read(&found);
        Some(since)
    }

    /// What is remembered is what the store would say, unless a lane is about to tell more.
    fn check_memory(&self, from: Cursor, since: &Since) {
        *self.remembered.lock().unwrap() += 1;
        let asked = self.straight(from);
        if asked.outline.change != since.outline.change {
            let is_due = |due: &Due| due.conversation() == from.conversation;
            let told_in_a_moment = self.untold.iter().any(|untold| untold.lock().unwrap().iter().any(is_due));
            assert!(self.rooms.len() > 1 || told_in_a_moment, "something is never told, and what is at hand hides it");
            return;
        }
        // Passing what was taken back is silent, and marks it as read.
        let plain = |messages: &[Message]| -> Vec<_> {
            let read = |one: &Message| one.read || one.revoked.is_some() || one.deleted != Deleted::default();
            messages.iter().map(|one| Message { read: read(one), ..one.clone() }).collect()
        };
        assert_eq!(plain(&since.messages), plain(&asked.messages), "messages since {from:?}");
        assert_eq!(plain(&since.changed), plain(&asked.changed), "altered since {from:?}");
        assert_eq!((since.reset, since.more), (false, false));
    }

    /// What is new, straight from the store.
    pub(super) fn straight(&self, from: Cursor) -> Since {
        let store = Arc::new(self.store.clone());
        let archive = Archive { conversations: store.clone(), messages: store, admins: admins(), page: 1_000 };
        let outline = Outline::from(&self.found(from.conversation));
        archive.missed(outline, from).unwrap()
    }

    pub(super) fn opens_door(&self, node: usize, scope: Scope) {
        self.rooms[node].doors.lock().unwrap().push(scope);
    }

    pub(super) fn closes_door(&self, node: usize, scope: Scope) {
        let mut doors = self.rooms[node].doors.lock().unwrap();
        let at = doors.iter().position(|one| *one == scope).unwrap();
        doors.remove(at);
    }

    pub(super) fn found(&self, id: ConversationId) -> Conversation {
        let shops = [HEARD.shop, SMALL.shop];
        self.store.find(TenantId(1), &shops, id).unwrap().unwrap()
    }

    pub(super) fn messages(&self, id: ConversationId) -> Vec<Message> {
        self.store.messages(id)
    }
}

/// Nobody is known.
pub(super) fn admins() -> Arc<MockAdminDirectory> {
    let mut admins = MockAdminDirectory::new();
    admins.expect_profiles().returning(|_, _| Ok(std::collections::HashMap::new()));
    Arc::new(admins)
}
