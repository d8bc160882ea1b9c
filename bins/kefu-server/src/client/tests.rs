use actix_web::http::header::HeaderValue;
use actix_web::test::TestRequest;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const PROXY: &str = "10.0.0.2:40000";

fn trusting(entries: &[&str]) -> TrustedProxies {
    serde_json::from_value(json!(entries)).unwrap()
}

/// Who is behind a connection from `peer` with these lines of `X-Forwarded-For`, where 10.0.0.0/8, fd00::/8 and
/// 192.0.2.7 are proxies.
fn behind(peer: &str, lines: &[impl AsRef<[u8]>]) -> String {
    let proxies = trusting(&["10.0.0.0/8", "fd00::/8", "192.0.2.7"]);
    let mut request = TestRequest::default().peer_addr(peer.parse().unwrap()).app_data(Data::new(proxies));
    for line in lines {
        request = request.append_header((FORWARDED_FOR, HeaderValue::from_bytes(line.as_ref()).unwrap()));
    }
    address(&request.to_http_request()).unwrap().to_string()
}

#[track_caller]
fn check(lines: &[&str], client: &str) {
    assert_eq!(behind(PROXY, lines), client, "{lines:?}");
}

#[test]
fn what_a_stranger_writes_into_the_header_does_not_count() {
    assert_eq!(behind("203.0.113.9:1", &["198.51.100.1"]), "203.0.113.9");
    assert_eq!(behind("192.0.2.8:1", &["198.51.100.1"]), "192.0.2.8", "the neighbour of a proxy");
    assert_eq!(behind("[2001:db8::1]:1", &["198.51.100.1"]), "2001:db8::1");
}

#[test]
fn without_the_setting_nobodys_word_counts() {
    let request = TestRequest::default().peer_addr(PROXY.parse().unwrap()).append_header((FORWARDED_FOR, "1.2.3.4"));

    assert_eq!(address(&request.to_http_request()).unwrap().to_string(), "10.0.0.2");
}

#[test]
fn a_proxy_names_its_client() {
    check(&["198.51.100.1"], "198.51.100.1");
    check(&["2001:db8::1"], "2001:db8::1");
    assert_eq!(behind("192.0.2.7:1", &["198.51.100.1"]), "198.51.100.1");
    assert_eq!(behind("[fd00::1]:1", &["198.51.100.1"]), "198.51.100.1");
    assert_eq!(behind("[::ffff:10.0.0.2]:1", &["198.51.100.1"]), "198.51.100.1", "a listener on both versions");
}

#[test]
fn what_a_client_wrote_before_the_proxies_is_passed_over() {
    check(&["1.1.1.1, 198.51.100.1"], "198.51.100.1");
    check(&["1.1.1.1, 198.51.100.1, 10.0.0.9"], "198.51.100.1");
    check(&["1.1.1.1,198.51.100.1 ,\t10.9.9.9,fd00::2"], "198.51.100.1");
    check(&["nonsense, 198.51.100.1"], "198.51.100.1");
    check(&["10.0.0.5, 198.51.100.1"], "198.51.100.1");
}

#[test]
fn several_lines_are_one_list() {
    check(&["1.1.1.1", "198.51.100.1"], "198.51.100.1");
    check(&["1.1.1.1, 198.51.100.1", "10.0.0.3", "10.0.0.4, 10.0.0.5"], "198.51.100.1");
}

#[test]
fn where_all_are_proxies_it_is_the_farthest() {
    check(&["10.0.0.7, 10.0.0.8"], "10.0.0.7");
    check(&["10.0.0.7", "10.0.0.8"], "10.0.0.7");
}

#[test]
fn ports_brackets_and_version_4_inside_6_are_understood() {
    check(&["198.51.100.1:5678"], "198.51.100.1");
    check(&["[2001:db8::1]"], "2001:db8::1");
    check(&["[2001:db8::1]:5678"], "2001:db8::1");
    check(&["::ffff:198.51.100.1"], "198.51.100.1");
    check(&["198.51.100.1, [::ffff:10.0.0.3]:99"], "198.51.100.1");
}

#[test]
fn nothing_counts_beyond_what_cannot_be_read() {
    let unreadable = ["", "unknown", "_hidden", "198.51.100", "198.51.100.1.", "198.51.100.1:x", "198.51.100.1:99999"];
    let more = ["[198.51.100.1]", "2001:db8::1]", "fe80::1%eth0", "for=198.51.100.1", "\"198.51.100.1\"", "1,", ","];
    for text in unreadable.into_iter().chain(more) {
        check(&[text], "10.0.0.2");
        check(&[&format!("198.51.100.1, {text}")], "10.0.0.2");
        check(&[&format!("198.51.100.1, {text}, 10.0.0.3")], "10.0.0.3");
        check(&[text, "198.51.100.1", "10.0.0.3"], "198.51.100.1");
    }
    check(&[], "10.0.0.2");
}

#[test]
fn the_setting_takes_addresses_and_networks() {
    let list = trusting(&["10.0.0.5", " 192.168.0.0/16", "fd00::/8", "::1"]);

    assert_eq!(serde_json::to_value(&list).unwrap(), json!(["10.0.0.5/32", "192.168.0.0/16", "fd00::/8", "::1/128"]));
    let text: TrustedProxies = serde_json::from_value(json!("10.0.0.5, 192.168.0.0/16,fd00::/8 , ::1")).unwrap();
    assert_eq!(text, list, "as a variable of the environment says it");
    assert_eq!(serde_json::from_value::<TrustedProxies>(json!("")).unwrap(), TrustedProxies::default());
}

#[test]
fn the_setting_refuses_slips() {
    let check = |entry: &str, why: &str| {
        let refusal = serde_json::from_value::<TrustedProxies>(json!([entry])).unwrap_err().to_string();
        assert!(refusal.contains(why), "{entry}: {refusal}");
    };

    check("", "neither an address");
    check("proxy.example.com", "neither an address");
    check("10.0.0.0/33", "neither an address");
    check("10.0.0.5:80", "neither an address");
    check("10.0.0.5/8", "write 10.0.0.0/8 or the address alone");
    check("0.0.0.0/0", "is everybody");
    check("::/0", "is everybody");
}

fn entry() -> impl Strategy<Value = String> {
    let proxy = (any::<u8>(), any::<u8>()).prop_map(|(c, d)| format!("10.0.{c}.{d}"));
    let stranger = any::<u32>().prop_map(|bits| std::net::Ipv4Addr::from(bits).to_string());
    prop_oneof![
        proxy,
        stranger,
        any::<u128>().prop_map(|bits| std::net::Ipv6Addr::from(bits).to_string()),
        "[ -~]{0,20}"
    ]
}

/// Whatever can stand in a header.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![Just(b'\t'), Just(b','), 0x20_u8..=0x7e, 0x80_u8..=0xff], 0..40)
}

proptest! {
    #[test]
    fn no_byte_that_a_client_sends_changes_who_the_proxy_says_it_is(
        sent in prop::collection::vec(bytes(), 0..3),
        client in any::<u32>(),
        inner in 0_usize..3,
        in_one_line in any::<bool>(),
    ) {
        let client = std::net::Ipv4Addr::from(client);
        prop_assume!(client.octets()[0] != 10 && client.to_string() != "192.0.2.7");
        let ours = std::iter::once(client.to_string()).chain((0..inner).map(|n| format!("10.0.0.{n}")));
        let ours = ours.collect::<Vec<_>>().join(", ").into_bytes();
        let mut lines = sent;
        match lines.last_mut() {
            Some(last) if in_one_line => last.extend([b",", ours.as_slice()].concat()),
            _ => lines.push(ours),
        }

        prop_assert_eq!(behind(PROXY, &lines), client.to_string());
    }

    #[test]
    fn behind_what_cannot_be_read_it_is_the_last_proxy_that_said_so(
        sent in bytes(),
        unreadable in 0x80_u8..=0xff,
        inner in 1_usize..3,
    ) {
        let ours: Vec<_> = (0..inner).map(|n| format!("10.0.0.{n}")).collect();
        let line = [sent, vec![unreadable], ours.join(",").into_bytes()].join(&b',');

        prop_assert_eq!(behind(PROXY, &[line]), "10.0.0.0");
    }

    #[test]
    fn nothing_that_a_client_sends_changes_who_the_proxy_says_it_is(
        sent in prop::collection::vec(entry(), 0..6),
        client in any::<u32>(),
        inner in 0_usize..3,
    ) {
        let client = std::net::Ipv4Addr::from(client);
        prop_assume!(client.octets()[0] != 10 && client.to_string() != "192.0.2.7");
        let ours = std::iter::once(client.to_string()).chain((0..inner).map(|n| format!("10.0.0.{n}")));
        let list: Vec<_> = sent.iter().cloned().chain(ours).collect();

        prop_assert_eq!(behind(PROXY, &[&list.join(", ")]), client.to_string());
    }

    #[test]
    fn a_stranger_is_always_the_stranger(sent in prop::collection::vec(entry(), 0..6)) {
        prop_assert_eq!(behind("203.0.113.9:1", &[&sent.join(",")]), "203.0.113.9");
    }
}

#[test]
fn limits_of_addresses_are_for_clients_and_not_for_what_many_share() {
    let household = |peer: &str, lines: &[&str]| {
        let proxies = trusting(&["10.0.0.0/8", "127.0.0.1"]);
        let mut request = TestRequest::default().peer_addr(peer.parse().unwrap()).app_data(Data::new(proxies));
        for line in lines {
            request = request.append_header((FORWARDED_FOR, *line));
        }
        super::household(&request.to_http_request())
    };
    let of = |address: &str| Some(ClientAddress::new(address.parse().unwrap()));

    assert_eq!(household("203.0.113.1:4711", &[]), of("203.0.113.1"));
    assert_eq!(household("203.0.113.1:4711", &["203.0.113.2"]), of("203.0.113.1"));
    assert_eq!(household(PROXY, &["198.51.100.7, 203.0.113.1"]), of("203.0.113.1"));
    assert_eq!(household("127.0.0.1:4711", &["203.0.113.1"]), of("203.0.113.1"));
    assert_eq!(household("[2001:db8::1]:4711", &[]), household("[2001:db8::2]:4711", &[]));
    for nobody in [household(PROXY, &[]), household(PROXY, &["unknown"]), household(PROXY, &["10.1.2.3"])] {
        assert_eq!(nobody, None, "a proxy's own");
    }
    for nobody in [household("127.0.0.9:1", &[]), household("[::1]:1", &[]), household(PROXY, &["127.0.0.1"])] {
        assert_eq!(nobody, None, "this machine's own");
    }
}
