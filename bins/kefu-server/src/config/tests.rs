use std::collections::HashMap;

use super::*;

const GOOD_SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn environment(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn with_secret(text: &str) -> String {
    format!("[auth]\njwt_secret = \"{GOOD_SECRET}\"\n{text}")
}

fn settings_of(wrongs: &ConfigError) -> Vec<&str> {
    wrongs.0.iter().map(|wrong| wrong.setting.as_str()).collect()
}

#[track_caller]
fn refused(text: &str, setting: &str) {
    let wrongs = load_from(&with_secret(text), HashMap::new(), false).expect_err(text);

    assert_eq!(settings_of(&wrongs), [setting], "{text}: {wrongs}");
    assert_eq!(wrongs.0[0].what.lines().count(), 1, "one sentence");
}

#[test]
fn one_underscore_too_few_is_not_overlooked() {
    let slip = environment(&[("KEFU_DATABASE_URL", "mysql://kefu@db/kefu"), ("KEFU_AUTH__JWT_SECRET", GOOD_SECRET)]);

    let wrongs = load_from("", slip, false).unwrap_err();

    assert_eq!(settings_of(&wrongs), ["KEFU_DATABASE_URL"]);
    assert!(wrongs.0[0].what.contains("KEFU_DATABASE__URL"), "{wrongs}");
}

#[test]
fn a_file_with_a_secret_is_enough() {
    let settings = load_from(&with_secret(""), HashMap::new(), false).unwrap();

    assert_eq!(settings.auth.jwt_secret.reveal(), GOOD_SECRET);
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:48080");
    assert_eq!(settings.auth.access_token_seconds, 1_800);
    assert_eq!(settings.desk.tz(), chrono_tz::Tz::Asia__Shanghai);
}

#[test]
fn the_environment_goes_over_the_file() {
    let file = with_secret("[server]\nlisten = \"127.0.0.1:1\"\nworkers = 3");
    let environment = environment(&[
        ("KEFU_SERVER__LISTEN", "127.0.0.1:2"),
        ("KEFU_SERVER__DEMO", "true"),
        ("KEFU_DATABASE__BATCH", "1"),
        ("KEFU_DATABASE__URL", "mysql://kefu:00012@db/kefu"),
        ("KEFU_TEST_MARIADB_URL", "not ours"),
        ("OTHER__THING", "not ours"),
    ]);

    let settings = load_from(&file, environment, false).unwrap();

    assert_eq!(settings.server.listen.port(), 2);
    assert_eq!(settings.server.workers, 3);
    assert!(settings.server.demo);
    assert_eq!(settings.database.batch, 1);
    assert_eq!(settings.database.url.reveal(), "mysql://kefu:00012@db/kefu");
}

#[test]
fn a_secret_of_digits_in_the_environment_stays_the_text_that_it_is() {
    let secret = "00918273645091827364509182736450918";
    let settings = load_from("", environment(&[("KEFU_AUTH__JWT_SECRET", secret)]), false).unwrap();

    assert_eq!(settings.auth.jwt_secret.reveal(), secret);
}

#[test]
fn a_weak_or_missing_secret_never_starts_outside_development() {
    let check = |secret: &str| {
        let wrongs = load_from("", environment(&[("KEFU_AUTH__JWT_SECRET", secret)]), false).expect_err(secret);
        assert_eq!(settings_of(&wrongs), ["auth.jwt_secret"], "{secret}");
        assert!(secret.is_empty() || !wrongs.to_string().contains(secret), "the refusal repeats the secret");
    };

    check("");
    check("tiny");
    check(&GOOD_SECRET[..31]);
    check(&"a".repeat(64));
    check(&"0123".repeat(16));
    check("your-256-bit-secret-your-256-bit-secret");
    check("changeme-changeme-changeme-changeme-1");
    check("abcdefghijklmnopqrstuvwxyz0123456789");
    assert!(load_from("", HashMap::new(), false).is_err());
    assert!(load_from("", HashMap::new(), true).is_ok(), "development makes its own");
    assert!(load_from("", environment(&[("KEFU_AUTH__JWT_SECRET", &GOOD_SECRET[..32])]), false).is_ok());
}

#[test]
fn a_weak_secret_does_not_start_in_development_either() {
    let wrongs = load_from("[auth]\njwt_secret = \"short\"", HashMap::new(), true).unwrap_err();

    assert_eq!(settings_of(&wrongs), ["auth.jwt_secret"]);
}

#[test]
fn development_listens_on_loopback_only() {
    let all = "[server]\nlisten = \"0.0.0.0:1\"\npublic_url = \"http://me:1\"";

    assert_eq!(settings_of(&load_from(all, HashMap::new(), true).unwrap_err()), ["server.listen"]);
    assert!(load_from(&with_secret(all), HashMap::new(), false).is_ok());
    assert!(load_from("[server]\nlisten = \"[::1]:0\"", HashMap::new(), true).is_ok());
}

#[test]
fn every_wrong_value_is_refused_by_name() {
    refused("[server]\npublic_url = \"ftp://host\"", "server.public_url");
    refused("[server]\npublic_url = \"kefu.example.com\"", "server.public_url");
    refused("[server]\npublic_url = \"https://u:p@host\"", "server.public_url");
    refused("[server]\nlisten = \"0.0.0.0:80\"", "server.public_url");
    refused("[server]\nlisten = \"localhost:80\"", "server.listen");
    refused("[server]\nworkers = -1", "server.workers");
    refused("[server]\nworkers = \"many\"", "server.workers");
    refused("[server]\nmax_connections = 0", "server.max_connections");
    refused("[server]\nheader_timeout_seconds = 0", "server.header_timeout_seconds");
    refused("[server]\nkeep_alive_seconds = 0", "server.keep_alive_seconds");
    refused("[server]\nkeep_alive_seconds = 3601", "server.keep_alive_seconds");
    refused("[server]\nstop_seconds = 11", "server.stop_seconds");
    refused("[server]\ntls_cert = \"cert.pem\"", "server.tls_key");
    refused("[server]\ntls_key = \"key.pem\"", "server.tls_cert");
    refused("[server]\ntrusted_proxies = [\"proxy\"]", "server.trusted_proxies");
    refused("[server]\ntrusted_proxies = [\"10.0.0.5/8\"]", "server.trusted_proxies");
    refused("[server]\ntrusted_proxies = \"0.0.0.0/0\"", "server.trusted_proxies");
    refused("[server]\ntrusted_proxies = 10", "server.trusted_proxies");
    refused("[server]\ndemo = \"perhaps\"", "server.demo");
    refused("[database]\nurl = \"\"", "database.url");
    refused("[database]\nurl = \"sqlite:\"", "database.url");
    refused("[database]\nurl = \"postgres://db/kefu\"", "database.url");
    refused("[database]\nurl = \"kefu.db\"", "database.url");
    refused("[database]\nzone = \"Mars\"", "database.zone");
    refused("[database]\nzone = \"+25:00\"", "database.zone");
    refused("[database]\nzone = \"Europe/Berlin\"", "database.zone");
    refused("[database]\nzone = \"Asia/Almaty\"", "database.zone");
    refused("[database]\nbatch = 0", "database.batch");
    refused("[database]\nbatch = 501", "database.batch");
    refused("[database]\nqueue = 0", "database.queue");
    refused("[database]\nlanes = 65", "database.lanes");
    refused("[database]\nread_connections = 0", "database.read_connections");
    refused("[database]\nwrite_connections = 0", "database.write_connections");
    refused("access_token_seconds = 0", "auth.access_token_seconds");
    refused("refresh_token_seconds = 60", "auth.refresh_token_seconds");
    refused("login_failures = 0", "auth.login_failures");
    refused("login_wait_seconds = 0", "auth.login_wait_seconds");
    refused("[upload]\ndir = \"\"", "upload.dir");
    refused("[upload]\nmax_picture_bytes = 0", "upload.max_picture_bytes");
    refused("[upload]\nmax_video_bytes = 2000000000", "upload.max_video_bytes");
    refused("[socket]\ngives_way_seconds = 0", "socket.gives_way_seconds");
    refused("[socket]\ngives_way_seconds = 151", "socket.gives_way_seconds");
    refused("[socket]\nhandshake_wait_seconds = 6", "socket.handshake_wait_seconds");
    refused("[socket]\nhandshakes_per_second = 1000001", "socket.handshakes_per_second");
    refused("[socket]\naddress_handshakes_per_second = 1000001", "socket.address_handshakes_per_second");
    refused("[socket]\nper_person = -1", "socket.per_person");
    refused("[socket]\norigins = [\"https://shop.example.com/\"]", "socket.origins");
    refused("[socket]\norigins = [\"null\"]", "socket.origins");
    refused("[socket]\nmall_origins = \"https://a.example, *\"", "socket.mall_origins");
    refused("[desk]\nzone = \"Mars\"", "desk.zone");
    refused("[desk]\nzone = \"+08:00\"", "desk.zone");
    refused("[desk]\nlist_limit = 0", "desk.list_limit");
    refused("[desk]\nrevoke_seconds = 86401", "desk.revoke_seconds");
    refused("[log]\nformat = \"xml\"", "log.format");
    refused("[log]\nlevel = \"kefu=loud\"", "log.level");
    refused("[log]\nlevel = \"warning\"", "log.level");
    refused("[log]\nlevel = \"info,actix_http::h1=trace\"", "log.level");
}

#[test]
fn a_zone_of_the_database_is_its_one_offset() {
    let check = |zone: &str, offset: &str| {
        let settings = load_from(&with_secret(&format!("[database]\nzone = {zone:?}")), HashMap::new(), false).unwrap();
        assert_eq!(settings.database.storage_offset().unwrap().to_string(), offset, "{zone}");
    };

    check("Asia/Shanghai", "+08:00");
    check("Asia/Kathmandu", "+05:45");
    check("UTC", "+00:00");
    check("Etc/GMT+3", "-03:00");
    check("-03:30", "-03:30");
}

#[test]
fn unknown_settings_are_refused() {
    refused("[server]\nlissten = \"127.0.0.1:1\"", "server.lissten");
    refused("[sever]\nlisten = \"127.0.0.1:1\"", "sever.listen");
    refused("[server.listen]\nport = 1", "server.listen.port");

    let wrongs = load_from(&with_secret(""), environment(&[("KEFU_SERVER__LISSTEN", "x")]), false).unwrap_err();
    assert_eq!(settings_of(&wrongs), ["server.lissten"]);
}

#[test]
fn a_setting_that_was_replaced_says_by_what() {
    refused("[server]\nclient_ip_header = \"x-real-ip\"", "server.client_ip_header");

    let old = environment(&[("KEFU_SERVER__CLIENT_IP_HEADER", "x-real-ip")]);
    let wrongs = load_from(&with_secret(""), old, false).unwrap_err();
    assert!(wrongs.0[0].what.contains("server.trusted_proxies"), "{wrongs}");
}

#[test]
fn proxies_are_named_in_the_file_or_in_the_environment() {
    let file = with_secret("[server]\ntrusted_proxies = [\"10.0.0.5\", \"fd00::/8\"]");
    let variable = environment(&[("KEFU_SERVER__TRUSTED_PROXIES", "10.0.0.5,fd00::/8")]);

    let named = load_from(&file, HashMap::new(), false).unwrap();
    let from_outside = load_from(&with_secret(""), variable, false).unwrap();

    assert_eq!(named.server.trusted_proxies, from_outside.server.trusted_proxies);
    assert_ne!(named.server.trusted_proxies, crate::client::TrustedProxies::default());
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let wrongs =
        load_from("[server]\nworkers = \"x\"\nlistn = 1\n[log]\nformat = 3", HashMap::new(), false).unwrap_err();
    assert_eq!(settings_of(&wrongs), ["log.format", "server.listn", "server.workers", "auth.jwt_secret"]);

    let wrongs = load_from("[server]\nworkers = \"x\"\nstop_seconds = 0", HashMap::new(), true).unwrap_err();
    assert_eq!(settings_of(&wrongs), ["server.workers", "server.stop_seconds"], "of the wrong kind, and out of range");

    let wrongs = load_from("[database]\nbatch = 0\nqueue = 0", HashMap::new(), false).unwrap_err();
    assert_eq!(settings_of(&wrongs), ["database.batch", "database.queue", "auth.jwt_secret"]);
    assert_eq!(wrongs.to_string().lines().count(), 4);
}

#[test]
fn a_file_that_is_no_toml_is_refused_without_quoting_it() {
    let wrongs = load_from("[auth]\njwt_secret = \"tell-nobody-about-this", HashMap::new(), false).unwrap_err();

    assert!(wrongs.to_string().contains("line 2"), "{wrongs}");
    assert!(!wrongs.to_string().contains("tell-nobody"), "{wrongs}");
}

#[test]
fn a_missing_file_is_refused_by_name() {
    let wrongs = load(Some(std::path::Path::new("/nowhere/kefu.toml")), false).unwrap_err();

    assert!(wrongs.to_string().contains("/nowhere/kefu.toml"), "{wrongs}");
}

#[test]
fn the_settings_are_shown_as_toml_that_loads_again_without_secrets() {
    let url = "mysql://kefu:s3cret-pass@db/kefu";
    let more = "[server]\ntls_cert = \"cert.pem\"\ntls_key = \"key.pem\"\ntrusted_proxies = [\"10.0.0.5\"]";
    let file = with_secret(&format!("[database]\nurl = \"{url}\"\n{more}"));
    let settings = load_from(&file, HashMap::new(), false).unwrap();

    let shown = show(&settings).unwrap();

    assert!(!shown.contains("s3cret-pass") && !shown.contains(GOOD_SECRET), "{shown}");
    let again = shown.replace("***@", "s3cret-pass@").replace("\"***\"", &format!("\"{GOOD_SECRET}\""));
    assert_eq!(load_from(&again, HashMap::new(), false).unwrap(), settings);
}

#[test]
fn the_secret_may_be_missing_where_others_publish_keys_and_visitors_need_it() {
    for keys in ["keys = \"keys.pem\"", "jwks = \"keys.json\"", "jwks = \"https://id.example/keys?p=1\""] {
        let file = format!("[jwt]\n{keys}\n");
        assert!(load_from(&file, HashMap::new(), false).is_ok(), "{keys}");
        let wrongs = load_from(&format!("{file}[auth]\nguests = true"), HashMap::new(), false).unwrap_err();
        assert_eq!(settings_of(&wrongs), ["auth.guests"]);
    }
    assert!(load_from("[auth]\nguests = true", HashMap::new(), true).is_ok(), "development makes a secret");
    assert!(load_from(&with_secret("guests = true"), HashMap::new(), false).is_ok());
}

#[test]
fn signed_tokens_that_could_mean_anything_are_refused() {
    for address in ["ftp://id.example/keys", "https://", "https://user:pass@id.example/keys"] {
        refused(&format!("[jwt]\njwks = {address:?}"), "jwt.jwks");
    }
    refused("[jwt]\njwks_refetch_seconds = 0", "jwt.jwks_refetch_seconds");
    refused("[jwt]\nclaim_id = \"\"", "jwt.claim_id");
    refused("[jwt]\nmember_value = \"a\"\nadmin_value = \"a\"", "jwt.admin_value");
    refused("[jwt]\nadmin_value = \"member\"", "jwt.admin_value");
    refused("[jwt]\nmember_value = \"2\"", "jwt.admin_value");
    refused("[jwt]\ndefault_tenant = -1", "jwt.default_tenant");
    refused("[jwt]\ndefault_type = \"boss\"", "jwt.default_type");
    refused("[jwt]\nroles = [\"staff\"]", "jwt.roles");
    refused("[jwt]\nroles = [\"=agent\"]", "jwt.roles");
    refused("[jwt]\nroles = [\"staff=king\"]", "jwt.roles");
    refused("guests_per_minute = 0", "auth.guests_per_minute");
}

#[test]
fn roles_are_a_list_or_a_text_with_commas_and_are_shown_as_they_are_written() {
    let wanted = r#"roles = ["kefu lead=manager", "a=b=promotion:kefu-message:query"]"#;
    let file = load_from(&with_secret(&format!("[jwt]\n{wanted}")), HashMap::new(), false).unwrap();
    let text = environment(&[
        ("KEFU_AUTH__JWT_SECRET", GOOD_SECRET),
        ("KEFU_JWT__ROLES", "kefu lead=manager, a=b=promotion:kefu-message:query"),
    ]);

    assert_eq!(load_from("", text, false).unwrap().jwt, file.jwt);
    assert!(super::show(&file).unwrap().contains("\"kefu lead=manager\""));
    assert_eq!(file.jwt.roles.allowed_to("a=b").collect::<Vec<_>>(), [kefu_domain::Permission::MessageQuery]);
    assert_eq!(file.jwt.roles.allowed_to("king").count(), 0);
}
