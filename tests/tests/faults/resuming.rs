//! Much was missed, and the line is no better than before.

use kefu_tests::{Backend, Cut, Dice, Errand, Load, Person, Thread, V2Client, Way, WhenCut, on_both, text};

use crate::house::{House, agree};

/// How the answer to a resuming begins.
const RESUME: &[u8] = br#""category":"ack","action":"resume""#;

/// A thousand messages, of the member and of the agent.
async fn say_a_thousand(member: &Person, agent: &Person, conversation: i64) {
    let errand = |n: usize| {
        let (person, place) = if n.is_multiple_of(2) { (member, None) } else { (agent, Some(conversation)) };
        Errand { person: person.clone(), conversation: place, key: format!("key-{n}"), text: text(n) }
    };
    let said = Load::of(32, WhenCut::GoHome, (0..1_000).map(errand).collect()).join().await;
    assert_eq!(said.acknowledged.len(), 1_000);
}

fn resets(client: &V2Client, conversation: i64) -> usize {
    client.thread(conversation).map_or(0, |thread: Thread| thread.resets)
}

on_both! {
    async fn a_thousand_missed_messages_come_once_and_in_order_however_often_the_line_is_cut(backend) {
        let house = House::start(backend, 21).await;
        let (phone, desk) = (house.badly(&house.alice).join(), house.badly(&house.bob).join());
        let id = phone.send(&text("first")).await.conversation;
        desk.open(id).await;
        let began = [resets(&phone, id), resets(&desk, id)];
        tokio::join!(phone.go_away(), desk.go_away());

        say_a_thousand(&house.alice, &house.bob, id).await;
        let (mut dice, mut cut) = (Dice::new(21), 0);
        for n in 0..6_usize {
            match n % 3 {
                2 => house.proxy.cut_before(Way::Down, RESUME, Cut::Reset),
                _ => house.proxy.cut_after(Way::Down, 2_000 + usize::try_from(dice.below(90_000)).unwrap(), Cut::End),
            }
            if n == 0 {
                tokio::join!(phone.come_back(), desk.come_back());
            }
            cut += 1;
            house.proxy.until("the cut", |counts| counts.cut == cut).await;
        }

        house.agree(id, &[&phone, &desk]).await;
        for (client, began) in [&phone, &desk].into_iter().zip(began) {
            assert_eq!(client.applied_in(id).len(), 1_001, "all of them, and not the newest page only");
            assert_eq!(resets(client, id), began, "nobody had to start over");
        }
    }

    /// Live news go on while the thousand are being read.
    async fn what_is_said_during_a_resuming_comes_behind_what_was_missed(backend) {
        let house = House::start(backend, 22).await;
        let (phone, desk) = (house.alice.join(), house.bob.join());
        let id = phone.send(&text("first")).await.conversation;
        desk.open(id).await;
        tokio::join!(phone.go_away(), desk.go_away());
        let gaps = [phone.tallies().gaps, desk.tallies().gaps];
        say_a_thousand(&house.alice, &house.bob, id).await;

        let speaking = async {
            for n in 0..40 {
                house.bob.send_to(id, &text(format!("live {n}")), None).await.ok();
            }
        };
        tokio::join!(phone.come_back(), desk.come_back(), speaking);

        house.agree(id, &[&phone, &desk]).await;
        assert_eq!(phone.applied().len(), 1_041);
        // One page after the other, and nothing between them.
        for (client, before) in [&phone, &desk].into_iter().zip(gaps) {
            assert_eq!(client.tallies().gaps, before, "something overtook what was missed: {:?}", client.tallies());
        }
    }
}

/// Twenty members write, and the agent who follows all of them takes nothing off the line meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_is_told_so_when_it_reads_on_and_has_everything_in_the_end() {
    const MEMBERS: i64 = 20;
    const EACH: usize = 80;
    let house = House::start(Backend::Sqlite, 23).await;
    let desk = house.bob.v2().but(|manners| manners.receive_buffer = Some(4_096)).join();
    let mut members = Vec::new();
    for n in 0..MEMBERS {
        let client = house.server.member(200 + n).v2().but(|manners| manners.window = EACH).join();
        let id = client.send(&text("first")).await.conversation;
        desk.open(id).await;
        members.push((id, client));
    }

    desk.pause_reading();
    for n in 0..EACH {
        members.iter().for_each(|(_, client)| drop(client.post(None, &text(n))));
    }
    for (_, client) in &members {
        client.until("all answers", |state| state.outbox().is_empty()).await;
    }
    let metrics = house.server.metrics().await;
    // On a machine that is slow itself it is let go before so much waits for it.
    let gone = metrics.sum("kefu_sockets") < 20.5;
    assert!(gone || metrics.sum("kefu_push_lagged_total") >= 1.0, "it kept up: no test of anything");
    desk.resume_reading();

    for (id, client) in &members {
        agree(&house.server.books(), *id, &[client, &desk]).await;
        assert_eq!(desk.applied_in(*id).len(), 1 + EACH);
    }
    // One that was stopped for more than ten seconds was let go instead, and came back.
    let (tallies, endings) = (desk.tallies(), desk.endings().len());
    assert_eq!((tallies.laggings > 0, endings > 0), (endings == 0, endings > 0), "{tallies:?}, {endings} endings");
}
