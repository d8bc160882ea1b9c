//! What is asked, in the words of the mall's pages, and what an answer must look like.

use std::net::SocketAddr;

use kefu_tests::Dice;
use serde_json::Value;

use crate::fill::{EACH, PINNED, Size};

/// The page of the list that is asked for.
const PAGE: usize = 20;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// Nothing that needs the database: what the way there and back takes.
    Wallet,
    /// The newest messages, as the shopper's page asks.
    MemberPage,
    /// The newest messages, as the desk's page asks.
    AdminPage,
    /// One conversation.
    Get,
    /// That everything was read, when it was read already.
    Read,
    /// The first page of the list.
    ListPage,
    /// The list where no page is asked for.
    List,
    /// The first page of those whose name holds a member's number.
    Search,
}

impl Question {
    pub(crate) const ALL: [Self; 8] = [
        Self::Wallet,
        Self::MemberPage,
        Self::AdminPage,
        Self::Get,
        Self::Read,
        Self::ListPage,
        Self::List,
        Self::Search,
    ];

    /// Its name in the line for machines.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Wallet => "no_database",
            Self::MemberPage => "member_page",
            Self::AdminPage => "admin_page",
            Self::Get => "get",
            Self::Read => "read",
            Self::ListPage => "list_page",
            Self::List => "list",
            Self::Search => "search",
        }
    }

    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wallet => "no database asked, for comparison",
            Self::MemberPage => "first page of messages, member",
            Self::AdminPage => "first page of messages, admin",
            Self::Get => "`conversation/get`",
            Self::Read => "`update-read-status`, all read already",
            Self::ListPage => "conversation list, `limit=20`",
            Self::List => "conversation list without paging",
            Self::Search => "search by name, no aim",
        }
    }

    /// How often it is asked in a turn: first without being counted, on a new connection, then counted.
    pub(crate) fn turn(self) -> (usize, usize) {
        match self {
            Self::List => (2, 15),
            Self::Search => (1, 2),
            _ => (10, 100),
        }
    }

    pub(crate) fn is_a_members(self) -> bool {
        self == Self::MemberPage
    }

    /// The bytes of a request about whatever the dice choose.
    pub(crate) fn request(self, server: SocketAddr, token: &str, size: Size, dice: &mut Dice) -> Vec<u8> {
        let (conversation, member) = size.any_read(|bound| dice.below(bound));
        let path = match self {
            Self::Wallet => "admin-api/pay/wallet/get".to_owned(),
            Self::MemberPage => "app-api/promotion/kefu-message/list?no=1&limit=20".to_owned(),
            Self::AdminPage => format!("admin-api/promotion/kefu-message/list?conversationId={conversation}"),
            Self::Get => format!("admin-api/promotion/kefu-conversation/get?id={conversation}"),
            Self::Read => format!("admin-api/promotion/kefu-message/update-read-status?conversationId={conversation}"),
            Self::ListPage => format!("admin-api/promotion/kefu-conversation/list?limit={PAGE}"),
            Self::List => "admin-api/promotion/kefu-conversation/list".to_owned(),
            Self::Search => format!("admin-api/promotion/kefu-conversation/list?limit={PAGE}&name={member}"),
        };
        let verb = if self == Self::Read { "PUT" } else { "GET" };
        let length = if self == Self::Read { "content-length: 0\r\n" } else { "" };
        format!("{verb} /{path} HTTP/1.1\r\nhost: {server}\r\nauthorization: Bearer {token}\r\n{length}\r\n")
            .into_bytes()
    }

    /// One answer must be what it should; the others need only be as long.
    pub(crate) fn check(self, body: &[u8], list_limit: usize) {
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let data = &body["data"];
        let rows = || data.as_array().expect("an array");
        match self {
            Self::Wallet => assert!(data.is_object(), "{data}"),
            Self::MemberPage | Self::AdminPage => {
                let seqs: Vec<_> = rows().iter().filter_map(|row| row["seq"].as_i64()).collect();
                assert_eq!(seqs, (1..=EACH).rev().collect::<Vec<_>>());
                assert!(rows().iter().all(|row| row["conversationId"] == rows()[0]["conversationId"]));
            }
            Self::Get => assert!(data["seq"] == EACH && data["userNickname"].is_string(), "{data}"),
            Self::Read => assert_eq!(data, true),
            Self::ListPage => check_list(rows(), PAGE),
            Self::List => check_list(rows(), list_limit),
            Self::Search => assert_eq!(rows().len(), 1),
        }
    }
}

/// The pinned ones first, then the newest, each with a name.
fn check_list(rows: &[Value], long: usize) {
    assert_eq!(rows.len(), long);
    let pinned = usize::try_from(PINNED).expect("a small number");
    let (pinned, others) = rows.split_at(pinned);
    assert!(
        pinned.iter().all(|row| row["adminPinned"] == true) && others.iter().all(|row| row["adminPinned"] == false)
    );
    assert!(others.is_sorted_by(|a, b| a["lastMessageTime"].as_i64() > b["lastMessageTime"].as_i64()));
    assert!(rows.iter().all(|row| row["userNickname"].is_string()));
}
