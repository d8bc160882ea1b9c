//! The mall's own database, through the mall's own pool.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use kefu_push::Credential;
use serde::Serialize;

use crate::secret;

type Connection = SqliteConnection;

diesel::table! {
    person (id) {
        id -> BigInt,
        name -> Text,
        password -> Text,
        works -> Bool,
        nickname -> Text,
        avatar -> Nullable<Text>,
    }
}

diesel::table! {
    session (hash) {
        hash -> Binary,
        person -> BigInt,
    }
}

diesel::table! {
    merchant (id) {
        id -> BigInt,
        title -> Text,
        open -> Bool,
    }
}

diesel::table! {
    staff (person, merchant) {
        person -> BigInt,
        merchant -> BigInt,
    }
}

diesel::table! {
    product (id) {
        id -> BigInt,
        merchant -> BigInt,
        title -> Text,
        picture -> Text,
        price -> BigInt,
        stock -> BigInt,
    }
}

diesel::table! {
    purchase (id) {
        id -> BigInt,
        person -> BigInt,
        product -> BigInt,
        count -> BigInt,
        shipped -> Bool,
    }
}

diesel::joinable!(session -> person (person));
diesel::allow_tables_to_appear_in_same_query!(session, person);

/// Somebody with an account.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = person)]
pub struct Person {
    /// Shoppers and clerks are numbered together.
    pub id: i64,
    /// What they type to sign in.
    pub name: String,
    /// As argon2 keeps it.
    pub password: String,
    /// A clerk; everybody else is a shopper.
    pub works: bool,
    /// What others call them.
    pub nickname: String,
    /// The address of their picture.
    pub avatar: Option<String>,
}

/// Something to buy.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = product)]
pub struct Product {
    /// Its number.
    pub id: i64,
    /// The shop that sells it; 0 is the mall itself.
    pub merchant: i64,
    /// Its name.
    pub title: String,
    /// The address of its picture.
    pub picture: String,
    /// In cents.
    pub price: i64,
    /// How many there are.
    pub stock: i64,
}

/// Something that was bought.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = purchase)]
pub struct Purchase {
    /// Its number.
    pub id: i64,
    /// Who bought it.
    pub person: i64,
    /// What.
    pub product: i64,
    /// How many of it.
    pub count: i64,
    /// Whether it is on its way.
    pub shipped: bool,
}

/// The books are closed: a file that cannot be opened, a question that failed.
#[derive(Debug, thiserror::Error)]
#[error("the mall's books did not answer")]
pub struct BooksError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl BooksError {
    pub(crate) fn because(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

type Answer<T> = Result<T, BooksError>;

/// The mall's books. Clones share the pool; every call blocks.
#[derive(Clone)]
pub struct Books(Pool<ConnectionManager<Connection>>);

#[derive(Debug)]
struct Habits;

impl CustomizeConnection<Connection, diesel::r2d2::Error> for Habits {
    fn on_acquire(&self, connection: &mut Connection) -> Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON")
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Books {
    /// Opens the file, and fills it if it is new.
    pub fn open(file: &Path) -> Answer<Self> {
        let manager = ConnectionManager::new(file.to_string_lossy());
        let pool = Pool::builder().max_size(4).min_idle(Some(1)).connection_customizer(Box::new(Habits)).build(manager);
        let books = Self(pool.map_err(BooksError::because)?);
        books.with(|connection| connection.batch_execute(include_str!("tables.sql")))?;
        crate::stock::fill(&books)?;
        Ok(books)
    }

    pub(crate) fn with<T>(&self, question: impl FnOnce(&mut Connection) -> QueryResult<T>) -> Answer<T> {
        let mut connection = self.0.get().map_err(BooksError::because)?;
        question(&mut connection).map_err(BooksError::because)
    }

    /// Lets somebody in, if the password is theirs: their token, and who they are.
    pub fn sign_in(&self, name: &str, password: &str) -> Answer<Option<(String, Person)>> {
        let found = person::table.filter(person::name.eq(name)).select(Person::as_select());
        let found = self.with(|connection| found.first(connection).optional())?;
        let Some(found) = found.filter(|found| secret::matches(password, &found.password)) else { return Ok(None) };
        let token = secret::token().map_err(|error| BooksError::because(error.to_string()))?;
        let row = (session::hash.eq(secret::credential(&token).0.to_vec()), session::person.eq(found.id));
        self.with(|connection| diesel::insert_into(session::table).values(row).execute(connection))?;
        Ok(Some((token, found)))
    }

    /// Who came with a token, if it is good.
    pub fn bearer(&self, token: &str) -> Answer<Option<Person>> {
        let login = session::table.find(secret::credential(token).0.to_vec());
        let owner = login.inner_join(person::table).select(Person::as_select());
        self.with(|connection| owner.first(connection).optional())
    }

    /// Ends a login.
    pub fn sign_out(&self, login: Credential) -> Answer<()> {
        let login = session::table.find(login.0.to_vec());
        self.with(|connection| diesel::delete(login).execute(connection)).map(drop)
    }

    /// Forgets somebody, with their logins and purchases.
    pub fn close_account(&self, id: i64) -> Answer<()> {
        self.with(|connection| diesel::delete(person::table.find(id)).execute(connection)).map(drop)
    }

    /// Those of these people who are there.
    pub fn people(&self, ids: &[i64], works: bool) -> Answer<Vec<Person>> {
        let found = person::table.filter(person::id.eq_any(ids)).filter(person::works.eq(works));
        self.with(|connection| found.select(Person::as_select()).load(connection))
    }

    /// Whether a shop is open; `None` where there is no such shop.
    pub fn is_open(&self, id: i64) -> Answer<Option<bool>> {
        self.with(|connection| merchant::table.find(id).select(merchant::open).first(connection).optional())
    }

    /// The shops that a clerk serves.
    pub fn shops_of(&self, clerk: i64) -> Answer<Vec<i64>> {
        let theirs = staff::table.filter(staff::person.eq(clerk)).select(staff::merchant);
        self.with(|connection| theirs.load(connection))
    }

    /// Everything that is for sale.
    pub fn products(&self) -> Answer<Vec<Product>> {
        self.with(|connection| product::table.order(product::id).select(Product::as_select()).load(connection))
    }

    /// One of them.
    pub fn product(&self, id: i64) -> Answer<Option<Product>> {
        self.with(|connection| product::table.find(id).select(Product::as_select()).first(connection).optional())
    }

    /// Buys; `None` where there is no such thing.
    pub fn buy(&self, person: i64, product: i64, count: i64) -> Answer<Option<Purchase>> {
        if self.product(product)?.is_none() {
            return Ok(None);
        }
        let row = (purchase::person.eq(person), purchase::product.eq(product), purchase::count.eq(count));
        let bought = diesel::insert_into(purchase::table).values(row).returning(Purchase::as_returning());
        self.with(|connection| bought.get_result(connection)).map(Some)
    }

    /// What somebody has bought.
    pub fn purchases(&self, person: i64) -> Answer<Vec<Purchase>> {
        let theirs = purchase::table.filter(purchase::person.eq(person)).order(purchase::id);
        self.with(|connection| theirs.select(Purchase::as_select()).load(connection))
    }

    /// Sends a purchase off; `None` where there is no such purchase.
    pub fn ship(&self, id: i64) -> Answer<Option<Purchase>> {
        let sent = diesel::update(purchase::table.find(id)).set(purchase::shipped.eq(true));
        self.with(|connection| sent.returning(Purchase::as_returning()).get_result(connection).optional())
    }
}
