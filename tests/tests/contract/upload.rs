//! Uploads, as both pages make them, and what comes back.

use kefu_tests::{Backend, off_the_runtime};
use serde_json::json;

use crate::asking::{Ask, World};

const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_answers_an_address_at_which_the_bytes_are_and_which_can_be_sent() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        for (who, path) in [(&alice, "/app-api/infra/file/upload"), (&agent, "/admin-api/infra/file/upload")] {
            let address = who.ask(Ask::post(path).file("../../etc/a.html", GIF)).data();
            let address = address.as_str().expect("data is the address itself").to_owned();
            let local = address.strip_prefix("http://kefu.example").expect("beginning with the public address");
            assert!(local.starts_with("/files/") && local.ends_with(".gif") && !local.contains(".."), "{local}");

            let fetched = Ask::get(local).at(world.addr);
            assert_eq!((fetched.status, fetched.body.as_slice()), (200, GIF));
            assert_eq!(fetched.header("Content-Type"), Some("image/gif"));
            assert_eq!(fetched.header("X-Content-Type-Options"), Some("nosniff"));
            assert!(fetched.header("Content-Disposition").is_some_and(|header| header.starts_with("inline")));
            assert!(fetched.header("Content-Security-Policy").is_some_and(|header| header.contains("sandbox")));

            let content = json!({ "picUrl": address }).to_string();
            let sent = who.post(&json!({ "conversationId": conversation, "contentType": 2, "content": content }));
            assert_eq!(sent.code(), 0);
        }
        assert_eq!(world.server.books().count("kefu_file"), 2);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_picture_comes_back_as_an_attachment() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let alice = world.member(101);
        let address = alice.ask(Ask::post("/app-api/infra/file/upload").file("a.gif", PDF)).data();
        let local = address
            .as_str()
            .and_then(|address| address.strip_prefix("http://kefu.example"))
            .expect("an address")
            .to_owned();

        let fetched = Ask::get(&local).at(world.addr);

        assert_eq!(fetched.header("Content-Type"), Some("application/pdf"), "by its bytes, not by its name");
        assert!(fetched.header("Content-Disposition").is_some_and(|header| header.starts_with("attachment")));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_no_known_kind_too_large_broken_or_nobodys_is_refused_and_not_kept() {
    let world = World::start(Backend::Sqlite, &[("upload.max_picture_bytes", "1000")]).await;
    off_the_runtime(|| {
        let alice = world.member(101);
        let path = "/app-api/infra/file/upload";
        let refused = |bytes: &[u8]| alice.ask(Ask::post(path).file("a.png", bytes)).code();

        for bytes in [
            &b""[..],
            b"hello",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            b"<!doctype html><script>",
        ] {
            assert_eq!(refused(bytes), 400, "{:?}", String::from_utf8_lossy(bytes));
        }
        let large = [GIF, &[0; 1_000]].concat();
        let answer = alice.ask(Ask::post(path).file("a.gif", &large));
        assert_eq!((answer.code(), answer.msg()), (400, "上传文件过大，请调整后重试".to_owned()));
        let exact = [GIF, &vec![0; 1_000 - GIF.len()]].concat();
        assert_eq!(refused(&exact), 0, "exactly as large as it may be");
        assert_eq!(Ask::post(path).file("a.gif", GIF).tenant(1).at(world.addr).code(), 401);

        let form = |kind: &str, body: &[u8]| alice.ask(Ask::post(path).header("Content-Type", kind).body(body)).code();
        assert_eq!(form("multipart/form-data", b""), 400, "no boundary");
        assert_eq!(form("multipart/form-data; boundary=x", b"--x\r\nContent-Disp"), 400, "cut off");
        assert_eq!(form("multipart/form-data; boundary=x", b"--x--\r\n"), 400, "no file");
        assert_eq!(form("application/json", b"{}"), 400, "no form");
        assert_eq!(world.server.books().count("kefu_file"), 1);
        assert_eq!(world.errors(), Vec::<String>::new());
        world.assert_alive();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_none_of_ours_lead_nowhere() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        for name in [
            "..%2f..%2fkefu.toml",
            "%2e%2e/kefu.toml",
            "..%5ckefu.toml",
            "kefu.toml",
            "%00.gif",
            "C:%5ca.gif",
            "／etc／passwd",
            "0123456789abcdef0123456789abcdef.html",
            "0123456789abcdef0123456789abcdef.gif",
            &"a".repeat(300),
        ] {
            let name = if name.is_ascii() { name.to_owned() } else { crate::asking::encoded(name) };
            let answer = Ask::get(format!("/files/{name}")).at(world.addr);
            assert!(answer.status == 404 || answer.code() == 401, "{name}: {answer:?}");
            assert!(!String::from_utf8_lossy(&answer.body).contains("jwt_secret"));
        }
    });
}
