//! A good request for every route, by its name, without a token.

use serde_json::json;

use crate::asking::{Ask, encoded};
use crate::scene::{FOREIGN, GIF, PASSWORD, SECOND, SPARE, Scene};

type Right = fn(&Scene<'_>) -> Ask;
type About = fn(&Scene<'_>, &str) -> Ask;

/// How to ask for a route.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    /// With everything right.
    pub(crate) right: Right,
    /// About the object of this id, where the route asks for one.
    pub(crate) about: Option<About>,
    /// What that object is.
    pub(crate) object: Object,
}

/// What can be asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object {
    Conversation,
    Person,
    Shop,
    File,
}

impl Object {
    /// One of the platform's and of no other shop.
    pub(crate) fn of_the_platform(self, scene: &Scene<'_>) -> String {
        match self {
            Self::Conversation => scene.alices.to_string(),
            Self::Person => scene.bob.id.to_string(),
            Self::Shop => SPARE.to_string(),
            Self::File => scene.picture.clone(),
        }
    }

    /// One of the second shop's and not of the platform's.
    pub(crate) fn of_other_shop(self, scene: &Scene<'_>) -> String {
        match self {
            Self::Conversation => scene.alices_elsewhere.to_string(),
            Self::Person => scene.dave.id.to_string(),
            Self::Shop => SECOND.to_string(),
            Self::File => scene.neighbours_picture.clone(),
        }
    }

    /// One of another tenant.
    pub(crate) fn of_other_tenant(self, scene: &Scene<'_>) -> String {
        match self {
            Self::Conversation => scene.carols.to_string(),
            Self::Person => scene.carol.id.to_string(),
            Self::Shop => FOREIGN.to_string(),
            Self::File => scene.carols_picture.clone(),
        }
    }

    /// One that there is not.
    pub(crate) fn of_nobody(self, scene: &Scene<'_>) -> String {
        match self {
            Self::Conversation | Self::Person | Self::Shop => scene.nobodys.to_string(),
            Self::File => format!("{}.gif", "0".repeat(32)),
        }
    }
}

/// The sample of a route.
pub(crate) fn of(name: &str) -> Option<Sample> {
    let about = ABOUT.iter().find(|(known, _)| *known == name);
    let plain = PLAIN.iter().find(|(known, _)| *known == name);
    match (about, plain) {
        (Some((_, sample)), None) => Some(*sample),
        (None, Some((_, right))) => Some(Sample { right: *right, about: None, object: Object::Conversation }),
        (None, None) => None,
        (Some(_), Some(_)) => panic!("{name} has two samples"),
    }
}

/// Every route that has one.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ABOUT.iter().map(|(name, _)| *name).chain(PLAIN.iter().map(|(name, _)| *name))
}

const fn own(about: About, right: Right) -> Sample {
    Sample { right, about: Some(about), object: Object::Conversation }
}

const fn shop(about: About, right: Right) -> Sample {
    Sample { right, about: Some(about), object: Object::Shop }
}

/// Routes that ask about a conversation, a person, a shop or a file.
static ABOUT: &[(&str, Sample)] = &[
    (
        "GET /app-api/promotion/kefu-message/list",
        own(member_list, |scene| member_list(scene, &scene.alices.to_string())),
    ),
    (
        "PUT /app-api/promotion/kefu-message/update-read-status",
        own(member_read, |scene| member_read(scene, &scene.alices.to_string())),
    ),
    (
        "PUT /app-api/promotion/kefu-message/revoke",
        own(member_revoke, |scene| member_revoke(scene, &scene.alices.to_string())),
    ),
    (
        "DELETE /app-api/promotion/kefu-message/delete",
        own(member_delete, |scene| member_delete(scene, &scene.alices.to_string())),
    ),
    (
        "GET /app-api/promotion/kefu-message/changes",
        own(member_changes, |scene| member_changes(scene, &scene.alices.to_string())),
    ),
    ("GET /admin-api/promotion/kefu-conversation/get", own(get, |scene| get(scene, &scene.alices.to_string()))),
    (
        "PUT /admin-api/promotion/kefu-conversation/update-conversation-pinned",
        own(pin, |scene| pin(scene, &scene.alices.to_string())),
    ),
    ("DELETE /admin-api/promotion/kefu-conversation/delete", own(hide, |scene| hide(scene, &scene.alices.to_string()))),
    ("POST /admin-api/promotion/kefu-message/send", own(send, |scene| send(scene, &scene.alices.to_string()))),
    (
        "PUT /admin-api/promotion/kefu-message/update-read-status",
        own(read, |scene| read(scene, &scene.alices.to_string())),
    ),
    ("GET /admin-api/promotion/kefu-message/list", own(list, |scene| list(scene, &scene.alices.to_string()))),
    (
        "PUT /admin-api/promotion/kefu-message/revoke",
        own(take_back, |scene| take_back(scene, &scene.alices.to_string())),
    ),
    ("DELETE /admin-api/promotion/kefu-message/delete", own(delete, |scene| delete(scene, &scene.alices.to_string()))),
    ("GET /admin-api/promotion/kefu-message/changes", own(changes, |scene| changes(scene, &scene.alices.to_string()))),
    (
        "GET /admin-api/promotion/kefu-online/members",
        Sample {
            right: |scene| online(scene, &scene.alice.id.to_string()),
            about: Some(online),
            object: Object::Person,
        },
    ),
    (
        "GET /admin-api/member/user/get",
        Sample {
            right: |scene| person(scene, &scene.alice.id.to_string()),
            about: Some(person),
            object: Object::Person,
        },
    ),
    (
        "PUT /admin-api/promotion/kefu-shop/update-status",
        shop(set_status, |scene| set_status(scene, &SPARE.to_string())),
    ),
    ("PUT /admin-api/promotion/kefu-shop/grant", shop(grant, |scene| grant(scene, &SPARE.to_string()))),
    ("DELETE /admin-api/promotion/kefu-shop/revoke", shop(revoke, |scene| revoke(scene, &SPARE.to_string()))),
    (
        "GET /files/{name}",
        Sample { right: |scene| file(scene, &scene.picture), about: Some(file), object: Object::File },
    ),
];

/// Routes that do not.
static PLAIN: &[(&str, Right)] = &[
    ("POST /app-api/promotion/kefu-message/send", |_| {
        Ask::post("/app-api/promotion/kefu-message/send").json(&json!({ "contentType": 1, "content": "hi" }))
    }),
    ("GET /admin-api/promotion/kefu-conversation/list", |_| Ask::get("/admin-api/promotion/kefu-conversation/list")),
    ("GET /app-api/promotion/kefu-message/sync", |_| Ask::get("/app-api/promotion/kefu-message/sync?wait=0")),
    ("POST /app-api/promotion/kefu-socket/ticket", |_| Ask::post("/app-api/promotion/kefu-socket/ticket")),
    ("GET /admin-api/promotion/kefu-message/sync", |scene| {
        Ask::get(format!("/admin-api/promotion/kefu-message/sync?wait=0&cursors={}.0.0", scene.alices))
    }),
    ("POST /admin-api/promotion/kefu-socket/ticket", |_| Ask::post("/admin-api/promotion/kefu-socket/ticket")),
    ("GET /admin-api/promotion/kefu-online/get", |_| Ask::get("/admin-api/promotion/kefu-online/get")),
    ("GET /admin-api/promotion/kefu-shop/list", |_| Ask::get("/admin-api/promotion/kefu-shop/list")),
    ("GET /admin-api/promotion/kefu-shop/mine", |_| Ask::get("/admin-api/promotion/kefu-shop/mine")),
    ("POST /admin-api/promotion/kefu-shop/create", |_| {
        Ask::post("/admin-api/promotion/kefu-shop/create").json(&json!({ "name": "another" }))
    }),
    ("GET /infra/ws", |_| {
        Ask::get("/infra/ws")
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    }),
    ("POST /admin-api/system/auth/login", |_| {
        Ask::post("/admin-api/system/auth/login").json(&json!({ "username": "agent1", "password": PASSWORD }))
    }),
    ("POST /admin-api/system/auth/refresh-token", |scene| {
        let (_, refresh) = scene.fresh_login();
        Ask::post(format!("/admin-api/system/auth/refresh-token?refreshToken={refresh}"))
    }),
    ("POST /admin-api/system/auth/logout", |_| Ask::post("/admin-api/system/auth/logout")),
    ("GET /admin-api/system/auth/get-permission-info", |_| Ask::get("/admin-api/system/auth/get-permission-info")),
    ("POST /app-api/member/auth/refresh-token", |scene| {
        let refresh = scene.fresh_member();
        Ask::post(format!("/app-api/member/auth/refresh-token?refreshToken={refresh}"))
    }),
    // With the key of the mall's server, which is no token.
    ("POST /open-api/member-token", |scene| {
        Ask::post("/open-api/member-token").header("X-Api-Key", &scene.api_key).json(&json!({ "userId": 106 }))
    }),
    ("POST /open-api/member-token/revoke", |scene| {
        Ask::post("/open-api/member-token/revoke").header("X-Api-Key", &scene.api_key).json(&json!({ "userId": 106 }))
    }),
    ("POST /app-api/kefu/guest", |_| Ask::post("/app-api/kefu/guest")),
    ("POST /app-api/member/auth/logout", |_| Ask::post("/app-api/member/auth/logout")),
    ("GET /admin-api/system/tenant/get-id-by-name", |_| Ask::get("/admin-api/system/tenant/get-id-by-name?name=mall")),
    ("GET /admin-api/system/tenant/get-by-website", |_| Ask::get("/admin-api/system/tenant/get-by-website?website=x")),
    ("GET /app-api/system/tenant/get-by-website", |_| Ask::get("/app-api/system/tenant/get-by-website?website=x")),
    ("GET /admin-api/system/tenant/simple-list", |_| Ask::get("/admin-api/system/tenant/simple-list")),
    ("POST /admin-api/infra/file/upload", |_| Ask::post("/admin-api/infra/file/upload").file("a.gif", GIF)),
    ("POST /app-api/infra/file/upload", |_| Ask::post("/app-api/infra/file/upload").file("a.gif", GIF)),
    ("GET /admin-api/system/dict-data/simple-list", |_| Ask::get("/admin-api/system/dict-data/simple-list")),
    ("GET /admin-api/system/notify-message/get-unread-count", |_| {
        Ask::get("/admin-api/system/notify-message/get-unread-count")
    }),
    ("GET /admin-api/pay/wallet/get", |_| Ask::get("/admin-api/pay/wallet/get?userId=101")),
    ("GET /admin-api/product/browse-history/page", |_| Ask::get("/admin-api/product/browse-history/page?pageNo=1")),
    ("GET /admin-api/trade/order/page", |_| Ask::get("/admin-api/trade/order/page?pageNo=1&pageSize=10&userId=101")),
    ("GET /app-api/promotion/diy-template/used", |_| Ask::get("/app-api/promotion/diy-template/used")),
    ("GET /app-api/promotion/coupon/get-unused-count", |_| Ask::get("/app-api/promotion/coupon/get-unused-count")),
    ("GET /app-api/member/user/get", |_| Ask::get("/app-api/member/user/get")),
    ("GET /app-api/pay/wallet/get", |_| Ask::get("/app-api/pay/wallet/get")),
    ("GET /app-api/trade/order/get-count", |_| Ask::get("/app-api/trade/order/get-count")),
    ("GET /app-api/trade/order/page", |_| Ask::get("/app-api/trade/order/page?list_rows=5")),
    ("GET /app-api/trade/cart/list", |_| Ask::get("/app-api/trade/cart/list")),
    ("GET /app-api/product/browse-history/page", |_| Ask::get("/app-api/product/browse-history/page?list_rows=5")),
    ("GET /healthz", |_| Ask::get("/healthz")),
    ("GET /readyz", |_| Ask::get("/readyz")),
    ("GET /metrics", |_| Ask::get("/metrics")),
    ("GET /demo", |_| Ask::get("/demo")),
    ("GET /demo/session", |_| Ask::get("/demo/session")),
    ("GET /demo/{file}", |_| Ask::get("/demo/demo.js")),
];

fn member_list(_: &Scene<'_>, id: &str) -> Ask {
    Ask::get(format!("/app-api/promotion/kefu-message/list?conversationId={id}&limit=1"))
}

fn member_read(_: &Scene<'_>, id: &str) -> Ask {
    Ask::put(format!("/app-api/promotion/kefu-message/update-read-status?conversationId={id}"))
}

fn member_revoke(scene: &Scene<'_>, id: &str) -> Ask {
    let message = scene.alices_word;
    Ask::put(format!("/app-api/promotion/kefu-message/revoke?id={message}&conversationId={id}"))
}

fn member_delete(scene: &Scene<'_>, id: &str) -> Ask {
    let message = scene.agents_word;
    Ask::delete(format!("/app-api/promotion/kefu-message/delete?id={message}&conversationId={id}"))
}

fn member_changes(_: &Scene<'_>, id: &str) -> Ask {
    Ask::get(format!("/app-api/promotion/kefu-message/changes?conversationId={id}&since=0"))
}

fn get(_: &Scene<'_>, id: &str) -> Ask {
    Ask::get(format!("/admin-api/promotion/kefu-conversation/get?id={id}"))
}

fn pin(_: &Scene<'_>, id: &str) -> Ask {
    let body = json!({ "id": id, "adminPinned": true });
    Ask::put("/admin-api/promotion/kefu-conversation/update-conversation-pinned").json(&body)
}

fn hide(_: &Scene<'_>, id: &str) -> Ask {
    Ask::delete(format!("/admin-api/promotion/kefu-conversation/delete?id={id}"))
}

fn send(_: &Scene<'_>, id: &str) -> Ask {
    let body = json!({ "conversationId": id, "contentType": 1, "content": "hi" });
    Ask::post("/admin-api/promotion/kefu-message/send").json(&body)
}

fn read(_: &Scene<'_>, id: &str) -> Ask {
    Ask::put(format!("/admin-api/promotion/kefu-message/update-read-status?conversationId={id}"))
}

fn list(_: &Scene<'_>, id: &str) -> Ask {
    Ask::get(format!("/admin-api/promotion/kefu-message/list?conversationId={}&limit=1", encoded(id)))
}

fn take_back(scene: &Scene<'_>, id: &str) -> Ask {
    let message = scene.agents_word;
    Ask::put(format!("/admin-api/promotion/kefu-message/revoke?id={message}&conversationId={id}"))
}

fn delete(scene: &Scene<'_>, id: &str) -> Ask {
    let message = scene.alices_word;
    Ask::delete(format!("/admin-api/promotion/kefu-message/delete?id={message}&conversationId={id}"))
}

fn changes(_: &Scene<'_>, id: &str) -> Ask {
    Ask::get(format!("/admin-api/promotion/kefu-message/changes?conversationId={id}&since=0"))
}

fn online(_: &Scene<'_>, id: &str) -> Ask {
    Ask::get(format!("/admin-api/promotion/kefu-online/members?ids={id}"))
}

fn person(_: &Scene<'_>, id: &str) -> Ask {
    Ask::get(format!("/admin-api/member/user/get?id={id}"))
}

fn set_status(_: &Scene<'_>, id: &str) -> Ask {
    Ask::put("/admin-api/promotion/kefu-shop/update-status").json(&json!({ "id": id, "status": 0 }))
}

fn grant(_: &Scene<'_>, id: &str) -> Ask {
    Ask::put("/admin-api/promotion/kefu-shop/grant").json(&json!({ "shopId": id, "adminId": 27 }))
}

fn revoke(_: &Scene<'_>, id: &str) -> Ask {
    Ask::delete(format!("/admin-api/promotion/kefu-shop/revoke?shopId={id}&adminId=27"))
}

fn file(_: &Scene<'_>, name: &str) -> Ask {
    Ask::get(format!("/files/{name}"))
}
