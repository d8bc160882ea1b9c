//! Section `[nodes]`: several servers at one database, as one desk.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Settings;
use crate::secret::DatabaseUrl;

/// What carries news from one server to the others at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BusKind {
    /// Nothing: each finds the others' news in the database.
    #[default]
    None,
    /// A Redis.
    Redis,
}

/// Several servers at one database.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct NodesSettings {
    /// What carries the news: `none` or `redis`.
    pub bus: BusKind,
    /// The Redis, such as `redis://:PASSWORD@10.0.0.7:6379/0`; empty: it is `mall.redis_url`.
    pub redis_url: DatabaseUrl,
    /// What the names of the channels begin with.
    pub prefix: String,
    /// Whether the mall's Java nodes and this server tell each other what their sockets should hear.
    pub mall_bridge: bool,
    /// How often the database is asked for other servers' news: at most 30; 0: never, this server is alone.
    pub sweep_seconds: u64,
    /// Whether this is the only server at its database; missing: with SQLite it is, otherwise it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alone: Option<bool>,
}

impl Default for NodesSettings {
    fn default() -> Self {
        Self {
            bus: BusKind::None,
            redis_url: DatabaseUrl::default(),
            prefix: "kefu".into(),
            mall_bridge: false,
            sweep_seconds: 2,
            alone: None,
        }
    }
}

impl Settings {
    /// Where the bus is.
    #[must_use]
    pub fn bus_redis(&self) -> &DatabaseUrl {
        if self.nodes.redis_url.reveal().is_empty() { &self.mall.redis_url } else { &self.nodes.redis_url }
    }

    /// How often other servers' news are looked for; `None` where there are no other servers.
    #[must_use]
    pub fn sweep_every(&self) -> Option<Duration> {
        let alone = self.nodes.alone.unwrap_or_else(|| self.database.url.file().is_some());
        (!alone && self.nodes.sweep_seconds > 0).then(|| Duration::from_secs(self.nodes.sweep_seconds))
    }
}

/// What must hold.
pub(super) fn check(settings: &Settings, require: &mut impl FnMut(bool, &str, &str)) {
    let nodes = &settings.nodes;
    let redis = nodes.bus == BusKind::Redis;
    let url = settings.bus_redis().reveal();
    require(
        !redis || url.starts_with("redis://") || url.starts_with("redis+unix://"),
        "nodes.redis_url",
        "is not the address of a Redis, and nodes.bus is one; write redis://:PASSWORD@HOST:PORT/DB",
    );
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b":_.-".contains(&byte);
    require(
        (1..=64).contains(&nodes.prefix.len()) && nodes.prefix.bytes().all(is_plain),
        "nodes.prefix",
        "is not 1 to 64 letters, digits and : _ . -; kefu is a good value",
    );
    require(nodes.sweep_seconds <= 30, "nodes.sweep_seconds", "is not within 0 to 30; 2 is a good value");
    require(
        redis || !nodes.mall_bridge,
        "nodes.mall_bridge",
        "needs the mall's Redis: write nodes.bus = \"redis\" and its address in nodes.redis_url",
    );
    require(
        !redis || nodes.mall_bridge || settings.sweep_every().is_some(),
        "nodes.bus",
        "carries news to other servers, and this one is alone (nodes.alone, nodes.sweep_seconds, or SQLite); \
         write none, or nodes.alone = false",
    );
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::config::{ConfigError, load_from, show};

    const URL: &str = "redis_url = \"redis://:geheim-7@10.0.0.7:6379/0\"";
    const MARIADB: &str = "[database]\nurl = \"mysql://kefu@db/kefu\"\n";

    fn load(before: &str, lines: &[&str]) -> Result<Settings, ConfigError> {
        load_from(&format!("{before}[nodes]\n{}", lines.join("\n")), HashMap::new(), true)
    }

    #[track_caller]
    fn refused(before: &str, lines: &[&str], setting: &str) {
        let wrongs = load(before, lines).expect_err(&lines.join(", "));
        let named: Vec<_> = wrongs.0.iter().map(|wrong| wrong.setting.as_str()).collect();

        assert_eq!(named, [format!("nodes.{setting}")], "{lines:?}: {wrongs}");
        assert!(!wrongs.to_string().contains("geheim"), "the refusal repeats a secret");
    }

    #[test]
    fn a_server_at_a_file_is_alone_and_one_at_mariadb_is_not_unless_it_says_so() {
        let every = |before: &str, lines: &[&str]| load(before, lines).unwrap().sweep_every().map(|it| it.as_secs());

        assert_eq!(every("", &[]), None);
        assert_eq!(every("", &["alone = false"]), Some(2));
        assert_eq!(every(MARIADB, &[]), Some(2));
        assert_eq!(every(MARIADB, &["sweep_seconds = 7"]), Some(7));
        assert_eq!(every(MARIADB, &["alone = true"]), None);
        assert_eq!(every(MARIADB, &["sweep_seconds = 0"]), None);
    }

    #[test]
    fn the_bus_is_at_the_malls_redis_unless_another_is_named() {
        let mall = format!("{MARIADB}[mall]\nredis_url = \"redis://mall\"\n");
        let at = |lines: &[&str]| load(&mall, lines).unwrap().bus_redis().reveal().to_owned();

        assert_eq!(at(&["bus = \"redis\""]), "redis://mall");
        assert_eq!(at(&["bus = \"redis\"", URL]), "redis://:geheim-7@10.0.0.7:6379/0");
    }

    #[test]
    fn settings_that_do_not_go_together_are_refused() {
        refused(MARIADB, &["bus = \"redis\""], "redis_url");
        refused(MARIADB, &["bus = \"redis\"", "redis_url = \"http://:geheim-7@10.0.0.7\""], "redis_url");
        refused(MARIADB, &["bus = \"pigeon\""], "bus");
        refused(MARIADB, &["bus = \"redis\"", URL, "alone = true"], "bus");
        refused(MARIADB, &["bus = \"redis\"", URL, "sweep_seconds = 0"], "bus");
        refused("", &["bus = \"redis\"", URL], "bus");
        refused(MARIADB, &["mall_bridge = true"], "mall_bridge");
        refused(MARIADB, &["prefix = \"\""], "prefix");
        refused(MARIADB, &["prefix = \"a b\""], "prefix");
        refused(MARIADB, &["sweep_seconds = 31"], "sweep_seconds");

        assert!(load("", &["bus = \"redis\"", URL, "mall_bridge = true"]).is_ok(), "Java nodes are company too");
    }

    #[test]
    fn the_password_of_the_bus_is_not_shown() {
        let settings = load(MARIADB, &["bus = \"redis\"", URL, "alone = false"]).unwrap();

        let shown = show(&settings).unwrap();

        assert!(shown.contains("redis://:***@10.0.0.7:6379/0") && !shown.contains("geheim"), "{shown}");
    }

    #[test]
    fn the_environment_says_whether_a_server_is_alone() {
        let variables = [("KEFU_NODES__ALONE", "false"), ("KEFU_NODES__SWEEP_SECONDS", "3")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();

        assert_eq!(load_from("", variables, true).unwrap().sweep_every(), Some(Duration::from_secs(3)));
    }
}
