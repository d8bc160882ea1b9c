//! What is counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use kefu_domain::{Announcer, Recipient};
use kefu_push::{Credential, Guest, Hub, Settings, WebSocketSender};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tokio::time::{Duration, advance};

use crate::common::{ALICE, BOB, SHOP, guest, said, v2, waiting};

#[derive(Default)]
struct Notebook(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Notebook {
    fn line(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: String = key.labels().map(|label| format!(" {}={}", label.key(), label.value())).collect();
        Arc::clone(self.0.lock().unwrap().entry(format!("{}{labels}", key.name())).or_default())
    }

    fn raw(&self, name: &str) -> u64 {
        self.0.lock().unwrap().get(name).map_or(0, |value| value.load(Ordering::Relaxed))
    }

    fn gauge(&self, name: &str) -> f64 {
        f64::from_bits(self.raw(name))
    }
}

impl Recorder for Notebook {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.line(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.line(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn seats_frames_and_the_longest_queue_are_counted() {
    let notebook = Notebook::default();

    metrics::with_local_recorder(&notebook, || {
        let hub = Hub::new();
        let (alice, mut inbox) = hub.join(guest(SHOP, ALICE));
        let (_bob, _bobs) = hub.join(guest(SHOP, BOB));
        let (_bob_again, _bobs_again) = hub.join(guest(SHOP, BOB));
        assert_eq!(notebook.gauge("kefu_sockets user_type=member dialect=mall"), 1.0);
        assert_eq!(notebook.gauge("kefu_sockets user_type=admin dialect=mall"), 2.0);

        hub.announce(vec![said(BOB, 1), said(BOB, 2), said(BOB, 2)]);
        assert_eq!(notebook.raw("kefu_push_frames_total"), 6, "three sockets, two messages, a repetition");
        assert_eq!(notebook.gauge("kefu_push_queue_high_water"), 2.0);

        assert_eq!(waiting(&mut inbox).len(), 2);
        hub.send(&Recipient::Members(SHOP), "notice-push", "{}");
        assert_eq!(notebook.gauge("kefu_push_queue_high_water"), 2.0, "it has been longer");
        assert_eq!(notebook.raw("kefu_push_dropped_total reason=closed"), 0);

        drop(alice);
        assert_eq!(notebook.gauge("kefu_sockets user_type=member dialect=mall"), 0.0);
        assert_eq!(notebook.raw("kefu_push_dropped_total reason=closed"), 1);
    });
}

#[tokio::test(start_paused = true)]
async fn every_frame_that_falls_out_is_counted_with_its_reason() {
    let notebook = Notebook::default();
    let hub = Hub::new();
    let (_seat, inbox) = hub.join(guest(SHOP, ALICE));

    metrics::with_local_recorder(&notebook, || hub.announce((1..=1_030).map(|seq| said(BOB, seq)).collect()));
    assert_eq!(notebook.raw("kefu_push_dropped_total reason=lagging"), 980);

    let (_held, held) = hub.join(guest(SHOP, ALICE));
    drop(inbox);
    advance(Duration::from_secs(15)).await;
    metrics::with_local_recorder(&notebook, || hub.announce((1_031..=1_090).map(|seq| said(BOB, seq)).collect()));
    assert_eq!(notebook.raw("kefu_push_dropped_total reason=held"), 10);
    assert_eq!(notebook.raw("kefu_push_dropped_total reason=lagging"), 980);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn sockets_are_counted_by_dialect_and_lagging_and_replaying_too() {
    let notebook = Notebook::default();
    let hub = Hub::with(Settings { queue: 4, keep: 2, ..Settings::default() });
    let page = Guest { credential: Some(Credential([1; 16])), ..guest(SHOP, ALICE) };

    metrics::with_local_recorder(&notebook, || {
        let (_phone, _phones) = hub.join(v2(SHOP, ALICE));
        assert_eq!(notebook.gauge("kefu_sockets user_type=member dialect=v2"), 1.0);
        assert_eq!(notebook.gauge("kefu_sockets user_type=member dialect=mall"), 0.0);
        drop(hub.join(page.clone()));

        hub.announce((1..=4).map(|seq| said(BOB, seq)).collect());
        assert_eq!(notebook.raw("kefu_push_lagged_total"), 0);
        hub.announce((5..=9).map(|seq| said(BOB, seq)).collect());
        assert_eq!(notebook.raw("kefu_push_lagged_total"), 1, "once, and not with every frame");
        assert_eq!(notebook.raw("kefu_push_dropped_total reason=lagging"), 4);
    });
    assert_eq!(notebook.gauge("kefu_sockets user_type=member dialect=v2"), 0.0);

    let (_page, mut inbox) = hub.join(page);
    advance(Duration::from_millis(1_500)).await;
    metrics::with_local_recorder(&notebook, || assert_eq!(waiting(&mut inbox).len(), 2));
    assert_eq!(notebook.raw("kefu_push_replayed_total"), 2);
}
