//! The desk's handles: whose conversation, what "read" means, what a directory may say.

mod common;

use common::{Ear, Room, admin, member, text};
use kefu::Error;
use kefu::domain::memory::MemoryStore;
use kefu::domain::{
    Admin, AdminId, ConversationPage, MessagePage, MockAdminDirectory, MockMemberDirectory, Party, Profile, Refusal,
    Scope, TenantId,
};

fn no_such<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::Refused(Refusal::NoSuchConversation(_)))), "{result:?}");
}

#[tokio::test]
async fn somebody_elses_conversation_does_not_exist() {
    let room = Room::new();
    let id = room.member(1).send(text("mine")).await.unwrap().message.conversation;
    let stranger = Admin { scope: Scope::platform(TenantId(2)), id: AdminId(7) };
    let stranger = room.desk.admin(stranger, Profile::default());

    no_such(room.member(2).read(id, None).await);
    no_such(stranger.send(id, text("hello")).await);
    no_such(stranger.read(id, Some(1)).await);
    no_such(stranger.pin(id, true).await);
    no_such(stranger.hide(id).await);
    assert_eq!(stranger.conversation(id).await.unwrap(), None);
    assert!(stranger.history(id, MessagePage::Newest(10)).await.unwrap().messages.is_empty());
    assert_eq!(room.ear.seqs(), [1]);
}

#[tokio::test]
async fn both_sides_write_and_each_reads_the_other() {
    let room = Room::new();
    let id = room.member(1).send(text("question")).await.unwrap().message.conversation;
    room.admin(7).send(id, text("answer")).await.unwrap();

    let seen = room.member(1).history(MessagePage::Newest(10)).await.unwrap();
    room.admin(7).read(id, Some(1)).await.unwrap();
    room.member(1).read(id, None).await.unwrap();

    assert_eq!(seen.messages.iter().map(|message| message.seq).collect::<Vec<_>>(), [2, 1]);
    let now = room.admin(7).conversation(id).await.unwrap().unwrap().conversation;
    assert_eq!((now.desk_unread, now.desk_read_seq, now.member_read_seq), (0, 1, 2));
    assert_eq!(room.ear.reads(), 2);
}

#[tokio::test]
async fn read_without_a_number_means_what_was_shown() {
    let room = Room::new();
    let alice = room.member(1);
    let id = alice.send(text("one")).await.unwrap().message.conversation;
    alice.send(text("two")).await.unwrap();
    room.desk.shown(common::SHOP.tenant, Party::Admin(AdminId(7)), id, 1);

    room.admin(7).read(id, None).await.unwrap();

    assert_eq!(room.admin(7).conversation(id).await.unwrap().unwrap().conversation.desk_unread, 1);
    room.admin(8).read(id, None).await.unwrap();
    let now = room.admin(8).conversation(id).await.unwrap().unwrap().conversation;
    assert_eq!(now.desk_unread, 0, "of agent 8 nothing is remembered: all there was at arrival");
}

#[tokio::test]
async fn reading_what_is_read_costs_no_transaction() {
    let room = Room::new();
    let id = room.member(1).send(text("one")).await.unwrap().message.conversation;
    room.admin(7).read(id, None).await.unwrap();
    let before = room.store.counts().begins;

    room.admin(7).read(id, None).await.unwrap();
    room.admin(8).read(id, Some(1)).await.unwrap();
    room.admin(8).read(id, Some(-5)).await.unwrap();

    assert_eq!(room.store.counts().begins, before);
    assert_eq!(room.ear.reads(), 1);
}

#[tokio::test]
async fn a_hidden_conversation_returns_when_anybody_writes() {
    let room = Room::new();
    let everything = ConversationPage { limit: 100, after: None, name: None };
    let id = room.member(1).send(text("one")).await.unwrap().message.conversation;
    room.admin(7).hide(id).await.unwrap();
    assert!(room.admin(7).conversations(everything.clone()).await.unwrap().is_empty());
    assert!(room.admin(7).conversation(id).await.unwrap().is_some(), "hidden is not gone");

    room.admin(7).send(id, text("still there?")).await.unwrap();

    assert_eq!(room.admin(7).conversations(everything).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_conversation_without_messages_is_nowhere() {
    let room = Room::new();
    let id = room.conversation(1);

    assert_eq!(room.admin(7).conversation(id).await.unwrap(), None);
    assert!(room.member(2).history(MessagePage::Newest(10)).await.unwrap().messages.is_empty());
}

#[tokio::test]
async fn a_directory_that_knows_better_is_believed_and_one_that_is_down_is_not_waited_for() {
    for (denies, written) in [(Ok(true), false), (Ok(false), true), (Err("down"), true)] {
        let store = MemoryStore::new();
        let mut members = MockMemberDirectory::new();
        members
            .expect_denies()
            .once()
            .returning(move |_, _| denies.map_err(|why: &str| kefu::domain::DirectoryError(why.into())));
        let desk = kefu::builder(store.clone(), members, MockAdminDirectory::new(), Ear::new(&store)).build();
        let id = desk.member(member(1), Profile::default()).send(text("one")).await.unwrap().message.conversation;

        let sent = desk.admin(admin(7), Profile::default()).send(id, text("two")).await;

        assert_eq!(sent.is_ok(), written, "{sent:?}");
        assert_eq!(store.messages(id).len(), if written { 2 } else { 1 });
    }
}

#[tokio::test]
async fn names_and_pictures_are_shown_as_far_as_they_are_known() {
    let store = MemoryStore::new();
    let mut members = MockMemberDirectory::new();
    members.expect_denies().returning(|_, _| Ok(false));
    members.expect_profiles().returning(|_, _| Err(kefu::domain::DirectoryError("down".into())));
    let mut admins = MockAdminDirectory::new();
    let picture = Profile { nickname: None, avatar: Some("https://x/7.png".into()) };
    admins.expect_profiles().returning(move |_, _| Ok([(AdminId(7), picture.clone())].into()));
    let desk = kefu::builder(store.clone(), members, admins, Ear::new(&store)).build();
    let id = desk.member(member(1), Profile::default()).send(text("one")).await.unwrap().message.conversation;
    let agent = desk.admin(admin(7), Profile::default());
    agent.send(id, text("two")).await.unwrap();

    let history = agent.history(id, MessagePage::Newest(10)).await.unwrap();
    let listed = agent.conversation(id).await.unwrap().unwrap();

    assert_eq!(history.admins[&AdminId(7)].avatar.as_deref(), Some("https://x/7.png"));
    assert_eq!(listed.member, Profile::default());
}
