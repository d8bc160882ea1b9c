use futures_util::future::join_all;
use kefu_domain::{MemberId, Profile, Shops};

use super::*;
use crate::attendance::Attendance;
use crate::identity::{Answer, Identity, Question, Verdict, WhoAreYou};
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

/// Whoever it asks does not come to an end; it may know somebody by their token alone.
struct Silence(Option<Identity>);

impl WhoAreYou for Silence {
    fn at_once(&self, _: &Token) -> Option<Verdict> {
        None
    }

    fn ask<'a>(&'a self, _: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(std::future::pending())
    }

    fn without_asking(&self, _: &Token) -> Option<Identity> {
        self.0.clone()
    }
}

#[actix_web::test]
async fn who_is_at_the_door_is_known_in_time_or_never_whoever_does_not_answer() {
    let world = world();
    let token = member_of(1);
    let tickets = [ticket(&world, MEMBERS, &token).await, ticket(&world, MEMBERS, &token).await];
    let identity = Identity {
        party: Party::Member(MemberId(7)),
        tenant: TenantId(1),
        permissions: Vec::new(),
        shops: Shops::platform(),
        profile: Profile::default(),
        credential: Token::new(&token).unwrap().credential(),
        expires: None,
    };
    let door = |proof| {
        let tenants = crate::tenants::Tenants::new(world.database.clone());
        tenants.ask(TenantId(1)).unwrap().unwrap();
        let gate = Gate::new(std::sync::Arc::new(Silence(proof)), tenants, Default::default(), Attendance::default());
        Door::new(Data::new(gate), world.database.clone())
    };
    let (known, unknown) = (door(Some(identity.clone())), door(None));

    let began = Instant::now();
    let found = join_all([
        known.identify(&token),
        known.redeem_ticket(&tickets[0]),
        unknown.identify(&token),
        unknown.redeem_ticket(&tickets[1]),
    ])
    .await;

    assert!(began.elapsed() < 2 * KNOWN_WITHIN, "{:?}", began.elapsed());
    let found: Vec<_> = found
        .into_iter()
        .map(|found| found.map(|caller| caller.map(|caller| caller.party)).map_err(|error| error.code()))
        .collect();
    assert_eq!(found, [Ok(Some(identity.party)), Ok(Some(identity.party)), Err(503), Err(503)]);
}
