//! The log: one line or one JSON object for each event, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings};

/// Starts logging. A second start in one process changes nothing.
pub fn start(settings: &LogSettings) {
    let filter = EnvFilter::builder().parse(&settings.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
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
