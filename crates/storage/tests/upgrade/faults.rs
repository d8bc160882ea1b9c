//! Cut off before and after any statement, the next start goes on; several at once do it once.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Mutex};

use kefu_storage::{Database, Options};

use crate::mall::{Mall, Who::Agent, Who::Member};

/// A bit of everything.
fn mixed() -> Mall {
    let mall = Mall::new();
    for user in 101..105 {
        let ids = [mall.opens(user), mall.opens(user), mall.opens(user)];
        for (place, id) in ids.into_iter().enumerate() {
            mall.says(id, Member, "2026-11-21 18:28:23", &format!("{user} {place}"));
            mall.says(id, Agent, "2026-11-21 18:28:23", "answer");
        }
        mall.agent_reads(ids[0]);
        mall.site.run(&format!("UPDATE promotion_kefu_conversation SET deleted = 1 WHERE id = {}", ids[2]));
    }
    mall
}

/// All that an upgrade makes, but the times at which it was made.
fn made(mall: &Mall) -> Vec<String> {
    let mut lines = mall.lines(
        "SELECT CONCAT_WS(' ', id, user_id, head_seq, change_no, admin_read_seq, member_read_seq,
             admin_unread_message_count, last_message_content, deleted + 0, change_time IS NULL) AS value, id AS place
         FROM promotion_kefu_conversation",
    );
    lines.extend(mall.lines(
        "SELECT CONCAT_WS(' ', id, conversation_id, COALESCE(seq, '-'), COALESCE(change_no, '-'), content) AS value,
             id AS place FROM promotion_kefu_message",
    ));
    lines.extend(mall.lines(
        "SELECT CONCAT_WS(' ', old_id, COALESCE(into_id, '-'), JSON_REMOVE(row_json, '$.update_time')) AS value, old_id AS place
         FROM kefu_conversation_merged",
    ));
    lines.extend(mall.lines("SELECT version AS value, version AS place FROM __diesel_schema_migrations"));
    lines
}

/// Cuts the line at every statement twice: the first time it is not passed on, the second time its answer is not.
struct Cutter {
    port: u16,
    cuts: Arc<Mutex<HashMap<Vec<u8>, u8>>>,
}

impl Cutter {
    fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cuts = Arc::default();
        let shared = Arc::clone(&cuts);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, cuts) = (TcpStream::connect(server).unwrap(), Arc::clone(&shared));
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (answers, back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || ask(client, server, &cuts));
                std::thread::spawn(move || answer(answers, back));
            }
        });
        Self { port, cuts }
    }
}

fn ask(mut client: TcpStream, mut server: TcpStream, cuts: &Mutex<HashMap<Vec<u8>, u8>>) {
    let mut prepared = Vec::new();
    while let Some(packet) = packet(&mut client) {
        // A query, a preparation, an execution of what was prepared last; a login begins otherwise every time.
        let statement = match (packet[3], packet.get(4)) {
            (0, Some(0x03)) => Some(packet[4..].to_vec()),
            (0, Some(0x16)) => {
                prepared = packet[4..].to_vec();
                Some(prepared.clone())
            }
            // The server's number of what was prepared is another one each time, and so is an epoch.
            (0, Some(0x17)) if prepared.windows(9).any(|part| part == b"kefu_meta") => Some(prepared[1..].to_vec()),
            (0, Some(0x17)) => packet.get(9..).map(|rest| [rest, &prepared].concat()),
            _ => None,
        };
        let times = statement.map_or(3, |statement| {
            let mut cuts = cuts.lock().unwrap();
            let times = cuts.entry(statement).or_default();
            *times = times.saturating_add(1);
            *times
        });
        if times == 1 || server.write_all(&packet).is_err() || times == 2 {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// What the client says next, with its head of three bytes of length and one number.
fn packet(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut packet = vec![0; 4];
    client.read_exact(&mut packet).ok()?;
    let length = u32::from_le_bytes([packet[0], packet[1], packet[2], 0]);
    packet.resize(4 + usize::try_from(length).unwrap(), 0);
    client.read_exact(&mut packet[4..]).ok()?;
    Some(packet)
}

fn answer(mut server: TcpStream, mut client: TcpStream) {
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Both);
}

#[test]
fn cut_off_at_any_statement_the_next_start_goes_on() {
    let (whole, mall) = (mixed(), mixed());
    drop(whole.site.open());
    let cutter = Cutter::before(mall.site.server());
    let address = mall.site.address_via(cutter.port);

    let mut failures = 0;
    while let Err(error) = Database::connect(&address, &Options::default()) {
        failures += 1;
        assert!(failures < 1_000, "it never comes to an end: {error:?}");
    }

    // Four for each step of the tables, at least: its statements and its record, before and after.
    assert!(failures > 100, "{failures} cuts: no test of anything");
    assert!(cutter.cuts.lock().unwrap().keys().any(|text| text.windows(10).any(|part| part == b"ROW_NUMBER")));
    assert_eq!(made(&mall), made(&whole));
    assert_eq!(mall.site.number(crate::numbering::UNTRUE), 0);
    let before = mall.checksums();
    drop(mall.site.open());
    assert_eq!(mall.checksums(), before);
}

#[test]
fn several_that_start_at_once_do_it_once() {
    let (whole, mall) = (mixed(), mixed());
    drop(whole.site.open());
    let start = Barrier::new(4);

    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                start.wait();
                drop(mall.site.open());
            });
        }
    });

    assert_eq!(made(&mall), made(&whole));
}
