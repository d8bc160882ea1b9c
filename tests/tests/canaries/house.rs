//! Three malls in one house, with the same numbers of shops, members and agents, and what each of them may know.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use kefu_domain::{Permission, ShopId, TenantId};
use kefu_storage::{Database, NewTenant, Options};
use kefu_tests::{Answer, Backend, CANARY, Claims, Home, Person, Server, Setup, Side, Socket, off_the_runtime, text};
use reqwest::Method;
use serde_json::json;

pub(crate) const TENANTS: [i64; 3] = [1, 2, 3];
/// The platform and two shops.
pub(crate) const SHOPS: [i64; 3] = [0, 3, 4];
const MEMBERS: [i64; 2] = [101, 102];

/// How often each side of a conversation writes while everybody guesses.
pub(crate) const TURNS: usize = 3;

/// The smallest picture there is; whatever follows its last byte is shown by nobody, and travels with it.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";

/// Somebody, and where they are at home.
#[derive(Debug)]
pub(crate) struct Inhabitant {
    pub(crate) person: Person,
    pub(crate) tenant: i64,
    /// The shops that an agent serves, and those that a member writes to.
    pub(crate) shops: Vec<i64>,
}

impl Inhabitant {
    /// Whether a conversation is theirs.
    fn has(&self, home: &Home) -> bool {
        let own = self.person.side == Side::Agent || self.person.id == home.member;
        own && home.tenant == self.tenant && self.shops.contains(&home.shop)
    }
}

/// What can be guessed of one conversation.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) home: Home,
    /// A file that was brought to its shop.
    pub(crate) file: String,
}

pub(crate) struct House {
    pub(crate) server: Server,
    people: Vec<Inhabitant>,
}

impl House {
    pub(crate) async fn open(backend: Backend) -> Self {
        let setup = Setup::on(backend).set("server.development", "true").set("log.level", "\"trace\"");
        let server = setup.start().await;
        off_the_runtime(|| {
            let database = Database::connect(server.place().url(), &Options::default()).unwrap();
            let third = NewTenant { id: Some(TenantId(3)), name: "third".into(), expires: None };
            database.add_tenant(&third).unwrap();
            for tenant in TENANTS {
                for shop in SHOPS.into_iter().filter(|shop| *shop != 0) {
                    database.add_shop(TenantId(tenant), Some(ShopId(shop)), &format!("shop {shop}")).unwrap().unwrap();
                }
            }
        });
        // Nobody may move the shops about while the others guess.
        let most: Vec<_> = Permission::ALL.into_iter().filter(|one| *one != Permission::ShopUpdate).collect();
        let mut people = Vec::new();
        for tenant in TENANTS {
            let members = MEMBERS.map(|id| (Claims::member(id), SHOPS.to_vec()));
            let agents = [(7, vec![0]), (8, vec![3]), (9, vec![4]), (10, vec![0, 4])].map(|(id, shops)| {
                let claims = Claims::agent(id).allowed(&most);
                // The platform needs not be said.
                (if shops == [0] { claims } else { claims.serving(&shops) }, shops)
            });
            for (claims, shops) in members.into_iter().chain(agents) {
                people.push(Inhabitant { person: server.person(&claims.at(tenant)), tenant, shops });
            }
        }
        Self { server, people }
    }

    pub(crate) fn people(&self) -> &[Inhabitant] {
        &self.people
    }

    pub(crate) fn conversations(&self) -> Vec<Home> {
        self.server.books().homes().expect("the books are open")
    }

    /// Everybody writes to every shop of theirs, in turn as text and as JSON.
    pub(crate) async fn first_words(&self) {
        for member in self.members() {
            for shop in &member.shops {
                say(member, *shop, &format!("first at {shop}"), *shop == 3).await.ok();
            }
        }
        assert_eq!(self.conversations().len(), TENANTS.len() * MEMBERS.len() * SHOPS.len());
    }

    fn members(&self) -> impl Iterator<Item = &Inhabitant> {
        self.people.iter().filter(|one| one.person.side == Side::Member)
    }

    /// One for every conversation, with a file that its member or an agent of its shop has brought.
    pub(crate) async fn objects(&self) -> Vec<Object> {
        let mut objects = Vec::new();
        for home in self.conversations() {
            let agent = home.member == MEMBERS[1];
            let side = if agent { Side::Agent } else { Side::Member };
            let by = self.people.iter().find(|one| one.person.side == side && one.has(&home)).unwrap();
            let file = bring(by, home.shop).await;
            objects.push(Object { home, file });
        }
        objects
    }

    /// Both sides of every conversation write, many at the same time; says how many messages that were.
    pub(crate) async fn talk(&self, turns: usize, at_once: usize) -> usize {
        let homes = self.conversations();
        let sendings =
            (0..turns).flat_map(|turn| homes.iter().map(move |home| (turn, home))).map(|(turn, home)| async move {
                let mine = |side| self.people.iter().filter(move |one| one.person.side == side && one.has(home));
                let member = mine(Side::Member).next().unwrap();
                say(member, home.shop, &format!("turn {turn}"), turn % 2 == 0).await.ok();
                let agents: Vec<_> = mine(Side::Agent).collect();
                let agent = agents[turn % agents.len()];
                agent.person.send_to(home.id, &text(format!("answer {turn}")), None).await.ok();
                2
            });
        stream::iter(sendings).buffer_unordered(at_once).fold(0, |sum, sent| async move { sum + sent }).await
    }

    /// The ids of somebody's conversations and of the messages in them, as the books say.
    pub(crate) fn own_part(&self, one: &Inhabitant) -> (BTreeSet<i64>, BTreeSet<i64>) {
        let own: BTreeSet<i64> = self.conversations().iter().filter(|home| one.has(home)).map(|home| home.id).collect();
        let books = self.server.books();
        let said = own.iter().flat_map(|id| books.messages(*id)).map(|row| row.id).collect();
        (own, said)
    }

    /// The same as somebody finds them by asking for all that there is, page by page.
    pub(crate) async fn seen_by(&self, one: &Inhabitant) -> (BTreeSet<i64>, BTreeSet<i64>) {
        let (mut conversations, mut messages) = (BTreeSet::new(), BTreeSet::new());
        if one.person.side == Side::Member {
            for shop in SHOPS {
                let shop = shop.to_string();
                let page =
                    one.person.list(&[("shopId", shop.as_str()), ("sinceSeq", "0"), ("limit", "200")]).await.ok();
                for row in page.rows() {
                    conversations.insert(number(&row["conversationId"]));
                    messages.insert(number(&row["id"]));
                }
            }
            return (conversations, messages);
        }
        let mut after = String::new();
        loop {
            let page = one.person.conversations(&[("limit", "2"), ("after", after.as_str())]).await.ok();
            conversations.extend(page.rows().iter().map(|row| number(&row["id"])));
            match page.header("kefu-next") {
                Some(next) => after = next.to_owned(),
                None => break,
            }
        }
        for conversation in &conversations {
            messages.extend(one.person.history(*conversation).await.iter().map(|row| number(&row["id"])));
        }
        (conversations, messages)
    }

    /// Opens the sockets of everybody, a member's at every shop.
    pub(crate) async fn listen(&self) -> Ears {
        let mut sockets = Vec::new();
        for one in &self.people {
            let mut own = Vec::new();
            if one.person.side == Side::Agent {
                own.push(one.person.listen().await);
            } else {
                for shop in &one.shops {
                    own.push(one.person.listen_at(*shop).await);
                }
            }
            sockets.push(own);
        }
        Ears(sockets)
    }
}

/// The sockets of everybody, in the order of the people.
pub(crate) struct Ears(Vec<Vec<Socket>>);

impl Ears {
    /// The ids of the messages that somebody has heard, once there are so many.
    pub(crate) async fn heard(&self, who: usize, count: usize) -> BTreeSet<i64> {
        let sockets = &self.0[who];
        // With one at three shops nobody knows how much each of them will hear, but all of it was sent before.
        for socket in sockets {
            let enough = if sockets.len() == 1 { count } else { 1 };
            socket
                .wait_until("what was said", |frames| frames.iter().filter_map(kefu_tests::Frame::id).count() >= enough)
                .await;
            socket.settle().await;
        }
        sockets.iter().flat_map(Socket::frames).filter_map(|frame| frame.id()).collect()
    }
}

/// A member writes to a shop, which they name as a number or as text.
async fn say(member: &Inhabitant, shop: i64, what: &str, as_text: bool) -> Answer {
    let content = if as_text { text(what) } else { json!({ "text": text(what) }).to_string() };
    let mut body = json!({ "contentType": 1, "content": content, "shopId": shop });
    if as_text {
        body["shopId"] = shop.to_string().into();
    }
    let request = member.person.request(Method::POST, "/kefu-message/send").json(&body);
    member.person.ask(request).await
}

/// Brings a picture to a shop; both its name and what is in it hold a canary. Says what it is called now.
async fn bring(by: &Inhabitant, shop: i64) -> String {
    let mut form = format!(
        "--kefu\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{CANARY}.gif\"\r\n\
         Content-Type: image/gif\r\n\r\n"
    )
    .into_bytes();
    form.extend_from_slice(&[GIF, CANARY.as_bytes(), b"\r\n--kefu--\r\n"].concat());
    let prefix = if by.person.side == Side::Member { "/app-api" } else { "/admin-api" };
    let request = by.person.request_to(Method::POST, &format!("{prefix}/infra/file/upload?shopId={shop}"));
    let answer =
        by.person.ask(request.header("content-type", "multipart/form-data; boundary=kefu").body(form)).await.ok();
    answer.data.as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

fn number(value: &serde_json::Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).expect("an id")
}
