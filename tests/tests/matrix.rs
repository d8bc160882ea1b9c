//! Who may do what: every route of the running server, asked by everybody who might come, answers as the table of
//! docs/PROTOCOL.md says. The routes come from the one table that registers them, so a new one fails here until it has
//! a sample and a row in the document.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod asking;

#[path = "matrix/document.rs"]
mod document;
#[path = "matrix/samples.rs"]
mod samples;
#[path = "matrix/scene.rs"]
mod scene;

use std::collections::BTreeSet;

use kefu_domain::Permission;
use kefu_tests::{off_the_runtime, on_both};
use kefu_web::serving::{Access, Route};

use asking::{Answer, Ask, World};
use document::Row;
use samples::{Object, Sample};
use scene::Scene;

/// `GET /admin-api/…`
fn name(route: &Route) -> String {
    format!("{} {}{}", route.verb.as_str(), route.prefix, route.path)
}

fn is_api(route: &Route) -> bool {
    let name = name(route);
    name.contains(" /admin-api/") || name.contains(" /app-api/") || name.ends_with(" /infra/ws")
}

/// `403` is a code in an HTTP 200, `HTTP 401` a status.
fn seen(answer: &Answer) -> String {
    let body: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    match body.and_then(|body| body["code"].as_i64()) {
        Some(code) if answer.status == 200 => code.to_string(),
        _ => format!("HTTP {}", answer.status),
    }
}

/// What an admin needs for a route, if it is one permission.
fn needed(route: &Route) -> Option<Permission> {
    match route.access {
        Access::Admin(permission) => Some(permission),
        Access::Anyone | Access::SignedIn | Access::Member | Access::AnyAdmin => None,
    }
}

/// Asks the way each column says; `-` where that way does not exist for this route.
fn play(scene: &Scene<'_>, route: &Route, sample: &Sample) -> Row {
    let addr = scene.world.addr;
    let right = (sample.right)(scene);
    let bearer = |ask: Ask, token: &str| seen(&ask.bearer(token).at(addr));
    let own = scene.token_for(route);
    let absent = || "-".to_owned();
    let for_admins =
        matches!(route.access, Access::AnyAdmin | Access::Admin(_)) || name(route).contains(" /admin-api/");

    let about =
        |id: String, token: &str| sample.about.map_or_else(absent, |about| bearer(about(scene, &id).tenant(1), token));
    Row {
        no_token: seen(&right.clone().tenant(1).at(addr)),
        other_tenant: if is_api(route) { bearer(right.clone().tenant(2), own) } else { absent() },
        other_tenants_object: about(sample.object.of_other_tenant(scene), own),
        other_members_object: match route.access {
            Access::Member => about(scene.bobs.to_string(), own),
            _ => absent(),
        },
        other_shops_object: match route.access {
            Access::Member => about(sample.object.of_other_shop(scene), own),
            _ => about(sample.object.of_the_platform(scene), &scene.neighbour.token),
        },
        wrong_user_type: if is_api(route) && !matches!(route.access, Access::SignedIn) {
            let other = if for_admins { &scene.alice.token } else { &scene.agent.token };
            bearer(right.clone().tenant(1), other)
        } else {
            absent()
        },
        no_permission: needed(route).map_or_else(absent, |permission| {
            bearer(right.clone().tenant(1), &scene.world.agent_without(8, permission).token)
        }),
        right: match route.access {
            Access::Anyone => seen(&(sample.right)(scene).tenant(1).at(addr)),
            _ => bearer((sample.right)(scene).tenant(1), own),
        },
    }
}

on_both! {
    async fn every_route_answers_everybody_as_the_document_says(backend) {
        let world = World::start(backend, &[("server.development", "true"), ("auth.login_failures", "100"), ("auth.guests", "true")]).await;
        off_the_runtime(|| {
            let scene = Scene::set(&world);
            let mut surprises = Vec::new();
            for route in kefu_server::ROUTES.iter() {
                let name = name(route);
                let Some(said) = document::row(&name) else {
                    surprises.push(format!("{name} has no row in the document"));
                    continue;
                };
                let Some(sample) = samples::of(&name) else {
                    surprises.push(format!("{name} has no sample"));
                    continue;
                };
                let played = play(&scene, route, &sample);
                surprises.extend(said.differences(&played).into_iter().map(|what| format!("{name}: {what}")));
            }
            assert!(surprises.is_empty(), "{} surprises:\n{}", surprises.len(), surprises.join("\n"));
            assert_eq!(world.errors(), Vec::<String>::new());
        });
    }

    async fn somebody_elses_object_cannot_be_told_from_one_that_does_not_exist(backend) {
        let world = World::start(backend, &[("server.development", "true")]).await;
        off_the_runtime(|| {
            let scene = Scene::set(&world);
            let mut compared = 0;
            for route in kefu_server::ROUTES.iter() {
                let Some(sample) = samples::of(&name(route)) else { continue };
                let Some(about) = sample.about else { continue };
                let (own, object) = (scene.token_for(route), sample.object);
                let ask = |id: &str, token: &str| {
                    let answer = about(&scene, id).bearer(token).at(world.addr);
                    let (status, headers, body) = answer.telltale();
                    let body = String::from_utf8_lossy(&body).into_owned();
                    // A person who is not known has their id all the same: the one that was asked for.
                    let person = object == Object::Person;
                    let echoed = if person { body.replace(&format!("\"id\":{id},"), "\"id\":…,") } else { body };
                    let headers: Vec<_> =
                        headers.into_iter().filter(|(name, _)| !person || name != "content-length").collect();
                    (status, headers, echoed)
                };

                let mut others = vec![(own, object.of_other_tenant(&scene))];
                if route.access == Access::Member {
                    others.extend([(own, scene.bobs.to_string()), (own, object.of_other_shop(&scene))]);
                } else {
                    others.push((&scene.neighbour.token, object.of_the_platform(&scene)));
                }
                // Whoever looks after shops sees all of their own tenant's.
                if matches!(route.access, Access::AnyAdmin | Access::Admin(_)) && object != Object::Shop {
                    others.push((&scene.agent.token, object.of_other_shop(&scene)));
                }
                for (token, other) in others {
                    let nobodys = ask(&object.of_nobody(&scene), token);
                    assert_eq!(ask(&other, token), nobodys, "{} gives {other} away", name(route));
                    compared += 1;
                }
            }
            assert!(compared >= 31, "only {compared} comparisons");
        });
    }

    async fn an_agent_with_all_permissions_but_one_is_refused_exactly_there(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let scene = Scene::set(&world);
            for missing in Permission::ALL {
                let agent = world.agent_without(9, missing);
                for route in kefu_server::ROUTES.iter() {
                    let Some(permission) = needed(route) else { continue };
                    let sample = samples::of(&name(route)).expect("a sample");
                    let before = world.rows();

                    let answer = (sample.right)(&scene).bearer(&agent.token).at(world.addr);

                    let expected = match name(route).as_str() {
                        _ if permission == missing => 403,
                        // Past the permission, it is still another agent's message.
                        "PUT /admin-api/promotion/kefu-message/revoke" => 1_013_020_001,
                        _ => 0,
                    };
                    assert_eq!(answer.code(), expected, "{} without {}", name(route), missing.as_str());
                    if expected == 403 {
                        assert_eq!(answer.msg(), "没有该操作权限");
                        assert_eq!(world.rows(), before, "{} did something all the same", name(route));
                    }
                }
            }
        });
    }
}

#[test]
fn the_document_has_a_row_for_every_route_and_no_other() {
    let ours: BTreeSet<_> = kefu_server::ROUTES.iter().map(name).collect();
    let theirs: BTreeSet<_> = document::names().into_iter().collect();

    assert_eq!(theirs, ours);
}

#[test]
fn every_route_has_a_sample_and_every_sample_a_route() {
    let ours: BTreeSet<_> = kefu_server::ROUTES.iter().map(name).collect();
    let sampled: BTreeSet<_> = samples::names().map(str::to_owned).collect();

    assert_eq!(sampled, ours);
}

#[test]
fn every_permission_guards_a_route() {
    let guarding: BTreeSet<_> = kefu_server::ROUTES.iter().filter_map(needed).collect();

    assert_eq!(guarding, Permission::ALL.into_iter().collect());
}

#[test]
fn the_document_lets_nobody_in_whom_the_table_of_routes_keeps_out() {
    for route in kefu_server::ROUTES.iter() {
        let row = document::row(&name(route)).expect("a row");
        let refused_without_token = row.no_token.ends_with("401");
        let open = matches!(route.access, Access::Anyone);
        assert!(open != refused_without_token, "{}: {}", name(route), row.no_token);
        assert_eq!(row.no_permission == "403", needed(route).is_some(), "{}", name(route));
        if is_api(route) {
            assert_eq!(row.other_tenant, "403", "{}", name(route));
        }
    }
}
