//! Ids for those who have none.

use diesel::prelude::*;
use kefu_domain::StoreError;

use super::super::dialect::Conn;
use super::Db;
use super::transact::unless_taken;
use crate::Subject;
use crate::schema::kefu_identity as identity;

impl Db {
    pub(crate) fn id_of(&self, subject: &Subject) -> Result<i64, StoreError> {
        if let Some(id) = self.read(|conn| number(conn, subject).optional())? {
            return Ok(-id);
        }
        self.write(|conn| {
            let row = (
                identity::tenant_id.eq(subject.tenant.0),
                identity::user_type.eq(subject.user_type),
                identity::issuer.eq(&subject.issuer),
                identity::subject.eq(&subject.name),
            );
            unless_taken(diesel::insert_into(identity::table).values(row).execute(conn))?;
            number(conn, subject)
        })
        .map(|id| -id)
    }
}

fn number(conn: &mut Conn, subject: &Subject) -> QueryResult<i64> {
    identity::table
        .filter(identity::tenant_id.eq(subject.tenant.0))
        .filter(identity::user_type.eq(subject.user_type))
        .filter(identity::issuer.eq(&subject.issuer))
        .filter(identity::subject.eq(&subject.name))
        .select(identity::id)
        .first(conn)
}
