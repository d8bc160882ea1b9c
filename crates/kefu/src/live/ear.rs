//! Where a bus puts what it brings.

use std::sync::{Arc, Weak};

use kefu_domain::{Announcement, Ear, Typing};

use super::Live;

impl Live {
    pub(crate) fn ear(self: &Arc<Self>) -> Arc<dyn Ear> {
        Arc::new(WeakEar(Arc::downgrade(self)))
    }
}

/// An ear that keeps nobody alive.
struct WeakEar(Weak<Live>);

impl Ear for WeakEar {
    fn hear(&self, news: Announcement) {
        if let Some(live) = self.0.upgrade() {
            live.pass(news, false);
        }
    }

    fn hear_typing(&self, typing: Typing) {
        if let Some(live) = self.0.upgrade() {
            live.whisper_here(&typing);
        }
    }
}
