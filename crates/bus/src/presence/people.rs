//! The people at one node: by name as far as there is room, and beyond that by number.

mod bytes;
mod ids;

use std::collections::BTreeMap;

use kefu_domain::{AdminId, MemberId, OnlineCount, Party, Scope};

use ids::Ids;

/// Who is there, by scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct People(BTreeMap<Scope, Crowd>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Crowd {
    members: Ids,
    admins: Ids,
}

impl Crowd {
    fn named(&self) -> impl Iterator<Item = Party> {
        let members = self.members.named().iter().map(|&id| Party::Member(MemberId(id)));
        members.chain(self.admins.named().iter().map(|&id| Party::Admin(AdminId(id))))
    }

    fn has(&self, party: Party) -> bool {
        match party {
            Party::Member(id) => self.members.has(id.0),
            Party::Admin(id) => self.admins.has(id.0),
            Party::System => false,
        }
    }

    fn size(&self) -> usize {
        self.members.named().len() + self.admins.named().len()
    }

    fn total(&self) -> usize {
        self.size() + self.members.unnamed + self.admins.unnamed
    }
}

impl FromIterator<(Scope, Party)> for People {
    fn from_iter<I: IntoIterator<Item = (Scope, Party)>>(people: I) -> Self {
        let mut by_scope = BTreeMap::<_, (Vec<i64>, Vec<i64>)>::new();
        for (scope, party) in people {
            match party {
                Party::Member(id) => by_scope.entry(scope).or_default().0.push(id.0),
                Party::Admin(id) => by_scope.entry(scope).or_default().1.push(id.0),
                Party::System => {}
            }
        }
        let crowd = |(members, admins)| Crowd { members: Ids::of(members), admins: Ids::of(admins) };
        Self(by_scope.into_iter().map(|(scope, ids)| (scope, crowd(ids))).collect())
    }
}

impl People {
    /// Whether somebody is known by name to be there.
    pub(crate) fn has(&self, scope: Scope, party: Party) -> bool {
        self.0.get(&scope).is_some_and(|crowd| crowd.has(party))
    }

    /// Whether all like them, in their scope, have a name: whoever has none is not there.
    pub(crate) fn names_all_of(&self, (scope, party): (Scope, Party)) -> bool {
        self.0.get(&scope).is_none_or(|crowd| match party {
            Party::Member(_) => crowd.members.unnamed == 0,
            Party::Admin(_) => crowd.admins.unnamed == 0,
            Party::System => true,
        })
    }

    /// Everybody who has a name.
    pub(crate) fn named(&self) -> impl Iterator<Item = (Scope, Party)> {
        self.0.iter().flat_map(|(&scope, crowd)| crowd.named().map(move |party| (scope, party)))
    }

    /// Those with a name who have none there.
    pub(crate) fn without(&self, others: &Self) -> impl Iterator<Item = (Scope, Party)> {
        self.0.iter().flat_map(move |(&scope, crowd)| {
            let other = others.0.get(&scope);
            // Most shops are as they were three seconds ago.
            let differs = Some(crowd).filter(|&crowd| Some(crowd) != other);
            let named = differs.into_iter().flat_map(Crowd::named);
            named.filter(move |&party| !other.is_some_and(|it| it.has(party))).map(move |party| (scope, party))
        })
    }

    /// How many have no name, by scope.
    pub(crate) fn unnamed(&self) -> impl Iterator<Item = (Scope, OnlineCount)> {
        let count = |crowd: &Crowd| OnlineCount { members: crowd.members.unnamed, admins: crowd.admins.unnamed };
        self.0.iter().map(move |(&scope, crowd)| (scope, count(crowd))).filter(|(_, it)| *it != OnlineCount::default())
    }

    /// What it takes to remember them: a place for each scope and for each name.
    pub(crate) fn size(&self) -> usize {
        self.0.len() + self.0.values().map(Crowd::size).sum::<usize>()
    }

    /// Makes it no larger than that, names before scopes: whoever loses their name is counted on. Says how many are
    /// not even counted any more, since there was no room for their scope.
    pub(crate) fn shorten(&mut self, most: usize) -> usize {
        let mut lost = 0;
        while self.0.len() > most {
            lost += self.0.pop_last().map_or(0, |(_, crowd)| crowd.total());
        }
        let mut room = most - self.0.len();
        for crowd in self.0.values_mut() {
            for ids in [&mut crowd.members, &mut crowd.admins] {
                ids.shorten(room);
                room -= ids.named().len();
            }
        }
        lost
    }
}

#[cfg(test)]
mod tests;
