//! A server without a socket, for the tests of this crate.

use actix_web::App;
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode, header::HeaderMap};
use actix_web::middleware::from_fn;
use actix_web::test::{self as web_test, TestRequest};
use actix_web::web::Bytes;
use kefu_domain::{TenantId, Timestamp};
use kefu_storage::{Database, NewTenant, Options, TenantStatus};
use serde_json::Value;

use crate::config::{Settings, load_from};
use crate::development::Development;
use crate::guard::guard;
use crate::identity::Claims;
use crate::routes::register;
use crate::secret::Secret;
use crate::wiring::{House, cors};

const SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015";

/// A server without a socket, with the tenants 1, 2 (disabled) and 3 (over).
pub(crate) struct World {
    pub(crate) house: House,
    pub(crate) database: Database,
    _folder: tempfile::TempDir,
}

pub(crate) fn world() -> World {
    world_with(|_| {})
}

/// The same with other settings.
pub(crate) fn world_with(change: impl FnOnce(&mut Settings)) -> World {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = load_from("", Default::default(), true).unwrap();
    settings.auth.jwt_secret = Secret::new(SECRET);
    settings.upload.dir = folder.path().join("uploads");
    change(&mut settings);
    let address = format!("sqlite:{}", folder.path().join("kefu.sqlite3").display());
    let database = Database::connect(&address, &Options::default()).unwrap();
    for (id, expires) in [(1, None), (2, None), (3, Some(Timestamp(1)))] {
        let tenant = NewTenant { id: Some(TenantId(id)), name: format!("mall {id}"), expires };
        database.add_tenant(&tenant).unwrap().unwrap();
    }
    database.set_tenant_status(TenantId(2), TenantStatus::Disabled).unwrap();
    let durability = database.durability().unwrap();
    let development = Some(Development::new(Secret::new(SECRET)));
    let house = House::build(&settings, &database, durability, development, "http://kefu.test").unwrap();
    World { house, database, _folder: folder }
}

fn claims(side: i32, tenant: i64, permissions: Option<Vec<String>>) -> Claims {
    Claims { id: 7, user_type: side, tenant, exp: 0, nbf: None, nickname: None, avatar: None, permissions, shops: None }
}

fn signed(claims: Claims) -> String {
    Development::new(Secret::new(SECRET)).sign(claims, crate::clock::now()).unwrap()
}

pub(crate) fn member_of(tenant: i64) -> String {
    signed(claims(1, tenant, None))
}

pub(crate) fn admin() -> String {
    signed(claims(2, 1, None))
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The envelope; null where the body is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn code(&self) -> i64 {
        self.json()["code"].as_i64().unwrap_or(-1)
    }

    pub(crate) fn data(&self) -> Value {
        assert_eq!(self.code(), 0, "{}", String::from_utf8_lossy(&self.body));
        self.json()["data"].clone()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// Asks the whole server once.
pub(crate) async fn ask_once(world: &World, request: TestRequest) -> Answer {
    let (gate, mounted) = (world.house.gate.clone(), world.house.mounted.clone());
    let app = App::new().app_data(gate).configure(|config| register(config, &mounted));
    let app = web_test::init_service(app.wrap(from_fn(guard)).wrap(cors())).await;
    let response: ServiceResponse<_> = web_test::call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, body: web_test::read_body(response).await }
}

pub(crate) fn request(method: &str, path: &str, token: Option<&str>, headers: &[(&'static str, &str)]) -> TestRequest {
    let mut request = TestRequest::with_uri(path).method(Method::from_bytes(method.as_bytes()).unwrap());
    if let Some(token) = token {
        request = request.insert_header(("Authorization", format!("Bearer {token}")));
    }
    for (name, value) in headers {
        request = request.insert_header((*name, (*value).to_owned()));
    }
    request
}
