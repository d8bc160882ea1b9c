//! A desk over the store in memory, with people at both sides of it and somebody who writes down what is told.
#![allow(dead_code, reason = "each test file uses its part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

pub(crate) mod counted;

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use kefu::domain::memory::MemoryStore;
use kefu::domain::{
    Admin, AdminId, Announcement, Announcer, ClientMsgId, Content, ConversationId, ConversationRepository, Event,
    Handed, Kind, Member, MemberId, MessageRepository, MockAdminDirectory, MockMemberDirectory, Profile, Scope, Store,
    TenantId, Typing, What,
};
use kefu::{AdminDesk, Builder, Desk, MemberDesk, Post};

pub(crate) const SHOP: Scope = Scope::platform(TenantId(1));

pub(crate) fn member(id: i64) -> Member {
    Member { scope: SHOP, id: MemberId(id) }
}

pub(crate) fn admin(id: i64) -> Admin {
    Admin { scope: SHOP, id: AdminId(id) }
}

/// Writes down what is told, and with it whether the store had it by then.
#[derive(Clone)]
pub(crate) struct Ear {
    pub(crate) store: MemoryStore,
    pub(crate) heard: Arc<Mutex<Vec<Event>>>,
    pub(crate) premature: Arc<Mutex<usize>>,
    pub(crate) kept: Arc<Mutex<Vec<Handed>>>,
    pub(crate) keeps: bool,
    pub(crate) typing: Arc<Mutex<Vec<Typing>>>,
    /// Rung when something was told.
    pub(crate) bell: Arc<Condvar>,
}

impl Announcer for Ear {
    fn whisper(&self, typing: &Typing) {
        self.typing.lock().unwrap().push(*typing);
    }

    fn scopes(&self) -> Vec<Scope> {
        vec![SHOP]
    }

    fn announce(&self, news: Vec<Announcement>) {
        for news in news {
            if let What::Posted(message) = &news.event.what
                && !self.store.messages(message.conversation).iter().any(|stored| stored.id == message.id)
            {
                *self.premature.lock().unwrap() += 1;
            }
            if self.keeps {
                self.kept.lock().unwrap().extend(news.handed);
            }
            self.heard.lock().unwrap().push(news.event);
        }
        self.bell.notify_all();
    }
}

impl Ear {
    pub(crate) fn new(store: &MemoryStore) -> Self {
        Self {
            store: store.clone(),
            heard: Arc::default(),
            premature: Arc::default(),
            kept: Arc::default(),
            keeps: false,
            typing: Arc::default(),
            bell: Arc::default(),
        }
    }

    /// The numbers of the messages that were told, in order.
    pub(crate) fn seqs(&self) -> Vec<i64> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter_map(|event| if let What::Posted(m) = &event.what { Some(m.seq) } else { None }).collect()
    }

    /// Waits until what was told is enough; panics after 20 s.
    pub(crate) fn wait_until(&self, enough: impl Fn(&[Event]) -> bool) {
        let heard = self.heard.lock().unwrap();
        let patience = Duration::from_secs(20);
        let (heard, waited) = self.bell.wait_timeout_while(heard, patience, |heard| !enough(heard)).unwrap();
        assert!(!waited.timed_out(), "{heard:#?}");
    }

    pub(crate) fn reads(&self) -> usize {
        self.heard.lock().unwrap().iter().filter(|event| matches!(event.what, What::Read(..))).count()
    }
}

pub(crate) struct Room {
    pub(crate) store: MemoryStore,
    pub(crate) ear: Ear,
    pub(crate) desk: Desk,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self::built(|builder| builder)
    }

    pub(crate) fn built(settings: impl FnOnce(Builder) -> Builder) -> Self {
        let store = MemoryStore::new();
        let ear = Ear::new(&store);
        Self::with(store, ear, settings)
    }

    pub(crate) fn with(store: MemoryStore, ear: Ear, settings: impl FnOnce(Builder) -> Builder) -> Self {
        Self::over(store.clone(), store, ear, settings)
    }

    /// A desk over something that stands before the store.
    pub(crate) fn over<S>(before: S, store: MemoryStore, ear: Ear, settings: impl FnOnce(Builder) -> Builder) -> Self
    where
        S: Store + ConversationRepository + MessageRepository + 'static,
    {
        let mut members = MockMemberDirectory::new();
        members.expect_denies().returning(|_, _| Ok(false));
        members.expect_profiles().returning(|_, _| Ok(std::collections::HashMap::new()));
        let mut admins = MockAdminDirectory::new();
        admins.expect_profiles().returning(|_, _| Ok(std::collections::HashMap::new()));
        let desk = settings(kefu::builder(before, members, admins, ear.clone())).build();
        Self { store, ear, desk }
    }

    pub(crate) fn member(&self, id: i64) -> MemberDesk {
        self.desk.member(member(id), Profile::default())
    }

    pub(crate) fn admin(&self, id: i64) -> AdminDesk {
        self.desk.admin(admin(id), Profile::default())
    }

    /// The member's conversation, opened.
    pub(crate) fn conversation(&self, id: i64) -> ConversationId {
        self.store.open(member(id)).unwrap()
    }
}

pub(crate) fn text(text: &str) -> Post {
    Post::new(Content::new(Kind::Text, text).unwrap())
}

pub(crate) fn keyed(key: &str, said: &str) -> Post {
    text(said).with_key(ClientMsgId::new(key).unwrap())
}

/// Lets every spawned task of this thread's runtime run until it waits.
pub(crate) async fn everybody_waits() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}
