//! Development mode: what one needs to try things out on one's own machine, made at the first start and kept.
//!
//! The secret and the password are random and lie in the data folder, for nobody else to read; the server listens
//! on loopback only. There is no default password anywhere.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use kefu_domain::{Permission, Shops, StoreError, TenantId, Timestamp};
use kefu_storage::{AccountStatus, Database, NewAccount, NewTenant};

use crate::identity::{Claims, Reading, Role, sign_as};
use crate::random;
use crate::secret::Secret;
use crate::standalone::password;

/// The tenant that the mall's pages ask for unless they are told otherwise.
const TENANT: TenantId = TenantId(1);
/// What the mall's console offers in its login form.
const TENANT_NAME: &str = "芋道源码";
const USERNAME: &str = "kefu";
const TOKEN_SECONDS: i64 = 30 * 24 * 3_600;

/// Why development mode could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentError {
    /// The data folder.
    #[error("the data folder cannot be used")]
    Folder(#[from] io::Error),
    /// The database.
    #[error("the development accounts could not be made")]
    Store(#[from] StoreError),
    /// The password.
    #[error("the development password could not be hashed")]
    Hash(String),
}

/// The accounts of development mode.
#[derive(Debug, Clone)]
pub struct Development {
    secret: Secret,
    reading: Reading,
}

/// The login of the agent that is kept here.
#[derive(Debug, Clone)]
pub struct Login {
    /// The name.
    pub username: &'static str,
    /// The password.
    pub password: Secret,
}

/// The secret of a data folder, made if it is missing.
pub fn kept_secret(folder: &Path) -> io::Result<Secret> {
    let fresh = || Ok(format!("{}{}", random_name()?, random_name()?));
    Ok(Secret::new(kept(&folder.join("development-secret"), fresh)?.0))
}

impl Development {
    /// Signs with this secret.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self { secret, reading: Reading::default() }
    }

    /// The same with tokens that are written as the settings have them read.
    #[must_use]
    pub fn written_for(self, reading: Reading) -> Self {
        Self { reading, ..self }
    }

    /// Sees to it that the tenant and the agent are there. Blocks.
    pub fn prepare(&self, folder: &Path, database: &Database) -> Result<Login, DevelopmentError> {
        if database.tenant(TENANT)?.is_none() {
            let tenant = NewTenant { id: Some(TENANT), name: TENANT_NAME.to_owned(), expires: None };
            database.add_tenant(&tenant)?;
        }
        let fresh = || random_name().map(|name| name[..12].to_owned());
        let (secret, is_new) = kept(&folder.join("development-password"), fresh)?;
        let hash = || password::hash(&secret).map_err(|error| DevelopmentError::Hash(error.to_string()));
        match database.account_by_name(TENANT, USERNAME)? {
            None => {
                let account = NewAccount {
                    tenant: TENANT,
                    username: USERNAME.to_owned(),
                    password_hash: hash()?,
                    nickname: "客服小芋".to_owned(),
                    avatar: None,
                    roles: vec![Role::Manager.as_str().to_owned()],
                    shops: Shops::platform(),
                };
                database.add_account(&account)?;
            }
            Some(account) if is_new || account.status == AccountStatus::Disabled => {
                database.set_password(account.id, &hash()?)?;
                database.set_account_status(account.id, AccountStatus::Enabled)?;
            }
            Some(_) => {}
        }
        Ok(Login { username: USERNAME, password: Secret::new(secret) })
    }

    /// The tenant of it all.
    #[must_use]
    pub fn tenant(&self) -> i64 {
        TENANT.0
    }

    /// A member; the end of the token is still open.
    #[must_use]
    pub fn member(&self, id: i64) -> Claims {
        let nickname = if id == 101 { "小明".to_owned() } else { format!("会员 {id}") };
        claims(id.max(1), 1, &nickname, None)
    }

    /// An agent who may do everything; the end of the token is still open.
    #[must_use]
    pub fn agent(&self) -> Claims {
        let all = Permission::ALL.iter().map(|permission| permission.as_str().to_owned()).collect();
        claims(201, 2, "客服小美", Some(all))
    }

    /// Signs claims, with a life of 30 days from now.
    pub fn sign(&self, claims: Claims, now: Timestamp) -> Result<String, jsonwebtoken::errors::Error> {
        sign_as(&self.reading, self.secret.reveal(), &Claims { exp: now.0 / 1_000 + TOKEN_SECONDS, ..claims })
    }
}

fn claims(id: i64, user_type: i32, nickname: &str, permissions: Option<Vec<String>>) -> Claims {
    let nickname = Some(nickname.to_owned());
    Claims { id, user_type, tenant: TENANT.0, exp: 0, nbf: None, nickname, avatar: None, permissions, shops: None }
}

fn random_name() -> io::Result<String> {
    random::name().map_err(io::Error::other)
}

/// The text in a file, or a fresh one that only we may read; says whether it is fresh.
fn kept(path: &Path, fresh: impl FnOnce() -> io::Result<String>) -> io::Result<(String, bool)> {
    match fs::read_to_string(path) {
        Ok(text) if !text.trim().is_empty() => return Ok((text.trim().to_owned(), false)),
        Ok(_) => fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let text = fresh()?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok((text, true))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use kefu_storage::Options;

    use super::*;

    #[test]
    fn the_secret_is_strong_kept_and_private() {
        let folder = tempfile::tempdir().unwrap();

        let first = kept_secret(folder.path()).unwrap();
        let second = kept_secret(folder.path()).unwrap();

        assert_eq!(first.reveal(), second.reveal());
        assert_eq!(first.reveal().len(), 64);
        let mode = fs::metadata(folder.path().join("development-secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let elsewhere = tempfile::tempdir().unwrap();
        assert_ne!(kept_secret(elsewhere.path()).unwrap().reveal(), first.reveal());
    }

    #[test]
    fn the_agent_can_log_in_with_the_password_of_the_folder_even_after_it_was_lost() {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", folder.path().join("kefu.sqlite3").display());
        let database = Database::connect(&address, &Options::default()).unwrap();
        let development = Development::new(kept_secret(folder.path()).unwrap());

        let first = development.prepare(folder.path(), &database).unwrap();
        let again = development.prepare(folder.path(), &database).unwrap();
        fs::remove_file(folder.path().join("development-password")).unwrap();
        let new = development.prepare(folder.path(), &database).unwrap();

        assert_eq!(first.password, again.password);
        assert_ne!(first.password, new.password);
        let account = database.account_by_name(TENANT, USERNAME).unwrap().unwrap();
        assert!(password::matches(new.password.reveal(), Some(&account.password_hash)));
        assert!(password::check_password(new.password.reveal()).is_ok());
        assert_eq!(Role::allow(&account.roles), Permission::ALL);
        let platform = kefu_domain::Scope::platform(TENANT);
        assert_eq!(database.admins_of(platform).unwrap(), [account.id], "by a row");
    }
}
