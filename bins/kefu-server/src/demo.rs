//! The demonstration page: a member on the left, an agent on the right. In development mode it gets ready tokens.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use kefu_push::MallId;
use kefu_web::{ApiError, Params, Reply};
use serde_json::{Value, json};

use crate::clock;
use crate::development::Development;

/// The page with everything that it loads, by name.
const FILES: [(&str, &str, &str); 9] = [
    ("demo.css", "text/css; charset=utf-8", include_str!("../pages/demo.css")),
    ("demo.js", JAVASCRIPT, include_str!("../pages/demo.js")),
    ("agent.js", JAVASCRIPT, include_str!("../pages/agent.js")),
    ("bubble.js", JAVASCRIPT, include_str!("../pages/bubble.js")),
    ("client.js", JAVASCRIPT, include_str!("../pages/client.js")),
    ("dom.js", JAVASCRIPT, include_str!("../pages/dom.js")),
    ("member.js", JAVASCRIPT, include_str!("../pages/member.js")),
    ("pane.js", JAVASCRIPT, include_str!("../pages/pane.js")),
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

/// `GET /demo/session`: tokens of a member and an agent; `member` chooses another member.
pub(crate) async fn session(demo: Data<Demo>, query: Params) -> Result<Reply<Value>, ApiError> {
    let Some(development) = &demo.development else { return Err(ApiError::NotFound("/demo/session".into())) };
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
