//! The rows that this server adds to the one table of routes, and the place where all of them are registered.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::web::{self, Data, ServiceConfig};
use kefu_domain::Permission;
use kefu_web::Site;
use kefu_web::serving::{Access, Handler, Route, Verb, mount};

use crate::entrance::{Entrance, guest, member_token};
use crate::observe::health::Health;
use crate::standalone::{Standalone, little, login, shops, upload};
use crate::{demo, guard, observe};

const fn row(verb: Verb, path: &'static str, access: Access, handler: Handler) -> Route {
    Route { verb, path, access, prefix: "", handler }
}

/// The mall's login, the upload, and the little questions.
static STANDALONE: [Route; 27] = [
    row(Verb::Post, "/admin-api/system/auth/login", Access::Anyone, || web::to(login::login)),
    row(Verb::Post, "/admin-api/system/auth/refresh-token", Access::Anyone, || web::to(login::refresh)),
    row(Verb::Post, "/admin-api/system/auth/logout", Access::Anyone, || web::to(login::logout)),
    row(Verb::Get, "/admin-api/system/auth/get-permission-info", Access::AnyAdmin, || web::to(login::permission_info)),
    row(Verb::Post, "/app-api/member/auth/refresh-token", Access::Anyone, || web::to(login::member_refresh)),
    row(Verb::Post, "/app-api/member/auth/logout", Access::Anyone, || web::to(login::logout)),
    row(Verb::Get, "/admin-api/system/tenant/get-id-by-name", Access::Anyone, || web::to(little::tenant_id)),
    row(Verb::Get, "/admin-api/system/tenant/get-by-website", Access::Anyone, || web::to(little::null)),
    row(Verb::Get, "/app-api/system/tenant/get-by-website", Access::Anyone, || web::to(little::null)),
    row(Verb::Get, "/admin-api/system/tenant/simple-list", Access::AnyAdmin, || web::to(little::own_tenant)),
    row(Verb::Post, "/admin-api/infra/file/upload", Access::AnyAdmin, || web::to(upload::upload)),
    row(Verb::Post, "/app-api/infra/file/upload", Access::Member, || web::to(upload::upload)),
    row(Verb::Get, "/files/{name}", Access::Anyone, || web::to(upload::download)),
    row(Verb::Get, "/admin-api/system/dict-data/simple-list", Access::AnyAdmin, || web::to(little::words)),
    row(Verb::Get, "/admin-api/system/notify-message/get-unread-count", Access::AnyAdmin, || web::to(little::zero)),
    row(Verb::Get, "/admin-api/member/user/get", Access::Admin(Permission::ConversationQuery), || {
        web::to(little::member)
    }),
    row(Verb::Get, "/admin-api/pay/wallet/get", Access::AnyAdmin, || web::to(little::empty_wallet)),
    row(Verb::Get, "/admin-api/product/browse-history/page", Access::AnyAdmin, || web::to(little::empty_page)),
    row(Verb::Get, "/admin-api/trade/order/page", Access::AnyAdmin, || web::to(little::empty_page)),
    row(Verb::Get, "/app-api/promotion/diy-template/used", Access::Anyone, || web::to(little::decoration)),
    row(Verb::Get, "/app-api/promotion/coupon/get-unused-count", Access::Member, || web::to(little::zero)),
    row(Verb::Get, "/app-api/member/user/get", Access::Member, || web::to(little::myself)),
    row(Verb::Get, "/app-api/pay/wallet/get", Access::Member, || web::to(little::empty_wallet)),
    row(Verb::Get, "/app-api/trade/order/get-count", Access::Member, || web::to(little::no_orders)),
    row(Verb::Get, "/app-api/trade/order/page", Access::Member, || web::to(little::empty_page)),
    row(Verb::Get, "/app-api/trade/cart/list", Access::Member, || web::to(little::empty_cart)),
    row(Verb::Get, "/app-api/product/browse-history/page", Access::Member, || web::to(little::empty_page)),
];

const SHOPS: Access = Access::Admin(Permission::ShopUpdate);

/// Shops and who serves them.
static SHOP: [Route; 6] = [
    row(Verb::Get, "/admin-api/promotion/kefu-shop/list", Access::Admin(Permission::ShopQuery), || {
        web::to(shops::list)
    }),
    row(Verb::Get, "/admin-api/promotion/kefu-shop/mine", Access::AnyAdmin, || web::to(shops::mine)),
    row(Verb::Post, "/admin-api/promotion/kefu-shop/create", SHOPS, || web::to(shops::create)),
    row(Verb::Put, "/admin-api/promotion/kefu-shop/update-status", SHOPS, || web::to(shops::set_status)),
    row(Verb::Put, "/admin-api/promotion/kefu-shop/grant", SHOPS, || web::to(shops::grant)),
    row(Verb::Delete, "/admin-api/promotion/kefu-shop/revoke", SHOPS, || web::to(shops::revoke)),
];

/// Ways in for those whose mall signs nothing.
static ENTRANCE: [Route; 3] = [
    row(Verb::Post, "/open-api/member-token", Access::Anyone, || web::to(member_token::issue)),
    row(Verb::Post, "/open-api/member-token/revoke", Access::Anyone, || web::to(member_token::revoke)),
    row(Verb::Post, "/app-api/kefu/guest", Access::Anyone, || web::to(guest::enter)),
];

/// For operators.
static OPERATING: [Route; 3] = [
    row(Verb::Get, "/healthz", Access::Anyone, || web::to(observe::health::alive)),
    row(Verb::Get, "/readyz", Access::Anyone, || web::to(observe::health::ready)),
    row(Verb::Get, "/metrics", Access::Anyone, || web::to(observe::health::metrics)),
];

/// The demonstration page; `/demo/session` answers in development mode only.
static DEMO: [Route; 3] = [
    row(Verb::Get, "/demo", Access::Anyone, || web::to(demo::page)),
    row(Verb::Get, "/demo/session", Access::Anyone, || web::to(demo::session)),
    row(Verb::Get, "/demo/{file}", Access::Anyone, || web::to(demo::file)),
];

/// Every route of the running server, with its demonstration page.
pub static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let own = [&STANDALONE[..], &SHOP, &ENTRANCE, &OPERATING, &DEMO];
    kefu_web::serving::ROUTES.iter().copied().chain(own).flatten().copied().collect()
});

/// The full paths of the table with who may ask, for the guard. Rows of one path that differ would be an error of
/// ours, and the stricter reading holds: only a path whose rows are all public is public.
#[must_use]
pub fn table() -> HashMap<String, Access> {
    let mut table = HashMap::new();
    for route in ROUTES.iter() {
        let access = table.entry(format!("{}{}", route.prefix, route.path)).or_insert(route.access);
        if *access == Access::Anyone {
            *access = route.access;
        }
    }
    table
}

/// What the routes are answered from.
#[derive(Clone)]
pub struct Mounted {
    /// The desk's controllers.
    pub site: Site,
    /// The standalone server's.
    pub standalone: Data<Standalone>,
    /// The ways in.
    pub entrance: Data<Entrance>,
    /// What operators ask about.
    pub health: Data<Health>,
    /// The demonstration, where it is wanted.
    pub demo: Option<Data<demo::Demo>>,
}

/// Registers everything. Ours comes first: actix takes the first scope that matches and does not look further.
pub fn register(config: &mut ServiceConfig, mounted: &Mounted) {
    mount(config, &STANDALONE, &mounted.standalone);
    mount(config, &SHOP, &mounted.standalone);
    mount(config, &ENTRANCE, &mounted.entrance);
    mount(config, &OPERATING, &mounted.health);
    if let Some(demo) = &mounted.demo {
        mount(config, &DEMO, demo);
    }
    let site = &mounted.site;
    config
        .service(web::scope("/app-api/promotion").configure(site.member_routes()))
        .service(web::scope("/admin-api/promotion").configure(site.admin_routes()))
        .service(web::scope("/infra").configure(site.socket_route()))
        .default_service(web::to(guard::nothing));
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_row_stands_twice() {
        let rows: HashSet<_> = ROUTES.iter().map(|route| (route.verb.as_str(), route.prefix, route.path)).collect();

        assert_eq!(rows.len(), ROUTES.len());
    }

    #[test]
    fn only_these_are_public() {
        let mut public: Vec<_> =
            table().into_iter().filter(|(_, access)| *access == Access::Anyone).map(|(path, _)| path).collect();
        public.sort();

        assert_eq!(
            public,
            [
                "/admin-api/system/auth/login",
                "/admin-api/system/auth/logout",
                "/admin-api/system/auth/refresh-token",
                "/admin-api/system/tenant/get-by-website",
                "/admin-api/system/tenant/get-id-by-name",
                "/app-api/kefu/guest",
                "/app-api/member/auth/logout",
                "/app-api/member/auth/refresh-token",
                "/app-api/promotion/diy-template/used",
                "/app-api/system/tenant/get-by-website",
                "/demo",
                "/demo/session",
                "/demo/{file}",
                "/files/{name}",
                "/healthz",
                "/metrics",
                "/open-api/member-token",
                "/open-api/member-token/revoke",
                "/readyz",
            ]
        );
    }

    #[test]
    fn a_path_says_whose_side_it_is_on() {
        for route in ROUTES.iter() {
            let path = format!("{}{}", route.prefix, route.path);
            match route.access {
                Access::Member => assert!(path.starts_with("/app-api/"), "{path}"),
                Access::AnyAdmin | Access::Admin(_) => assert!(path.starts_with("/admin-api/"), "{path}"),
                Access::Anyone | Access::SignedIn => {}
            }
        }
    }
}
