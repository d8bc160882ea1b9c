//! What is not quite HTTP. Most of it is refused by the HTTP library itself; here stands what its refusals look like,
//! and that nothing is stored and nobody harmed.

use crate::asking::{Ask, Wire};
use crate::endpoints::Stage;

/// Bytes on a connection of their own.
struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    /// Whether nothing more will be written, and the server is told so.
    ends: bool,
    /// What comes, in order: `200/400` is a status with a code, `400` a status without, `over` the end.
    comes: &'static str,
    /// Messages stored.
    stored: i64,
}

/// Plays every case; says what was not as it should be.
pub(crate) fn check_all(stage: &Stage<'_>) -> Vec<String> {
    let mut failures = Vec::new();
    for case in cases(stage) {
        let mut wire = Wire::open(stage.world.addr);
        let _ = wire.try_write(&case.bytes);
        if case.ends {
            wire.finish();
        }
        let came: Vec<_> = case.comes.split(' ').map(|_| next(&mut wire)).collect();
        let stored = stage.stored_since();
        if came.join(" ") != case.comes || stored != case.stored {
            failures.push(format!("{}: {} (not {}), stored {stored}", case.name, came.join(" "), case.comes));
        }
        let alive = stage.agent.ask(Ask::get(stage.agent.path("/kefu-conversation/list?limit=1")));
        if alive.code() != 0 {
            failures.push(format!("{}: the next request is answered {alive:?}", case.name));
        }
    }
    failures.extend(a_body_without_end(stage));
    failures
}

fn next(wire: &mut Wire) -> String {
    match wire.answer() {
        None if wire.is_silent() => "silence".to_owned(),
        None => "over".to_owned(),
        Some(answer) => match serde_json::from_slice::<serde_json::Value>(&answer.body) {
            Ok(body) if body["code"].is_i64() => format!("{}/{}", answer.status, body["code"]),
            _ => answer.status.to_string(),
        },
    }
}

/// Ten megabytes where 128 KiB are the limit. The client may hear the refusal, or find the line cut while it writes.
fn a_body_without_end(stage: &Stage<'_>) -> Option<String> {
    let mut wire = Wire::open(stage.world.addr);
    let head = head(stage, "Content-Type: application/json\r\nContent-Length: 10485760\r\n");
    wire.write(head.as_bytes());
    let piece = [b'x'; 64 * 1024];
    let written = (0..160).take_while(|_| wire.try_write(&piece).is_ok()).count();
    let came = next(&mut wire);
    let refused = matches!(came.as_str(), "200/400" | "over");
    let stored = stage.stored_since();
    (!refused || stored != 0).then(|| format!("ten megabytes: {came} after {written} pieces, stored {stored}"))
}

/// The head of a sending by the member, with further headers.
fn head(stage: &Stage<'_>, headers: &str) -> String {
    format!(
        "POST /app-api/promotion/kefu-message/send HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n{headers}\r\n",
        stage.member.token
    )
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases(stage: &Stage<'_>) -> Vec<Case> {
    let json = "Content-Type: application/json\r\n";
    let body = r#"{"contentType":1,"content":"hi"}"#;
    let length = body.len();
    let member = &stage.member.token;
    let chunked = |chunks: &str| head(stage, &format!("{json}Transfer-Encoding: chunked\r\n")) + chunks;
    let sized = |headers: &str, body: &str| head(stage, &format!("{json}{headers}\r\n")) + body;
    let one_by_one: String = body.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
    let whole = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    let good = sized(&format!("Content-Length: {length}"), body);
    let list = |target: &str, version: &str, headers: &str| {
        format!("GET {target} {version}\r\nHost: x\r\nAuthorization: {member}\r\n{headers}\r\n")
    };
    let path = "/app-api/promotion/kefu-message/list";
    let socket = |start: &str| {
        format!(
            "{start}\r\nHost: x\r\nAuthorization: {member}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    };
    let mut cases = Vec::new();
    let mut case = |name, bytes: String, comes, stored| {
        cases.push(Case { name, bytes: bytes.into_bytes(), ends: false, comes, stored });
    };

    case("a good one", good.clone(), "200/0", 1);
    case("three in one breath", good.repeat(3), "200/0 200/0 200/0", 3);
    case("in one chunk", chunked(&whole), "200/0", 1);
    case("in chunks of one byte", chunked(&format!("{one_by_one}0\r\n\r\n")), "200/0", 1);
    case("a chunk with an extension", chunked(&whole.replacen("\r\n", ";a=b\r\n", 1)), "200/0", 1);
    case("a chunk without a size", chunked("\r\nhello\r\n0\r\n\r\n"), "200/400", 0);
    case("a chunk with a size in letters", chunked("zz\r\nhello\r\n0\r\n\r\n"), "200/400", 0);
    case("a chunk of negative size", chunked("-5\r\nhello\r\n0\r\n\r\n"), "200/400", 0);
    case("a chunk longer than any memory", chunked("FFFFFFFFFFFFFFFFF\r\nhello"), "200/400", 0);
    case("a chunk shorter than what it brings", chunked(&format!("3\r\n{body}\r\n0\r\n\r\n")), "200/400", 0);

    case(
        "length and chunks",
        sized(&format!("Content-Length: {length}\r\nTransfer-Encoding: chunked"), &whole),
        "400 over",
        0,
    );
    case(
        "chunks and length",
        sized(&format!("Transfer-Encoding: chunked\r\nContent-Length: {length}"), &whole),
        "400 over",
        0,
    );
    case("two lengths", sized(&format!("Content-Length: {length}\r\nContent-Length: 3"), body), "400 over", 0);
    case("a length in letters", sized("Content-Length: ten", body), "400 over", 0);
    case("a negative length", sized("Content-Length: -1", body), "400 over", 0);
    case("a signed length", sized(&format!("Content-Length: +{length}"), body), "400 over", 0);
    case("a length beyond 64 bits", sized("Content-Length: 99999999999999999999", body), "400 over", 0);
    case("a length that is too short", sized("Content-Length: 5", body), "200/400 400 over", 0);
    case("another encoding", sized("Transfer-Encoding: gzip", body), "400 over", 0);
    case("an encoding that looks like chunks", sized("Transfer-Encoding: xchunked", &whole), "400 over", 0);
    case("chunks twice", sized("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", &whole), "400 over", 0);
    case("no length at all", sized("X-Nothing: 1", ""), "200/400", 0);

    case("a line of 8 KiB", list(&format!("{path}?x={}", "x".repeat(8_192)), "HTTP/1.1", ""), "200/0", 0);
    case("a line of 60 KiB", list(&format!("{path}?x={}", "x".repeat(61_440)), "HTTP/1.1", ""), "200/0", 0);
    case("a line of 64 KiB", list(&format!("{path}?x={}", "x".repeat(65_536)), "HTTP/1.1", ""), "400 over", 0);
    case("a line of 256 KiB", list(&format!("{path}?x={}", "x".repeat(262_144)), "HTTP/1.1", ""), "431 over", 0);
    case("headers of 256 KiB", list(path, "HTTP/1.1", &format!("X-Long: {}\r\n", "x".repeat(262_144))), "431 over", 0);
    case("ninety headers", list(path, "HTTP/1.1", &"X-Many: 1\r\n".repeat(90)), "200/0", 0);
    case("two hundred headers", list(path, "HTTP/1.1", &"X-Many: 1\r\n".repeat(200)), "431 over", 0);
    case("an absolute address", list(&format!("http://x{path}"), "HTTP/1.1", ""), "200/0", 0);
    case("an absolute address elsewhere", list(&format!("http://other.example{path}"), "HTTP/1.1", ""), "200/0", 0);
    case(
        "a dotted path",
        list("/app-api/promotion/../../admin-api/promotion/kefu-conversation/list", "HTTP/1.1", ""),
        "200/404",
        0,
    );
    case(
        "an encoded dotted path",
        list("/app-api/promotion/%2e%2e/%2e%2e/admin-api/promotion/kefu-conversation/list", "HTTP/1.1", ""),
        "200/404",
        0,
    );
    case(
        "an encoded path of the desk",
        list("/%61dmin-api/promotion/kefu-conversation/list", "HTTP/1.1", ""),
        "200/403",
        0,
    );
    case("slashes twice", list("//admin-api//promotion/kefu-conversation/list", "HTTP/1.1", ""), "200/404", 0);
    case("a path in capitals", list("/ADMIN-API/promotion/kefu-conversation/list", "HTTP/1.1", ""), "200/404", 0);
    case("a path with a NUL", list("/app-api/promotion/kefu-message/list%00", "HTTP/1.1", ""), "200/404", 0);
    case("a path that is no UTF-8", list("/app-api/%FF%FE", "HTTP/1.1", ""), "200/404", 0);
    case("a path with a raw space", list("/app-api/a b", "HTTP/1.1", ""), "400 over", 0);
    case("no path", list("", "HTTP/1.1", ""), "400 over", 0);

    case("HTTP/1.0", list(path, "HTTP/1.0", ""), "200/0 over", 0);
    case("HTTP/0.9", "GET /\r\n\r\n".to_owned(), "400 over", 0);
    case("HTTP/1.2", list(path, "HTTP/1.2", ""), "400 over", 0);
    case("HTTP/9.9", list(path, "HTTP/9.9", ""), "400 over", 0);
    case("HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "400 over", 0);
    case("a TLS greeting", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n".to_owned(), "400 over", 0);
    case("an invented method", list(path, "HTTP/1.1", "").replacen("GET", "FROB", 1), "200/405", 0);
    case("a method in small letters", list(path, "HTTP/1.1", "").replacen("GET", "get", 1), "200/405", 0);
    case("TRACE", list(path, "HTTP/1.1", "").replacen("GET", "TRACE", 1), "200/405", 0);
    case("CONNECT", format!("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\nAuthorization: {member}\r\n\r\n"), "200/404", 0);
    case("a header without a colon", list(path, "HTTP/1.1", "nonsense\r\n"), "400 over", 0);
    case("a header with a space before its colon", list(path, "HTTP/1.1", "Content-Length : 5\r\n"), "400 over", 0);
    case("a header without a name", list(path, "HTTP/1.1", ": x\r\n"), "400 over", 0);
    case("a header with a NUL", list(path, "HTTP/1.1", "X-Nul: a\0b\r\n"), "400 over", 0);
    case("a folded header", list(path, "HTTP/1.1", "X-Fold: a\r\n b\r\n"), "400 over", 0);
    case("a bare carriage return", list(path, "HTTP/1.1", "X-Cr: a\rb\r\n"), "400 over", 0);
    case("no host", format!("GET {path} HTTP/1.1\r\nAuthorization: {member}\r\n\r\n"), "400", 0);

    case("an upgrade by POST", socket("POST /infra/ws HTTP/1.1"), "200/405", 0);
    case("an upgrade by HTTP/1.0", socket("GET /infra/ws HTTP/1.0"), "101", 0);
    case("an upgrade elsewhere", socket(&format!("GET {path} HTTP/1.1")), "200/0", 0);

    let mut cut = |name, bytes: String, comes, stored| {
        cases.push(Case { name, bytes: bytes.into_bytes(), ends: true, comes, stored });
    };
    cut("nothing at all", String::new(), "over", 0);
    cut("half a head", "POST /app-api/promotion/kefu-message/send HTTP/1.1\r\nHos".to_owned(), "over", 0);
    cut("half a body", sized(&format!("Content-Length: {}", length + 1), body), "200/400", 0);
    cut("half a chunk", chunked(&format!("{:x}\r\n{body}", length + 9)), "200/400", 0);
    cut("no last chunk", chunked(&format!("{length:x}\r\n{body}\r\n")), "200/400", 0);
    cases
}
