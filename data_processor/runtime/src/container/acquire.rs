//! Reads the record, decides and writes, until this container holds the attempt or has nothing to do.

use std::time::Instant;

use super::heartbeat_monitor::HeartbeatMonitor;
use crate::clock::Timestamp;
use crate::protocol::{Claim, Record, SILENT_HEARTBEATS, StartDecision, decide_start, exit};
use crate::settings::Settings;
use crate::store::{Backoff, Store, StoreError};

/// Acquires the attempt. Returns the claim and the job's input, or the exit code if there is nothing to run.
pub(super) async fn acquire(store: &Store, settings: &Settings) -> Result<(Claim, String), u8> {
    let assignment = &settings.assignment;
    let silence = settings.heartbeat_interval * SILENT_HEARTBEATS;
    let mut backoff = Backoff::new();
    let mut monitor = HeartbeatMonitor::default();
    let mut is_watching = false;
    loop {
        let record = match store.read(&assignment.job_id).await {
            Ok(Some(record)) => record,
            Ok(None) => {
                tracing::error!("the job does not exist");
                return Err(exit::RETRY);
            }
            Err(error) => {
                wait_after(&mut backoff, error).await?;
                continue;
            }
        };
        let holder_silent = monitor.is_silent(&record.job, Instant::now(), silence);
        let (writes, exit_code) =
            match decide_start(&record, assignment, Timestamp::now(), holder_silent) {
                StartDecision::AlreadyClaimed => return Ok(claim(settings, record)),
                StartDecision::Claim(writes) => (writes, None),
                StartDecision::Exit(writes, exit_code) => (writes, Some(exit_code)),
                StartDecision::Watch => {
                    if !is_watching {
                        tracing::info!(
                            runner = record.job.runner,
                            "another runner holds the attempt; watching its heartbeat"
                        );
                    }
                    is_watching = true;
                    backoff = Backoff::new();
                    tokio::time::sleep(settings.heartbeat_interval).await;
                    continue;
                }
            };
        if writes.is_empty() {
            let exit_code = exit_code.unwrap_or(exit::RETRY);
            tracing::info!(exit_code, status = ?record.job.status, "nothing to do for this attempt");
            return Err(exit_code);
        }
        match (store.write(&writes, &Store::token()).await, exit_code) {
            (Ok(()), None) => return Ok(claim(settings, record)),
            (Ok(()), Some(exit_code)) => {
                tracing::warn!(exit_code, "closed attempts that were left open");
                return Err(exit_code);
            }
            // Another container has written, or this one has and the response was lost: the record shows which.
            (Err(error), _) => wait_after(&mut backoff, error).await?,
        }
    }
}

async fn wait_after(backoff: &mut Backoff, error: StoreError) -> Result<(), u8> {
    backoff.wait_after(error).await.map_err(|error| {
        tracing::error!(reason = %error, "the table cannot be used; giving up");
        exit::RETRY
    })
}

fn claim(settings: &Settings, record: Record) -> (Claim, String) {
    let claim = Claim {
        assignment: settings.assignment.clone(),
        execution: record.job.execution,
    };
    (claim, record.input.unwrap_or_default())
}
