//! The demonstration page: a member on the left, an agent on the right. In development mode it gets ready tokens.

use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use kefu_push::MallId;
use kefu_web::ApiError;
use kefu_web::serving::{Params, Reply};
use serde_json::{Value, json};

use crate::clock;
use crate::development::Development;

/// The page with everything that it loads, by name.
const FILES: [(&str, &str, &str); 11] = [
    ("demo.css", "text/css; charset=utf-8", include_str!("../pages/demo.css")),
    ("demo.js", JAVASCRIPT, include_str!("../pages/demo.js")),
    ("agent.js", JAVASCRIPT, include_str!("../pages/agent.js")),
    ("banner.js", JAVASCRIPT, include_str!("../pages/banner.js")),
    ("bubble.js", JAVASCRIPT, include_str!("../pages/bubble.js")),
    ("composer.js", JAVASCRIPT, include_str!("../pages/composer.js")),
    ("dom.js", JAVASCRIPT, include_str!("../pages/dom.js")),
    ("kefu-client.js", JAVASCRIPT, include_str!("../pages/kefu-client.js")),
    ("member.js", JAVASCRIPT, include_str!("../pages/member.js")),
    ("person.js", JAVASCRIPT, include_str!("../pages/person.js")),
    ("thread.js", JAVASCRIPT, include_str!("../pages/thread.js")),
];
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; \
                      img-src http: https: data: blob:; media-src http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page is served from.
pub struct Demo {
    /// Ready accounts, in development mode only.
    pub development: Option<Development>,
    /// Whether texts arrive escaped.
    pub legacy_escape: bool,
}

/// `GET /demo`
pub(crate) async fn page() -> HttpResponse {
    text("text/html; charset=utf-8", include_str!("../pages/demo.html"))
}

/// `GET /demo/{file}`
pub(crate) async fn file(name: Path<String>) -> HttpResponse {
    match FILES.iter().find(|(known, ..)| **known == *name.as_str()) {
        Some((_, media, content)) => text(media, content),
        None => HttpResponse::NotFound().finish(),
    }
}

/// `GET /demo/session`: tokens of a member and an agent; `member` chooses another member. Whatever other page the
/// developer's browser shows gets none.
pub(crate) async fn session(demo: Data<Demo>, request: HttpRequest, query: Params) -> Result<Reply<Value>, ApiError> {
    let Some(development) = &demo.development else { return Err(ApiError::NotFound("/demo/session".into())) };
    if !is_ours(&request) {
        return Err(ApiError::Forbidden);
    }
    let member = development.member(query.number("member")?.unwrap_or(101));
    let agent = development.agent();
    let signed = |claims: &crate::identity::Claims| {
        let token = development.sign(claims.clone(), clock::now());
        token.map(|token| json!({"id": MallId(claims.id), "nickname": claims.nickname, "token": token}))
    };
    match (signed(&member), signed(&agent)) {
        (Ok(member), Ok(agent)) => Ok(Reply::new(json!({
            "tenant": development.tenant(), "member": member, "agent": agent, "legacyEscape": demo.legacy_escape,
        }))),
        _ => Err(ApiError::Desk(kefu::Error::Crashed)),
    }
}

/// Whether a page of this server asks, or no page at all.
fn is_ours(request: &HttpRequest) -> bool {
    let Some(origin) = request.headers().get(header::ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|text| Some(text.split_once("://")?.1));
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    matches!((origin, host), (Some(origin), Some(host)) if origin.eq_ignore_ascii_case(host))
}

fn text(media: &'static str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, media))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ask_once, request, world};

    #[actix_web::test]
    async fn only_this_servers_own_page_gets_tokens() {
        let world = world();
        let code = async |headers: &[(&'static str, &str)]| {
            ask_once(&world, request("GET", "/demo/session", None, headers)).await.code()
        };
        let host = ("Host", "127.0.0.1:48080");

        assert_eq!(code(&[host]).await, 0, "a page's own request has no Origin");
        assert_eq!(code(&[host, ("Origin", "http://127.0.0.1:48080")]).await, 0);
        for origin in ["https://evil.example", "http://127.0.0.1:3000", "http://127.0.0.1", "null", ""] {
            assert_eq!(code(&[host, ("Origin", origin)]).await, 403, "{origin}");
        }
    }

    #[test]
    fn whatever_the_page_loads_is_served() {
        let known = |name: &str| name == "demo.html" || FILES.iter().any(|(known, ..)| *known == name);
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pages");

        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(known(&name), "{name} lies in pages/ and is not served");
        }
    }
}
