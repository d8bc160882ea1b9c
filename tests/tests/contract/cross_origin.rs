//! Pages that come from elsewhere, as both of the mall's do.

use kefu_tests::{Backend, off_the_runtime};

use crate::asking::{Ask, World};

/// Comma-separated words, in small letters, sorted.
fn words(header: Option<&str>) -> Vec<String> {
    let mut words: Vec<_> = header.unwrap_or_default().split(',').map(|word| word.trim().to_lowercase()).collect();
    words.sort();
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_is_answered_before_anybody_is_asked_who_they_are() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let console = "authorization,cache-control,content-type,pragma,tenant-id,visit-tenant-id";
        let shopper = "authorization,content-type,platform,tenant-id,terminal";
        for (path, method, asked) in [
            ("/admin-api/promotion/kefu-conversation/list", "GET", console),
            ("/admin-api/promotion/kefu-conversation/delete", "DELETE", console),
            ("/admin-api/promotion/kefu-message/update-read-status", "PUT", console),
            ("/app-api/promotion/kefu-message/send", "POST", shopper),
            ("/app-api/infra/file/upload", "POST", shopper),
            ("/admin-api/system/auth/login", "POST", console),
        ] {
            let preflight = Ask::new("OPTIONS", path)
                .header("Origin", "https://console.example:8443")
                .header("Access-Control-Request-Method", method)
                .header("Access-Control-Request-Headers", asked);

            let answer = preflight.at(world.addr);

            assert!([200, 204].contains(&answer.status), "{path}: {answer:?}");
            assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("https://console.example:8443"));
            assert_eq!(answer.header("Access-Control-Allow-Credentials"), Some("true"));
            assert_eq!(answer.header("Access-Control-Max-Age"), Some("7200"));
            let allowed = words(answer.header("Access-Control-Allow-Methods"));
            assert!(allowed.contains(&method.to_lowercase()), "{allowed:?}");
            let allowed = words(answer.header("Access-Control-Allow-Headers"));
            assert!(words(Some(asked)).iter().all(|header| allowed.contains(header)), "{path}: {allowed:?}");
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_from_anywhere_may_read_answers_and_our_headers() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let alice = world.member(101);
        for origin in ["https://shop.example", "http://localhost:3000", "null", "capacitor://localhost"] {
            let asked = Ask::get(alice.path("/kefu-message/list")).header("Origin", origin);
            // Refusals too: the page must see the code to renew its token.
            for answer in [alice.ask(asked.clone()), asked.at(world.addr)] {
                assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(origin));
                assert_eq!(answer.header("Access-Control-Allow-Credentials"), Some("true"));
                let exposed = words(answer.header("Access-Control-Expose-Headers"));
                assert_eq!(exposed, ["kefu-as-of", "kefu-duplicate", "kefu-next", "kefu-seq", "retry-after"]);
            }
        }
    });
}
