//! Start: reads, decides, writes, until the attempt is ours or nobody needs us.

use std::time::Instant;

use super::heartbeat_monitor::Standstill;
use crate::clock::Timestamp;
use crate::protocol::{Claim, SILENT_BEATS, Start, exit, start};
use crate::settings::Settings;
use crate::store::{Store, StoreError, Tries};

/// Gets hold of the attempt: the claim and the job's input, or the code to end with.
pub(super) async fn acquire(store: &Store, settings: &Settings) -> Result<(Claim, String), u8> {
    let who = &settings.who;
    let mut tries = Tries::new();
    let mut standstill = Standstill::default();
    let mut watching = false;
    loop {
        let record = match store.read(&who.job_id).await {
            Ok(Some(record)) => record,
            Ok(None) => {
                tracing::error!("there is no such job");
                return Err(exit::RETRY);
            }
            Err(error) => {
                again(&mut tries, error).await?;
                continue;
            }
        };
        let stood_still =
            standstill.lasts(&record.job, Instant::now(), settings.beat * SILENT_BEATS);
        let (writes, end) = match start(&record, who, Timestamp::now(), stood_still) {
            Start::Mine => return Ok(claim(settings, record)),
            Start::Run(writes) => (writes, None),
            Start::End(writes, exit_code) => (writes, Some(exit_code)),
            Start::Watch => {
                if !watching {
                    tracing::info!(
                        runner = record.job.runner,
                        "another runner holds the attempt; watching its beat"
                    );
                }
                watching = true;
                tries = Tries::new();
                tokio::time::sleep(settings.beat).await;
                continue;
            }
        };
        if writes.is_empty() {
            let exit_code = end.unwrap_or(exit::RETRY);
            tracing::info!(exit_code, status = ?record.job.status, "nothing to do for this attempt");
            return Err(exit_code);
        }
        match (store.write(&writes, &Store::token()).await, end) {
            (Ok(()), None) => return Ok(claim(settings, record)),
            (Ok(()), Some(exit_code)) => {
                tracing::warn!(exit_code, "closed what was left open");
                return Err(exit_code);
            }
            // Changed by somebody, or by us and the answer was lost: the record tells.
            (Err(error), _) => again(&mut tries, error).await?,
        }
    }
}

async fn again(tries: &mut Tries, error: StoreError) -> Result<(), u8> {
    tries.after(error).await.map_err(|error| {
        tracing::error!(reason = %error, "the table cannot be used; giving up");
        exit::RETRY
    })
}

fn claim(settings: &Settings, record: crate::protocol::Record) -> (Claim, String) {
    let claim = Claim {
        who: settings.who.clone(),
        execution: record.job.execution,
    };
    (claim, record.input.unwrap_or_default())
}
