//! Runs one container: acquires the attempt, runs the function, records the outcome.

mod acquire;
mod finish;
mod heartbeat_monitor;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use self::acquire::acquire;
use self::finish::{finish, interrupt};
use self::watch::{RunEnd, watch};
use crate::data::{Data, Objects};
use crate::function::Function;
use crate::job::Job;
use crate::logging::{LogOutput, Logs};
use crate::protocol::{Claim, Outcome, Report, exit};
use crate::settings::Settings;
use crate::signals::Signals;
use crate::store::Store;
use crate::{Program, aws};

/// How long the last write may take after a signal. Kubernetes waits 30 s before it kills the container.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the job that the environment names. Returns the exit code.
pub(crate) async fn run(program: Program, function: Function) -> u8 {
    let logs = Logs::install(program.crate_name, LogOutput::Stdout);
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            tracing::error!(reason = %error, "the signal handlers could not be installed");
            return exit::RETRY;
        }
    };
    let settings = match Settings::from_environment() {
        Ok(settings) => settings,
        Err(error) => {
            tracing::error!("wrong settings: {error}");
            return exit::SETTINGS;
        }
    };
    logs.set_job(&settings.assignment.job_id, settings.assignment.attempt);
    if settings.parent_pipe {
        signals.watch_standard_input();
    }
    Container {
        logs,
        signals,
        settings,
    }
    .run(function)
    .await
}

struct Container {
    logs: Arc<Logs>,
    signals: Signals,
    settings: Settings,
}

impl Container {
    async fn run(&self, function: Function) -> u8 {
        let config = aws::config(Some(&self.settings.table.region)).await;
        let store = Store::new(&config, &self.settings.table);
        // Before the attempt is acquired, there is nothing to record about a signal.
        let acquired = tokio::select! {
            biased;
            () = self.signals.received() => {
                tracing::warn!("stopped by a signal before the attempt started");
                return exit::INTERRUPTED;
            }
            acquired = acquire(&store, &self.settings) => acquired,
        };
        let (claim, input) = match acquired {
            Ok(acquired) => acquired,
            Err(exit_code) => return exit_code,
        };
        tracing::info!(runner = claim.assignment.runner, "attempt started");

        let objects = Objects::new(Handle::current(), Some(config));
        let job = Job::new(
            claim.assignment.attempt,
            Data::new(self.settings.data_directory.clone(), objects),
        );
        let mut outcome = function.start(input, job.clone());
        let end = watch(
            &store,
            &claim,
            &job,
            &self.logs,
            &self.settings,
            &self.signals,
            &mut outcome,
        )
        .await;
        job.request_stop();
        match end {
            RunEnd::Outcome(outcome) => self.finish(&store, &claim, &job, outcome).await,
            RunEnd::Signal => {
                tracing::warn!("stopped by a signal; another container can take over the attempt");
                let interruption = interrupt(&store, &claim, || self.report(&job));
                if tokio::time::timeout(SHUTDOWN_TIMEOUT, interruption)
                    .await
                    .is_err()
                {
                    tracing::warn!("the interruption could not be recorded in time");
                }
                exit::INTERRUPTED
            }
            RunEnd::AttemptLost(exit_code) => exit_code,
        }
    }

    /// Records the outcome. A signal now only limits the time for it: a result that was computed should count.
    async fn finish(&self, store: &Store, claim: &Claim, job: &Job, outcome: Outcome) -> u8 {
        let records = job.current_progress().done;
        match &outcome {
            Outcome::Succeeded(_) => tracing::info!(records, "attempt succeeded"),
            Outcome::Retryable(error) | Outcome::Permanent(error) => {
                let retryable = matches!(outcome, Outcome::Retryable(_));
                tracing::error!(
                    records,
                    code = error.code,
                    retryable,
                    "attempt failed: {}",
                    error.message
                );
            }
        }
        let report = self.report(job);
        tokio::select! {
            biased;
            exit_code = finish(store, claim, &outcome, &report) => exit_code,
            () = async {
                self.signals.received().await;
                tokio::time::sleep(SHUTDOWN_TIMEOUT).await;
            } => {
                tracing::warn!("stopped by a signal before the outcome could be recorded");
                exit::INTERRUPTED
            }
        }
    }

    fn report(&self, job: &Job) -> Report {
        Report {
            progress: job.current_progress(),
            log: self.logs.last_lines(),
        }
    }
}
