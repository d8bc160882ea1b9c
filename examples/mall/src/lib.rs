//! A small mall with the desk in its own process: what docs/EMBEDDING.md tells, as a program.
//!
//! The mall has its own login, accounts, products and orders, in its own database through its own pool, and its own
//! middleware and limits. Beside its own routes it mounts the desk's, once inside scopes of its own choosing and once
//! where the pages of a yudao mall look for them. Who people are the desk asks the mall's tables ([`Books`] is all
//! three directories); what it keeps itself is in a file of its own.
//!
//! It promises what an example should: that everything here is as one would really do it, and that nothing is here
//! which the desk does not need or does not touch. It refuses to be a shop: nothing is paid, nothing runs out.
//!
//! `cargo run -p example-mall` says how to try it.

mod books;
mod directories;
mod doors;
mod pages;
mod secret;
mod stock;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, JsonConfig, PayloadConfig};
use actix_web::{App, HttpServer};
use kefu::Desk;
use kefu_push::Hub;
use kefu_storage::{Database, OpenError, Options};
use kefu_web::Site;
use tokio::task::{JoinHandle, spawn_blocking};

pub use books::{Books, BooksError, Person, Product, Purchase};
pub use pages::Refused;
pub use stock::PASSWORD;

/// The longest body that the mall's own pages take, in bytes. The desk's take more, and that stays with them.
pub const LONGEST_BODY: usize = 4 * 1024;
/// How long the desk may take for what it has taken on.
const DRAIN_WITHIN: Duration = Duration::from_secs(4);

/// Why the mall did not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The mall's own database.
    #[error("the mall's books could not be opened")]
    Books(#[from] BooksError),
    /// The desk's.
    #[error("the desk's books could not be opened")]
    Desk(#[from] OpenError),
    /// The address.
    #[error("{0} cannot be listened on")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The process is ending.
    #[error("a thread was lost")]
    Thread(#[from] tokio::task::JoinError),
}

/// A mall that is open.
pub struct Mall {
    address: SocketAddr,
    server: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    desk: Desk,
    hub: Hub,
}

impl Mall {
    /// Opens the mall with the books in this folder. Call it inside a tokio runtime.
    pub async fn start(folder: &Path, address: SocketAddr) -> Result<Self, StartError> {
        let (own, desks) = (folder.join("mall.db"), format!("sqlite:{}", folder.join("desk.db").display()));
        // Both databases block.
        let (books, database) = spawn_blocking(move || {
            Ok::<_, StartError>((Books::open(&own)?, Database::connect(&desks, &Options::default())?))
        })
        .await??;

        let hub = Hub::new();
        let desk = kefu::builder(database.clone(), books.clone(), books.clone(), hub.clone())
            .shops(books.clone())
            .lanes(1)
            .build();
        let site = Site::new(desk.clone(), hub.clone(), kefu_web::Settings::default());

        let listening = |error| StartError::Listen(address, error);
        let listener = TcpListener::bind(address).map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let (shared_desk, shared_hub) = (Data::new(desk.clone()), Data::new(hub.clone()));
        let (books, database) = (Data::new(books), Data::new(database));
        let counter = Data::new(doors::Counter::default());
        let app = move || {
            App::new()
                .app_data(books.clone())
                .app_data(database.clone())
                .app_data(shared_desk.clone())
                .app_data(shared_hub.clone())
                .app_data(counter.clone())
                .app_data(JsonConfig::default().limit(LONGEST_BODY))
                .app_data(PayloadConfig::new(LONGEST_BODY))
                .configure(pages::public)
                .service(web::scope("/shop").configure(pages::shop).configure(site.member_routes()))
                .service(web::scope("/office").configure(pages::office).configure(site.admin_routes()))
                .service(web::scope("/live").configure(site.socket_route()))
                // Where the pages of a yudao mall look; its other paths there would stand in the same scopes.
                .service(web::scope("/app-api/promotion").configure(site.member_routes()))
                .service(web::scope("/admin-api/promotion").configure(site.admin_routes()))
                .service(web::scope("/infra").configure(site.socket_route()))
                .wrap(from_fn(doors::recognise))
                .wrap(from_fn(doors::number))
        };
        let server = HttpServer::new(app).workers(2).shutdown_timeout(10).disable_signals();
        let server = server.listen(listener).map_err(listening)?.run();
        let handle = server.handle();

        Ok(Self { address, server: handle, serving: tokio::spawn(server), desk, hub })
    }

    /// Where it listens; the port is the real one.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes: no more connections, what the desk has taken on is committed and told, then the sockets go, and the
    /// requests under way are answered. Says whether the desk could do everything.
    pub async fn stop(self) -> bool {
        // Sockets are connections too: they are what this waits for, so it is not awaited before they are closed.
        let ended = self.server.stop(true);
        let desk = self.desk;
        let drained = spawn_blocking(move || desk.stop(DRAIN_WITHIN)).await.unwrap_or(false);
        self.hub.close_all();
        ended.await;
        let _ = self.serving.await;
        drained
    }
}

/// The code of docs/EMBEDDING.md, compiled and run as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/EMBEDDING.md")]
pub struct Embedding;
