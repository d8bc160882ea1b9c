//! One promise at a time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kefu_domain::memory::MemoryStore;
use kefu_domain::{
    Act, Admin, AdminId, Announcement, Announcer, ClientMsgId, Command, Content, ConversationId,
    ConversationRepository, Cursor, Draft, Event, Handed, Kind, Member, MemberId, MockAdminDirectory, Outline, Scope,
    Side, Store, TenantId, Timestamp, What, rules,
};

use crate::archive::{Archive, PAGE};
use crate::live::follower::Reader;
use crate::live::{Bounds, Live, Told};

const SHOP: Scope = Scope::platform(TenantId(1));
const BOUNDS: Bounds = Bounds { conversations: 1_000, messages: 64, bytes: 1 << 20, behind: 1_000 };

/// Writes down what is told, to whoever listens there.
struct Room(Mutex<Vec<Event>>, Mutex<Vec<Scope>>);

impl Announcer for Room {
    fn announce(&self, news: Vec<Announcement>) {
        self.0.lock().unwrap().extend(news.into_iter().map(|news| news.event));
    }

    fn scopes(&self) -> Vec<Scope> {
        self.1.lock().unwrap().clone()
    }
}

/// One of several nodes, whose follower does what it is told to.
struct Node {
    store: MemoryStore,
    room: Arc<Room>,
    live: Arc<Live>,
    reader: Reader,
}

impl Node {
    fn new(bounds: Bounds, scopes: &[Scope]) -> Self {
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
    fn says(&self, member: i64, text: &str) -> Announcement {
        let me = Member { scope: SHOP, id: MemberId(member) };
        let id = self.store.open(me).unwrap();
        let key = ClientMsgId::new(format!("k{}", self.store.messages(id).len())).unwrap();
        let draft = Draft { content: Content::new(Kind::Text, text).unwrap(), key, key_is_ours: false, quote: None };
        let command = Command::of_member(me, id, Act::Send(draft));
        Announcement { event: self.commit(&command), avatar: None, handed: None }
    }

    fn commit(&self, command: &Command) -> Event {
        let mut transaction = self.store.begin(&[command.need(false)]).unwrap();
        let done = rules::run(transaction.work(), command).unwrap();
        let committed = transaction.commit().unwrap();
        done.event(&committed, false).unwrap()
    }

    /// Somebody at this node reads the conversation in the database.
    fn resumes(&self, id: ConversationId) {
        self.live.was_read(&self.store.find(TenantId(1), &[SHOP.shop], id).unwrap().unwrap());
    }

    fn later(&self, millis: i64) {
        self.store.set_now(Timestamp(self.store.now().0 + millis));
    }

    fn tell(&self, news: Announcement) {
        self.live.tell(vec![Told { news, found_again: false }]);
    }

    fn look(&mut self) {
        self.reader.look(&self.live, self.live.others.as_ref().unwrap()).unwrap();
    }

    fn read(&mut self) {
        self.reader.read_all(&self.live, self.live.others.as_ref().unwrap()).unwrap();
    }

    /// The numbers of the messages that were told, in order.
    fn told(&self) -> Vec<i64> {
        let seqs = |event: &Event| match &event.what {
            What::Posted(message) => vec![message.seq],
            What::CaughtUp(since) => since.messages.iter().map(|message| message.seq).collect(),
            _ => Vec::new(),
        };
        self.room.0.lock().unwrap().iter().flat_map(seqs).collect()
    }

    fn missing(&self) -> bool {
        !self.live.others.as_ref().unwrap().behind.is_empty()
    }
}

fn handed(news: Announcement) -> (Announcement, std::sync::Weak<impl Sized>) {
    let guard = Arc::new(());
    let waits = Arc::downgrade(&guard);
    let handed: Handed = guard;
    (Announcement { handed: Some(handed), ..news }, waits)
}

#[test]
fn nobody_waits_for_news_that_are_told_by_somebody_else() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    node.tell(node.says(1, "first"));
    let missed = node.says(1, "second, elsewhere");
    let (early, waits) = handed(node.says(1, "third"));

    node.tell(early);
    assert!(waits.upgrade().is_none(), "it is read, and told then");
    assert_eq!(node.told(), [1]);
    node.read();
    let (late, waits) = handed(missed);
    node.tell(late);

    assert!(waits.upgrade().is_none(), "it was told");
    assert_eq!((node.told(), node.missing()), (vec![1, 2, 3], false));
}

#[test]
fn of_an_unknown_conversation_the_last_ten_seconds_are_told_and_the_news_that_came() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    for text in ["yesterday", "a minute ago"] {
        node.says(1, text);
    }
    node.later(60_000);
    node.look();
    node.later(1_000);
    node.says(1, "a second ago, elsewhere");

    node.tell(node.says(1, "now"));
    node.read();

    assert_eq!(node.told(), [3, 4]);
    let mut slow = Node::new(BOUNDS, &[SHOP]);
    slow.says(1, "yesterday");
    let news = slow.says(1, "said long ago, committed now");
    slow.later(60_000);
    slow.look();
    slow.live.forget(news.event.after.conversation);
    slow.tell(news);
    slow.read();
    assert_eq!(slow.told(), [2], "its own news are told, however old");
}

#[test]
fn what_nobody_listens_to_is_not_read() {
    let mut node = Node::new(BOUNDS, &[]);
    node.tell(node.says(1, "first"));
    node.says(1, "missed");
    node.tell(node.says(1, "third"));
    assert!(node.missing());

    // A read would be told.
    node.read();

    assert_eq!((node.told(), node.missing()), (vec![1], false));
    assert!(node.live.heads(&[ConversationId(1)]).is_empty(), "it is unknown again");
}

#[test]
fn what_was_found_done_and_may_have_been_another_change_is_read_before_it_is_told() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    let first = node.says(1, "first");
    node.tell(first.clone());
    let pinned = node.commit(&Command::of_admin(
        Admin { scope: SHOP, id: AdminId(7) },
        first.event.after.conversation,
        Act::Pin(true),
    ));

    // A reading whose commit was not answered, found done when somebody else had pinned: the numbers are the pin's.
    let read = Event { what: What::Read(Side::Desk, 1), ..pinned };
    node.live.tell(vec![Told { news: Announcement { event: read, ..first }, found_again: true }]);
    assert_eq!(node.room.0.lock().unwrap().len(), 1);
    node.read();

    let told = node.room.0.lock().unwrap().clone();
    assert!(matches!(&told[1..], [one] if matches!(one.what, What::CaughtUp(_)) && one.after.pinned), "{told:?}");
}

#[test]
fn a_message_that_was_found_done_says_which_change_it_was() {
    let node = Node::new(BOUNDS, &[SHOP]);
    node.tell(node.says(1, "first"));

    node.live.tell(vec![Told { news: node.says(1, "second"), found_again: true }]);

    assert_eq!((node.told(), node.missing()), (vec![1, 2], false));
}

#[test]
fn a_hint_that_does_not_say_exactly_what_its_change_was_is_not_taken_for_the_next() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    let first = node.says(1, "first");
    node.tell(first.clone());
    let second = node.says(1, "second");

    node.live.ear().hear(Announcement { event: Event { after: second.event.after, ..first.event }, ..first });
    assert_eq!(node.told(), [1], "it is the first again, with the second's numbers");
    node.read();

    assert_eq!(node.told(), [1, 2]);
}

#[test]
fn whoever_comes_to_a_scope_that_nobody_has_listened_to_shows_what_was_missed_there() {
    let mut node = Node::new(BOUNDS, &[]);
    let first = node.says(1, "first");
    let id = first.event.after.conversation;
    node.tell(first);
    node.says(1, "missed");
    node.later(600_000);
    node.look();
    node.room.1.lock().unwrap().push(SHOP);
    node.look();
    assert!(!node.missing(), "it is too long ago to be found by looking");

    node.resumes(id);
    node.read();

    assert_eq!(node.told(), [1, 2]);
}

#[test]
fn what_is_known_to_be_missing_is_told_however_long_it_waits() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    node.look();
    node.says(1, "missed");
    let second = node.says(1, "second");
    let id = second.event.after.conversation;
    node.tell(second);
    node.later(60_000);
    // Nothing is read meanwhile; whoever looks, and whoever comes back, finds that it has been quiet for long.
    node.look();
    node.look();
    node.resumes(id);

    node.read();

    assert_eq!(node.told(), [1, 2]);
}

#[test]
fn what_there_was_no_room_to_note_is_found_by_looking() {
    let mut node = Node::new(Bounds { behind: 1, ..BOUNDS }, &[SHOP]);
    node.look();
    for member in 1..=5 {
        node.tell(node.says(member, "first"));
        node.says(member, "missed");
        node.tell(node.says(member, "third"));
    }

    for _ in 0..5 {
        node.look();
        node.read();
    }

    let mut told = node.told();
    told.sort_unstable();
    assert_eq!(told, [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3]);
}

#[test]
fn what_a_lane_was_about_to_tell_is_not_read_after_all() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    node.tell(node.says(1, "first"));
    let second = node.says(1, "committed, not told yet");
    node.look();
    assert!(node.missing());
    node.tell(second);

    node.read();

    assert_eq!((node.told(), node.missing()), (vec![1, 2], false));
    let told = node.room.0.lock().unwrap();
    assert!(told.iter().all(|event| matches!(event.what, What::Posted(_))), "as it came: {told:?}");
}

#[test]
fn a_conversation_that_is_behind_is_not_answered_from_memory() {
    let mut node = Node::new(BOUNDS, &[SHOP]);
    let first = node.says(1, "first");
    let id = first.event.after.conversation;
    node.tell(first);
    node.resumes(id);
    let here = Cursor { conversation: id, seq: 1, change: 1 };
    assert_eq!(node.live.recall(here).unwrap().messages, []);

    node.says(1, "missed");
    node.tell(node.says(1, "third"));
    assert_eq!(node.live.recall(here), None, "it is known to be old");
    node.read();

    let seqs = |since: kefu_domain::Since| since.messages.iter().map(|message| message.seq).collect::<Vec<_>>();
    assert_eq!(node.live.recall(here).map(seqs), Some(vec![2, 3]));
}

#[test]
fn what_is_kept_of_a_scope_that_nobody_listens_to_any_more_is_dropped_when_nobody_looks_there() {
    let mut node = Node::new(BOUNDS, &[]);
    let first = node.says(1, "first");
    let id = first.event.after.conversation;
    node.tell(first);
    node.resumes(id);
    let here = Cursor { conversation: id, seq: 1, change: 1 };
    assert!(node.live.recall(here).is_some());

    node.look();

    assert_eq!(node.live.recall(here), None);
}

#[test]
fn what_is_kept_stays_within_its_bounds() {
    let bounds = Bounds { messages: 8, bytes: 200_000, conversations: 300, behind: 10 };
    let room = Arc::new(Room(Mutex::default(), Mutex::default()));
    let node = Node::new(BOUNDS, &[SHOP]);
    let live = Live::new(room, None, false, bounds);
    for round in 0..20 {
        for member in 1..=400 {
            let news = node.says(member, &"x".repeat(500));
            let id = news.event.after.conversation;
            live.tell(vec![Told { news, found_again: false }]);
            live.was_read(&node.store.find(TenantId(1), &[SHOP.shop], id).unwrap().unwrap());
        }
        live.told.run_pending_tasks();
        assert!(live.rings.weight() <= bounds.bytes, "{} bytes in round {round}", live.rings.weight());
        assert!(live.told.entry_count() <= bounds.conversations);
    }
    assert!(live.rings.weight() > bounds.bytes / 2, "and uses them");

    let news = node.says(1, "last");
    let id = news.event.after.conversation;
    live.was_read(&node.store.find(TenantId(1), &[SHOP.shop], id).unwrap().unwrap());
    let newest = Outline::from(&node.store.find(TenantId(1), &[SHOP.shop], id).unwrap().unwrap());
    assert!(live.recall(newest.cursor()).is_some(), "whoever came last is remembered");
}
