//! The table of docs/PROTOCOL.md.

const PAGE: &str = include_str!("../../../docs/PROTOCOL.md");
const HEAD: &str = "| route | no token | other tenant-id | other tenant's object | other member's object | \
                    other shop's object | wrong user type | no permission | right |";

/// One route's answers, as the document writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) no_token: String,
    pub(crate) other_tenant: String,
    pub(crate) other_tenants_object: String,
    pub(crate) other_members_object: String,
    pub(crate) other_shops_object: String,
    pub(crate) wrong_user_type: String,
    pub(crate) no_permission: String,
    pub(crate) right: String,
}

impl Row {
    /// Where another row says something else.
    pub(crate) fn differences(&self, played: &Self) -> Vec<String> {
        let pairs = [
            ("no token", &self.no_token, &played.no_token),
            ("other tenant-id", &self.other_tenant, &played.other_tenant),
            ("other tenant's object", &self.other_tenants_object, &played.other_tenants_object),
            ("other member's object", &self.other_members_object, &played.other_members_object),
            ("other shop's object", &self.other_shops_object, &played.other_shops_object),
            ("wrong user type", &self.wrong_user_type, &played.wrong_user_type),
            ("no permission", &self.no_permission, &played.no_permission),
            ("right", &self.right, &played.right),
        ];
        let different = pairs.into_iter().filter(|(_, said, seen)| said != seen);
        different.map(|(column, said, seen)| format!("{column}: the document says {said}, the server {seen}")).collect()
    }
}

/// Every row's route.
pub(crate) fn names() -> Vec<String> {
    rows().into_iter().map(|(name, _)| name).collect()
}

/// The row of a route.
pub(crate) fn row(name: &str) -> Option<Row> {
    rows().into_iter().find(|(known, _)| known == name).map(|(_, row)| row)
}

fn rows() -> Vec<(String, Row)> {
    let mut lines = PAGE.lines().skip_while(|line| *line != HEAD);
    assert!(lines.next().is_some(), "the table of routes is not in the document");
    lines.skip(1).take_while(|line| line.starts_with('|')).map(row_of).collect()
}

fn row_of(line: &str) -> (String, Row) {
    let cells: Vec<_> =
        line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
    let Ok(
        [
            name,
            no_token,
            other_tenant,
            other_tenants_object,
            other_members_object,
            other_shops_object,
            wrong_user_type,
            no_permission,
            right,
        ],
    ) = <[String; 9]>::try_from(cells)
    else {
        panic!("a row of the document has another number of cells: {line}");
    };
    let row = Row {
        no_token,
        other_tenant,
        other_tenants_object,
        other_members_object,
        other_shops_object,
        wrong_user_type,
        no_permission,
        right,
    };
    (name, row)
}
