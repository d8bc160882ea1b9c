//! Who the mall's members are: what was remembered of them, and behind that the mall's own table.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kefu_domain::{DirectoryError, MemberDirectory, MemberId, Profile, TenantId};
use kefu_storage::{Database, MallPerson, MallTables};
use moka::sync::Cache;
use tokio::runtime::Handle;

use super::asker::Asker;
use super::source::Silent;
use super::tables::Tables;
use crate::identity::profile_of;

/// How long a name from the mall's table counts.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The directory of members: our own remembered names, and the mall's table where it is asked.
///
/// A mall that does not answer leaves those without a name who have none here, and denies nobody.
pub struct Members {
    books: Database,
    mall: Option<Mall>,
}

struct Mall {
    asker: Arc<Asker>,
    tables: Tables,
    runtime: Handle,
    known: Cache<(TenantId, MemberId), Profile>,
}

impl Members {
    /// Those whom this database remembers.
    #[must_use]
    pub fn new(books: Database) -> Self {
        Self { books, mall: None }
    }

    pub(super) fn with(self, asker: Arc<Asker>, tables: Tables, runtime: &Handle) -> Self {
        let known = Cache::builder().max_capacity(100_000).time_to_live(REMEMBERED).build();
        Self { mall: Some(Mall { asker, tables, runtime: runtime.clone(), known }), ..self }
    }
}

impl MemberDirectory for Members {
    fn profiles(&self, tenant: TenantId, ids: &[MemberId]) -> Result<HashMap<MemberId, Profile>, DirectoryError> {
        let mut profiles = MemberDirectory::profiles(&self.books, tenant, ids)?;
        if let Some(mall) = &self.mall {
            let missing: Vec<_> = ids.iter().copied().filter(|id| id.0 > 0 && !profiles.contains_key(id)).collect();
            profiles.extend(mall.profiles(tenant, missing));
        }
        Ok(profiles)
    }

    fn denies(&self, tenant: TenantId, id: MemberId) -> Result<bool, DirectoryError> {
        let Some(mall) = self.mall.as_ref().filter(|_| id.0 > 0) else { return Ok(false) };
        Ok(mall.members(tenant, vec![id]).is_ok_and(|found| found.is_empty()))
    }
}

impl Mall {
    /// Those of whom the mall says something; all of them are remembered, also those of whom it says nothing.
    fn profiles(&self, tenant: TenantId, ids: Vec<MemberId>) -> HashMap<MemberId, Profile> {
        let (known, unknown): (Vec<_>, Vec<_>) =
            ids.into_iter().map(|id| (id, self.known.get(&(tenant, id)))).partition(|(_, profile)| profile.is_some());
        let mut profiles: HashMap<_, _> = known.into_iter().filter_map(|(id, profile)| Some((id, profile?))).collect();
        let unknown: Vec<_> = unknown.into_iter().map(|(id, _)| id).collect();
        if unknown.is_empty() {
            return profiles;
        }
        let Ok(mut found) = self.members(tenant, unknown.clone()) else { return profiles };
        for id in unknown {
            let profile = found.remove(&id).map(|person| shown(&person)).unwrap_or_default();
            self.known.insert((tenant, id), profile.clone());
            profiles.insert(id, profile);
        }
        profiles
    }

    /// Asks from a thread that may block, on the runtime of all the mall's questions.
    fn members(&self, tenant: TenantId, ids: Vec<MemberId>) -> Result<HashMap<MemberId, MallPerson>, Silent> {
        let question = self.tables.ask(move |tables: &MallTables| tables.members(tenant, &ids));
        self.runtime.block_on(self.asker.put(question, |_| "found"))
    }
}

fn shown(person: &MallPerson) -> Profile {
    profile_of(person.nickname.as_deref(), person.avatar.as_deref())
}
