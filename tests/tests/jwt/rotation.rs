//! A JWK set that changes while the server runs.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kefu_tests::{Backend, PATIENCE, Server};

use crate::key_server::{Answering, KeyServer, Pair, set};
use crate::{code, member};

async fn beside(keys: &KeyServer, refetch: &str) -> Server {
    let settings = [("jwt.jwks", keys.setting()), ("jwt.jwks_refetch_seconds", refetch.to_owned())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    Server::start(Backend::Sqlite, &settings).await
}

/// Asks until the answer has that code.
async fn comes_to(server: &Server, token: &str, wanted: i64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let came = code(server, token).await;
        if came == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "it stays {came}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_however_many_come_with_it() {
    let (one, two) = (Pair::new("one"), Pair::new("two"));
    let keys = KeyServer::start(Answering::With(set(&[&one]))).await;
    let server = beside(&keys, "1").await;
    comes_to(&server, &one.sign(&member(101)), 0).await;
    let before = keys.asked();
    keys.answer(Answering::Hold);
    // Within a second of the last question it would be a clear no: this one is let through to the address.
    let token = two.sign(&member(101));
    let first = async {
        while keys.asked() == before {
            code(&server, &token).await;
        }
    };
    let rest = async {
        keys.asked_times(before + 1).await;
        let many = join_all((0..40).map(|_| code(&server, &token)));
        let release = async { keys.answer(Answering::With(set(&[&two]))) };
        futures_util::future::join(many, release).await.0
    };

    let (_, codes) = tokio::time::timeout(PATIENCE, futures_util::future::join(first, rest)).await.unwrap();

    assert_eq!(codes, vec![0; 40], "whoever came while it was asked has waited for the answer");
    assert_eq!(keys.asked(), before + 1);
    assert_eq!(code(&server, &one.sign(&member(101))).await, 401, "a key that was taken out is none any more");
}

#[tokio::test]
async fn a_storm_of_unknown_keys_does_not_reach_the_address() {
    let one = Pair::new("one");
    let keys = KeyServer::start(Answering::With(set(&[&one]))).await;
    let server = beside(&keys, "3600").await;
    comes_to(&server, &one.sign(&member(101)), 0).await;
    assert_eq!(keys.asked(), 1, "at the start");

    let tokens = (0..200).map(|number| Pair::new(&format!("stranger {number}")).sign(&member(101)));
    let codes = join_all(tokens.map(|token| {
        let server = &server;
        async move { code(server, &token).await }
    }))
    .await;

    assert_eq!(codes, vec![401; 200]);
    assert_eq!(keys.asked(), 1);
}

#[tokio::test]
async fn while_the_address_is_down_old_keys_go_on_and_new_ones_are_unknown_and_not_refused() {
    let (one, two) = (Pair::new("one"), Pair::new("two"));
    let keys = KeyServer::start(Answering::With(set(&[&one]))).await;
    let server = beside(&keys, "1").await;
    let (old, new) = (one.sign(&member(101)), two.sign(&member(102)));
    comes_to(&server, &old, 0).await;
    let long = format!("{{\"keys\":[{}]}}", " ".repeat(300 * 1024));

    for down in [
        Answering::Cut,
        Answering::Head("HTTP/1.1 500 Sorry"),
        Answering::Head("HTTP/1.1 302 Elsewhere\r\nlocation: /other"),
        Answering::With("<html>".into()),
        Answering::With("{\"keys\":[]}".into()),
        Answering::With(long),
    ] {
        let before = keys.asked();
        keys.answer(down);
        comes_to(&server, &new, 503).await;
        keys.asked_times(before + 1).await;
        assert_eq!(code(&server, &old).await, 0);
        assert_eq!(code(&server, &server.member(103).token).await, 0, "whoever needs no address is not kept waiting");
    }
    keys.answer(Answering::With(set(&[&one, &two])));
    comes_to(&server, &new, 0).await;
    assert_eq!(code(&server, &old).await, 0);
}

#[tokio::test]
async fn an_address_that_is_down_at_the_start_is_asked_until_it_answers() {
    let one = Pair::new("one");
    let keys = KeyServer::start(Answering::Cut).await;
    let server = beside(&keys, "1").await;
    let token = one.sign(&member(101));
    assert_eq!(code(&server, &token).await, 503);
    assert_eq!(code(&server, &server.member(103).token).await, 0);

    keys.answer(Answering::With(set(&[&one])));
    let before = keys.asked();

    keys.asked_times(before + 1).await;
    comes_to(&server, &token, 0).await;
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes_and_half_a_file_changes_nothing() {
    let (one, two) = (Pair::new("one"), Pair::new("two"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    std::fs::write(&file, set(&[&one])).unwrap();
    let setting = format!("{:?}", file.display().to_string());
    let server = Server::start(Backend::Sqlite, &[("jwt.jwks", &setting)]).await;
    let (old, new) = (one.sign(&member(101)), two.sign(&member(101)));
    assert_eq!([code(&server, &old).await, code(&server, &new).await], [0, 401]);

    std::fs::write(&file, &set(&[&two])[..20]).unwrap();
    let said = |line: &str| line.contains("jwt.jwks").then_some(());
    assert!(server.log().wait_for(0, PATIENCE, said).await.is_some(), "it is said");
    assert_eq!([code(&server, &old).await, code(&server, &new).await], [0, 401]);

    std::fs::write(&file, set(&[&two])).unwrap();
    comes_to(&server, &new, 0).await;
    assert_eq!(code(&server, &old).await, 401);
}
