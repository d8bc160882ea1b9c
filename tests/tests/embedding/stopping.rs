//! The mall closes in the middle of everything.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::{House, Somebody};

/// Asks about the cup again and again, until the mall no longer answers.
async fn ask_until_closed(alice: Somebody, heard: Arc<Mutex<Vec<i64>>>) {
    while let Ok(answer) = alice.request(Method::POST, "/shop/products/1/ask").send().await {
        let status = answer.status();
        let Ok(told) = answer.json::<Value>().await else { break };
        if status == 200 {
            heard.lock().unwrap().push(told["message"].as_i64().unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_that_closes_has_kept_and_told_all_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open_in(folder.path()).await;
    let (alice, bob) = (house.signed_in("alice").await, house.signed_in("bob").await);
    let page = bob.listen().await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let asking: Vec<_> = (0..16).map(|_| tokio::spawn(ask_until_closed(alice.clone(), heard.clone()))).collect();
    page.wait_until("a flow of questions", |frames| frames.len() >= 100).await;

    let drained = house.mall.stop().await;

    for asker in asking {
        asker.await.unwrap();
    }
    assert!(drained);
    assert!(page.closed(Duration::from_secs(5)).await.is_some());
    let acknowledged = heard.lock().unwrap().clone();
    assert!(acknowledged.len() >= 50, "{}", acknowledged.len());
    let told: Vec<_> = page.frames().iter().filter_map(kefu_tests::Frame::id).collect();
    assert!(acknowledged.iter().all(|id| told.contains(id)), "the clerk was not told of everything");

    let house = House::open_in(folder.path()).await;
    let bob = house.signed_in("bob").await;
    let mut kept: Vec<(i64, i64)> = Vec::new();
    loop {
        let since = kept.last().map_or(0, |(seq, _)| *seq);
        let path = format!("/office/kefu-message/list?conversationId=1&sinceSeq={since}&limit=200");
        let page = bob.get(&path).await;
        let number = |row: &Value, name: &str| row[name].as_i64().unwrap();
        let rows = page.as_array().unwrap();
        if rows.is_empty() {
            break;
        }
        kept.extend(rows.iter().map(|row| (number(row, "seq"), number(row, "id"))));
    }
    assert!(acknowledged.iter().all(|id| kept.iter().any(|(_, kept)| kept == id)), "something was lost");
    let seqs: Vec<_> = kept.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(seqs, (1..=i64::try_from(kept.len()).unwrap()).collect::<Vec<_>>());
    house.mall.stop().await;
}
