//! Who deals with a server.

use super::Server;
use crate::canary::Visitor;
use crate::{Claims, Person, Side};

impl Server {
    /// A member of tenant 1.
    #[must_use]
    pub fn member(&self, id: i64) -> Person {
        self.person(&Claims::member(id))
    }

    /// An agent of tenant 1 who may do everything.
    #[must_use]
    pub fn agent(&self, id: i64) -> Person {
        self.person(&Claims::agent(id))
    }

    /// Whoever those claims describe, with a good signature.
    #[must_use]
    pub fn person(&self, claims: &Claims) -> Person {
        let side = if claims.kind == "member" { Side::Member } else { Side::Agent };
        Person::new(self.door.clone(), side, claims.id, self.door.sign(claims, &self.secret))
    }

    /// Somebody who shows any token.
    #[must_use]
    pub fn person_with(&self, side: Side, id: i64, token: &str) -> Person {
        self.door.watch.admit(Visitor::with(side, id, token));
        Person::new(self.door.clone(), side, id, token.to_owned())
    }
}
