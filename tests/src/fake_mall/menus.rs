//! The back office's menus, on which permissions hang.

use std::collections::BTreeSet;

use kefu_domain::Permission;
use serde_json::{Value, json};

use super::people::{MallAdmin, SEE_MEMBERS};

/// A row of `system_menu`.
#[derive(Debug, Clone)]
pub(super) struct Menu {
    pub(super) id: i64,
    pub(super) parent: i64,
    pub(super) name: String,
    pub(super) permission: String,
    /// 1 a folder, 2 a page, 3 a button.
    pub(super) kind: i64,
}

const FOLDER: i64 = 2_362;
const PAGE: i64 = 2_797;

/// Every menu there is: the folder, the page, and a button for each permission that anybody has.
pub(super) fn menus<'a>(admins: impl Iterator<Item = &'a MallAdmin>) -> Vec<Menu> {
    let menu = |id, parent, name: &str, permission: &str, kind| Menu {
        id,
        parent,
        name: name.to_owned(),
        permission: permission.to_owned(),
        kind,
    };
    let usual: Vec<&str> = Permission::ALL
        .iter()
        .map(|permission| permission.as_str())
        .chain([SEE_MEMBERS, "system:tenant:visit", "trade:order:query", "pay:wallet:query", "product:spu:query"])
        .collect();
    let others: BTreeSet<&String> = admins.flat_map(|admin| &admin.permissions).collect();
    let others = others.into_iter().map(String::as_str).filter(|name| !usual.contains(name));
    let folders = [menu(FOLDER, 0, "商城系统", "", 1), menu(PAGE, FOLDER, "客服中心", "", 2)];
    let buttons = usual.iter().copied().chain(others);
    let buttons = (PAGE + 1..).zip(buttons).map(|(id, permission)| menu(id, PAGE, permission, permission, 3));
    folders.into_iter().chain(buttons).collect()
}

/// What the back office builds its pages from. As in Java, menus without a permission put an empty text into the list.
pub(super) fn permission_info(admin: &MallAdmin, menus: &[Menu]) -> Value {
    let mine: Vec<&Menu> =
        menus.iter().filter(|menu| menu.permission.is_empty() || admin.may(&menu.permission)).collect();
    let permissions: BTreeSet<&str> = mine.iter().map(|menu| menu.permission.as_str()).collect();
    json!({
        "user": {
            "id": super::wire::long(admin.id), "nickname": admin.nickname, "avatar": admin.avatar, "deptId": 103,
            "username": admin.username, "email": "",
        },
        "roles": [role_code(admin)],
        "permissions": permissions,
        "menus": [{
            "id": FOLDER, "parentId": 0, "name": "商城系统", "path": "/mall", "component": null, "componentName": null,
            "icon": "ep:shop", "visible": true, "keepAlive": true, "alwaysShow": true,
            "children": [{
                "id": PAGE, "parentId": FOLDER, "name": "客服中心", "path": "kefu",
                "component": "mall/promotion/kefu/index", "componentName": "KeFu", "icon": "fa-solid:user-alt",
                "visible": true, "keepAlive": true, "alwaysShow": true, "children": null,
            }],
        }],
    })
}

/// Each admin has one role.
pub(super) fn role_code(admin: &MallAdmin) -> String {
    if admin.super_admin { "super_admin".to_owned() } else { format!("role_{}", admin.id) }
}
