use std::sync::Mutex;

use kefu_domain::{AdminId, Party, Permission, ShopId, Shops, TenantId};

use super::*;

const TENANT: TenantId = TenantId(1);
const BOB: AdminId = AdminId(7);
/// As long as no test lasts.
const LONG: Duration = Duration::from_secs(3_600);

/// What the mall says of every token.
#[derive(Clone)]
enum Word {
    Bob(Vec<Permission>),
    Nothing,
    Hangs,
}

/// The mall and our own books, as they are at the moment.
struct World {
    word: Mutex<Word>,
    asked: Mutex<usize>,
    /// Bob's shops; `None` while our own database does not answer.
    shops: Mutex<Option<Vec<i64>>>,
}

struct Mall(Arc<World>);

impl source::Source for Mall {
    fn greet(&self) -> BoxFuture<'_, Result<(), Silent>> {
        Box::pin(async { Ok(()) })
    }

    fn find<'a>(&'a self, _: &'a Asked) -> BoxFuture<'a, Result<Sighting, Silent>> {
        *self.0.asked.lock().unwrap() += 1;
        let word = self.0.word.lock().unwrap().clone();
        Box::pin(async move {
            match word {
                Word::Bob(permissions) => Ok(Sighting::Of(Box::new(Bearer {
                    permissions: Some(permissions),
                    is_described: true,
                    ..Bearer::new(Party::Admin(BOB), TENANT, None)
                }))),
                Word::Nothing => Err(Silent::because("down")),
                Word::Hangs => std::future::pending().await,
            }
        })
    }

    fn can_add(&self, _: &Bearer) -> bool {
        false
    }

    fn add<'a>(&'a self, _: &'a Token, bearer: Bearer) -> BoxFuture<'a, Result<Sighting, Silent>> {
        Box::pin(async { Ok(Sighting::Of(Box::new(bearer))) })
    }
}

impl World {
    fn says(&self, word: Word) {
        *self.word.lock().unwrap() = word;
    }

    fn serves(&self, shops: Option<&[i64]>) {
        *self.shops.lock().unwrap() = shops.map(<[i64]>::to_vec);
    }
}

/// A mall whose word counts so long, for somebody whose shops are read from the books again after `reading`.
fn beside(positive_seconds: u64, reading: Duration) -> (MallTokens, Arc<World>) {
    let world = Arc::new(World {
        word: Mutex::new(Word::Bob(Permission::ALL.to_vec())),
        asked: Mutex::new(0),
        shops: Mutex::new(Some(vec![0, 5])),
    });
    let books = Arc::clone(&world);
    let rota = Rota::remembering(
        reading,
        Box::new(move |_, _| {
            let shops = books.shops.lock().unwrap().clone();
            let shops = shops.ok_or_else(|| StoreError::Unavailable("down".into()))?;
            Ok(shops.into_iter().map(ShopId).collect::<Shops>())
        }),
    );
    let settings = MallSettings { positive_seconds, ..MallSettings::default() };
    let asker = Arc::new(Asker::new(MallSource::Http, Box::new(Mall(Arc::clone(&world))), LONG));
    let remembering = Remembering::new(Box::new(|_, _, _| Ok(())));
    (MallTokens::asking(vec![asker], &settings, remembering, rota, Quarters::open().unwrap()), world)
}

fn question() -> Question {
    Question { token: Token::new(&"b".repeat(32)).unwrap(), side: None, tenant: None }
}

/// The shops of whoever shows a token now; the code of the refusal where that cannot be found out.
async fn shops(mall: &MallTokens) -> Result<Vec<i64>, i32> {
    let verdict = match mall.at_once(&question().token) {
        Some(verdict) => verdict,
        None => mall.ask(&question()).await.map_err(|error| error.code())?,
    };
    Ok(served(&verdict.identity().unwrap()))
}

fn served(identity: &Identity) -> Vec<i64> {
    identity.shops.iter().map(|shop| shop.0).collect()
}

#[actix_web::test]
async fn a_shop_that_was_taken_is_closed_although_the_mall_is_remembered() {
    let (mall, world) = beside(3_600, Duration::ZERO);
    assert_eq!(shops(&mall).await, Ok(vec![0, 5]));

    world.serves(Some(&[0]));

    assert_eq!(shops(&mall).await, Ok(vec![0]));
    assert_eq!(*world.asked.lock().unwrap(), 1);
}

#[actix_web::test]
async fn a_shop_that_was_taken_is_closed_in_the_grace_too() {
    let (mall, world) = beside(0, Duration::ZERO);
    assert_eq!(shops(&mall).await, Ok(vec![0, 5]));

    world.says(Word::Nothing);
    world.serves(Some(&[0]));

    assert_eq!(shops(&mall).await, Ok(vec![0]));
    assert_eq!(mall.without_asking(&question().token), None, "without the books nobody is seated");
}

#[actix_web::test]
async fn shops_are_read_again_at_once_where_they_were_changed_here() {
    let (mall, world) = beside(3_600, LONG);
    assert_eq!(shops(&mall).await, Ok(vec![0, 5]));
    world.serves(Some(&[0]));
    assert_eq!(shops(&mall).await, Ok(vec![0, 5]), "what was read a moment ago");

    mall.0.rota.forget(TENANT, BOB);

    assert_eq!(mall.at_once(&question().token), None);
    assert_eq!(shops(&mall).await, Ok(vec![0]));
}

#[actix_web::test]
async fn while_our_own_books_are_closed_only_what_was_read_a_moment_ago_counts() {
    let (mall, world) = beside(3_600, LONG);
    assert_eq!(shops(&mall).await, Ok(vec![0, 5]));

    world.serves(None);

    assert_eq!(shops(&mall).await, Ok(vec![0, 5]));
    mall.0.rota.forget(TENANT, BOB);
    assert_eq!(shops(&mall).await, Err(503));
    assert_eq!(mall.without_asking(&question().token), None);
}

#[actix_web::test]
async fn a_mall_that_hangs_keeps_nobody_from_their_grace() {
    let (mall, world) = beside(0, LONG);
    assert_eq!(shops(&mall).await, Ok(vec![0, 5]));
    mall.0.rota.forget(TENANT, BOB);
    world.says(Word::Hangs);
    let (question, token) = (question(), question().token);

    let read = async {
        while mall.without_asking(&token).is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = mall.ask(&question) => panic!("the mall hangs, and yet: {answer:?}"),
        () = read => {}
    }

    assert_eq!(served(&mall.without_asking(&token).unwrap()), [0, 5]);
}

#[actix_web::test]
async fn an_open_socket_stays_while_its_rights_do() {
    let (mall, world) = beside(0, LONG);
    let before = mall.ask(&question()).await.unwrap().identity().unwrap();
    let token = question().token;
    let all = Word::Bob(Permission::ALL.to_vec());

    assert!(mall.still(&token, &before).await);
    world.serves(Some(&[0]));
    assert!(!mall.still(&token, &before).await, "although the shops were read a moment ago");
    world.serves(None);
    assert!(mall.still(&token, &before).await, "while our own books are closed");
    world.says(Word::Bob(Vec::new()));
    assert!(!mall.still(&token, &before).await, "with fewer permissions");
    world.says(all);
    world.serves(Some(&[0, 5]));
    assert!(mall.still(&token, &before).await);
}
