//! What nobody should send, and the good inputs that look like it: each answers as `bad-inputs.tsv` says, nothing is
//! stored that should not be, no line of the log calls it an error, and the server lives.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod asking;

#[path = "bad_inputs/endpoints.rs"]
mod endpoints;
#[path = "bad_inputs/frames.rs"]
mod frames;
#[path = "bad_inputs/notation.rs"]
mod notation;
#[path = "bad_inputs/table.rs"]
mod table;
#[path = "bad_inputs/wire.rs"]
mod wire;

use std::collections::BTreeSet;

use kefu_tests::{off_the_runtime, on_both};

use asking::World;
use endpoints::{Endpoint, Stage};
use table::{Outcome, Table};

/// The tables that are about HTTP, each with the way in which its inputs are put into a request.
const PLACED: &[(&str, endpoints::Placing)] = &[
    ("an id in the query", endpoints::id_in_query),
    ("an id in the body", endpoints::id_in_body),
    ("adminPinned in the body", |stage, endpoint, input| {
        endpoints::member_of_body(stage, endpoint, "adminPinned", input)
    }),
    ("contentType in the body", |stage, endpoint, input| {
        endpoints::member_of_body(stage, endpoint, "contentType", input)
    }),
    ("content of a text in the body", |stage, endpoint, input| {
        endpoints::member_of_body(stage, endpoint, "content", input)
    }),
    ("kind and content in the body", endpoints::rest_of_body),
    ("clientMsgId in the body", |stage, endpoint, input| {
        endpoints::member_of_body(stage, endpoint, "clientMsgId", input)
    }),
    ("the same clientMsgId for something else", endpoints::rest_of_body),
    ("a whole body", endpoints::whole_body),
    ("the type of a body", endpoints::type_of_body),
    ("limit in the query", |stage, endpoint, input| endpoints::parameter(stage, endpoint, "limit", input)),
    ("createTime in the query", |stage, endpoint, input| endpoints::parameter(stage, endpoint, "createTime", input)),
    ("seq in the query", |stage, endpoint, input| endpoints::parameter(stage, endpoint, "seq", input)),
    ("beforeSeq in the query", |stage, endpoint, input| endpoints::parameter(stage, endpoint, "beforeSeq", input)),
    ("sinceSeq in the query", |stage, endpoint, input| endpoints::parameter(stage, endpoint, "sinceSeq", input)),
    ("after in the query", |stage, endpoint, input| endpoints::parameter(stage, endpoint, "after", input)),
    ("name in the query", |stage, endpoint, input| endpoints::parameter(stage, endpoint, "name", input)),
    ("a whole query", endpoints::whole_query),
    ("headers", endpoints::headers),
];

/// The tables that are about the socket.
const ON_THE_SOCKET: &[&str] = &["a handshake", "a token at the handshake", "a frame"];

on_both! {
    async fn every_input_is_answered_as_the_file_says(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let stage = Stage::set(&world);
            let [_, others @ ..] = world.rows();
            let mut failures = Vec::new();
            for (name, place) in PLACED {
                let table = Table::named(name);
                for row in &table.rows {
                    for (column, outcome) in table.columns.iter().zip(&row.outcomes) {
                        for endpoint in Endpoint::of_column(column) {
                            let outcome = endpoint.expectation(column, outcome);
                            let ask = place(&stage, endpoint, &row.input);
                            failures.extend(stage.check(&outcome, &ask).map(|what| {
                                format!("{name}, line {}, {}: {what}", row.line, endpoint.name())
                            }));
                        }
                    }
                }
            }
            assert!(failures.is_empty(), "{} surprises:\n{}", failures.len(), failures.join("\n"));
            let [_, others_now @ ..] = world.rows();
            assert_eq!(others_now, others, "something else than a message was stored");
            assert_eq!(world.errors(), Vec::<String>::new(), "bad input is no error of ours");
            world.assert_alive();
        });
    }

    async fn every_frame_and_handshake_comes_to_what_the_file_says(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let stage = Stage::set(&world);
            let mut failures = frames::handshakes(&stage);
            failures.extend(frames::frames(&stage));
            assert!(failures.is_empty(), "{} surprises:\n{}", failures.len(), failures.join("\n"));
            assert_eq!(world.errors(), Vec::<String>::new(), "bad input is no error of ours");
            world.assert_alive();
        });
    }

    async fn what_is_no_http_stores_nothing_and_harms_nobody(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let stage = Stage::set(&world);
            let failures = wire::check_all(&stage);
            assert!(failures.is_empty(), "{} surprises:\n{}", failures.len(), failures.join("\n"));
            assert_eq!(world.errors(), Vec::<String>::new(), "bad input is no error of ours");
            world.assert_alive();
        });
    }

    async fn a_socket_that_floods_or_never_ends_a_frame_costs_the_others_nothing(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            frames::a_flood_of_pings(&world);
            frames::a_million_empty_fragments(&world);
            frames::a_frame_without_end(&world);
            assert_eq!(world.errors(), Vec::<String>::new(), "bad input is no error of ours");
            world.assert_alive();
        });
    }
}

#[test]
fn every_table_of_the_file_is_played() {
    let played: BTreeSet<_> = PLACED.iter().map(|(name, _)| *name).chain(ON_THE_SOCKET.iter().copied()).collect();
    let written: BTreeSet<_> = Table::all().into_iter().map(|table| table.name).collect();

    assert_eq!(written.iter().map(String::as_str).collect::<BTreeSet<_>>(), played);
}

#[test]
fn every_endpoint_of_the_desk_meets_bad_inputs() {
    // What this server adds is asked wrongly in the tests of kefu-web, with the frames that ask the same.
    let added = ["/revoke", "/kefu-message/delete", "/changes", "/sync", "/ticket", "/kefu-online/"];
    let is_added = |path: &str| added.iter().any(|part| path.contains(part));
    let routes = kefu_web::serving::ROUTES.iter().copied().flatten();
    let routes = routes.filter(|route| route.prefix != "/infra" && !is_added(route.path));
    let ours: BTreeSet<_> =
        Endpoint::ALL.iter().map(|endpoint| (endpoint.verb(), endpoint.path().to_owned())).collect();
    let theirs: BTreeSet<_> =
        routes.map(|route| (route.verb.as_str(), format!("{}{}", route.prefix, route.path))).collect();
    let columns: BTreeSet<_> = Table::all().into_iter().flat_map(|table| table.columns).collect();

    assert_eq!(ours, theirs, "an endpoint without bad inputs");
    for endpoint in Endpoint::ALL {
        assert!(columns.contains(endpoint.name()), "no table of its own names {}", endpoint.name());
    }
}

#[test]
fn the_file_holds_valid_neighbours_too() {
    let outcomes: Vec<_> = Table::all().into_iter().flat_map(|table| table.rows).flat_map(|row| row.outcomes).collect();
    let good =
        outcomes.iter().filter(|outcome| Outcome::parse(outcome).is_some_and(|outcome| outcome.code == 0)).count();

    assert!(good > 200 && outcomes.len() - good > 500, "{good} of {}", outcomes.len());
}
