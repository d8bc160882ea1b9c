//! What is answered to a frame, to the byte.

use std::time::Duration;

use kefu_domain::{ClientMsgId, ConversationId, Cursor, Sent, ShopId, Shops, Timestamp};
use kefu_push::v2::{self, Action, Refusal, Welcome};

use crate::common::{ALICE, BOB, message};

const EPOCH: &str = "0123456789abcdef";
const NOW: Timestamp = Timestamp(1_795_287_600_000);

fn key() -> ClientMsgId {
    ClientMsgId::new("corr").unwrap()
}

#[test]
fn whoever_says_who_they_are_is_welcomed() {
    let shops: Shops = [0, 3].map(ShopId).into_iter().collect();
    let welcome = Welcome {
        party: ALICE,
        epoch: EPOCH,
        server_time: NOW,
        heartbeat: Duration::from_secs(20),
        shops: &Shops::from(ShopId(3)),
    };

    assert_eq!(
        v2::welcome(&welcome, Some(&key())),
        r#"{"category":"ack","action":"auth","from":"member:101","ext":{"epoch":"0123456789abcdef","server_time":1795287600000,"heartbeat":20000,"member_shop":3,"client_msg_id":"corr"}}"#
    );
    assert_eq!(
        v2::welcome(&Welcome { party: BOB, shops: &shops, ..welcome }, None),
        r#"{"category":"ack","action":"auth","from":"admin:7","ext":{"epoch":"0123456789abcdef","server_time":1795287600000,"heartbeat":20000,"shops":[0,3]}}"#
    );
}

#[test]
fn whoever_sends_is_told_the_number_of_their_message() {
    let sent = |duplicate| v2::sent(&Sent { message: message(ALICE, 5), duplicate }, Some(&key()));

    assert_eq!(
        sent(false),
        r#"{"category":"ack","action":"send","id":1005,"created_at":1795287600005,"ext":{"conversation":1,"seq":5,"change":5,"client_msg_id":"corr"}}"#
    );
    assert_eq!(
        sent(true),
        r#"{"category":"ack","action":"send","id":1005,"created_at":1795287600005,"ext":{"conversation":1,"seq":5,"change":5,"client_msg_id":"corr","duplicate":true}}"#
    );
}

#[test]
fn what_is_done_is_done() {
    let at = Cursor { conversation: ConversationId(9_007_199_254_740_993), seq: 5, change: 7 };

    assert_eq!(
        v2::done(Action::Revoke, Some(at), Some(&key())),
        r#"{"category":"ack","action":"revoke","ext":{"conversation":"9007199254740993","change":7,"client_msg_id":"corr"}}"#
    );
    assert_eq!(v2::done(Action::Read, None, None), r#"{"category":"ack","action":"read","ext":{}}"#);
    assert_eq!(
        v2::nothing_to_resume(EPOCH, None),
        r#"{"category":"ack","action":"resume","ext":{"epoch":"0123456789abcdef"}}"#
    );
}

#[test]
fn what_is_refused_says_why_and_when_to_come_again() {
    let refusal =
        Refusal { code: 429, msg: "慢一点", retry_after: Some(Duration::from_millis(1_500)), conversation: None };
    let unknown = Refusal { code: 1_013_019_000, msg: "x", retry_after: None, conversation: Some(ConversationId(9)) };

    assert_eq!(
        v2::refused(Some(Action::Send), &refusal, Some(&key())),
        r#"{"category":"ack","action":"send","ext":{"code":429,"msg":"慢一点","retry_after":1500,"client_msg_id":"corr"}}"#
    );
    assert_eq!(
        v2::refused(Some(Action::Resume), &unknown, None),
        r#"{"category":"ack","action":"resume","ext":{"conversation":9,"code":1013019000,"msg":"x"}}"#
    );
    assert_eq!(
        v2::refused(None, &Refusal { conversation: None, ..unknown }, None),
        r#"{"category":"ack","ext":{"code":1013019000,"msg":"x"}}"#
    );
}

#[test]
fn a_heartbeat_says_where_the_conversations_stand() {
    let heads = [Cursor { conversation: ConversationId(9), seq: 41, change: 77 }];

    assert_eq!(
        v2::heartbeat(NOW, EPOCH, &heads),
        r#"{"category":"heartbeat","ext":{"epoch":"0123456789abcdef","server_time":1795287600000,"heads":[[9,41,77]]}}"#
    );
}
