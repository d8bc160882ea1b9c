use super::*;
use crate::testing::{admin, ask_once, member_of, request, world};

const MEMBERS: &str = "/app-api/promotion/kefu-socket/ticket";
const ADMINS: &str = "/admin-api/promotion/kefu-socket/ticket";

async fn ticket(world: &crate::testing::World, path: &str, token: &str) -> String {
    let answer = ask_once(world, request("POST", path, Some(token), &[])).await.data();
    assert_eq!(answer["expiresIn"], 30);
    answer["ticket"].as_str().unwrap().to_owned()
}

fn door(world: &crate::testing::World) -> Door {
    Door::new(world.house.gate.clone(), world.database.clone())
}

#[actix_web::test]
async fn a_ticket_lets_its_owner_in_once_at_any_door_of_the_database() {
    let world = world();
    let (member, admin) = (member_of(1), admin());

    for (path, token, party) in [(MEMBERS, &member, 1), (ADMINS, &admin, 2)] {
        let ticket = ticket(&world, path, token).await;
        let by_token = door(&world).identify(token).await.unwrap().unwrap();

        let by_ticket = door(&world).redeem(&ticket).await.unwrap().unwrap();

        assert_eq!(by_ticket.party.user_type(), party);
        assert_eq!((by_ticket.party, by_ticket.tenant), (by_token.party, by_token.tenant));
        assert_eq!((by_ticket.permissions, by_ticket.shops), (by_token.permissions, by_token.shops));
        assert_eq!((by_ticket.credential, by_ticket.expires), (by_token.credential, by_token.expires));
        assert!(door(&world).redeem(&ticket).await.unwrap().is_none(), "twice");
    }
}

#[actix_web::test]
async fn nobody_is_let_in_by_what_is_no_ticket() {
    let world = world();
    let ticket = ticket(&world, MEMBERS, &member_of(1)).await;

    for other in ["kt_", "", &ticket[..20], &ticket.to_uppercase(), &format!("{ticket}0")] {
        assert!(door(&world).redeem(other).await.unwrap().is_none(), "{other}");
    }
    assert!(door(&world).identify(&ticket).await.unwrap().is_none(), "a ticket is no token");
}

#[actix_web::test]
async fn a_ticket_ends_with_the_token_that_it_was_asked_for_with() {
    let world = world();
    let tokens = &world.house.tokens;
    let issued = tokens.issue(TenantId(1), Party::of(1, 101)).unwrap();
    let ticket = ticket(&world, MEMBERS, &issued.access).await;

    tokens.revoke(&Token::new(&issued.access).unwrap()).unwrap();

    assert!(door(&world).redeem(&ticket).await.unwrap().is_none());
}

#[test]
fn what_is_kept_says_nothing_without_the_ticket() {
    let bearer = Bearer { token: "a token of some length that nobody should read".into(), user_type: 1, id: 101 };

    let sealed = bearer.sealed("kt_1").unwrap();

    assert!(!sealed.contains("token") && Bearer::opened(&sealed, "kt_2").is_none());
    assert!(sealed.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let opened = Bearer::opened(&sealed, "kt_1").unwrap();
    assert_eq!((opened.token, opened.user_type, opened.id), (bearer.token, 1, 101));
    assert!(Bearer::opened("é", "kt_1").is_none() && Bearer::opened("0", "kt_1").is_none());
}
