//! One container: gets hold of its attempt, runs the function, records the outcome.

mod acquire;
mod finish;
mod heartbeat_monitor;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use self::acquire::acquire;
use self::finish::{finish, interrupt};
use self::watch::{End, watch};
use crate::data::{Data, Objects};
use crate::function::Function;
use crate::job::Job;
use crate::logging::{Logs, Output};
use crate::protocol::{Claim, Outcome, Report, exit};
use crate::settings::Settings;
use crate::signals::Signals;
use crate::store::Store;
use crate::{Program, aws};

/// Once told to stop, so long is left for the table. Kubernetes waits 30 s before it kills.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Runs the job that the environment names; returns the exit code.
pub(crate) async fn run(program: Program, function: Function) -> u8 {
    let logs = Logs::install(program.crate_name, Output::Standard);
    let signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            tracing::error!(reason = %error, "no signal handlers");
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
    logs.set_job(&settings.who.job_id, settings.who.attempt);
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
        // Until the attempt is ours there is nothing to leave behind.
        let acquired = tokio::select! {
            biased;
            () = self.signals.stopped() => {
                tracing::warn!("told to stop before the attempt began");
                return exit::INTERRUPTED;
            }
            acquired = acquire(&store, &self.settings) => acquired,
        };
        let (claim, input) = match acquired {
            Ok(acquired) => acquired,
            Err(exit_code) => return exit_code,
        };
        tracing::info!(runner = claim.who.runner, "attempt started");

        let objects = Objects::new(Handle::current(), Some(config));
        let job = Job::new(
            claim.who.attempt,
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
        job.stop();
        match end {
            End::Outcome(outcome) => self.finish(&store, &claim, &job, outcome).await,
            End::ToldToStop => {
                tracing::warn!("told to stop; another container takes the attempt over");
                let last_words = interrupt(&store, &claim, || self.report(&job));
                if tokio::time::timeout(LAST_WORDS, last_words).await.is_err() {
                    tracing::warn!("the table did not answer in time");
                }
                exit::INTERRUPTED
            }
            End::Lost(exit_code) => exit_code,
        }
    }

    /// Records the outcome. Being told to stop now only limits the time for it: what is computed should count.
    async fn finish(&self, store: &Store, claim: &Claim, job: &Job, outcome: Outcome) -> u8 {
        let records = job.reported().done;
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
                self.signals.stopped().await;
                tokio::time::sleep(LAST_WORDS).await;
            } => {
                tracing::warn!("told to stop while the outcome could not be recorded");
                exit::INTERRUPTED
            }
        }
    }

    fn report(&self, job: &Job) -> Report {
        Report {
            progress: job.reported(),
            log: self.logs.last(),
        }
    }
}
