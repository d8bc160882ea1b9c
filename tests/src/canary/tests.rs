use std::io::{Read, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use reqwest::Method;

use super::ring::{Sighting, sightings};
use super::*;
use crate::door::Door;
use crate::{Claims, Person, Side};

const OWN: Owner = Owner::Conversation { shop: 3, member: 101 };

fn ring(owner: Owner) -> Ring {
    Ring { house: 0x00ab_cdef, tenant: 2, owner }
}

fn visitor(claims: &Claims) -> Visitor {
    Visitor::of(claims, "token")
}

fn member(id: i64) -> Visitor {
    visitor(&Claims::member(id).at(2)).at(3)
}

fn agent(shops: &[i64]) -> Visitor {
    visitor(&Claims::agent(7).at(2).serving(shops))
}

/// Whether somebody may meet a canary of this house, and no trace is left if so.
fn meets(visitor: &Visitor, tenant: i64, owner: Owner) -> bool {
    let watch = Watch::new();
    let text = watch.ring(tenant, owner).put_on_text(&text(1));
    let seen = watch.see(std::slice::from_ref(visitor), "a test", text.as_bytes());
    assert_eq!(watch.leaks().is_empty(), seen.is_ok(), "what is found is kept");
    seen.is_ok()
}

#[test]
fn a_ring_says_whose_a_canary_is_and_comes_off_without_a_trace() {
    let owners =
        [OWN, Owner::Conversation { shop: 0, member: -5 }, Owner::Member(101), Owner::Agent(7), Owner::File(3)];
    for owner in owners {
        let said = format!("{} and {}", text(1), nickname(5));
        let ringed = ring(owner).put_on_text(&said);

        let rings: Vec<Ring> = whose(ringed.as_bytes()).collect();

        assert_eq!(rings, [ring(owner), ring(owner)], "{ringed}");
        assert_eq!(sightings(ringed.as_bytes()).count(), 2, "no canary goes without: {ringed}");
        assert_eq!(take_off(ringed.as_bytes()), said.as_bytes());
        assert!(ringed.contains(&nickname(5)), "a search by the name still finds it: {ringed}");
        assert_eq!(ring(Owner::Agent(8)).put_on_text(&ringed), ringed, "who wears a ring gets no second one");
    }
}

#[test]
fn no_escaping_hides_a_ring() {
    let ringed = ring(OWN).put_on_text(&text("<b> & \"quotes\""));
    let json = serde_json::to_string(&serde_json::to_string(&ringed).unwrap()).unwrap();
    let html = ringed.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let address: String = ringed
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || byte == b'.' {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    let ascii: String =
        ringed.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect();

    for written in [json, html, address, ascii] {
        assert_eq!(whose(written.as_bytes()).collect::<Vec<_>>(), [ring(OWN)], "{written}");
    }
}

#[test]
fn a_ring_that_the_end_cuts_off_is_left_for_later_and_one_that_was_tampered_with_is_not_taken_for_one() {
    let whole = ring(OWN).to_string();
    for length in PREFIX.len()..whole.len() {
        assert_eq!(sightings(&whole.as_bytes()[..length]).next(), None, "{}", &whole[..length]);
    }

    for wrong in
        ["Rq7.zz.t1.a7.", "Rq7.00000001.a7.t1.", "Rq7.00000001.t1.s3.a7.", "Rq7.00000001 .t1.a7.", "Rq7..t1.a7."]
    {
        assert_eq!(sightings(wrong.as_bytes()).next(), Some(Sighting::Unreadable(0)), "{wrong}");
        assert!(Watch::new().see(&[member(101)], "a test", wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn a_member_meets_their_own_conversation_at_the_shop_where_they_ask_and_no_other() {
    assert!(meets(&member(101), 2, OWN));
    assert!(meets(&member(101), 2, Owner::Member(101)));
    assert!(meets(&member(101), 2, Owner::File(4)), "a file may be shown to whoever knows its name");

    assert!(!meets(&member(102), 2, OWN), "another member's");
    assert!(!meets(&member(10), 2, OWN), "a number that begins alike");
    assert!(!meets(&member(101).at(0), 2, OWN), "their own at another shop");
    assert!(!meets(&member(101), 1, OWN), "another tenant's");
    assert!(!meets(&member(102), 2, Owner::Member(101)));
    assert!(!meets(&member(101), 2, Owner::Agent(101)));
    assert!(!meets(&visitor(&Claims::agent(101).at(2)), 2, OWN), "an agent is no member of the same number");
}

#[test]
fn an_agent_meets_the_shops_that_they_serve_and_no_other() {
    assert!(meets(&agent(&[3]), 2, OWN));
    assert!(meets(&agent(&[4, 3]), 2, Owner::File(3)));
    assert!(meets(&visitor(&Claims::agent(7).at(2)), 2, Owner::File(0)), "the platform, where nothing else is said");
    assert!(meets(&agent(&[]), 2, Owner::Agent(7)));

    assert!(!meets(&agent(&[0, 4]), 2, OWN), "another shop's");
    assert!(!meets(&agent(&[]), 2, OWN));
    assert!(!meets(&agent(&[3]), 1, OWN), "the shop of that number of another tenant");
    assert!(!meets(&visitor(&Claims::agent(7).at(2)), 2, OWN));
    assert!(!meets(&agent(&[3]), 2, Owner::File(4)));
    assert!(!meets(&agent(&[3]), 2, Owner::Agent(8)));
    assert!(!meets(&agent(&[3]), 2, Owner::Member(101)), "nobody who has not written to a shop of theirs");
}

#[test]
fn a_member_is_known_by_name_at_the_shops_that_they_wrote_to() {
    let mut homes = Homes::default();
    homes.keep(vec![Home { id: 1, tenant: 2, shop: 3, member: 101 }]);

    assert!(homes.knows(2, &[0, 3], 101));
    assert!(!homes.knows(2, &[0, 4], 101));
    assert!(!homes.knows(1, &[3], 101));
    assert!(!homes.knows(2, &[3], 102));
}

#[test]
fn nobody_in_particular_meets_nothing_but_a_file_that_they_can_name() {
    for owner in [OWN, Owner::Member(101), Owner::Agent(7)] {
        assert!(!meets(&Visitor::nobody(), 2, owner), "{owner:?}");
    }
    assert!(meets(&Visitor::nobody(), 2, Owner::File(3)));
    let watch = Watch::new();
    assert!(watch.see(&[], "a test", text(1).as_bytes()).is_err(), "without a ring neither");
    assert!(watch.see(&[member(101)], "a test", text(1).as_bytes()).is_ok());
    assert!(watch.see(&[], "a test", b"{\"code\":0}").is_ok());
}

#[test]
fn a_canary_of_another_house_may_come_to_nobody() {
    let text = Watch::new().ring(2, OWN).put_on_text(&text(1));

    assert!(Watch::new().see(&[member(101), agent(&[3])], "a test", text.as_bytes()).is_err());
}

#[test]
fn somebody_unknown_is_held_to_the_tenant_whom_they_met_first() {
    let watch = Watch::new();
    let unknown = watch.visitor(Some("an opaque token"));
    let sees = |tenant| {
        let text = watch.ring(tenant, OWN).put_on_text(&text(1));
        watch.see(std::slice::from_ref(&unknown), "a test", text.as_bytes()).is_ok()
    };

    assert_eq!([sees(2), sees(2), sees(1)], [true, true, false]);
}

#[test]
fn a_complaint_says_who_where_and_which_and_shows_no_token() {
    let watch = Watch::new();
    let text = watch.ring(1, OWN).put_on_text(&text(1));

    let complaint = watch.see(&[member(102)], "/a/path", text.as_bytes()).unwrap_err().to_string();

    for word in ["member 102 at shop 3 of tenant 2", "/a/path", "t1.s3.m101."] {
        assert!(complaint.contains(word), "{complaint}");
    }
    assert!(!complaint.contains("token"), "{complaint}");
}

#[test]
fn what_is_sent_gets_the_ring_of_the_conversation_that_it_goes_to() {
    let watch = Watch::new();
    let sent = |visitor: &Visitor, target: &str, body: &str| {
        whose(&watch.ring_sent(visitor, target, body.as_bytes()))
            .map(|ring| (ring.tenant, ring.owner))
            .collect::<Vec<_>>()
    };
    let conversation = |shop, member| vec![(2, Owner::Conversation { shop, member })];
    let words = text(1);

    assert_eq!(sent(&member(101), "/send", &format!("{{\"content\":\"{words}\"}}")), conversation(3, 101));
    assert_eq!(sent(&member(101), "/send", &format!("{{\"shopId\":\"5\",\"c\":\"{words}\"}}")), conversation(5, 101));
    assert_eq!(sent(&member(101), "/send", &format!("no JSON: {words}")), conversation(3, 101));
    assert_eq!(sent(&agent(&[4]), "/infra/file/upload", &words), [(2, Owner::File(4))]);
    assert_eq!(
        sent(&agent(&[4]), "/send", &format!("{{\"conversationId\":9,\"c\":\"{words}\"}}")),
        [],
        "there is none"
    );
    watch.told(Home { id: 9, tenant: 2, shop: 4, member: 101 });
    assert_eq!(
        sent(&agent(&[4]), "/send", &format!("{{\"conversationId\":\"9\",\"c\":\"{words}\"}}")),
        conversation(4, 101)
    );
}

/// A server that answers every request with these bytes.
fn parrot(answer: String) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4_096];
            if stream.read(&mut request).is_ok() {
                // A client that has heard enough may have gone.
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    address
}

fn answer(header: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nx-any: {header}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_doctored_answer_fails_whoever_asked_in_its_header_as_in_its_body() {
    for in_header in [true, false] {
        let door = Door::new();
        let stray = door.watch.ring(2, Owner::Conversation { shop: 0, member: 102 }).put_on_text("金丝雀QX7");
        let claims = Claims::member(101).at(2);
        let alice = Person::new(door.clone(), Side::Member, 101, door.sign(&claims, "secret"));
        door.moved_to(parrot(if in_header { answer(&stray, "{}") } else { answer("x", &stray) }));

        let asked = tokio::spawn(async move { alice.ask(alice.request(Method::GET, "/anything")).await }).await;

        let panic = asked.unwrap_err().into_panic();
        let complaint = panic.downcast_ref::<String>().unwrap();
        assert!(complaint.contains("member 101") && complaint.contains("m102."), "{complaint}");
        assert_eq!(complaint.contains("header"), in_header, "{complaint}");
        assert_eq!(door.watch.leaks().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_looked_at_as_far_as_it_came() {
    let door = Door::new();
    let stray = door.watch.ring(2, Owner::Conversation { shop: 0, member: 102 }).put_on_text("金丝雀QX7");
    door.moved_to(parrot(format!("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{stray}")));

    let asking = door.clone();
    let url = format!("http://{}/", door.address());
    let asked = tokio::spawn(async move { asking.ask(asking.http.get(url)).await.map(|answer| answer.status) }).await;

    assert!(asked.is_err_and(|error| error.is_panic()));
}

#[test]
fn a_server_is_found_by_each_address_that_was_named() {
    let (first, second) = (Watch::new(), Watch::new());
    let here = "127.0.0.1:1".parse().unwrap();
    first.stand_at(here);
    assert!(Watch::at(here).is_some_and(|watch| Arc::ptr_eq(&watch, &first)));

    second.stand_at(here);
    assert!(Watch::at(here).is_some_and(|watch| Arc::ptr_eq(&watch, &second)), "whoever came last has the port");
    drop(second);
    assert!(Watch::at(here).is_none());
}

#[test]
fn a_login_says_who_shows_its_tokens() {
    let watch = Watch::new();
    let body = r#"{"code":0,"data":{"userId":"1000000000007","accessToken":"aa","refreshToken":"bb"}}"#;

    watch.learn("/admin-api/promotion/kefu-message/list", Some("2"), body.as_bytes());
    assert_eq!(watch.tokens(), Vec::<String>::new(), "a text that looks like a login is none");
    watch.learn("/admin-api/system/auth/login", Some("2"), body.as_bytes());

    assert_eq!(watch.tokens().len(), 2);
    assert_eq!(format!("{:?}", watch.visitor(Some("bb"))), "agent 1000000000007 of shops None of tenant 2");
}

#[test]
fn the_log_is_searched_for_canaries_their_rings_and_the_ends_of_tokens() {
    let door = Door::new();
    let token = Claims::member(101).signed("secret");
    door.keep_secret(&token);
    let signature = token.rsplit('.').next().unwrap();
    let encoded: String = CANARY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let secrets: Vec<String> = door.secrets.lock().unwrap().iter().cloned().collect();
    let planted = [text(1), nickname(5), ring(OWN).to_string(), encoded, token.clone(), format!("…{signature}")];

    for planted in planted {
        let log = crate::Log::default();
        log.drink(std::io::Cursor::new(format!("a request of {planted} failed\nanother line\n")));
        let leaks = loop {
            if log.len() == 2 {
                break log.leaks(&secrets);
            }
            std::thread::yield_now();
        };
        assert_eq!(leaks.len(), 1, "{planted}");
        assert!(!leaks[0].contains(signature) && leaks[0].contains("<leaked>"), "{leaks:?}");
    }
    assert!(catch_unwind(AssertUnwindSafe(|| door.watch.must_see(&[], "a test", text(1).as_bytes()))).is_err());
}
