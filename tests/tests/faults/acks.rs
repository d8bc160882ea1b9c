//! The line is cut while something is being said.

use kefu_tests::{Backend, Books, Cut, Dice, FaultProxy, OwnMariaDb, Setup, Way, on_both, text};

use crate::house::{House, agree};

/// How the answer to a sending begins.
const ACK: &[u8] = br#""category":"ack","action":"send""#;

fn cut_of(number: i64) -> Cut {
    if number % 2 == 0 { Cut::Reset } else { Cut::End }
}

on_both! {
    async fn a_sending_whose_answer_never_arrives_is_one_message_under_its_key(backend) {
        let house = House::start(backend, 11).await;
        let (phone, laptop) = (house.badly(&house.alice).join(), house.alice.join());
        let id = phone.send(&text(0)).await.conversation;
        let desk = house.badly(&house.bob).join();
        desk.open(id).await;

        for n in 1..=8 {
            house.proxy.cut_before(Way::Down, ACK, cut_of(n));
            let said = text(n);
            let ack = if n % 3 == 0 { desk.send_to(id, &said).await } else { phone.send(&said).await };
            assert!(ack.duplicate, "the answer to {n} did arrive: no test of anything");
        }

        assert_eq!(house.proxy.counts().cut, 8);
        house.agree(id, &[&phone, &laptop, &desk]).await;
        assert_eq!(phone.applied().len(), 9);
    }

    async fn over_http_a_sending_whose_answer_never_arrives_is_one_message_too(backend) {
        let house = House::start(backend, 12).await;
        let socket = house.bob.listen().await;
        let phone = house.alice.join();
        let far = house.badly(&house.alice);

        for n in 1..=4 {
            house.proxy.cut_before(Way::Down, b"HTTP/1.1 200", cut_of(n));
            let (said, key) = (text(n), format!("key-{n}"));
            assert!(far.try_send(None, &said, Some(&key)).await.is_err(), "the answer did arrive");
            let again = far.send(&said, Some(&key)).await.ok();
            assert!(again.is_duplicate() && again.seq() == n);
        }

        let id = house.server.books().conversation_of(101).unwrap().id;
        house.agree(id, &[&phone]).await;
        socket.wait_until("all of them", |frames| frames.len() >= 4).await;
        socket.settle().await;
        assert_eq!(socket.seqs(), [1, 2, 3, 4]);
    }

    async fn a_line_that_is_cut_at_any_byte_loses_and_doubles_nothing(backend) {
        let house = House::start(backend, 13).await;
        let (phone, laptop) = (house.badly(&house.alice).join(), house.alice.join());
        let id = phone.send(&text(0)).await.conversation;
        let desk = house.badly(&house.bob).join();
        desk.open(id).await;

        let mut dice = Dice::new(13);
        for n in 1..=24 {
            let way = Way::BOTH[usize::try_from(dice.below(2)).unwrap()];
            house.proxy.cut_after(way, usize::try_from(dice.below(900)).unwrap(), cut_of(n));
            let said = [phone.post(None, &text(n)), desk.post(Some(id), &text(-n))];
            phone.answer(&said[0]).await.expect("it is stored");
            desk.answer(&said[1]).await.expect("it is stored");
        }

        assert!(house.proxy.counts().cut >= 20, "no test of anything: {:?}", house.proxy.counts());
        house.agree(id, &[&phone, &laptop, &desk]).await;
        assert_eq!(house.server.books().messages(id).len(), 49);
    }
}

/// The server itself does not know what became of its commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_fate_nobody_knows_stores_one_message() {
    let own = OwnMariaDb::start();
    let line = FaultProxy::before(own.url().trim_start_matches("mysql://root@").parse().unwrap(), 14).await;
    let server = Setup::on(Backend::MariaDbAt(line.in_place_of(&own.url()))).start().await;
    let name = server.place().url().rsplit('/').next().unwrap().to_owned();
    // Past the line that is being cut.
    let books = Books::at(&format!("{}/{name}", own.url()));
    let (phone, desk) = (server.member(101).join(), server.agent(7).join());
    let id = phone.send(&text(0)).await.conversation;
    desk.open(id).await;

    let mut dice = Dice::new(14);
    for n in 1..=30 {
        match n % 3 {
            0 => line.cut_before(Way::Up, b"COMMIT", cut_of(n)),
            // Anywhere in what the database answers: to the lock, the rows, the commit.
            _ => line.cut_after(Way::Down, usize::try_from(dice.below(400)).unwrap(), cut_of(n)),
        }
        phone.send(&text(n)).await;
    }

    let cut = line.counts().cut;
    assert!(cut >= 25, "{cut} cuts: no test of anything");
    agree(&books, id, &[&phone, &desk]).await;
    assert_eq!(books.messages(id).len(), 31);
}
