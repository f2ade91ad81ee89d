//! Log lines: JSON, one a line, with the job's id and attempt; the last ones are kept for the attempt's record.
//!
//! `tracing` is the interface (the SDK speaks it anyway, and a function's author knows it). This subscriber knows no
//! spans and two levels: `info` and above of the runtime and the program, `warn` and above of every other crate.

mod line;
mod ring;

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

pub(crate) use ring::Ring;

use crate::protocol::{LOG_BYTES, LOG_LINES};

/// Where lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// In a container: whoever collects its logs.
    Standard,
    /// Where standard output belongs to the result.
    Error,
}

/// The lines' context, and the last of them.
#[derive(Debug)]
pub(crate) struct Logs {
    program_crate: &'static str,
    output: Output,
    job: OnceLock<(String, u32)>,
    last: Mutex<Ring>,
}

impl Logs {
    /// From here on every line of this process comes out here. Panics become lines too, with their place.
    #[must_use]
    pub(crate) fn install(program_crate: &'static str, output: Output) -> Arc<Self> {
        let last = Mutex::new(Ring::new(LOG_LINES, LOG_BYTES));
        let logs = Arc::new(Self {
            program_crate,
            output,
            job: OnceLock::new(),
            last,
        });
        // Fails where a subscriber is installed already: in tests, whose logs nobody reads.
        let _ = tracing::subscriber::set_global_default(Lines(Arc::clone(&logs)));
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

    /// The job that later lines belong to.
    pub(crate) fn set_job(&self, job_id: &str, attempt: u32) {
        let _ = self.job.set((job_id.to_owned(), attempt));
    }

    /// The last lines.
    #[must_use]
    pub(crate) fn last(&self) -> Vec<String> {
        self.ring().lines()
    }

    /// The last lines and how many there ever were, if these are more than `known`.
    #[must_use]
    pub(crate) fn beyond(&self, known: u64) -> Option<(u64, Vec<String>)> {
        let ring = self.ring();
        (ring.taken_in() > known).then(|| (ring.taken_in(), ring.lines()))
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, line: String) {
        let bytes = format!("{line}\n");
        // A reader that went away must not end the job.
        let _ = match self.output {
            Output::Standard => io::stdout().lock().write_all(bytes.as_bytes()),
            Output::Error => io::stderr().lock().write_all(bytes.as_bytes()),
        };
        self.ring().push(line);
    }
}

struct Lines(Arc<Logs>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && *metadata.level() <= lowest_level(metadata.target(), self.0.program_crate)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::INFO)
    }

    fn event(&self, event: &Event<'_>) {
        self.0.write(line::of(event, self.0.job.get()));
    }

    // Spans are not enabled, so these are never asked for one.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Chooses the lowest level that is kept of a target, a module's path.
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
