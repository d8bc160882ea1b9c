//! A lane by itself, and jobs that have waited for a long time.

use std::sync::mpsc::{SyncSender, sync_channel};

use kefu_domain::memory::{At, Fault, MemoryStore};
use kefu_domain::{
    Act, Admin, AdminId, Announcement, Announcer, ClientMsgId, Command, Content, ConversationId,
    ConversationRepository, Cursor, Draft, Kind, Member, MemberId, Scope, ShopId, TenantId,
};

use super::*;
use crate::live::Bounds;

const ALICE: Member = Member { scope: Scope::platform(TenantId(1)), id: MemberId(1) };

/// Writes down the numbers of what is told.
#[derive(Default)]
struct Room(Mutex<Vec<i64>>);

impl Announcer for Room {
    fn announce(&self, news: Vec<Announcement>) {
        self.0.lock().unwrap().extend(news.into_iter().map(|news| news.event.after.head_seq));
    }
}

/// A process alone with its database.
struct House {
    store: MemoryStore,
    room: Arc<Room>,
    live: Arc<Live>,
    lane: Lane,
    entrance: Option<SyncSender<Job>>,
    id: ConversationId,
}

impl House {
    /// Alice has said something, and come back.
    fn new() -> Self {
        let store = MemoryStore::new();
        let room = Arc::new(Room::default());
        let bounds = Bounds { conversations: 10, messages: 10, bytes: 100_000, behind: 10, linger: Duration::ZERO };
        let live = Arc::new(Live::new(room.clone(), None, false, bounds));
        let (entrance, jobs) = sync_channel(10);
        let queue = Queue { jobs, limit: 10, room: 10 };
        let lane = Lane::new(Arc::new(store.clone()), live.clone(), queue, Arc::default(), "0".into());
        let id = store.open(ALICE).unwrap();
        let mut house = Self { store, room, live, lane, entrance: Some(entrance), id };
        house.carry("first", Duration::ZERO);
        house.live.was_read(&house.store.find(TenantId(1), &[ShopId(0)], id).unwrap().unwrap());
        assert!(house.remembers(1).is_some());
        house
    }

    /// Carries something that was said this long ago, whose sender has been answered.
    fn carry(&mut self, text: &str, age: Duration) {
        let key = ClientMsgId::new(text).unwrap();
        let draft = Draft { content: Content::new(Kind::Text, text).unwrap(), key, key_is_ours: false, quote: None };
        let (mut job, answer) = Job::new(Command::of_member(ALICE, self.id, Act::Send(draft)), None);
        job.arrived = job.arrived.checked_sub(age).unwrap();
        assert!(self.lane.carry(vec![job]).is_empty());
        drop(answer);
    }

    /// The same; its commit is done, the answer to it is lost, and then the database has these troubles.
    fn carry_in_doubt(&mut self, text: &str, age: Duration, troubles: &[Fault]) {
        let (store, gate) = (self.store.clone(), self.store.shut_gate());
        store.fail(At::Commit, 1, Fault::FateUnknown { applied: true });
        std::thread::scope(|threads| {
            threads.spawn(|| self.carry(text, age));
            gate.wait_for(1);
            troubles.iter().for_each(|trouble| store.fail(At::Begin, 1, *trouble));
            gate.open();
        });
    }

    /// How many messages somebody with so many is given from memory.
    fn remembers(&self, seq: i64) -> Option<usize> {
        let here = Cursor { conversation: self.id, seq, change: seq };
        self.live.recall(here).map(|since| since.messages.len())
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn what_may_have_been_done_is_asked_after_until_the_database_answers() {
    let mut house = House::new();

    house.carry_in_doubt("second", HOUR, &[Fault::Unavailable, Fault::Unavailable, Fault::Contended]);

    assert_eq!(*house.room.0.lock().unwrap(), [1, 2]);
    assert_eq!(house.remembers(1), Some(1));
}

#[test]
fn a_lane_that_was_stopped_gives_up_in_the_end_and_nothing_at_hand_claims_to_be_whole() {
    let mut house = House::new();
    house.entrance = None;

    house.carry_in_doubt("second", HOUR, &[]);

    assert_eq!(*house.room.0.lock().unwrap(), [1]);
    assert_eq!(house.remembers(1), None, "the second is not there");
}

#[test]
fn what_the_database_refuses_when_it_is_asked_after_leaves_nothing_at_hand_that_claims_to_be_whole() {
    let mut house = House::new();

    house.carry_in_doubt("second", Duration::ZERO, &[Fault::Failed]);
    assert_eq!(house.remembers(1), None, "the second is not there");
    house.carry("third", Duration::ZERO);

    assert_eq!(*house.room.0.lock().unwrap(), [1, 3], "who has not heard of the second sees that it is missing");
    assert_eq!(house.remembers(1), None);
}

#[test]
fn what_was_said_after_a_hiding_stays_in_the_list_although_the_hiding_is_asked_after() {
    let mut house = House::new();
    let agent = Admin { scope: ALICE.scope, id: AdminId(7) };
    let key = ClientMsgId::new("second").unwrap();
    let draft = Draft { content: Content::new(Kind::Text, "second").unwrap(), key, key_is_ours: false, quote: None };
    let (hides, hidden) = Job::new(Command::of_admin(agent, house.id, Act::Hide(None)), None);
    let (says, said) = Job::new(Command::of_member(ALICE, house.id, Act::Send(draft)), None);
    house.store.fail(At::Commit, 1, Fault::FateUnknown { applied: true });

    assert!(house.lane.carry(vec![hides, says]).is_empty());

    assert!(hidden.blocking_recv().unwrap().is_ok() && said.blocking_recv().unwrap().is_ok());
    let found = house.store.find(TenantId(1), &[ShopId(0)], house.id).unwrap().unwrap();
    assert_eq!((found.head_seq, found.hidden_from_desk), (2, false));
}
