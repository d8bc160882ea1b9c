//! A SQLite file is for one server at a time: nobody here would look for what another one writes into it.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use crate::config::Settings;

/// Keeps other servers off the file for as long as it lives; a process that ends, however it ends, lets go.
pub struct Sole {
    _lock: Option<File>,
}

/// Another server runs on the file.
#[derive(Debug, thiserror::Error)]
#[error(
    "another kefu-server runs on {}; a SQLite file is for one: stop the other, or take MariaDB or MySQL for several",
    .0.display()
)]
pub struct NotAlone(PathBuf);

impl Sole {
    /// Takes the file that the settings name; nothing where they name none, or say that this server is not alone.
    pub fn take(settings: &Settings) -> Result<Self, NotAlone> {
        let file = settings.database.url.file().filter(|_| settings.sweep_every().is_none());
        let Some(file) = file else { return Ok(Self { _lock: None }) };
        // Beside the file, since closing the file itself would give up SQLite's own locks.
        let mut beside = file.as_os_str().to_owned();
        beside.push(".lock");
        let lock = File::options().create(true).truncate(false).write(true).open(beside);
        match lock.map(|lock| lock.try_lock().map(|()| lock)) {
            Ok(Ok(lock)) => Ok(Self { _lock: Some(lock) }),
            Ok(Err(TryLockError::WouldBlock)) => Err(NotAlone(file.to_owned())),
            Ok(Err(TryLockError::Error(error))) | Err(error) => {
                tracing::warn!(%error, "whether another server runs on the same SQLite file cannot be found out");
                Ok(Self { _lock: None })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_until_it_is_let_go_and_by_several_where_they_know_of_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let settings = |name: &str, alone| {
            let mut settings = Settings::default();
            settings.database.url =
                crate::secret::DatabaseUrl::new(format!("sqlite:{}", folder.path().join(name).display()));
            settings.nodes.alone = alone;
            settings
        };

        let first = Sole::take(&settings("kefu.sqlite3", None)).unwrap();
        let refused = Sole::take(&settings("kefu.sqlite3", None)).map(drop).unwrap_err();
        assert!(refused.to_string().contains("kefu.sqlite3; a SQLite file is for one"), "{refused}");
        Sole::take(&settings("other.sqlite3", None)).unwrap();
        Sole::take(&settings("kefu.sqlite3", Some(false))).unwrap();
        drop(first);

        Sole::take(&settings("kefu.sqlite3", None)).unwrap();
    }
}
