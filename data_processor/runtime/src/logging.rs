//! Writes log lines, one JSON object per line, with the job's id and attempt. The last lines are kept for the record.
//!
//! The interface is `tracing`, which the SDK uses too. This subscriber ignores spans. It keeps level `info` and above of the
//! runtime and the program, and `warn` and above of all other crates.

mod line;
mod ring;

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use self::ring::LogRing;

use crate::protocol::{LOG_BYTES, LOG_LINES};

/// The destination of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogOutput {
    /// Standard output: in a container, whose logs are collected.
    Stdout,
    /// Standard error, if the result is written to standard output.
    Stderr,
}

/// The log of this process: its destination, its job and its last lines.
#[derive(Debug)]
pub(crate) struct Logs {
    program_crate: &'static str,
    output: LogOutput,
    job: OnceLock<(String, u32)>,
    last: Mutex<LogRing>,
}

impl Logs {
    /// Installs the log of this process. Panics are logged too, with their location.
    #[must_use]
    pub(crate) fn install(program_crate: &'static str, output: LogOutput) -> Arc<Self> {
        let last = Mutex::new(LogRing::new(LOG_LINES, LOG_BYTES));
        let logs = Arc::new(Self {
            program_crate,
            output,
            job: OnceLock::new(),
            last,
        });
        // Fails if a subscriber is installed already: only in tests, which do not read the log.
        let _ = tracing::subscriber::set_global_default(LogSubscriber(Arc::clone(&logs)));
        std::panic::set_hook(Box::new(|panic| {
            let place = panic
                .location()
                .map(ToString::to_string)
                .unwrap_or_default();
            tracing::error!(
                place,
                "panicked: {}",
                panic.payload_as_str().unwrap_or("no message")
            );
        }));
        logs
    }

    /// Sets the job of all later lines.
    pub(crate) fn set_job(&self, job_id: &str, attempt: u32) {
        let _ = self.job.set((job_id.to_owned(), attempt));
    }

    /// Returns the last lines.
    #[must_use]
    pub(crate) fn last_lines(&self) -> Vec<String> {
        self.ring().lines()
    }

    /// Returns the number of all lines so far and the last lines, if there are more than `known` lines.
    #[must_use]
    pub(crate) fn newer_than(&self, known: u64) -> Option<(u64, Vec<String>)> {
        let ring = self.ring();
        (ring.total_lines() > known).then(|| (ring.total_lines(), ring.lines()))
    }

    fn ring(&self) -> MutexGuard<'_, LogRing> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, line: String) {
        let bytes = format!("{line}\n");
        // A closed output must not end the job.
        let _ = match self.output {
            LogOutput::Stdout => io::stdout().lock().write_all(bytes.as_bytes()),
            LogOutput::Stderr => io::stderr().lock().write_all(bytes.as_bytes()),
        };
        self.ring().push(line);
    }
}

struct LogSubscriber(Arc<Logs>);

impl Subscriber for LogSubscriber {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && *metadata.level() <= lowest_level(metadata.target(), self.0.program_crate)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }

    fn event(&self, event: &Event<'_>) {
        self.0.write(line::format_event(event, self.0.job.get()));
    }

    // Spans are not enabled, so these are never called.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Returns the lowest level to keep for a target, which is a module's path.
fn lowest_level(target: &str, program_crate: &str) -> Level {
    let crate_name = target.split("::").next().unwrap_or_default();
    if [program_crate, env!("CARGO_CRATE_NAME")].contains(&crate_name) {
        Level::INFO
    } else {
        Level::WARN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_program_and_the_runtime_log_at_level_info() {
        let level = |target| lowest_level(target, "program");
        for target in ["program", "program::process", "job_runtime::store"] {
            assert_eq!(level(target), Level::INFO, "{target}");
        }
        for target in ["program_tools::a", "aws_config::profile", ""] {
            assert_eq!(level(target), Level::WARN, "{target}");
        }
    }
}
