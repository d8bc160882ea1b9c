//! One of several nodes, which does what a test tells it to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kefu_domain::memory::MemoryStore;
use kefu_domain::{
    Act, Announcement, Announcer, ClientMsgId, Command, Content, ConversationId, ConversationRepository, Draft, Event,
    Kind, Member, MemberId, MockAdminDirectory, Scope, Store, TenantId, Timestamp, What, rules,
};

use crate::archive::{Archive, PAGE};
use crate::live::follower::Reader;
use crate::live::{Bounds, Live, Told};

pub(super) const SHOP: Scope = Scope::platform(TenantId(1));
pub(super) const BOUNDS: Bounds =
    Bounds { conversations: 1_000, messages: 64, bytes: 1 << 20, behind: 1_000, linger: Duration::ZERO };

/// Writes down what is told, to whoever listens there.
pub(super) struct Room(pub(super) Mutex<Vec<Event>>, pub(super) Mutex<Vec<Scope>>);

impl Announcer for Room {
    fn announce(&self, news: Vec<Announcement>) {
        self.0.lock().unwrap().extend(news.into_iter().map(|news| news.event));
    }

    fn scopes(&self) -> Vec<Scope> {
        self.1.lock().unwrap().clone()
    }
}

/// One of several nodes, whose follower does what it is told to.
pub(super) struct Node {
    pub(super) store: MemoryStore,
    pub(super) room: Arc<Room>,
    pub(super) live: Arc<Live>,
    pub(super) reader: Reader,
}

impl Node {
    pub(super) fn new(bounds: Bounds, scopes: &[Scope]) -> Self {
        let store = MemoryStore::new();
        let room = Arc::new(Room(Mutex::default(), Mutex::new(scopes.to_vec())));
        let live = Arc::new(Live::new(room.clone(), None, true, bounds));
        let both = Arc::new(store.clone());
        let admins = Arc::new(MockAdminDirectory::new());
        let archive = Archive { conversations: both.clone(), messages: both, admins, page: PAGE };
        let reader = Reader { shortest: Duration::ZERO, ..Reader::new(&live, &Arc::new(archive)) };
        Self { store, room, live, reader }
    }

    /// A member says something at some node; what is told of it.
    pub(super) fn says(&self, member: i64, text: &str) -> Announcement {
        let me = Member { scope: SHOP, id: MemberId(member) };
        let id = self.store.open(me).unwrap();
        let key = ClientMsgId::new(format!("k{}", self.store.messages(id).len())).unwrap();
        let draft = Draft { content: Content::new(Kind::Text, text).unwrap(), key, key_is_ours: false, quote: None };
        let command = Command::of_member(me, id, Act::Send(draft));
        Announcement { event: self.commit(&command), avatar: None, handed: None }
    }

    pub(super) fn commit(&self, command: &Command) -> Event {
        let mut transaction = self.store.begin(&[command.need(false)]).unwrap();
        let done = rules::run(transaction.work(), command).unwrap();
        let committed = transaction.commit().unwrap();
        done.event(&committed, false).unwrap()
    }

    /// Somebody at this node reads the conversation in the database.
    pub(super) fn resumes(&self, id: ConversationId) {
        self.live.was_read(&self.store.find(TenantId(1), &[SHOP.shop], id).unwrap().unwrap());
    }

    pub(super) fn later(&self, millis: i64) {
        self.store.set_now(Timestamp(self.store.now().0 + millis));
    }

    pub(super) fn tell(&self, news: Announcement) {
        self.live.tell(vec![Told { news, found_again: false }]);
    }

    pub(super) fn look(&mut self) {
        self.reader.look(&self.live, self.live.others.as_ref().unwrap()).unwrap();
    }

    pub(super) fn read(&mut self) {
        self.reader.read_all(&self.live, self.live.others.as_ref().unwrap()).unwrap();
    }

    /// The numbers of the messages that were told, in order.
    pub(super) fn told(&self) -> Vec<i64> {
        let seqs = |event: &Event| match &event.what {
            What::Posted(message) => vec![message.seq],
            What::CaughtUp(since) => since.messages.iter().map(|message| message.seq).collect(),
            _ => Vec::new(),
        };
        self.room.0.lock().unwrap().iter().flat_map(seqs).collect()
    }

    pub(super) fn missing(&self) -> bool {
        !self.live.others.as_ref().unwrap().behind.is_empty()
    }
}
