//! Uploaded files.

use diesel::prelude::*;
use kefu_domain::StoreError;

use super::Db;
use crate::StoredFile;
use crate::own_rows::FileRow;
use crate::schema::kefu_file as file;

impl Db {
    pub(crate) fn add_file(&self, new: &StoredFile) -> Result<(), StoreError> {
        self.write(|conn| diesel::insert_into(file::table).values(FileRow::from(new)).execute(conn)).map(|_| ())
    }

    pub(crate) fn file(&self, name: &str) -> Result<Option<StoredFile>, StoreError> {
        let row = self.read(|conn| file::table.find(name).select(FileRow::as_select()).first(conn).optional())?;
        Ok(row.map(StoredFile::from))
    }
}
