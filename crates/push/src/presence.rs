//! Who is connected to this process.

use kefu_domain::{OnlineCount, Party, Presence, Scope};

use crate::hub::Hub;

impl Hub {
    /// Who is here, in which scopes, each once.
    #[must_use]
    pub fn presence(&self) -> Vec<(Scope, Party)> {
        self.seats().presence()
    }
}

/// Those who are connected to this process, however they speak.
impl Presence for Hub {
    fn count(&self, scope: Scope) -> OnlineCount {
        self.seats().count(scope)
    }

    fn is_online(&self, scope: Scope, party: Party) -> bool {
        self.seats().is_online(scope, party)
    }
}
