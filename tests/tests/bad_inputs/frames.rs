//! The socket: handshakes and frames that no browser makes.

use crate::asking::socket::{KEY, frame, masked};
use crate::asking::{Ask, Heard, Socket, Wire, World, encoded};
use crate::endpoints::Stage;
use crate::table::{Row, Table};

/// Plays the tables of handshakes; says what was not as it should be.
pub(crate) fn handshakes(stage: &Stage<'_>) -> Vec<String> {
    let mut failures = Vec::new();
    for (name, ask) in
        [("a handshake", with_header as fn(&Stage<'_>, &str) -> Ask), ("a token at the handshake", with_token)]
    {
        for row in Table::named(name).rows {
            let mut wire = Wire::open(stage.world.addr);
            wire.write(&ask(stage, &row.input).bytes(stage.world.addr));
            let status = wire.answer().map(|answer| answer.status.to_string());
            if status.as_ref() != row.outcomes.first() {
                failures.push(format!("{name}, line {}: {status:?}", row.line));
            }
        }
    }
    failures
}

/// A good handshake with one header added, changed, or (`-`) left out.
fn with_header(stage: &Stage<'_>, input: &str) -> Ask {
    let mut headers = vec![
        ("Upgrade", b"websocket".to_vec()),
        ("Connection", b"Upgrade".to_vec()),
        ("Sec-WebSocket-Version", b"13".to_vec()),
        ("Sec-WebSocket-Key", KEY.as_bytes().to_vec()),
    ];
    if let Some((name, value)) = input.split_once(": ") {
        let value = stage.bytes(value, "").expect("a value");
        headers.retain(|(known, _)| *known != name);
        if value != b"-" {
            headers.push((name, value));
        }
    }
    let ask = Ask::get(format!("/infra/ws?token={}", stage.member.token));
    headers.into_iter().fold(ask, |ask, (name, value)| ask.header(name, value))
}

fn with_token(stage: &Stage<'_>, input: &str) -> Ask {
    match stage.bytes(input, &stage.member.token) {
        Some(token) => Ask::get(format!("/infra/ws?token={}", encoded(token))),
        None => Ask::get("/infra/ws"),
    }
    .header("Upgrade", "websocket")
    .header("Connection", "Upgrade")
    .header("Sec-WebSocket-Version", "13")
    .header("Sec-WebSocket-Key", KEY)
}

/// Plays the table of frames, each row on a socket of its own beside one that must not notice.
pub(crate) fn frames(stage: &Stage<'_>) -> Vec<String> {
    let mut witness = stage.agent.listen();
    let mut failures = Vec::new();
    for row in Table::named("a frame").rows {
        let mut socket = stage.member.listen();
        let outcome = play(stage, &mut socket, &row);
        if Some(&outcome) != row.outcomes.first() {
            failures.push(format!(
                "a frame, line {} ({}): {outcome}",
                row.line,
                row.input.chars().take(60).collect::<String>()
            ));
        }
        let heard = witness.frames();
        if !heard.is_empty() || stage.stored_since() != 0 {
            failures.push(format!("a frame, line {}: it was told or stored", row.line));
        }
    }
    stage.member.say("after all of that").data();
    if witness.expect(1)[0].kind != "kefu_message_type" {
        failures.push("the witness was disturbed".to_owned());
    }
    failures
}

/// What comes of a row: `pong`, `ignored` or `closed`.
fn play(stage: &Stage<'_>, socket: &mut Socket, row: &Row) -> String {
    let pinged = row.input.contains("ping") && row.outcomes.first().is_some_and(|outcome| outcome == "pong");
    for part in row.input.split("; ") {
        // A server that has closed already does not read on.
        let _ = socket.write(&spoken(stage, part));
    }
    if !pinged && row.outcomes.first().is_some_and(|outcome| outcome == "ignored") {
        let _ = socket.write(&frame(0x81, b"ping"));
    }
    let mut pongs = 0;
    loop {
        match socket.hear() {
            Heard::Text(text) if text == "pong" => {
                pongs += 1;
                match row.outcomes.first().map(String::as_str) {
                    Some("closed") if pongs < 3 => {}
                    Some("ignored") => return "ignored".to_owned(),
                    _ => return "pong".to_owned(),
                }
            }
            Heard::Text(text) => return format!("answered {text}"),
            Heard::Pong(_) => {}
            Heard::End => return "closed".to_owned(),
            Heard::Nothing => return "silence".to_owned(),
        }
    }
}

/// `text hi`, `first h`, `unmasked hi` … as bytes.
fn spoken(stage: &Stage<'_>, part: &str) -> Vec<u8> {
    let (how, what) = part.split_once(' ').unwrap_or((part, ""));
    let payload = stage.bytes(what, "").expect("a payload");
    let length = u8::try_from(payload.len()).unwrap_or(0);
    match how {
        "text" => frame(0x81, &payload),
        "binary" => frame(0x82, &payload),
        "close" => frame(0x88, &payload),
        "ping" => frame(0x89, &payload),
        "pong" => frame(0x8a, &payload),
        "first" => frame(0x01, &payload),
        "more" => frame(0x00, &payload),
        "last" => frame(0x80, &payload),
        "half-ping" => frame(0x09, &payload),
        "half-close" => frame(0x08, &payload),
        "reserved1" => frame(0xc1, &payload),
        "reserved2" => frame(0xa1, &payload),
        "reserved3" => frame(0x91, &payload),
        "opcode3" => frame(0x83, &payload),
        "opcode7" => frame(0x87, &payload),
        "opcodeB" => frame(0x8b, &payload),
        "opcodeF" => frame(0x8f, &payload),
        "unmasked" => [&[0x81, length], &payload[..]].concat(),
        // The same length, in more bytes than it needs.
        "long16" => [&[0x81, 0xfe, 0, length], &masked(&payload)[..]].concat(),
        "long64" => [&[0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, length], &masked(&payload)[..]].concat(),
        // 2^63 bytes are to come.
        "claims64" => [&[0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], &masked(&payload)[..]].concat(),
        "raw" => payload,
        other => panic!("nobody knows how to say {other}"),
    }
}

/// Twenty thousand pings, and not one answer read until the end.
pub(crate) fn a_flood_of_pings(world: &World) {
    let (flooder, mut witness) = (world.member(1), world.member(2).listen());
    let mut socket = flooder.listen();
    let pings = frame(0x89, &[b'x'; 125]).repeat(100);
    for _ in 0..200 {
        socket.write(&pings).expect("pings are read");
    }
    assert!(witness.frames().is_empty());
    socket.say("ping");
    while socket.hear() != Heard::Text("pong".to_owned()) {}
}

/// A message of which another piece, with nothing in it, is always to come. The server may lose its patience.
pub(crate) fn a_million_empty_fragments(world: &World) {
    let mut witness = world.member(2).listen();
    let mut socket = world.member(1).listen();
    socket.write(&frame(0x01, b"pi")).expect("a beginning");
    let nothing = frame(0x00, b"").repeat(10_000);
    let _patience = (0..100).take_while(|_| socket.write(&nothing).is_ok()).count();
    assert!(witness.frames().is_empty());
    let _ = socket.write(&frame(0x80, b"ng"));
    assert!(matches!(socket.hear(), Heard::End | Heard::Text(_)));
}

/// A frame that says it is a terabyte long: what the server is willing to keep of it has an end.
pub(crate) fn a_frame_without_end(world: &World) {
    let mut witness = world.member(2).listen();
    let mut socket = world.member(1).listen();
    socket.write(&[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]).expect("a beginning");
    let piece = [0; 64 * 1024];
    let written = (0..64).take_while(|_| socket.write(&piece).is_ok()).count();
    assert_eq!(
        socket.hear(),
        Heard::End,
        "the server has taken {written} times 64 KiB of one frame and waits for more"
    );
    assert!(witness.frames().is_empty());
}
