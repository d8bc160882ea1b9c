//! The log: one line or one JSON object for each event, on standard error. A thread of its own writes it, so that
//! nobody waits for a collector that stands still: what does not fit is dropped, and counted.

use std::io::{IsTerminal as _, Write};
use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings};

/// Libraries that, talking freely, would log whole requests and statements, with tokens and texts in them.
const DISCREET: [&str; 19] = [
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
    "hyper",
    "hyper_util",
    "mysql_async",
    "mysql_common",
    "redis",
    "reqwest",
    "rustls",
    "tokio_rustls",
    "actix_tls",
];

/// It calls it an error of ours when a client's request or frame is none.
const MUTE: [&str; 2] = ["actix_http::h1=off", "actix_http::ws=off"];

/// Lines that may wait to be written; some megabytes.
const WAITING_LINES: usize = 16_384;
/// How long the end waits for them.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1);

static DROPPED: OnceLock<ErrorCounter> = OnceLock::new();

/// What is let through: what the settings say of our own parts, and warnings of everybody else.
fn filter(level: &str) -> EnvFilter {
    let wanted = EnvFilter::builder().parse(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let quiet = DISCREET.iter().filter_map(|name| format!("{name}=warn").parse().ok());
    let mute = MUTE.iter().filter_map(|directive| directive.parse().ok());
    quiet.chain(mute).fold(wanted, EnvFilter::add_directive)
}

/// A log that was started. Dropping it writes what still waits, unless whoever collects it stands still.
#[must_use]
pub struct Log(Option<WorkerGuard>);

impl Drop for Log {
    fn drop(&mut self) {
        let Some(guard) = self.0.take() else { return };
        let (done, written) = sync_channel(1);
        // Beside us: it complains on standard output, where nobody may be reading either.
        std::thread::spawn(move || {
            drop(guard);
            let _ = done.send(());
        });
        let _ = written.recv_timeout(WRITTEN_WITHIN);
    }
}

/// How many lines were dropped because nobody took them.
#[must_use]
pub fn dropped_lines() -> u64 {
    DROPPED.get().map_or(0, |dropped| dropped.dropped_lines() as u64)
}

fn beside(output: impl Write + Send + 'static, waiting: usize) -> (NonBlocking, Log) {
    let builder = NonBlockingBuilder::default().buffered_lines_limit(waiting).lossy(true).thread_name("log");
    let (writer, guard) = builder.finish(output);
    (writer, Log(Some(guard)))
}

/// Starts logging. A second start in one process changes nothing.
pub fn start(settings: &LogSettings) -> Log {
    let (writer, log) = beside(std::io::stderr(), WAITING_LINES);
    let dropped = writer.error_counter();
    let builder = tracing_subscriber::fmt().with_env_filter(filter(&settings.level)).with_writer(writer);
    let started = match settings.format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if started.is_ok() {
        let _ = DROPPED.set(dropped);
        std::panic::set_hook(Box::new(panicked));
    }
    log
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

    /// Somebody who reads what is sent here, line by line.
    struct Collector(std::sync::mpsc::SyncSender<Vec<u8>>);

    impl Write for Collector {
        fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
            self.0.send(line.to_vec()).map_err(std::io::Error::other)?;
            Ok(line.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_collector_that_stands_still_stops_nobody_and_what_it_misses_is_counted() {
        let (lines, collected) = sync_channel(0);
        let (writer, log) = beside(Collector(lines), 4);
        let dropped = writer.error_counter();
        let subscriber = tracing_subscriber::fmt().with_writer(writer).finish();

        with_default(subscriber, || (0..100).for_each(|number| tracing::info!(number)));
        let collecting = std::thread::spawn(move || collected.iter().count());
        drop(log);

        assert_eq!(collecting.join().unwrap() + dropped.dropped_lines(), 100);
        assert!(dropped.dropped_lines() >= 95, "four wait, and one is being written");
    }

    #[test]
    fn libraries_stay_discreet_at_every_level() {
        let subscriber = tracing_subscriber::fmt().with_env_filter(filter("trace")).with_writer(std::io::sink).finish();

        with_default(subscriber, || {
            assert!(tracing::enabled!(target: "kefu_server::serve", Level::TRACE));
            assert!(!tracing::enabled!(target: "actix_http::h1::dispatcher", Level::INFO));
            assert!(!tracing::enabled!(target: "actix_web::middleware", Level::DEBUG));
            assert!(!tracing::enabled!(target: "mysql_async::conn", Level::TRACE));
            assert!(tracing::enabled!(target: "actix_http::h2::dispatcher", Level::WARN));
            assert!(!tracing::enabled!(target: "actix_http::h1::dispatcher", Level::ERROR), "a client's noise");
        });
    }
}
