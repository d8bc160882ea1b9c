//! Several shops at one desk: an agent who serves some of them, a member who writes to two, shops that are closed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Room, text};
use kefu::domain::{
    AdminId, Agent, ConversationId, ConversationPage, DirectoryError, ListCursor, Member, MemberId, MessagePage,
    Profile, Refusal, Scope, ShopDirectory, ShopId, Shops, Standing, StoreError, TenantId,
};
use kefu::{AdminDesk, Error, MemberDesk};

const A: ShopId = ShopId(5);
const B: ShopId = ShopId(6);
const CLOSED: ShopId = ShopId(8);
const SILENT: ShopId = ShopId(9);

/// Knows A and B, one shop that is closed, and one of which it cannot tell; counts how often it was asked.
#[derive(Clone, Default)]
struct Directory(Arc<AtomicUsize>);

impl ShopDirectory for Directory {
    fn standing(&self, scope: Scope) -> Result<Standing, DirectoryError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        match scope.shop {
            A | B => Ok(Standing::Open),
            CLOSED => Ok(Standing::Closed),
            SILENT => Err(DirectoryError("no answer".into())),
            _ => Ok(Standing::Unknown),
        }
    }
}

fn room() -> Room {
    Room::built(|builder| builder.shops(Directory::default()))
}

fn at(room: &Room, shop: ShopId, id: i64) -> MemberDesk {
    let scope = Scope { tenant: TenantId(1), shop };
    room.desk.member(Member { scope, id: MemberId(id) }, Profile::default())
}

fn agent(room: &Room, shops: &[ShopId]) -> AdminDesk {
    let shops: Shops = shops.iter().copied().collect();
    room.desk.admin(Agent { tenant: TenantId(1), shops, id: AdminId(7) }, Profile::default())
}

async fn opened(room: &Room, shop: ShopId, id: i64) -> ConversationId {
    at(room, shop, id).send(text("hello")).await.unwrap().message.conversation
}

fn page(limit: u32, after: Option<ListCursor>) -> ConversationPage {
    ConversationPage { limit, after, name: None }
}

async fn listed(agent: &AdminDesk, page: ConversationPage) -> Vec<ConversationId> {
    agent.conversations(page).await.unwrap().into_iter().map(|line| line.conversation.id).collect()
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, wanted: &Refusal) {
    match result {
        Err(Error::Refused(refusal)) => assert_eq!(&refusal, wanted),
        other => panic!("{other:?} where {wanted:?} was awaited"),
    }
}

#[tokio::test]
async fn a_member_has_a_conversation_at_each_shop() {
    let room = room();

    let (one, two) = (opened(&room, A, 1).await, opened(&room, B, 1).await);
    let platform = opened(&room, ShopId::PLATFORM, 1).await;

    assert!(one != two && one != platform && two != platform);
    for (shop, id) in [(A, one), (B, two), (ShopId::PLATFORM, platform)] {
        let history = at(&room, shop, 1).history(MessagePage::Newest(10)).await.unwrap();
        let found: Vec<_> = history.messages.iter().map(|message| (message.conversation, message.seq)).collect();
        assert_eq!(found, [(id, 1)]);
    }
    refused(at(&room, A, 1).read(two, None).await, &Refusal::NoSuchConversation(two));
    assert!(at(&room, B, 1).read(two, None).await.is_ok());
}

#[tokio::test]
async fn the_list_goes_over_all_shops_of_an_agent_in_one_order() {
    let room = room();
    let mut ids = Vec::new();
    for (n, shop) in (1..).zip([A, B, ShopId::PLATFORM, B, A, A, B, ShopId::PLATFORM]) {
        ids.push(opened(&room, shop, n).await);
    }
    let both = agent(&room, &[B, A]);
    both.pin(ids[1], true).await.unwrap();
    both.pin(ids[4], true).await.unwrap();
    both.hide(ids[5]).await.unwrap();

    let all = listed(&both, page(100, None)).await;

    assert_eq!(all, [ids[4], ids[1], ids[6], ids[3], ids[0]]);
    for limit in 1..=6 {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let lines = both.conversations(page(limit, after)).await.unwrap();
            let Some(last) = lines.last().map(|line| &line.conversation) else { break };
            after = Some(ListCursor { pinned: last.pinned, last: last.last.time, id: last.id });
            assert!(lines.len() <= limit as usize);
            pages.extend(lines.iter().map(|line| line.conversation.id));
        }
        assert_eq!(pages, all, "{limit} by {limit}");
    }
    assert_eq!(listed(&agent(&room, &[B]), page(100, None)).await, [ids[1], ids[6], ids[3]]);
    assert_eq!(listed(&agent(&room, &[ShopId::PLATFORM]), page(100, None)).await, [ids[7], ids[2]]);
    assert_eq!(listed(&agent(&room, &[]), page(100, None)).await, []);
}

#[tokio::test]
async fn an_agent_of_two_shops_does_everything_in_both() {
    let room = room();
    let both = agent(&room, &[A, B]);

    for shop in [A, B] {
        let id = opened(&room, shop, 1).await;
        assert_eq!(both.send(id, text("good day")).await.unwrap().message.seq, 2);
        assert_eq!(both.history(id, MessagePage::Newest(10)).await.unwrap().messages.len(), 2);
        both.read(id, None).await.unwrap();
        both.pin(id, true).await.unwrap();
        let found = both.conversation(id).await.unwrap().unwrap().conversation;
        assert_eq!((found.scope.shop, found.desk_unread, found.pinned), (shop, 0, true));
        both.hide(id).await.unwrap();
    }
    assert_eq!(listed(&both, page(10, None)).await, []);
}

#[tokio::test]
async fn another_shops_conversation_is_one_that_does_not_exist() {
    let room = room();
    let (here, there) = (opened(&room, A, 1).await, opened(&room, B, 1).await);
    let agent = agent(&room, &[A]);
    // What one agent may know by heart another may not.
    self::agent(&room, &[B]).send(there, text("good day")).await.unwrap();

    for id in [there, ConversationId(4_711)] {
        let missing = Refusal::NoSuchConversation(id);
        assert_eq!(agent.conversation(id).await.unwrap(), None);
        assert_eq!(agent.history(id, MessagePage::Newest(10)).await.unwrap().messages, []);
        refused(agent.send(id, text("hi")).await, &missing);
        refused(agent.read(id, None).await, &missing);
        refused(agent.read(id, Some(1)).await, &missing);
        refused(agent.pin(id, true).await, &missing);
        refused(agent.hide(id).await, &missing);
    }

    assert_eq!(room.store.messages(there).len(), 2);
    assert!(agent.send(here, text("hi")).await.is_ok());
}

#[tokio::test]
async fn a_shop_of_the_same_number_in_another_tenant_is_another_shop() {
    let room = room();
    let id = opened(&room, A, 1).await;
    let foreign = Agent { tenant: TenantId(2), shops: Shops::from(A), id: AdminId(7) };

    let foreign = room.desk.admin(foreign, Profile::default());

    assert_eq!(listed(&foreign, page(10, None)).await, []);
    assert_eq!(foreign.conversation(id).await.unwrap(), None);
    refused(foreign.send(id, text("hi")).await, &Refusal::NoSuchConversation(id));
}

#[tokio::test]
async fn a_shop_that_is_not_open_refuses_its_members() {
    let room = room();

    for (shop, refusal) in [(CLOSED, Refusal::ShopClosed(CLOSED)), (ShopId(99), Refusal::NoSuchShop(ShopId(99)))] {
        let member = at(&room, shop, 1);
        refused(member.send(text("hi")).await, &refusal);
        refused(member.history(MessagePage::Newest(10)).await, &refusal);
        refused(member.read(ConversationId(1), None).await, &refusal);
        refused(room.desk.admits(Scope { tenant: TenantId(1), shop }).await, &refusal);
    }

    assert!(room.ear.seqs().is_empty());
    let unsure = at(&room, SILENT, 1).send(text("hi")).await;
    assert!(matches!(unsure, Err(Error::Store(StoreError::Unavailable(_)))), "{unsure:?}");
}

#[tokio::test]
async fn a_closed_shop_s_agents_keep_the_history_and_write_nothing() {
    let room = room();
    let scope = Scope { tenant: TenantId(1), shop: CLOSED };
    let member = Member { scope, id: MemberId(1) };
    // From the time when it was open.
    let before = Room::with(room.store.clone(), room.ear.clone(), |builder| builder.shops(AlwaysOpen));
    let id = before.desk.member(member, Profile::default()).send(text("hi")).await.unwrap().message.conversation;
    let agent = agent(&room, &[CLOSED]);

    refused(agent.send(id, text("good day")).await, &Refusal::ShopClosed(CLOSED));

    assert_eq!(listed(&agent, page(10, None)).await, [id]);
    assert_eq!(agent.history(id, MessagePage::Newest(10)).await.unwrap().messages.len(), 1);
    assert!(agent.read(id, None).await.is_ok());
    assert!(agent.pin(id, true).await.is_ok() && agent.hide(id).await.is_ok());
}

struct AlwaysOpen;

impl ShopDirectory for AlwaysOpen {
    fn standing(&self, _: Scope) -> Result<Standing, DirectoryError> {
        Ok(Standing::Open)
    }
}

#[tokio::test]
async fn a_directory_is_not_asked_about_the_platform_nor_twice_in_a_moment_about_an_open_shop() {
    let directory = Directory::default();
    let asked = directory.0.clone();
    let room = Room::built(|builder| builder.shops(directory));

    for _ in 0..3 {
        opened(&room, ShopId::PLATFORM, 1).await;
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    for _ in 0..3 {
        opened(&room, A, 1).await;
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    for _ in 0..3 {
        assert!(at(&room, CLOSED, 1).send(text("hi")).await.is_err());
    }
    assert_eq!(asked.load(Ordering::SeqCst), 4, "one that opens again is open at once");
}

#[tokio::test]
async fn a_desk_that_was_told_of_no_shops_has_the_platform_only() {
    let room = Room::new();

    assert!(at(&room, ShopId::PLATFORM, 1).send(text("hi")).await.is_ok());
    refused(at(&room, A, 1).send(text("hi")).await, &Refusal::NoSuchShop(A));
}
