use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::time::sleep;

use super::*;

const BEGINNING: &[u8] = &[0x01, 0x82, 0, 0, 0, 0, b'h', b'i'];
const END: &[u8] = &[0x80, 0x80, 0, 0, 0, 0];
const PING: &[u8] = &[0x89, 0x80, 0, 0, 0, 0];

/// A client that sends each piece so many seconds after the one before, and then no more.
fn client(pieces: &[(u64, &'static [u8])]) -> Watched<BoxStream<'static, Result<Bytes, PayloadError>>> {
    let pieces = stream::iter(pieces.to_vec()).then(|(wait, piece)| async move {
        sleep(Duration::from_secs(wait)).await;
        Ok(Bytes::from_static(piece))
    });
    Watched::new(pieces.chain(stream::pending()).boxed(), 100, Unfinished::default())
}

/// After how many seconds the stream ended, and why; an hour is for ever.
async fn end_of(mut client: Watched<BoxStream<'static, Result<Bytes, PayloadError>>>) -> Option<(u64, Fault)> {
    let since = Instant::now();
    let ended = async { while let Some(Ok(_)) = client.next().await {} };
    let ended = tokio::time::timeout(Duration::from_secs(3_600), ended).await;
    assert_eq!(ended.is_ok(), client.unfinished.fault().is_some());
    client.unfinished.fault().map(|fault| (since.elapsed().as_secs(), fault))
}

#[tokio::test(start_paused = true)]
async fn half_a_frame_is_waited_for_ten_seconds_from_its_first_byte() {
    let drops = [(0, &BEGINNING[..1]), (4, &BEGINNING[1..2]), (4, &BEGINNING[2..3])];

    assert_eq!(end_of(client(&drops)).await, Some((10, Fault::TooSlow)));
}

#[tokio::test(start_paused = true)]
async fn half_a_message_is_no_better_and_pings_do_not_help() {
    let pings = [(1, BEGINNING), (6, PING), (3, PING), (3, PING)];

    assert_eq!(end_of(client(&pings)).await, Some((11, Fault::TooSlow)));
}

#[tokio::test(start_paused = true)]
async fn whoever_finishes_in_time_may_be_silent_for_as_long_as_they_like() {
    assert_eq!(end_of(client(&[(1, BEGINNING), (9, END)])).await, None);
    assert_eq!(end_of(client(&[(1, BEGINNING), (9, END), (60, BEGINNING), (9, END)])).await, None);
    assert_eq!(end_of(client(&[])).await, None);
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_one_message_with_the_beginning_of_the_next_starts_the_clock_anew() {
    const BOTH: &[u8] = &[0x80, 0x80, 0, 0, 0, 0, 0x81];

    assert_eq!(end_of(client(&[(0, BEGINNING), (8, BOTH)])).await, Some((18, Fault::TooSlow)));
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_announced_too_long_ends_at_once() {
    const LONG: &[u8] = &[0x81, 0xfe, 0, 126, 0, 0, 0, 0];

    assert_eq!(end_of(client(&[(1, LONG)])).await, Some((1, Fault::TooLong)));
}
