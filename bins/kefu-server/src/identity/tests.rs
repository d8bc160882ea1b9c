use std::sync::atomic::{AtomicUsize, Ordering};

use kefu_domain::{MemberId, StoreError};

use super::*;

/// Says always the same, and counts how often it was asked.
struct Says {
    at_once: Option<Verdict>,
    verdict: Option<Verdict>,
    asked: Arc<AtomicUsize>,
}

impl WhoAreYou for Says {
    fn at_once(&self, _: &Token) -> Option<Verdict> {
        self.at_once.clone()
    }

    fn ask<'a>(&'a self, _: &'a Question) -> BoxFuture<'a, Answer> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let unsure = || ApiError::Desk(StoreError::Unavailable("silent".into()).into());
        let answer = self.verdict.clone().ok_or_else(unsure);
        Box::pin(async { answer })
    }
}

fn alice() -> Identity {
    Identity {
        party: Party::Member(MemberId(101)),
        tenant: TenantId(1),
        permissions: Vec::new(),
        shops: Shops::platform(),
        profile: Profile::default(),
        credential: question().token.credential(),
        expires: None,
    }
}

fn question() -> Question {
    Question { token: Token::new("a").unwrap(), side: None, tenant: None }
}

/// What those say together who, once asked, say these verdicts (`None`: they cannot find out), and how many of them
/// were asked.
async fn together(verdicts: &[Option<Verdict>]) -> (Option<Verdict>, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let says = |verdict: &Option<Verdict>| -> Box<dyn WhoAreYou> {
        Box::new(Says { at_once: None, verdict: verdict.clone(), asked: Arc::clone(&asked) })
    };
    let all = AnyOf(verdicts.iter().map(says).collect());
    (all.ask(&question()).await.ok(), asked.load(Ordering::Relaxed))
}

fn at_once(verdicts: &[Option<Verdict>]) -> Option<Verdict> {
    let says = |verdict: &Option<Verdict>| -> Box<dyn WhoAreYou> {
        Box::new(Says { at_once: verdict.clone(), verdict: None, asked: Arc::default() })
    };
    AnyOf(verdicts.iter().map(says).collect()).at_once(&question().token)
}

#[actix_web::test]
async fn nobody_else_is_asked_about_a_token_that_is_known_to_have_ended() {
    let (nobody, unknown, unsure) = (Some(Verdict::Nobody), Some(Verdict::Unknown), None);

    assert_eq!(together(&[nobody.clone(), unsure.clone()]).await, (nobody.clone(), 1));
    assert_eq!(together(&[unknown.clone(), nobody.clone(), unsure.clone()]).await, (nobody.clone(), 2));
    assert_eq!(together(&[unsure.clone(), nobody.clone()]).await, (nobody.clone(), 2));
    assert_eq!(at_once(&[nobody.clone(), unsure.clone()]), nobody);
    assert_eq!(at_once(&[unknown, nobody.clone(), unsure]), nobody);
}

#[actix_web::test]
async fn a_token_is_unknown_where_all_are_sure_of_it() {
    let (is, unknown, unsure) = (Some(Verdict::Is(alice())), Some(Verdict::Unknown), None);

    assert_eq!(together(&[unknown.clone(), unknown.clone()]).await, (unknown.clone(), 2));
    assert_eq!(together(&[unsure.clone(), unknown.clone()]).await, (None, 2));
    assert_eq!(together(&[unsure.clone(), is.clone()]).await, (is.clone(), 2));
    assert_eq!(at_once(&[unknown.clone(), unknown.clone()]), unknown);
    assert_eq!(at_once(&[unsure.clone(), unknown]), None);
    assert_eq!(at_once(&[unsure, is.clone()]), is);
}
