//! The server under test: a process of its own, with a database of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kefu_domain::TenantId;
use kefu_storage::{Database, NewTenant, Options};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::canary::{Visitor, Watch};
use crate::door::Door;
use crate::fault_proxy::led_through;
use crate::{
    Answer, Backend, Books, Claims, FaultProxy, Log, Metrics, PATIENCE, Person, Place, Program, Running, Side,
    Unanswered, beside_this_program, off_the_runtime,
};

/// How a server is to be started.
#[derive(Debug, Clone)]
pub struct Setup {
    backend: Backend,
    settings: BTreeMap<String, String>,
    syncs: Option<PathBuf>,
    clock_off_by: i64,
    database_at: Option<SocketAddr>,
}

impl Setup {
    /// A server on that kind of database, with nobody limited in how fast they write.
    #[must_use]
    pub fn on(backend: Backend) -> Self {
        let settings = [
            ("server.listen", "\"127.0.0.1:0\""),
            ("server.public_url", "\"http://kefu.example\""),
            ("desk.sends_per_minute", "0"),
            ("desk.shop_sends_per_minute", "0"),
            ("log.format", "\"text\""),
            ("log.level", "\"info\""),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { backend, settings, syncs: None, clock_off_by: 0, database_at: None }
    }

    /// With this setting, a name such as `database.batch` and a value as TOML has it.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.settings.insert(name.to_owned(), value.to_string());
        self
    }

    /// With every fsync and fdatasync written into this file.
    #[must_use]
    pub fn counting_syncs(mut self, file: &Path) -> Self {
        self.syncs = Some(file.to_owned());
        self
    }

    /// On a machine whose clock is so many seconds ahead of everybody else's, or behind.
    #[must_use]
    pub fn with_clock_off_by(self, seconds: i64) -> Self {
        Self { clock_off_by: seconds, ..self }
    }

    /// With that proxy before its database.
    #[must_use]
    pub fn with_database_behind(self, proxy: &FaultProxy) -> Self {
        Self { database_at: Some(proxy.address()), ..self }
    }

    /// Makes the database with tenants 1 and 2 in it, starts the server, and waits until it is ready.
    pub async fn start(self) -> Server {
        let folder = tempfile::Builder::new().prefix("kefu-server").tempdir().expect("a folder");
        let place = self.backend.prepare(folder.path());
        let secret = format!("{:016x}{:016x}", crate::backend::fresh_seed(), crate::backend::fresh_seed());
        let door = Door::new();
        door.keep_secret(&secret);
        door.watch.read_in(Books::at(place.url()));

        let uploads = folder.path().join("uploads");
        self.write(&folder, &place, &secret, &uploads);
        off_the_runtime(|| {
            let database = Database::connect(place.url(), &Options::default()).expect("the database opens");
            for (id, name) in [(1, "mall"), (2, "other")] {
                let tenant = NewTenant { id: Some(TenantId(id)), name: name.into(), expires: None };
                database.add_tenant(&tenant).expect("a tenant");
            }
        });
        self.run(folder, place, secret, door).await
    }

    /// Starts another node of a server: on the same database, with the same keys and files, as a process of its own.
    pub async fn start_beside(self, other: &Server) -> Server {
        let folder = tempfile::Builder::new().prefix("kefu-server").tempdir().expect("a folder");
        let place = other.place.visited();
        self.write(&folder, &place, &other.secret, &other.folder.path().join("uploads"));
        self.run(folder, place, other.secret.clone(), other.door.beside()).await
    }

    async fn run(self, folder: tempfile::TempDir, place: Place, secret: String, door: Door) -> Server {
        let ready_after = Duration::ZERO;
        let Self { syncs, clock_off_by, .. } = self;
        let log = Log::default();
        let mut server = Server { ready_after, folder, place, secret, door, log, running: None, syncs, clock_off_by };
        server.start_again().await;
        server
    }

    fn write(&self, folder: &tempfile::TempDir, place: &Place, secret: &str, uploads: &Path) {
        let mut settings = self.settings.clone();
        let quoted = |text: &str| format!("{text:?}");
        let database = self.database_at.map(|address| led_through(place.url(), address));
        settings.insert("database.url".into(), quoted(database.as_deref().unwrap_or(place.url())));
        settings.insert("auth.jwt_secret".into(), quoted(secret));
        settings.insert("upload.dir".into(), quoted(&uploads.to_string_lossy()));
        settings.insert("server.data_dir".into(), quoted(&folder.path().join("data").to_string_lossy()));
        let text: String = settings.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        std::fs::write(folder.path().join("kefu.toml"), text).expect("the settings are written");
    }
}

/// A server that runs. Dropping it kills it, drops its database, searches its log for secrets, and complains of what
/// came to somebody whom it did not belong to.
pub struct Server {
    // Dropped in this order, except what `drop` does first.
    running: Option<Running>,
    place: Place,
    folder: tempfile::TempDir,
    secret: String,
    door: Door,
    log: Log,
    syncs: Option<PathBuf>,
    clock_off_by: i64,
    ready_after: Duration,
}

impl Server {
    /// A server on that kind of database, with these settings (TOML values) over the usual ones.
    pub async fn start(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let setup = Setup::on(backend);
        settings.iter().fold(setup, |setup, (name, value)| setup.set(name, value)).start().await
    }

    /// Starts the program on its settings, on another free port, and waits until it is ready.
    pub async fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let from = self.log.len();
        let mut program = self.program(["serve"]);
        if let Some(file) = &self.syncs {
            program = program.counting_syncs(file);
        }
        if self.clock_off_by != 0 {
            program = program.with_clock_off_by(self.clock_off_by);
        }
        let since = Instant::now();
        let running = program.start(&self.log);
        let Some(address) = self.log.wait_for(from, PATIENCE, address_in).await else {
            panic!("the server did not say where it listens:\n{}", self.log.tail(30));
        };
        self.running = Some(running);
        self.door.moved_to(address);
        self.wait_until_ready().await;
        self.ready_after = since.elapsed();
    }

    /// How long the last start took, from the process to the first good `/readyz`.
    #[must_use]
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// A command of the server's program, on this server's settings.
    #[must_use]
    pub fn program<'a>(&self, command: impl IntoIterator<Item = &'a str>) -> Program {
        let mut arguments = vec!["--config".to_owned(), self.folder.path().join("kefu.toml").display().to_string()];
        arguments.extend(command.into_iter().map(str::to_owned));
        Program::new(beside_this_program("kefu-under-test"), arguments)
    }

    async fn wait_until_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.get("/readyz").await.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("the server did not become ready:\n{}", self.log.tail(30));
    }

    /// Asks without a token.
    pub async fn get(&self, path: &str) -> Result<Answer, Unanswered> {
        self.door.ask(self.door.http.get(self.url(path))).await
    }

    /// A request without a token.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.door.http.request(method, self.url(path))
    }

    /// Asks as nobody in particular.
    pub async fn try_ask(&self, request: reqwest::RequestBuilder) -> Result<Answer, Unanswered> {
        self.door.ask(request).await
    }

    /// A path as an address.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.door.address())
    }

    /// Where it listens now.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// How it says it is: the status of `/readyz`, and the report in it.
    pub async fn readiness(&self) -> (u16, Value) {
        let answer = self.get("/readyz").await.expect("an answer");
        (answer.status, serde_json::from_str(&answer.body).expect("a report"))
    }

    /// Asks it how it is until it is so.
    pub async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (_, report) = self.readiness().await;
            if holds(&report) {
                return;
            }
            assert!(Instant::now() < deadline, "in vain waited for {what}: {report}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Its metrics now.
    pub async fn metrics(&self) -> Metrics {
        Metrics(self.get("/metrics").await.expect("an answer").body)
    }

    /// A member of tenant 1.
    #[must_use]
    pub fn member(&self, id: i64) -> Person {
        self.person(&Claims::member(id))
    }

    /// An agent of tenant 1 who may do everything.
    #[must_use]
    pub fn agent(&self, id: i64) -> Person {
        self.person(&Claims::agent(id))
    }

    /// The way to it.
    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    /// A proxy before it, which the watch sees through. It has to be led to the server's new address after a restart.
    pub async fn behind_proxy(&self, seed: u64) -> FaultProxy {
        let proxy = FaultProxy::before(self.address(), seed).await;
        self.door.watch.stand_at(proxy.address());
        proxy
    }

    /// Whoever those claims describe, with a good signature.
    #[must_use]
    pub fn person(&self, claims: &Claims) -> Person {
        let side = if claims.kind == "member" { Side::Member } else { Side::Agent };
        Person::new(self.door.clone(), side, claims.id, self.door.sign(claims, &self.secret))
    }

    /// Somebody who shows any token.
    #[must_use]
    pub fn person_with(&self, side: Side, id: i64, token: &str) -> Person {
        self.door.watch.admit(Visitor::with(side, id, token));
        Person::new(self.door.clone(), side, id, token.to_owned())
    }

    /// Who may meet what it says.
    #[must_use]
    pub fn watch(&self) -> &Arc<Watch> {
        &self.door.watch
    }

    /// What its tokens are signed with.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Has the log searched for this too.
    pub fn keep_secret(&self, secret: &str) {
        self.door.keep_secret(secret);
    }

    /// Its database, read past it.
    #[must_use]
    pub fn books(&self) -> Books {
        Books::at(self.place.url())
    }

    /// Where its database is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The folder of its settings and files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has written.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The process.
    #[track_caller]
    #[must_use]
    pub fn process(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    /// Kills it as a power cut would.
    pub fn kill9(&mut self) {
        self.running.take().expect("it runs").kill9();
    }

    /// Asks it to stop, and waits so long for its end.
    pub async fn terminate(&mut self, within: Duration) -> Option<ExitStatus> {
        self.process().signal(Signal::SIGTERM);
        self.wait_for_end(within).await
    }

    /// Waits so long for its end. What does not end in time is killed.
    pub async fn wait_for_end(&mut self, within: Duration) -> Option<ExitStatus> {
        self.running.take().expect("it runs").wait(within).await
    }

    /// Stops it as an operator would, and starts it again.
    pub async fn restart(&mut self) {
        let status = self.terminate(PATIENCE).await;
        assert!(status.is_some_and(|status| status.success()), "it did not stop well: {status:?}");
        self.start_again().await;
    }

    /// Stops its process in the middle of whatever it does.
    pub fn freeze(&self) {
        self.process().signal(Signal::SIGSTOP);
    }

    /// Lets its process go on.
    pub fn thaw(&self) {
        self.process().signal(Signal::SIGCONT);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running = None;
        if std::thread::panicking() {
            eprintln!("the server's last words:\n{}", self.log.tail(40));
            return;
        }
        self.door.watch.tokens().iter().for_each(|token| self.door.keep_secret(token));
        let secrets = self.door.secrets.lock().map(|secrets| secrets.clone()).unwrap_or_default();
        let strays = self.door.watch.leaks();
        assert!(strays.is_empty(), "{} canaries went astray: {}", strays.len(), strays[0]);
        let secrets: Vec<String> = secrets.into_iter().collect();
        let leaks = self.log.leaks(&secrets);
        assert!(leaks.is_empty(), "the log holds what must never stand there:\n{}", leaks.join("\n"));
        assert!(!self.log.is_empty(), "a server that logs nothing keeps no secrets");
    }
}

/// The address in the line that says where the server listens.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening")?;
    rest.split(|c: char| c.is_whitespace() || "\"=,/".contains(c)).find_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_line_that_says_where_the_server_listens() {
        let found = address_in("kefu-server is listening on http://127.0.0.1:48080");

        assert_eq!(found, Some(SocketAddr::from(([127, 0, 0, 1], 48080))));
        assert_eq!(address_in("answered http.route=\"/readyz\""), None);
    }
}
