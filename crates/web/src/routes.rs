//! The one table of routes: it registers them, and tests and documents read it.

use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use kefu_domain::Permission;

use crate::{ApiError, Caller, admin, body, changes, member, online, socket, sync, ticket};

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; no credential is looked for.
    Anyone,
    /// Whoever is signed in.
    SignedIn,
    /// A signed-in member.
    Member,
    /// A signed-in admin.
    AnyAdmin,
    /// A signed-in admin with this permission.
    Admin(Permission),
}

/// The methods that occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
}

impl Verb {
    /// The method's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Delete => Method::DELETE,
        }
    }
}

/// Makes the actix route that answers.
pub type Handler = fn() -> actix_web::Route;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The method.
    pub verb: Verb,
    /// The path below the prefix.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    /// Where the standalone server mounts it: what stands before `path`.
    pub prefix: &'static str,
    /// What answers.
    pub handler: Handler,
}

const APP: &str = "/app-api/promotion";
const DESK: &str = "/admin-api/promotion";

const fn row(verb: Verb, prefix: &'static str, path: &'static str, access: Access, handler: Handler) -> Route {
    Route { verb, path, access, prefix, handler }
}

const fn may(permission: Permission) -> Access {
    Access::Admin(permission)
}

/// What members ask.
pub(crate) static MEMBER: [Route; 8] = [
    row(Verb::Post, APP, "/kefu-message/send", Access::Member, || web::to(member::send)),
    row(Verb::Get, APP, "/kefu-message/list", Access::Member, || web::to(member::list)),
    row(Verb::Put, APP, "/kefu-message/update-read-status", Access::Member, || web::to(member::read)),
    row(Verb::Put, APP, "/kefu-message/revoke", Access::Member, || web::to(member::revoke)),
    row(Verb::Delete, APP, "/kefu-message/delete", Access::Member, || web::to(member::delete)),
    row(Verb::Get, APP, "/kefu-message/changes", Access::Member, || web::to(changes::of_member)),
    row(Verb::Get, APP, "/kefu-message/sync", Access::Member, || web::to(sync::of_member)),
    row(Verb::Post, APP, "/kefu-socket/ticket", Access::Member, || web::to(ticket::for_member)),
];

/// What admins ask.
pub(crate) static ADMIN: [Route; 14] = [
    row(Verb::Get, DESK, "/kefu-conversation/list", may(Permission::ConversationQuery), || web::to(admin::list)),
    row(Verb::Get, DESK, "/kefu-conversation/get", may(Permission::ConversationQuery), || web::to(admin::get)),
    row(Verb::Put, DESK, "/kefu-conversation/update-conversation-pinned", may(Permission::ConversationUpdate), || {
        web::to(admin::pin)
    }),
    row(Verb::Delete, DESK, "/kefu-conversation/delete", may(Permission::ConversationDelete), || web::to(admin::hide)),
    row(Verb::Post, DESK, "/kefu-message/send", may(Permission::MessageSend), || web::to(admin::send)),
    row(Verb::Put, DESK, "/kefu-message/update-read-status", may(Permission::MessageUpdate), || web::to(admin::read)),
    row(Verb::Get, DESK, "/kefu-message/list", may(Permission::MessageQuery), || web::to(admin::history)),
    row(Verb::Put, DESK, "/kefu-message/revoke", may(Permission::MessageSend), || web::to(admin::revoke)),
    row(Verb::Delete, DESK, "/kefu-message/delete", may(Permission::MessageUpdate), || web::to(admin::delete)),
    row(Verb::Get, DESK, "/kefu-message/changes", may(Permission::MessageQuery), || web::to(changes::of_admin)),
    row(Verb::Get, DESK, "/kefu-message/sync", may(Permission::MessageQuery), || web::to(sync::of_admin)),
    row(Verb::Post, DESK, "/kefu-socket/ticket", Access::AnyAdmin, || web::to(ticket::for_admin)),
    row(Verb::Get, DESK, "/kefu-online/get", may(Permission::ConversationQuery), || web::to(online::count)),
    row(Verb::Get, DESK, "/kefu-online/members", may(Permission::ConversationQuery), || web::to(online::members)),
];

/// The socket, for both.
pub(crate) static SOCKET: [Route; 1] = [row(Verb::Get, "/infra", "/ws", Access::SignedIn, || web::to(socket::open))];

/// All of this crate's routes.
pub static ROUTES: [&[Route]; 3] = [&MEMBER, &ADMIN, &SOCKET];

/// Registers rows of a table, each path a resource with settings of its own.
///
/// Rows of one path must stand together. Other methods of a known path are refused by their code.
pub fn mount<T: 'static>(config: &mut ServiceConfig, routes: &'static [Route], data: &Data<T>) {
    for rows in routes.chunk_by(|one, next| one.path == next.path) {
        let Some(first) = rows.first() else { continue };
        let mut resource = web::resource(first.path).app_data(data.clone()).app_data(body::limits());
        for row in rows {
            resource = resource.route((row.handler)().method(row.verb.method()));
        }
        let at_the_desk = first.prefix == DESK || matches!(first.access, Access::Admin(_));
        let refuse = if at_the_desk { web::to(no_such_route) } else { web::to(wrong_method) };
        config.service(resource.default_service(refuse));
    }
}

/// A path that exists, asked in a way that does not.
async fn wrong_method(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Caller::of(&request)?;
    Err(ApiError::Method(request.method().to_string()))
}

/// The same at the desk: the mall answers as to a module that it does not have.
async fn no_such_route(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Caller::of(&request)?;
    Err(ApiError::ModuleDisabled)
}
