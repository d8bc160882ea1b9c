//! That nothing is missing: every bug has a test, or the document says why it has none.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../docs/PROTOCOL.md");
const TESTS: [&str; 6] = [
    include_str!("content.rs"),
    include_str!("limits.rs"),
    include_str!("order.rs"),
    include_str!("push.rs"),
    include_str!("reading.rs"),
    include_str!("writing.rs"),
];

/// `b01_` of every test function here.
fn tested() -> BTreeSet<String> {
    let names = TESTS.iter().flat_map(|source| source.split("async fn ").skip(1)).map(|rest| rest.get(..4));
    names.flatten().filter(|name| name.starts_with('b') && name.ends_with('_')).map(str::to_owned).collect()
}

/// (`B01`, how its absence is shown), for every row of the document's table.
fn written() -> Vec<(&'static str, &'static str)> {
    let (_, table) = PAGE.split_once("## Bugs not repeated").expect("the document has the section");
    let rows = table.lines().filter(|line| line.starts_with("| B"));
    rows.map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        (cells.next().expect("an id"), cells.next_back().expect("a last cell"))
    })
    .collect()
}

#[test]
fn every_bug_has_a_test_or_a_reason_and_there_are_27() {
    let tested = tested();
    let mut counted = 0;

    for (number, (id, how)) in (1..).zip(written()) {
        assert_eq!(id, format!("B{number:02}"), "the rows stand in order");
        let name = format!("b{number:02}_");
        if how.starts_with("no test") {
            assert!(!tested.contains(&name), "{id} has a test, and the document says it has none");
            assert!(how.len() > "no test".len() + 40, "{id} has neither a test nor a reason");
        } else {
            assert_eq!(how, format!("test `{name}`"), "{id}");
            assert!(tested.contains(&name), "{id} has no test");
        }
        counted += 1;
    }

    assert_eq!(counted, 27);
    assert!(tested.iter().all(|name| name[1..3].parse::<u8>().is_ok_and(|number| (1..=27).contains(&number))));
}
