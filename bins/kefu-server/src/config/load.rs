//! From a file and the environment to settings.

use std::collections::HashMap;
use std::path::Path;

use config::{Config, Environment, File, FileFormat, Value, ValueKind};

use super::{ConfigError, Settings, Wrong, check};

/// The settings of this process: the file, if one is named, and the environment over it.
pub fn load(file: Option<&Path>, development: bool) -> Result<Settings, ConfigError> {
    // Names and values that are not text cannot be settings of ours.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let text = match file {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path).map_err(|error| {
            let what = format!("cannot be read ({error}); name an existing TOML file after --config");
            ConfigError(vec![Wrong::new(path.display().to_string(), what)])
        })?,
    };
    load_from(&text, environment, development)
}

/// The settings of a file's text and an environment; `development` stands for `--dev`.
pub fn load_from(text: &str, environment: HashMap<String, String>, development: bool) -> Result<Settings, ConfigError> {
    syntax(text)?;
    let slips: Vec<_> = environment.keys().filter_map(|name| slip(name)).collect();
    if !slips.is_empty() {
        return Err(ConfigError(slips));
    }
    let environment = environment.into_iter().filter(|(name, _)| name.starts_with("KEFU_") && name.contains("__"));
    let environment =
        Environment::with_prefix("KEFU").prefix_separator("_").separator("__").source(Some(environment.collect()));
    let built = Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .add_source(environment)
        .build()
        .map_err(unreadable)?;

    let (mut wrongs, good) = sorted_out(&built);
    let mut settings: Settings = good.try_deserialize().map_err(unreadable)?;
    settings.server.development |= development;
    wrongs.extend(check::check(&settings));
    if wrongs.is_empty() { Ok(settings) } else { Err(ConfigError(wrongs)) }
}

/// A variable that looks like a setting and would be overlooked: the section and the name need two underscores
/// between them.
fn slip(name: &str) -> Option<Wrong> {
    let rest = name.strip_prefix("KEFU_").filter(|rest| !rest.contains("__"))?;
    let (section, setting) = rest.split_once('_')?;
    SECTIONS
        .contains(&section)
        .then(|| Wrong::new(name, format!("is not a setting; write KEFU_{section}__{setting}, with two underscores")))
}

/// Settings of earlier versions, and what to write today.
const REPLACED: [(&str, &str); 1] = [(
    "server.client_ip_header",
    "name your proxy's address in server.trusted_proxies, and have it write X-Forwarded-For",
)];

const SECTIONS: [&str; 10] = ["SERVER", "DATABASE", "AUTH", "UPLOAD", "DESK", "LOG", "JWT", "MALL", "SOCKET", "NODES"];

/// Says where a file is no TOML, without quoting the line: it may hold a secret.
fn syntax(text: &str) -> Result<(), ConfigError> {
    let Err(error) = text.parse::<toml::Table>() else { return Ok(()) };
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let what = format!("line {line} is not TOML; write settings as `name = value` below a [section]");
    Err(ConfigError(vec![Wrong::new("the settings file", what)]))
}

fn unreadable(error: config::ConfigError) -> ConfigError {
    ConfigError(vec![Wrong::new("the settings", error.to_string())])
}

/// Tries every setting alone over the defaults, so that all wrong ones are named and not only the first; returns
/// them, and the settings without them.
fn sorted_out(built: &Config) -> (Vec<Wrong>, Config) {
    let mut leaves = Vec::new();
    collect("", &built.cache, &mut leaves);
    leaves.sort_by(|a, b| a.0.cmp(&b.0));
    let mut wrongs = Vec::new();
    let mut good = Config::builder();
    for (name, value) in leaves {
        let what = match alone(&name, value.clone()) {
            // The names of settings that exist are paths of the library too.
            None => match good.clone().set_override(&name, value) {
                Ok(with) => {
                    good = with;
                    continue;
                }
                Err(error) => error.to_string(),
            },
            Some(what) => what,
        };
        wrongs.push(Wrong::new(&name, what));
    }
    (wrongs, good.build().unwrap_or_default())
}

fn collect(prefix: &str, value: &Value, leaves: &mut Vec<(String, Value)>) {
    match &value.kind {
        ValueKind::Table(table) => {
            for (name, value) in table {
                let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                collect(&path, value, leaves);
            }
        }
        _ => leaves.push((prefix.to_owned(), value.clone())),
    }
}

/// Why this setting is wrong by itself, if it is.
fn alone(name: &str, value: Value) -> Option<String> {
    // A hand-made tree: names in files may hold characters that the library's path syntax does not know.
    let mut table = value;
    for part in name.rsplit('.') {
        table = Value::new(None, ValueKind::Table(HashMap::from([(part.to_owned(), table)]).into_iter().collect()));
    }
    let error = match serde::Deserialize::deserialize(table) {
        Ok(Settings { .. }) => return None,
        Err::<Settings, config::ConfigError>(error) => error,
    };
    let text = error.to_string();
    if let Some((_, instead)) = REPLACED.iter().find(|(old, _)| *old == name) {
        return Some(format!("is not a setting any more; {instead}"));
    }
    if text.contains("unknown field") {
        return Some(
            "is not a setting; take it out or correct its name (`kefu-server --dev config` shows them all)".into(),
        );
    }
    Some(format!("has a value of the wrong kind ({}); correct it", kind_of_error(&text)))
}

/// The library's reason without its guess at the place, which [`Wrong`] already names.
fn kind_of_error(text: &str) -> &str {
    text.split(" for key `").next().unwrap_or(text)
}
