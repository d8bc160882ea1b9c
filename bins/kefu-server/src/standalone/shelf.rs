//! Where uploaded files lie: under names that we choose, never overwritten, safe on disk before they are answered.

use std::fs::{self, DirEntry, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use kefu_domain::Timestamp;
use tempfile::NamedTempFile;

use super::magic::FileKind;
use crate::random;

/// No upload is allowed to take that long: whatever has lain still for it, nobody is receiving any more.
const LEFT_BEHIND_MS: i64 = 3_600 * 1_000;

/// The folder of uploaded files.
#[derive(Debug, Clone)]
pub struct Shelf {
    root: PathBuf,
}

impl Shelf {
    /// Uses a folder, which is made if it is missing. Files half received before a crash are swept out once they
    /// are an hour old; younger ones may be another server's, which is receiving them into the same folder.
    pub fn open(root: &Path, now: Timestamp) -> io::Result<Self> {
        let incoming = root.join("incoming");
        fs::create_dir_all(&incoming)?;
        for entry in fs::read_dir(&incoming)? {
            match sweep(&entry?, now) {
                // Another server was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
        }
        Ok(Self { root: root.to_owned() })
    }

    /// A file to receive into; it vanishes unless it is kept.
    pub fn receive(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(self.root.join("incoming"))
    }

    /// Keeps a received file for good and returns its name.
    pub fn keep(&self, mut received: NamedTempFile, kind: FileKind) -> io::Result<String> {
        received.flush()?;
        received.as_file().sync_all()?;
        let name = format!("{}.{}", random::name().map_err(io::Error::other)?, kind.extension());
        let path = self.path(&name).ok_or_else(|| io::Error::other("a name of ours is not one of ours"))?;
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        received.persist_noclobber(&path).map_err(|error| error.error)?;
        // The names too: of the file in its folder, and of a new folder in the root.
        File::open(folder)?.sync_all()?;
        File::open(&self.root)?.sync_all()?;
        Ok(name)
    }

    /// Takes a file away again.
    pub fn discard(&self, name: &str) -> io::Result<()> {
        self.path(name).map_or(Ok(()), fs::remove_file)
    }

    /// Where the file of that name lies; `None` for a name that we would never have chosen.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        kind_of(name)?;
        Some(self.root.join(&name[..2]).join(name))
    }
}

/// Removes a file that was left behind.
fn sweep(entry: &DirEntry, now: Timestamp) -> io::Result<()> {
    let about = entry.metadata()?;
    let since = about.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let changed = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    let left_behind = about.is_file() && now.0.saturating_sub(changed) > LEFT_BEHIND_MS;
    if left_behind { fs::remove_file(entry.path()) } else { Ok(()) }
}

/// The kind of file that a name of ours promises; `None` for any other name.
#[must_use]
pub fn kind_of(name: &str) -> Option<FileKind> {
    let (stem, extension) = name.split_once('.')?;
    if random::is_name(stem) { FileKind::with_extension(extension) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_kept_file_is_found_under_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path(), clock::now()).unwrap();
        let mut received = shelf.receive().unwrap();
        received.write_all(b"%PDF-1.7").unwrap();

        let name = shelf.keep(received, FileKind::Pdf).unwrap();

        assert_eq!(kind_of(&name), Some(FileKind::Pdf));
        assert_eq!(fs::read(shelf.path(&name).unwrap()).unwrap(), b"%PDF-1.7");
        assert_eq!(fs::read_dir(folder.path().join("incoming")).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_is_not_kept_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path(), clock::now()).unwrap();

        drop(shelf.receive().unwrap());

        assert_eq!(fs::read_dir(folder.path().join("incoming")).unwrap().count(), 0);
    }

    #[test]
    fn a_crashs_leftovers_go_and_what_another_server_is_receiving_stays() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path(), clock::now()).unwrap();
        let (file, path) = shelf.receive().unwrap().keep().unwrap();
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        file.set_modified(changed).unwrap();

        Shelf::open(folder.path(), Timestamp(1_000_000_000 + LEFT_BEHIND_MS)).unwrap();
        assert!(path.exists(), "somebody may still be receiving it");

        Shelf::open(folder.path(), Timestamp(1_000_000_001 + LEFT_BEHIND_MS)).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn no_other_name_leads_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path(), clock::now()).unwrap();
        let stem = "a".repeat(32);
        let names = [
            String::new(),
            "..".into(),
            "../kefu.sqlite3".into(),
            "..%2fkefu.sqlite3".into(),
            format!("../{stem}.png"),
            format!("{stem}.png/../../x"),
            format!("{stem}.png\0.html"),
            format!("{stem}%00.png"),
            format!("{stem}.svg"),
            format!("{stem}.html"),
            format!("{stem}.PNG"),
            format!("{stem}.png.html"),
            format!("{stem}."),
            stem.clone(),
            format!(".{stem}.png"),
            format!("{}.png", "A".repeat(32)),
            format!("{}.png", "a".repeat(31)),
            format!("{}.png", "a".repeat(300)),
            format!("/etc/{stem}.png"),
            format!("C:\\{stem}.png"),
            format!("\u{2215}{}.png", &stem[3..]),
            "incoming".into(),
        ];

        for name in names {
            assert_eq!(shelf.path(&name), None, "{name:?}");
        }
        assert!(shelf.path(&format!("{stem}.png")).unwrap().starts_with(folder.path()));
    }
}
