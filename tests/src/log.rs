//! What a process wrote, line by line, while it runs and after.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// Everything that one or several runs of a server wrote to both its outputs.
#[derive(Clone)]
pub struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    grown: Arc<watch::Sender<usize>>,
}

impl Default for Log {
    fn default() -> Self {
        Self { lines: Arc::default(), grown: Arc::new(watch::Sender::new(0)) }
    }
}

impl Log {
    /// Takes in what an output gives until it ends.
    pub(crate) fn drink(&self, output: impl Read + Send + 'static) {
        let log = self.clone();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(output);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
                log.push(String::from_utf8_lossy(&line).trim_end().to_owned());
                line.clear();
            }
        });
    }

    fn push(&self, line: String) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        self.grown.send_modify(|count| *count += 1);
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many lines so far hold this text.
    #[must_use]
    pub fn count(&self, text: &str) -> usize {
        self.lines().iter().filter(|line| line.contains(text)).count()
    }

    /// How many lines there are so far.
    #[must_use]
    pub fn len(&self) -> usize {
        *self.grown.borrow()
    }

    /// Whether nothing was written yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first line from line `from` on of which `find` makes something; waits for it, not for ever.
    pub async fn wait_for<T>(
        &self,
        from: usize,
        within: Duration,
        mut find: impl FnMut(&str) -> Option<T>,
    ) -> Option<T> {
        let mut grown = self.grown.subscribe();
        let mut next = from;
        tokio::time::timeout(within, async {
            loop {
                let _ = grown.borrow_and_update();
                let lines = self.lines();
                if let Some(found) = lines.iter().skip(next).find_map(|line| find(line)) {
                    return Some(found);
                }
                next = lines.len();
                grown.changed().await.ok()?;
            }
        })
        .await
        .ok()
        .flatten()
    }

    /// The last lines, for whoever has to find out what went wrong.
    #[must_use]
    pub fn tail(&self, count: usize) -> String {
        let lines = self.lines();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }

    /// Lines that hold one of these texts, without the text.
    #[must_use]
    pub fn leaks(&self, secrets: &[String]) -> Vec<String> {
        let mut secrets: Vec<&str> = secrets.iter().map(String::as_str).filter(|secret| !secret.is_empty()).collect();
        // A whole token is hidden before its end is.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let hide = |line: &String| {
            let leaked: Vec<&&str> = secrets.iter().filter(|secret| line.contains(**secret)).collect();
            let hidden = leaked.iter().fold(line.clone(), |line, secret| line.replace(**secret, "<leaked>"));
            (!leaked.is_empty()).then_some(hidden)
        };
        self.lines().iter().filter_map(hide).collect()
    }
}
