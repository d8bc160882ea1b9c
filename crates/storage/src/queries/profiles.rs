//! How people are called.

use std::collections::HashMap;
use std::hash::Hash;

use diesel::prelude::*;
use kefu_domain::{AdminId, MemberId, Party, Profile, StoreError, TenantId};

use super::Db;
use super::clock;
use super::transact::unless_taken;
use crate::StorageOffset;
use crate::kept::{LARGEST, one_of};
use crate::schema::{kefu_account as account, kefu_profile as profile};

/// What the columns hold, in characters.
const NICKNAME: usize = 255;
const AVATAR: usize = 2048;

type Row = (i64, Option<String>, Option<String>);

impl Db {
    pub(crate) fn member_profiles(
        &self,
        tenant: TenantId,
        ids: &[MemberId],
    ) -> Result<HashMap<MemberId, Profile>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        self.remembered(tenant, Party::Member(MemberId(0)).user_type(), &ids, MemberId)
    }

    /// An account's own profile comes before what was remembered.
    pub(crate) fn admin_profiles(
        &self,
        tenant: TenantId,
        ids: &[AdminId],
    ) -> Result<HashMap<AdminId, Profile>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let mut profiles = self.remembered(tenant, Party::Admin(AdminId(0)).user_type(), &ids, AdminId)?;
        for ids in ids.chunks(LARGEST) {
            let rows: Vec<(i64, String, Option<String>)> = self.read(|conn| {
                account::table
                    .filter(one_of(account::id, ids))
                    .filter(account::tenant_id.eq(tenant.0))
                    .select((account::id, account::nickname, account::avatar))
                    .load(conn)
            })?;
            let own = |(id, nickname, avatar)| (AdminId(id), Profile { nickname: Some(nickname), avatar });
            profiles.extend(rows.into_iter().map(own));
        }
        Ok(profiles)
    }

    fn remembered<Id: Eq + Hash>(
        &self,
        tenant: TenantId,
        user_type: i32,
        ids: &[i64],
        typed: fn(i64) -> Id,
    ) -> Result<HashMap<Id, Profile>, StoreError> {
        let mut profiles = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(LARGEST) {
            let rows: Vec<Row> = self.read(|conn| {
                profile::table
                    .filter(profile::tenant_id.eq(tenant.0))
                    .filter(profile::user_type.eq(user_type))
                    .filter(one_of(profile::user_id, ids))
                    .select((profile::user_id, profile::nickname, profile::avatar))
                    .load(conn)
            })?;
            profiles.extend(rows.into_iter().map(|(id, nickname, avatar)| (typed(id), Profile { nickname, avatar })));
        }
        Ok(profiles)
    }

    pub(crate) fn remember_profile(
        &self,
        tenant: TenantId,
        user_type: i32,
        id: i64,
        known: &Profile,
    ) -> Result<(), StoreError> {
        let nickname: Option<String> = known.nickname.as_ref().map(|name| name.chars().take(NICKNAME).collect());
        let avatar = known.avatar.as_ref().filter(|avatar| avatar.chars().count() <= AVATAR).cloned();
        let fitting = Profile { nickname, avatar };
        if self.remembered(tenant, user_type, &[id], |id| id)?.get(&id) == Some(&fitting) {
            return Ok(());
        }
        self.write(|conn| {
            let now = instant(self.offset, clock(conn)?);
            let key = (profile::tenant_id.eq(tenant.0), profile::user_type.eq(user_type), profile::user_id.eq(id));
            let news = (
                profile::nickname.eq(&fitting.nickname),
                profile::avatar.eq(&fitting.avatar),
                profile::updated_ms.eq(now),
            );
            if unless_taken(diesel::insert_into(profile::table).values((key, news)).execute(conn))?.is_none() {
                diesel::update(profile::table.find((tenant.0, user_type, id))).set(news).execute(conn)?;
            }
            Ok(())
        })
    }
}

fn instant(offset: StorageOffset, time: crate::stored::Stored) -> i64 {
    offset.instant(time).0
}
