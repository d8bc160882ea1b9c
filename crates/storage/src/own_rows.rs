//! The rows of the desk's own tables, and what they mean.

use diesel::prelude::*;
use kefu_domain::{AdminId, ConversationId, MemberId, Party, Scope, ShopId, TenantId, Timestamp};

use crate::schema::{kefu_account, kefu_file, kefu_tenant, kefu_token};
use crate::stored::Stored;
use crate::{Account, AccountStatus, StorageOffset, StoredFile, Tenant, TenantStatus, Token, TokenKind};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = kefu_account)]
pub(crate) struct AccountRow {
    id: i64,
    tenant_id: i64,
    username: String,
    password_hash: String,
    nickname: String,
    avatar: Option<String>,
    roles: String,
    status: i32,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: AdminId(row.id),
            tenant: TenantId(row.tenant_id),
            username: row.username,
            password_hash: row.password_hash,
            nickname: row.nickname,
            avatar: row.avatar,
            roles: row.roles.split(',').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
            status: AccountStatus::of(row.status),
        }
    }
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = kefu_token, treat_none_as_default_value = false)]
pub(crate) struct TokenRow {
    hash: Vec<u8>,
    kind: i32,
    refresh_hash: Vec<u8>,
    account_id: i64,
    user_type: i32,
    tenant_id: i64,
    expires_ms: i64,
    revoked_ms: Option<i64>,
}

impl From<&Token> for TokenRow {
    fn from(token: &Token) -> Self {
        Self {
            hash: token.hash.to_vec(),
            kind: token.kind.code(),
            refresh_hash: token.refresh.to_vec(),
            account_id: token.owner.id(),
            user_type: token.owner.user_type(),
            tenant_id: token.tenant.0,
            expires_ms: token.expires.0,
            revoked_ms: token.revoked.map(|time| time.0),
        }
    }
}

impl TokenRow {
    /// The token; `None` for a row whose hashes are not of the length that we write.
    pub(crate) fn token(self) -> Option<Token> {
        Some(Token {
            hash: self.hash.try_into().ok()?,
            kind: TokenKind::of(self.kind),
            refresh: self.refresh_hash.try_into().ok()?,
            owner: Party::of(self.user_type, self.account_id),
            tenant: TenantId(self.tenant_id),
            expires: Timestamp(self.expires_ms),
            revoked: self.revoked_ms.map(Timestamp),
        })
    }
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = kefu_tenant)]
pub(crate) struct TenantRow {
    id: i64,
    name: String,
    status: i32,
    expire_time: Option<Stored>,
}

impl TenantRow {
    pub(crate) fn tenant(self, offset: StorageOffset) -> Tenant {
        Tenant {
            id: TenantId(self.id),
            name: self.name,
            status: TenantStatus::of(self.status),
            expires: self.expire_time.map(|time| offset.instant(time)),
        }
    }
}

#[derive(Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = kefu_file, treat_none_as_default_value = false)]
pub(crate) struct FileRow {
    name: String,
    tenant_id: i64,
    shop_id: i64,
    uploader: String,
    conversation_id: Option<i64>,
    kind: String,
    bytes: i64,
    created_ms: i64,
}

impl From<&StoredFile> for FileRow {
    fn from(file: &StoredFile) -> Self {
        let uploader = match file.uploader {
            Party::Member(id) => format!("member:{id}"),
            Party::Admin(id) => format!("admin:{id}"),
            Party::System => "system".to_owned(),
        };
        Self {
            name: file.name.clone(),
            tenant_id: file.scope.tenant.0,
            shop_id: file.scope.shop.0,
            uploader,
            conversation_id: file.conversation.map(|id| id.0),
            kind: file.kind.clone(),
            bytes: file.bytes,
            created_ms: file.created.0,
        }
    }
}

impl From<FileRow> for StoredFile {
    fn from(row: FileRow) -> Self {
        let uploader = match row.uploader.split_once(':').map(|(kind, id)| (kind, id.parse())) {
            Some(("member", Ok(id))) => Party::Member(MemberId(id)),
            Some(("admin", Ok(id))) => Party::Admin(AdminId(id)),
            _ => Party::System,
        };
        Self {
            name: row.name,
            scope: Scope { tenant: TenantId(row.tenant_id), shop: ShopId(row.shop_id) },
            uploader,
            conversation: row.conversation_id.map(ConversationId),
            kind: row.kind,
            bytes: row.bytes,
            created: Timestamp(row.created_ms),
        }
    }
}
