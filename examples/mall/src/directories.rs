//! Who people are, and which shops there are: the desk asks the mall's own tables, through the mall's own pool.
//!
//! The desk asks where blocking is allowed, in batches, and never while it has a row locked.

use std::collections::HashMap;

use kefu::domain::{
    AdminDirectory, AdminId, DirectoryError, MemberDirectory, MemberId, Profile, Scope, ShopDirectory, ShopId,
    Standing, TenantId,
};

use crate::books::{Books, BooksError, Person};

impl MemberDirectory for Books {
    fn profiles(&self, _: TenantId, ids: &[MemberId]) -> Result<HashMap<MemberId, Profile>, DirectoryError> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let found = self.people(&ids, false).map_err(silent)?;
        Ok(found.into_iter().map(|person| (MemberId(person.id), profile(person))).collect())
    }

    /// The mall knows everybody who has an account.
    fn denies(&self, _: TenantId, id: MemberId) -> Result<bool, DirectoryError> {
        Ok(self.people(&[id.0], false).map_err(silent)?.is_empty())
    }
}

impl AdminDirectory for Books {
    fn profiles(&self, _: TenantId, ids: &[AdminId]) -> Result<HashMap<AdminId, Profile>, DirectoryError> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let found = self.people(&ids, true).map_err(silent)?;
        Ok(found.into_iter().map(|person| (AdminId(person.id), profile(person))).collect())
    }
}

impl ShopDirectory for Books {
    fn standing(&self, scope: Scope) -> Result<Standing, DirectoryError> {
        if scope.shop == ShopId::PLATFORM {
            return Ok(Standing::Open);
        }
        Ok(match self.is_open(scope.shop.0).map_err(silent)? {
            Some(true) => Standing::Open,
            Some(false) => Standing::Closed,
            None => Standing::Unknown,
        })
    }
}

/// How others see somebody.
pub(crate) fn profile(person: Person) -> Profile {
    Profile { nickname: Some(person.nickname), avatar: person.avatar }
}

fn silent(error: BooksError) -> DirectoryError {
    DirectoryError(error.into())
}
