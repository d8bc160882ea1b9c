use actix_web::http::StatusCode;
use actix_web::test::TestRequest;

use crate::testing::{Answer, World, ask_once, member_of, request, world, world_with};

const UPLOAD: &str = "/app-api/infra/file/upload";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01 and so on";

fn form(path: &str, token: Option<&str>, parts: &[(&str, &[u8])]) -> TestRequest {
    let mut body = Vec::new();
    for (name, content) in parts {
        // What the sender calls it is a lie, and must not matter.
        let head = format!(
            "--frontier\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"../../x.svg\"\r\n\
             Content-Type: image/svg+xml\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--frontier--\r\n");
    let headers = [("Content-Type", "multipart/form-data; boundary=frontier"), ("tenant-id", "1")];
    request("POST", path, token, &headers).set_payload(body)
}

async fn upload(world: &World, content: &[u8]) -> Answer {
    ask_once(world, form(UPLOAD, Some(&member_of(1)), &[("file", content), ("directory", b"")])).await
}

async fn fetch(world: &World, path: &str) -> Answer {
    ask_once(world, request("GET", path, None, &[])).await
}

fn path_of(answer: &Answer) -> String {
    answer.data().as_str().unwrap().strip_prefix("http://kefu.test").unwrap().to_owned()
}

#[actix_web::test]
async fn a_picture_comes_back_as_it_went_and_cannot_run() {
    let world = world();

    let path = path_of(&upload(&world, PNG).await);
    let answer = fetch(&world, &path).await;

    assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, PNG));
    assert_eq!(answer.header("content-type"), "image/png");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'");
    assert!(answer.header("cache-control").contains("immutable"));
    assert!(answer.header("content-disposition").starts_with("inline"));
    let stored = world.database.file(path.rsplit('/').next().unwrap()).unwrap().unwrap();
    assert_eq!((stored.bytes, stored.kind.as_str()), (i64::try_from(PNG.len()).unwrap(), "png"));
}

#[actix_web::test]
async fn a_part_of_a_file_can_be_fetched() {
    let world = world();
    let path = path_of(&upload(&world, PNG).await);

    let answer = ask_once(&world, request("GET", &path, None, &[("Range", "bytes=1-3")])).await;

    assert_eq!((answer.status, &answer.body[..]), (StatusCode::PARTIAL_CONTENT, &b"PNG"[..]));
}

#[actix_web::test]
async fn whatever_is_no_picture_is_saved_and_not_shown() {
    let world = world();

    let path = path_of(&upload(&world, b"%PDF-1.7 and so on").await);

    let answer = fetch(&world, &path).await;
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert!(answer.header("content-disposition").starts_with("attachment"));
}

#[actix_web::test]
async fn what_could_run_is_refused_whatever_it_is_called() {
    let world = world();

    for content in [&b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>"[..], b"<html>", b"", b"MZ", b"{}"] {
        assert_eq!(upload(&world, content).await.code(), 400, "{}", content.escape_ascii());
    }
    let json = request("POST", UPLOAD, Some(&member_of(1)), &[("tenant-id", "1")]).set_payload("{}");
    assert_eq!(ask_once(&world, json).await.code(), 400, "no form");
    let nameless = form(UPLOAD, Some(&member_of(1)), &[("picture", PNG)]);
    assert_eq!(ask_once(&world, nameless).await.code(), 400, "no field `file`");
}

#[actix_web::test]
async fn a_file_may_be_as_long_as_the_settings_say_and_no_longer() {
    let world = world_with(|settings| {
        settings.upload.max_picture_bytes = 1_000;
        settings.upload.max_document_bytes = 2_000;
    });
    let picture = |length: usize| [PNG, &vec![0; length - PNG.len()]].concat();

    assert_eq!(upload(&world, &picture(1_000)).await.code(), 0);
    let answer = upload(&world, &picture(1_001)).await;
    assert_eq!((answer.code(), answer.json()["msg"].as_str()), (400, Some("上传文件过大，请调整后重试")));
    assert_eq!(upload(&world, &[&b"%PDF-1.7"[..], &[0; 1_992]].concat()).await.code(), 0, "a limit for each kind");
    assert_eq!(upload(&world, &vec![0; 40 << 20]).await.code(), 400, "of no kind, without end");
}

#[actix_web::test]
async fn a_day_has_so_many_files_for_each_person() {
    let world = world_with(|settings| settings.upload.daily_files = 1);

    assert_eq!(upload(&world, PNG).await.code(), 0);

    assert_eq!(upload(&world, PNG).await.code(), 429);
}

#[actix_web::test]
async fn nobody_uploads_without_a_token() {
    let world = world();

    for path in [UPLOAD, "/admin-api/infra/file/upload"] {
        assert_eq!(ask_once(&world, form(path, None, &[("file", PNG)])).await.code(), 401);
        assert_eq!(ask_once(&world, form(path, Some("stale"), &[("file", PNG)])).await.code(), 401);
    }
}

#[actix_web::test]
async fn no_name_leads_out_of_the_folder() {
    let world = world();
    let stem = "a".repeat(32);

    for name in [
        "..%2f..%2fkefu.sqlite3".to_owned(),
        "..".to_owned(),
        "%2e%2e%2fkefu.sqlite3".to_owned(),
        format!("{stem}.png%00"),
        format!("{stem}.svg"),
        format!("{stem}.png"),
        "incoming".to_owned(),
    ] {
        let answer = fetch(&world, &format!("/files/{name}")).await;
        assert!(answer.status == StatusCode::NOT_FOUND || answer.code() == 401, "{name}: {}", answer.status);
    }
}
