//! The log: one line or one JSON object for each event, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings};

/// Libraries that, talking freely, would log whole requests and statements, with tokens and texts in them.
const DISCREET: [&str; 12] = [
    "actix_cors",
    "actix_files",
    "actix_http",
    "actix_multipart",
    "actix_server",
    "actix_web",
    "actix_ws",
    "diesel",
    "diesel_async",
    "h2",
    "mysql_async",
    "mysql_common",
];

/// It calls it an error of ours when a client's request or frame is none.
const MUTE: [&str; 2] = ["actix_http::h1=off", "actix_http::ws=off"];

/// What is let through: what the settings say of our own parts, and warnings of everybody else.
fn filter(level: &str) -> EnvFilter {
    let wanted = EnvFilter::builder().parse(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let quiet = DISCREET.iter().filter_map(|name| format!("{name}=warn").parse().ok());
    let mute = MUTE.iter().filter_map(|directive| directive.parse().ok());
    quiet.chain(mute).fold(wanted, EnvFilter::add_directive)
}

/// Starts logging. A second start in one process changes nothing.
pub fn start(settings: &LogSettings) {
    let builder = tracing_subscriber::fmt().with_env_filter(filter(&settings.level)).with_writer(std::io::stderr);
    let started = match settings.format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(panicked));
    }
}

/// Where it happened, and the words that stand in our source; never values, which could be anybody's text.
fn panicked(info: &std::panic::PanicHookInfo<'_>) {
    let at = info.location().map(ToString::to_string).unwrap_or_default();
    let words = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
    tracing::error!(panic.at = at, panic.words = words, "something of ours panicked");
}

#[cfg(test)]
mod tests {
    use tracing::Level;
    use tracing::subscriber::with_default;

    use super::*;

    #[test]
    fn libraries_stay_discreet_at_every_level() {
        let subscriber = tracing_subscriber::fmt().with_env_filter(filter("trace")).with_writer(std::io::sink).finish();

        with_default(subscriber, || {
            assert!(tracing::enabled!(target: "kefu_server::serve", Level::TRACE));
            assert!(!tracing::enabled!(target: "actix_http::h1::dispatcher", Level::INFO));
            assert!(!tracing::enabled!(target: "actix_web::middleware", Level::DEBUG));
            assert!(!tracing::enabled!(target: "mysql_async::conn", Level::TRACE));
            assert!(tracing::enabled!(target: "actix_http::h1::dispatcher", Level::WARN));
        });
    }
}
