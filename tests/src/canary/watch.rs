//! Looks at everything that comes out of one server, whoever it comes to.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use serde_json::Value;

use super::ring::{LONGEST, Sighting, sightings};
use super::{Homes, Owner, Ring, Visitor};
use crate::answer::number;
use crate::{Books, Side};

/// A canary that came to somebody whom it does not belong to: who, where, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak(String);

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a watched server listens. A port is not given away while a server has it.
static POSTS: Mutex<Vec<(SocketAddr, Weak<Watch>)>> = Mutex::new(Vec::new());

/// Who may meet what comes out of a server.
///
/// Nobody in particular may meet nothing but a file whose name they know; an agent what belongs to the shops they
/// serve; a member what was said between them and the shop at which they ask. Somebody whose tenant is not known is
/// held to the first one that they meet. A canary without a ring may come to anybody who showed a token.
pub struct Watch {
    house: u32,
    books: OnceLock<Books>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    visitors: HashMap<String, Visitor>,
    /// The tenants of those of whom nothing else says it.
    met: HashMap<String, i64>,
    homes: Homes,
    leaks: Vec<Leak>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the watch of house {:08x}", self.house)
    }
}

impl Watch {
    pub(crate) fn new() -> Arc<Self> {
        let seed = crate::backend::fresh_seed();
        let house = u32::try_from(seed & u64::from(u32::MAX)).expect("the lower half");
        Arc::new(Self { house, books: OnceLock::new(), state: Mutex::default() })
    }

    /// The watch of the server that listens there.
    #[must_use]
    pub fn at(address: SocketAddr) -> Option<Arc<Self>> {
        let posts = POSTS.lock().unwrap_or_else(PoisonError::into_inner);
        posts.iter().rev().find(|(known, _)| *known == address).and_then(|(_, watch)| watch.upgrade())
    }

    /// Watches this address too: the server's own, or that of a proxy before it.
    pub fn stand_at(self: &Arc<Self>, address: SocketAddr) {
        let mut posts = POSTS.lock().unwrap_or_else(PoisonError::into_inner);
        posts.retain(|(known, watch)| *known != address && watch.strong_count() > 0);
        posts.push((address, Arc::downgrade(self)));
    }

    /// Looks up in these books what a ring does not say.
    pub(crate) fn read_in(&self, books: Books) {
        // Whoever was first named the same books.
        let _ = self.books.set(books);
    }

    /// Forgets what was looked up: while a server is away its books may be replaced.
    pub(crate) fn forget(&self) {
        self.state().homes = Homes::default();
    }

    /// Knows from now on who shows a token.
    pub(crate) fn admit(&self, visitor: Visitor) {
        if let Some(token) = visitor.token.clone() {
            self.state().visitors.insert(token, visitor);
        }
    }

    /// Who shows this token.
    #[must_use]
    pub fn visitor(&self, token: Option<&str>) -> Visitor {
        let Some(token) = token else { return Visitor::nobody() };
        let state = self.state();
        let visitor = state.visitors.get(token).cloned().unwrap_or_else(|| Visitor::stranger(token));
        let met = state.met.get(token).copied();
        let tenant = visitor.tenant.or(met);
        visitor.of_tenant(tenant)
    }

    /// Every token that was shown to this server or handed out by it.
    pub(crate) fn tokens(&self) -> Vec<String> {
        self.state().visitors.keys().cloned().collect()
    }

    /// Who shows a token, where that is known.
    #[must_use]
    pub fn known(&self, token: &str) -> Option<Visitor> {
        let known = self.state().visitors.contains_key(token);
        known.then(|| self.visitor(Some(token)))
    }

    /// Takes in the tokens that a login hands out.
    pub fn learn(&self, target: &str, tenant: Option<&str>, body: &[u8]) {
        if !["/auth/", "-token", "/guest"].iter().any(|issuer| target.contains(issuer)) {
            return;
        }
        let Ok(answer) = serde_json::from_slice::<Value>(body) else { return };
        let pair = &answer["data"];
        let (names, id) = (["accessToken", "refreshToken", "token"], number(&pair["userId"]));
        let admin = target.contains("/admin-api/");
        for token in names.iter().filter_map(|name| pair[*name].as_str()) {
            let tenant = tenant.and_then(|tenant| tenant.parse().ok());
            let visitor = match id {
                Some(id) if admin => Visitor::with(Side::Agent, id, token),
                Some(id) => Visitor::with(Side::Member, id, token),
                None => Visitor::stranger(token),
            };
            self.admit(visitor.of_tenant(tenant));
        }
    }

    /// A ring of this house.
    #[must_use]
    pub fn ring(&self, tenant: i64, owner: Owner) -> Ring {
        Ring { house: self.house, tenant, owner }
    }

    /// Puts the ring on what somebody sends, as far as it says whose it is: a member's own, an agent's in a conversation
    /// that exists.
    pub fn ring_sent<'a>(&self, visitor: &Visitor, target: &str, body: &'a [u8]) -> Cow<'a, [u8]> {
        if !sightings(body).any(|sighting| matches!(sighting, Sighting::Bare(_))) {
            return Cow::Borrowed(body);
        }
        let said: Value = serde_json::from_slice(body).unwrap_or_default();
        let shop = number(&said["shopId"]).unwrap_or(visitor.at);
        let ring = if target.contains("/file/upload") {
            // Where an agent names no shop, it is the first one that they serve.
            let first = |tenant| match (visitor.side, shop) {
                (Some(Side::Agent), 0) => self.shops_of(visitor, tenant, None).into_iter().min().unwrap_or(0),
                _ => shop,
            };
            visitor.tenant.map(|tenant| self.ring(tenant, Owner::File(first(tenant))))
        } else if visitor.side == Some(Side::Member) {
            // A member writes to their own conversation, whatever number they name.
            let known = visitor.tenant.zip(visitor.id);
            known.map(|(tenant, member)| self.ring(tenant, Owner::Conversation { shop, member }))
        } else {
            // Over HTTP the body names it, in a frame of kefu.v2 its `ext`.
            let named = number(&said["conversationId"]).or_else(|| number(&said["ext"]["conversation"]));
            let home = named.and_then(|id| self.home(id));
            home.map(|home| self.ring(home.tenant, Owner::Conversation { shop: home.shop, member: home.member }))
        };
        ring.map_or(Cow::Borrowed(body), |ring| ring.put_on(body))
    }

    /// Looks at bytes that came to whichever of these visitors; a leak is also kept until the server is dropped.
    pub fn see(&self, visitors: &[Visitor], place: &str, bytes: &[u8]) -> Result<(), Leak> {
        for sighting in sightings(bytes) {
            let wrong = match sighting {
                Sighting::Ringed { ring, .. } if visitors.iter().any(|visitor| self.may_meet(visitor, &ring)) => None,
                Sighting::Ringed { ring, .. } => Some(ring.to_string()),
                Sighting::Bare(_) if visitors.iter().any(|visitor| visitor.token.is_some()) => None,
                Sighting::Bare(_) => Some("one without a ring".to_owned()),
                Sighting::Unreadable(at) => {
                    let end = bytes.len().min(at + LONGEST);
                    Some(format!("an unreadable ring, {:?}", String::from_utf8_lossy(&bytes[at..end])))
                }
            };
            if let Some(which) = wrong {
                let who = match visitors {
                    [] => &[Visitor::nobody()][..],
                    known => known,
                };
                let leak = Leak(format!("a canary is where it does not belong: {which} came to {who:?} in {place}"));
                self.state().leaks.push(leak.clone());
                return Err(leak);
            }
        }
        Ok(())
    }

    /// Looks as [`Watch::see`] does, and panics.
    #[track_caller]
    pub fn must_see(&self, visitors: &[Visitor], place: &str, bytes: &[u8]) {
        if let Err(leak) = self.see(visitors, place, bytes) {
            panic!("{leak}");
        }
    }

    /// What was found so far.
    #[must_use]
    pub fn leaks(&self) -> Vec<Leak> {
        self.state().leaks.clone()
    }

    fn may_meet(&self, visitor: &Visitor, ring: &Ring) -> bool {
        if ring.house != self.house {
            return false;
        }
        let Some(token) = &visitor.token else { return matches!(ring.owner, Owner::File(_)) };
        let tenant = visitor.tenant.unwrap_or_else(|| *self.state().met.entry(token.clone()).or_insert(ring.tenant));
        if ring.tenant != tenant {
            return false;
        }
        let own = |id: i64| visitor.id.is_none_or(|own| own == id);
        match (visitor.side, ring.owner) {
            (None, _) | (Some(Side::Member), Owner::File(_)) => true,
            (Some(Side::Member), Owner::Conversation { shop, member }) => own(member) && shop == visitor.at,
            (Some(Side::Member), Owner::Member(id)) | (Some(Side::Agent), Owner::Agent(id)) => own(id),
            (Some(Side::Member), Owner::Agent(_)) => false,
            (Some(Side::Agent), Owner::Conversation { shop, .. } | Owner::File(shop)) => {
                self.shops_of(visitor, tenant, Some(shop)).contains(&shop)
            }
            (Some(Side::Agent), Owner::Member(id)) => {
                let shops = self.shops_of(visitor, tenant, None);
                let known = || self.state().homes.knows(tenant, &shops, id);
                known() || (self.look_up() && known())
            }
        }
    }

    /// The shops that an agent serves, or has served: by their token, by grant, or else the platform. The books are
    /// not asked where `sought` is found without them.
    fn shops_of(&self, visitor: &Visitor, tenant: i64, sought: Option<i64>) -> Vec<i64> {
        match (&visitor.shops, visitor.id, self.books.get()) {
            (Some(shops), _, _) => shops.clone(),
            (None, Some(admin), Some(books)) if sought != Some(0) => {
                let shops = books.granted(tenant, admin).unwrap_or_default();
                if shops.is_empty() { vec![0] } else { shops }
            }
            (None, _, _) => vec![0],
        }
    }

    fn home(&self, conversation: i64) -> Option<super::Home> {
        let known = || self.state().homes.find(conversation);
        known().or_else(|| self.look_up().then(known).flatten())
    }

    fn look_up(&self) -> bool {
        let homes = self.books.get().and_then(Books::homes);
        homes.map(|homes| self.state().homes.keep(homes)).is_some()
    }

    /// As if the books had said so.
    #[cfg(test)]
    pub(super) fn told(&self, home: super::Home) {
        self.state().homes.keep(vec![home]);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
