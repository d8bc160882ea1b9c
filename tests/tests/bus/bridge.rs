//! Beside the Java nodes of a mall: what they are told, and what they say.

use futures_util::FutureExt as _;
use kefu_bus::Settings;
use kefu_domain::{AdminId, Bus as _, Event, MemberId, Party, Permission, Scope, ShopId, Side, TenantId, What};
use kefu_push::{Guest, Inbox, Seat};
use kefu_tests::{Cut, FaultProxy, Way, java_mail, shared_redis};
use serde_json::{Value, json};

use crate::house::{ALICE, DESK, Node, Street, announcement, at_shop, frame, outline, posted};

fn bridged(street: &Street) -> Settings {
    street.settings().with_mall_bridge(street.bridge())
}

fn sit(node: &Node, scope: Scope, party: Party, permissions: &[Permission]) -> (Seat, Inbox) {
    node.hub.join(Guest { permissions: permissions.to_vec(), ..Guest::new(scope, party) })
}

fn plain(kind: &str, content: &str) -> String {
    json!({"type": kind, "content": content}).to_string()
}

fn same(frame: &str, expected: &str) {
    let [frame, expected] = [frame, expected].map(|text| serde_json::from_str::<Value>(text).unwrap());
    assert_eq!(frame, expected);
}

#[tokio::test]
async fn java_nodes_are_told_once_each_for_the_member_and_for_the_admins_and_no_node_of_ours_tells_it_again() {
    let street = Street::at(shared_redis());
    let (a, b) = tokio::join!(Node::start(bridged(&street)), Node::start(bridged(&street)));
    let mut java = street.java().await;
    let seats = [&a, &b].map(|node| {
        let reader = sit(node, DESK, Party::Admin(AdminId(7)), &Permission::ALL);
        (sit(node, DESK, Party::Member(ALICE), &[]), reader)
    });

    let read = Event { after: outline(9, 3), by: Party::Admin(AdminId(7)), what: What::Read(Side::Desk, 2) };
    let events = [posted(9, 1), at_shop(posted(10, 1), 3), posted(9, 2), read];
    a.bus.publish(&events.map(announcement));
    b.until("all of them", |b| b.news().len() == 4).await;
    // Said last, so all of theirs was heard before.
    java.says(2, Some(99), "the-end", "{}").await;

    let mut heard = Vec::new();
    loop {
        let said = java.hears().await;
        if said["messageType"] == "the-end" {
            break;
        }
        heard.push(said);
    }
    let to: Vec<_> = heard.iter().map(|said| (said["userType"].as_i64().unwrap(), said["userId"].as_i64())).collect();
    assert_eq!(to, [(1, Some(101)), (2, None), (1, Some(101)), (2, None), (1, Some(101)), (2, None)]);
    assert!(heard.iter().all(|said| said["headers"]["tenant-id"] == "1" && said["sessionId"].is_null()));
    let content = |at: usize| -> Value { serde_json::from_str(heard[at]["messageContent"].as_str().unwrap()).unwrap() };
    assert_eq!((&content(0)["seq"], &content(2)["seq"]), (&json!(1), &json!(2)));
    assert_eq!(content(0)["content"], "{\"text\":\"&lt;b&gt;1&lt;/b&gt;\"}");
    assert_eq!(heard[4]["messageType"], "kefu_message_read_status_change");

    // What came back went to no socket here: those have it from the hub, or from the hints.
    java.says(1, Some(101), "probe", "{}").await;
    java.says(2, None, "probe", "{}").await;
    for ((_seat, mut member), (_chair, mut admin)) in seats {
        same(&frame(&mut member).await, &plain("probe", "{}"));
        same(&frame(&mut admin).await, &plain("probe", "{}"));
    }
}

#[tokio::test]
async fn what_java_nodes_say_comes_once_to_whoever_it_is_for_and_to_nobody_else() {
    let street = Street::at(shared_redis());
    let (a, b) = tokio::join!(Node::start(bridged(&street)), Node::start(bridged(&street)));
    let at_three = Scope { shop: ShopId(3), ..DESK };
    let others = Scope::platform(TenantId(2));
    let mut java = street.java().await;
    for node in [&a, &b] {
        let (_s1, mut alice) = sit(node, DESK, Party::Member(ALICE), &[]);
        let (_s2, mut alice_at_three) = sit(node, at_three, Party::Member(ALICE), &[]);
        let (_s3, mut carol) = sit(node, DESK, Party::Member(MemberId(102)), &[]);
        let (_s4, mut stranger_alice) = sit(node, others, Party::Member(ALICE), &[]);
        let (_s5, mut reader) = sit(node, DESK, Party::Admin(AdminId(7)), &[Permission::MessageQuery]);
        let (_s6, mut clerk) = sit(node, DESK, Party::Admin(AdminId(8)), &[]);
        let (_s7, mut foreign_admin) = sit(node, others, Party::Admin(AdminId(7)), &Permission::ALL);

        let for_a_socket = json!({"headers": {"tenant-id": "1"}, "sessionId": "s1", "userType": 1, "userId": 101,
            "messageType": "x", "messageContent": "{}"});
        let ours = json!({"headers": {"tenant-id": "1"}, "userType": 2, "messageType": "x", "messageContent": "{}",
            "kefuNode": "another"});
        let without_a_tenant = json!({"headers": {}, "userType": 2, "messageType": "x", "messageContent": "{}"});
        for nobodys in [for_a_socket, ours, without_a_tenant] {
            java.publishes(&nobodys).await;
        }
        for said in [
            java_mail(1, Some(101), "im-notification", "{\"a\":\"<b>\"}"),
            java_mail(2, None, "notice-push", "{\"title\":\"x\"}"),
            java_mail(2, Some(8), "notice-push", "{\"title\":\"y\"}"),
            java_mail(2, None, "kefu_message_type", "{\"id\":5}"),
            java_mail(1, Some(101), "kefu_message_type", "{\"id\":5}"),
            java_mail(1, None, "the-end", "1"),
            java_mail(2, None, "the-end", "1"),
        ] {
            java.publishes(&said).await;
        }
        let end = json!({"headers": {"tenant-id": "2"}, "messageType": "the-end", "messageContent": "1"});
        for user_type in [1, 2] {
            let mut end = end.clone();
            end["userType"] = json!(user_type);
            java.publishes(&end).await;
        }

        let until_the_end = async |inbox: &mut Inbox| {
            let mut heard = Vec::new();
            loop {
                let text: Value = serde_json::from_str(&frame(inbox).await).unwrap();
                if text["type"] == "the-end" {
                    assert!(inbox.next().now_or_never().is_none(), "nothing after the end");
                    return heard;
                }
                heard.push(format!("{} {}", text["type"].as_str().unwrap(), text["content"].as_str().unwrap()));
            }
        };
        let kefu = "kefu_message_type {\"id\":5}";
        assert_eq!(until_the_end(&mut alice).await, ["im-notification {\"a\":\"<b>\"}", kefu]);
        assert_eq!(until_the_end(&mut alice_at_three).await, ["im-notification {\"a\":\"<b>\"}"]);
        assert_eq!(until_the_end(&mut reader).await, ["notice-push {\"title\":\"x\"}", kefu]);
        let notices = ["notice-push {\"title\":\"x\"}", "notice-push {\"title\":\"y\"}"];
        assert_eq!(until_the_end(&mut clerk).await, notices, "who may not read conversations hears none");
        for inbox in [&mut carol, &mut stranger_alice, &mut foreign_admin] {
            assert!(until_the_end(inbox).await.is_empty());
        }
    }
}

#[tokio::test]
async fn without_the_bridge_the_malls_channel_is_none_of_ours() {
    let street = Street::at(shared_redis());
    let node = Node::start(street.settings()).await;
    let mut java = street.java().await;
    let other = Node::start(street.settings()).await;

    node.bus.publish(&[announcement(posted(9, 1))]);
    other.until("news", |other| !other.news().is_empty()).await;

    assert_eq!(java.publishes(&json!({})).await, 1, "the Java node alone listens there");
    assert_eq!(java.hears().await, json!({}), "and nobody has said anything before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_perhaps_was_said_is_said_again_to_our_nodes_and_not_to_java_nodes_whose_pages_would_show_it_twice() {
    let street = Street::at(shared_redis());
    let proxy = FaultProxy::before_url(&shared_redis(), 9).await;
    let behind = Street { url: proxy.in_place_of(&street.url), ..street.clone() };
    let (a, b) = tokio::join!(Node::start(bridged(&behind)), Node::start(bridged(&street)));
    let mut java = street.java().await;
    // Both nodes and the Java node hear what is said to it, and of nothing else Redis says that three have heard it.
    proxy.cut_before(Way::Down, b":3\r\n", Cut::Reset);

    a.bus.publish(&[announcement(posted(9, 1))]);
    proxy.until("the cut", |counts| counts.cut == 1).await;
    b.until("the news again", |b| b.numbers() == [1, 1]).await;
    a.reaches(&b).await;
    java.says(2, None, "the-end", "1").await;

    let mut first = 0;
    loop {
        let said = java.hears().await;
        if said["messageType"] == "the-end" {
            break;
        }
        let message: Value = serde_json::from_str(said["messageContent"].as_str().unwrap()).unwrap();
        first += i32::from(message["seq"] == 1);
    }
    assert_eq!(first, 2, "one for the member and one for the admins");
}
