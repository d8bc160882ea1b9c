//! Requests that nobody has any business to make: every route, by everybody, about everything.

use kefu_tests::{CANARY, Side, text};
use kefu_web::serving::{Route, Verb};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::house::{House, Object};

/// One request.
#[derive(Clone)]
pub(crate) struct Guess {
    /// Somebody of the house, or nobody in particular.
    who: Option<usize>,
    route: Route,
    about: Object,
    /// Tells one guess from the next.
    number: usize,
}

/// Every route for everybody about something, and those that ask for an id about everything.
pub(crate) fn all(house: &House, objects: &[Object]) -> Vec<Guess> {
    let mut guesses = Vec::new();
    let everybody: Vec<Option<usize>> = (0..house.people().len()).map(Some).chain([None]).collect();
    for route in kefu_server::ROUTES.iter() {
        for who in &everybody {
            if who.is_some() && path(route).ends_with("/logout") {
                // It would end what everybody came for.
                continue;
            }
            // What is not of one's own side is not looked up at all, so asking once is enough.
            let own_side = who.is_some_and(|who| is_for(route, house.people()[who].person.side));
            let count = if names_something(route) && own_side { objects.len() } else { 1 };
            for _ in 0..count {
                let number = guesses.len();
                let about = objects[number % objects.len()].clone();
                guesses.push(Guess { who: *who, route: *route, about, number });
            }
        }
    }
    guesses
}

fn path(route: &Route) -> String {
    format!("{}{}", route.prefix, route.path)
}

fn is_for(route: &Route, side: Side) -> bool {
    let other = if side == Side::Member { "/admin-api" } else { "/app-api" };
    !path(route).starts_with(other)
}

fn names_something(route: &Route) -> bool {
    let path = path(route);
    ["/kefu-message/", "/kefu-conversation/", "/kefu-shop/", "/files/", "/admin-api/member/user/"]
        .iter()
        .any(|part| path.contains(part))
}

impl Guess {
    /// Asks; the watch looks at what comes back. Whether what was guessed was had.
    pub(crate) async fn play(self, house: &House) -> bool {
        let (method, address) = (self.method(), self.address());
        let request = match self.who {
            Some(who) => house.people()[who].person.request_to(method, &address),
            None => house.server.request(method, &address),
        };
        let answer = house.server.try_ask(self.dressed(request)).await.expect("every guess is answered");
        answer.code == 0 || (answer.status == 200 && answer.code == -1)
    }

    fn method(&self) -> Method {
        match self.route.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Delete => Method::DELETE,
        }
    }

    /// With every parameter that any route reads.
    fn address(&self) -> String {
        let home = self.about.home;
        let path = path(&self.route).replace("{name}", &self.about.file).replace("{file}", "demo.js");
        let mut query = format!(
            "id={0}&conversationId={0}&shopId={1}&adminId=7&userId={2}&memberId={2}",
            if path.contains("/member/user/") { home.member } else { home.id },
            home.shop,
            home.member
        );
        query.push_str(match self.number % 3 {
            0 => "&sinceSeq=0&limit=200",
            1 => "&limit=5&no=1",
            _ => "&pageNo=1&pageSize=10",
        });
        if path.ends_with("/sync") {
            // Nobody waits for news here.
            query.push_str("&wait=0");
        }
        if self.number.is_multiple_of(4) {
            // By name, which everybody's begins with.
            query.push_str("&name=");
            query.extend(CANARY.bytes().map(|byte| format!("%{byte:02X}")));
        }
        format!("{path}?{query}")
    }

    fn dressed(&self, request: RequestBuilder) -> RequestBuilder {
        let home = self.about.home;
        let request =
            if self.number.is_multiple_of(5) { request.header("tenant-id", home.tenant.to_string()) } else { request };
        if matches!(self.route.verb, Verb::Get | Verb::Delete) {
            return request;
        }
        request.json(&json!({
            "id": home.id, "conversationId": home.id.to_string(), "shopId": home.shop, "adminId": 7, "userId": home.member,
            "adminPinned": self.number.is_multiple_of(2), "status": 0, "contentType": 1,
            "content": json!({ "text": text(format!("guess {}", self.number)) }).to_string(),
            "username": text("nobody"), "password": "guessed-one", "name": text("a shop"),
        }))
    }
}
