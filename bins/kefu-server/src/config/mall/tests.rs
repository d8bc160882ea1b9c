use std::collections::HashMap;

use super::*;
use crate::config::{ConfigError, load_from, show};

const URL: &str = "url = \"http://10.0.0.6:48080\"";
const REDIS: &str = "redis_url = \"redis://:geheim-7@10.0.0.7:6379/0\"";
const TABLES: &str = "database_url = \"mysql://kefu:geheim-8@10.0.0.5/mall\"";

fn load(lines: &[&str], variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load_from(&format!("[mall]\n{}", lines.join("\n")), variables.collect::<HashMap<_, _>>(), true)
}

#[track_caller]
fn refused(lines: &[&str], setting: &str) {
    let wrongs = load(lines, &[]).expect_err(&lines.join(", "));
    let named: Vec<_> = wrongs.0.iter().map(|wrong| wrong.setting.as_str()).collect();

    assert_eq!(named, [format!("mall.{setting}")], "{lines:?}: {wrongs}");
    assert!(!wrongs.to_string().contains("geheim"), "the refusal repeats a secret");
}

#[test]
fn without_a_mall_nothing_is_asked() {
    let settings = load(&[], &[]).unwrap();

    assert!(settings.mall.tokens.is_empty());
    assert_eq!(settings.mall.tenants(), [TenantId(1)]);
}

#[test]
fn the_order_is_as_written_in_the_file_and_in_the_environment() {
    let order = [MallSource::Tables, MallSource::Http];

    let written = load(&["tokens = [\"tables\", \"http\"]", "tenants = [1, 2]", URL, TABLES], &[]).unwrap();
    let variables = [("KEFU_MALL__TOKENS", "tables, http"), ("KEFU_MALL__TENANTS", "1,2")];
    let said = load(&[URL, TABLES], &variables).unwrap();

    for mall in [written.mall, said.mall] {
        assert_eq!(mall.tokens[..], order);
        assert_eq!(mall.tenants(), [TenantId(1), TenantId(2)]);
    }
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    refused(&["tokens = [\"redis\"]", REDIS], "tokens");
    refused(&["tokens = [\"http\", \"http\"]", URL], "tokens");
    refused(&["tokens = [\"ldap\"]"], "tokens");
    refused(&["tokens = [\"http\"]"], "url");
    refused(&["tokens = [\"http\"]", "url = \"10.0.0.6:48080\""], "url");
    refused(&["tokens = [\"redis\", \"http\"]", URL], "redis_url");
    refused(&["tokens = [\"redis\", \"http\"]", URL, "redis_url = \"rediss://10.0.0.7\""], "redis_url");
    refused(&["tokens = [\"tables\"]"], "database_url");
    refused(&["tokens = [\"tables\"]", "database_url = \"sqlite:mall.db\""], "database_url");
    refused(&["client_id = \"default\""], "client_secret");
    refused(&["client_secret = \"geheim-9\""], "client_secret");
    refused(&["tenants = []"], "tenants");
    refused(&["tenants = [-1]"], "tenants");
    refused(&["tenants = [\"mall\"]"], "tenants");
    refused(&["zone = \"Asien/Schanghai\""], "zone");
    refused(&["positive_seconds = 31"], "positive_seconds");
    refused(&["negative_seconds = 0"], "negative_seconds");
    refused(&["grace_seconds = 86401"], "grace_seconds");
    refused(&["recheck_seconds = 60"], "recheck_seconds");
    refused(&["http_timeout_milliseconds = 10"], "http_timeout_milliseconds");
    refused(&["token = [\"http\"]"], "token");
}

#[test]
fn the_desks_own_database_is_the_malls_where_no_other_is_named() {
    let text = "[database]\nurl = \"mysql://kefu@db/shop\"\n[mall]\ntokens = [\"tables\"]";

    let settings = load_from(text, HashMap::new(), true).unwrap();

    assert_eq!(settings.mall_database().reveal(), "mysql://kefu@db/shop");
}

#[test]
fn a_mall_is_a_way_in_without_a_secret_of_ones_own() {
    let text = format!("[mall]\ntokens = [\"http\"]\n{URL}");

    assert!(load_from(&text, HashMap::new(), false).is_ok());
}

#[test]
fn its_secrets_are_not_shown() {
    let settings = load(&[REDIS, TABLES, "client_id = \"default\"", "client_secret = \"geheim-9\""], &[]).unwrap();

    let shown = show(&settings).unwrap();

    assert!(!shown.contains("geheim"), "{shown}");
    assert!(shown.contains("redis://:***@10.0.0.7:6379/0"), "{shown}");
    assert!(!format!("{settings:?}").contains("geheim"));
}
