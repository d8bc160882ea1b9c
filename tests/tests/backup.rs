//! A backup as OPERATING.md says, restored as it says: what was backed up is there, and clients can tell.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kefu_tests::{Backend, Log, PATIENCE, Person, Place, Server, on_both, text};
use serde_json::Value;

/// Backs the database up while the server runs on it.
fn back_up(server: &Server) -> PathBuf {
    let copy = server.folder().join("copy");
    match server.place().path() {
        Some(_) => server.books().run(&format!("VACUUM INTO '{}'", copy.display())),
        None => {
            let (arguments, name) = client_of(server.place());
            let mut command = Command::new("mariadb-dump");
            command.args(arguments).args(["--single-transaction", &name]).stdout(File::create(&copy).unwrap());
            run(&mut command);
        }
    }
    copy
}

/// Puts the backup in the place of the database, while no server runs.
fn restore(server: &Server, copy: &Path) {
    let Some(file) = server.place().path() else {
        let (arguments, name) = client_of(server.place());
        let anew = format!("DROP DATABASE {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4");
        run(Command::new("mariadb").args(&arguments).args(["--execute", &anew]));
        run(Command::new("mariadb").args(&arguments).arg(&name).stdin(File::open(copy).unwrap()));
        return;
    };
    for end in ["", "-wal", "-shm"] {
        // The last two are there only where a server was killed.
        let _ = fs::remove_file(format!("{}{end}", file.display()));
    }
    fs::copy(copy, file).unwrap();
}

/// What tells MariaDB's clients where the server is, and the database's name.
fn client_of(place: &Place) -> (Vec<String>, String) {
    let (_, rest) = place.url().split_once("root@").expect("root without a password");
    let (server, name) = rest.split_once('/').unwrap();
    let (host, port) = server.split_once(':').unwrap();
    let arguments = ["--no-defaults".to_owned(), "--protocol=tcp".into(), "--user=root".into()];
    let at = [format!("--host={host}"), format!("--port={port}")];
    (arguments.into_iter().chain(at).collect(), name.to_owned())
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.stderr(Stdio::piped()).output().expect("MariaDB's clients are installed with it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What `kefu-server epoch` prints on this server's settings.
async fn epoch(server: &Server, arguments: &[&str]) -> String {
    let log = Log::default();
    let running = server.program(["epoch"].into_iter().chain(arguments.iter().copied())).start(&log);
    let digits = |line: &str| (line.len() == 16 && line.bytes().all(|it| it.is_ascii_hexdigit())).then(|| line.into());
    let epoch = log.wait_for(0, PATIENCE, digits).await.unwrap_or_else(|| panic!("{}", log.tail(10)));
    assert!(running.wait(PATIENCE).await.unwrap().success());
    epoch
}

async fn shown(server: &Server) -> Value {
    let answer = server.get("/readyz").await.unwrap();
    serde_json::from_str::<Value>(&answer.body).unwrap()["epoch"].take()
}

/// The numbers and contents that an agent finds.
async fn history(agent: &Person, conversation: i64) -> Vec<(i64, String)> {
    let rows = agent.history(conversation).await;
    rows.iter().map(|row| (row["seq"].as_i64().unwrap(), row["content"].as_str().unwrap().to_owned())).collect()
}

on_both! {
    async fn a_restored_backup_is_all_there_and_clients_can_tell(backend) {
        let mut server = Server::start(backend, &[]).await;
        let (alice, bob) = (server.member(101), server.agent(7));
        for n in 0..20 {
            alice.send(&text(n), Some(&format!("before-{n}"))).await.ok();
        }
        let conversation = server.books().conversation_of(101).unwrap().id;
        bob.send_to(conversation, &text("answer"), None).await.ok();
        let (before, old) = (history(&bob, conversation).await, epoch(&server, &[]).await);
        assert_eq!(before.len(), 21);
        assert_eq!(shown(&server).await, old.as_str());

        let copy = back_up(&server);
        for n in 0..5 {
            alice.send(&text(n), Some(&format!("lost-{n}"))).await.ok();
        }
        server.member(102).send(&text("lost"), None).await.ok();
        assert!(server.terminate(PATIENCE).await.unwrap().success());
        restore(&server, &copy);
        assert_eq!(epoch(&server, &[]).await, old, "restoring alone does not tell anybody");
        let renewed = epoch(&server, &["--renew"]).await;
        server.start_again().await;

        assert_ne!(renewed, old);
        assert_eq!(shown(&server).await, renewed.as_str());
        assert_eq!(epoch(&server, &[]).await, renewed, "it stays");
        assert_eq!(history(&bob, conversation).await, before);
        assert!(server.books().conversation_of(102).is_none(), "what came after the backup is gone");
        let again = alice.send(&text(0), Some("before-0")).await.ok();
        assert_eq!(again.seq(), before[0].0, "what was backed up is known by its key");
        let next = alice.send(&text("next"), Some("lost-0")).await.ok();
        assert_eq!(next.seq(), 22, "numbers go on where the backup ended");
        server.books().audit();
    }

    async fn a_running_server_keeps_the_epoch_that_it_began_with(backend) {
        let mut server = Server::start(backend, &[]).await;
        let old = shown(&server).await;

        let renewed = epoch(&server, &["--renew"]).await;

        assert_eq!(shown(&server).await, old);
        server.restart().await;
        assert_eq!(shown(&server).await, renewed.as_str());
    }
}

#[tokio::test]
async fn the_epoch_of_a_database_without_tables_is_none() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let log = Log::default();
    let mut program = server.program(["epoch", "--renew"]);
    let empty = server.folder().join("empty.toml");
    let settings = fs::read_to_string(server.folder().join("kefu.toml")).unwrap();
    fs::write(&empty, settings.replace("kefu.sqlite3", "nowhere.sqlite3")).unwrap();
    program.arguments[1] = empty.into();

    let status = program.start(&log).wait(PATIENCE).await.unwrap();

    assert_eq!(status.code(), Some(1));
    let why = |line: &str| line.contains("kefu-server migrate").then_some(());
    log.wait_for(0, PATIENCE, why).await.unwrap_or_else(|| panic!("{}", log.tail(10)));
    assert!(!server.folder().join("nowhere.sqlite3").exists());
}
