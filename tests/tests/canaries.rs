//! Nothing of another tenant or shop, in anything: three malls with the same numbers in them, everybody at work at the
//! same time, everybody guessing everybody's ids, and a watch over every byte that comes back.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod asking;

#[path = "canaries/guesses.rs"]
mod guesses;
#[path = "canaries/house.rs"]
mod house;
#[path = "canaries/planted.rs"]
mod planted;

use futures_util::stream::{self, StreamExt};
use kefu_tests::on_both;

use house::{House, TURNS};

/// How many requests are under way at the same time, of those who guess and of those who work.
const GUESSING: usize = 16;
const WORKING: usize = 8;

on_both! {
    async fn everybody_meets_exactly_their_own_part_while_everybody_guesses_everybodys_ids(backend) {
        let house = House::open(backend).await;
        let ears = house.listen().await;
        house.first_words().await;
        let objects = house.objects().await;
        let guesses = guesses::all(&house, &objects);
        let (routes, people) = (kefu_server::ROUTES.len(), house.people().len());
        assert!(guesses.len() > routes * people * 2, "everybody asks for everything, and for much of it about everything");
        let count = guesses.len();

        let guessing = stream::iter(guesses).map(|guess| guess.play(&house)).buffer_unordered(GUESSING);
        let (had, said) = tokio::join!(
            guessing.filter(|had| std::future::ready(*had)).count(),
            house.talk(TURNS, WORKING)
        );

        // Neither does everybody get everything, nor nobody anything.
        assert!(had > count / 10 && had < count * 9 / 10, "{had} of {count} guesses were had");
        assert_eq!(said, objects.len() * TURNS * 2);
        // Whatever an agent has hidden meanwhile comes back with the next word.
        house.talk(1, WORKING).await;
        let watch = house.server.watch();
        house.server.books().audit();
        for (who, one) in house.people().iter().enumerate() {
            let own = house.own_part(one);
            assert_eq!(house.seen_by(one).await, own, "{one:?}");
            assert_eq!(ears.heard(who, own.1.len()).await, own.1, "{one:?}");
        }
        assert_eq!(watch.leaks(), []);
    }
}
