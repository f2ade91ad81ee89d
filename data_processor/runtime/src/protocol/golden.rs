//! Compares what the container writes with jobs/protocol.golden.json, which both languages share, and the names and limits
//! with jobs/protocol.json.

use std::path::PathBuf;

use crate::clock::Timestamp;
use crate::protocol::{self, *};
use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Golden {
    shards: std::collections::BTreeMap<String, char>,
    transactions: Vec<Transaction>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    name: String,
    by: String,
    record: Vec<Attributes>,
    arguments: Value,
    writes: Value,
    exit_code: Option<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Arguments {
    job_id: String,
    attempt: u32,
    max_attempts: u32,
    runner: String,
    now: String,
    #[serde(default)]
    #[serde(rename = "stoodStill")]
    holder_silent: bool,
    #[serde(default)]
    log: Vec<String>,
    progress: Option<GoldenProgress>,
    outcome: Option<GoldenOutcome>,
}

#[derive(Deserialize)]
struct GoldenProgress {
    done: u64,
    total: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum GoldenOutcome {
    Result(String),
    Retryable(protocol::Error),
    Permanent(protocol::Error),
}

fn read_shared(file: &str) -> String {
    let path = PathBuf::from_iter([env!("CARGO_MANIFEST_DIR"), "..", "..", "jobs", file]);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn timestamp(text: &str) -> Timestamp {
    let time = DateTime::from_str(text, DateTimeFormat::DateTime).unwrap();
    Timestamp::from_milliseconds(time.to_millis().unwrap())
}

/// Returns what the container writes for this record and these arguments, and its exit code if it exits.
fn decide(name: &str, record: Vec<Attributes>, arguments: Arguments) -> (Vec<Write>, Option<u8>) {
    let now = timestamp(&arguments.now);
    let assignment = Assignment {
        job_id: arguments.job_id,
        attempt: arguments.attempt,
        max_attempts: arguments.max_attempts,
        runner: arguments.runner,
    };
    let record = Record::from_items(record, now).unwrap().unwrap();
    let GoldenProgress { done, total } = arguments.progress.unwrap_or(GoldenProgress {
        done: 0,
        total: None,
    });
    let report = Report {
        progress: Progress { done, total },
        log: arguments.log,
    };
    let claim = Claim {
        assignment: assignment.clone(),
        execution: record.job.execution.clone(),
    };
    if let Some(outcome) = arguments.outcome {
        let outcome = match outcome {
            GoldenOutcome::Result(json) => Outcome::Succeeded(json),
            GoldenOutcome::Retryable(error) => Outcome::Retryable(error),
            GoldenOutcome::Permanent(error) => Outcome::Permanent(error),
        };
        let (writes, exit_code) = claim.finish(&outcome, &report, now);
        return (writes, Some(exit_code));
    }
    match name {
        "beat" => (claim.heartbeat(report.progress, now), None),
        "log" => (claim.publish_log(&report.log), None),
        "interrupt" => (claim.interrupt(&report, now), Some(exit::INTERRUPTED)),
        _ => match decide_start(&record, &assignment, now, arguments.holder_silent) {
            StartDecision::Claim(writes) => (writes, None),
            StartDecision::Exit(writes, exit_code) => (writes, Some(exit_code)),
            other => panic!("{name}: {other:?}"),
        },
    }
}

#[test]
fn every_transaction_of_the_container_equals_the_golden_one() {
    let golden: Golden = serde_json::from_str(&read_shared("protocol.golden.json")).unwrap();
    let expected: Vec<_> = golden
        .transactions
        .into_iter()
        .filter(|transaction| transaction.by == "container")
        .collect();
    assert!(expected.len() >= 22, "only {} transactions", expected.len());
    for Transaction {
        name,
        record,
        arguments,
        writes,
        exit_code,
        ..
    } in expected
    {
        let arguments = serde_json::from_value(arguments).unwrap();
        let (decided, decided_code) = decide(&name, record, arguments);
        let decided = serde_json::to_value(decided).unwrap();
        assert_eq!(
            serde_json::to_string_pretty(&decided).unwrap(),
            serde_json::to_string_pretty(&writes).unwrap(),
            "{name}"
        );
        assert_eq!(decided_code, exit_code, "{name}");
    }
}

#[test]
fn every_shard_equals_the_golden_one() {
    let golden: Golden = serde_json::from_str(&read_shared("protocol.golden.json")).unwrap();
    for (job_id, shard) in golden.shards {
        assert_eq!(shard_of(&job_id), shard, "{job_id}");
    }
}

#[test]
fn names_limits_and_codes_equal_the_shared_ones() {
    let shared: Value = serde_json::from_str(&read_shared("protocol.json")).unwrap();
    let job_id = "{jobId}";
    assert_eq!(shared["keys"]["job"], job_partition(job_id));
    assert_eq!(shared["keys"]["sort"]["job"], job_key(job_id).sk);
    assert_eq!(shared["keys"]["sort"]["result"], result_key(job_id).sk);
    assert_eq!(shared["keys"]["sort"]["counters"], counters_key(job_id).sk);
    let fill_in =
        |template: &Value, name: &str, value: &str| template.as_str().unwrap().replace(name, value);
    assert_eq!(
        fill_in(&shared["keys"]["sort"]["attempt"], "{attempt}", "7"),
        attempt_key(job_id, 7).sk
    );
    assert_eq!(
        fill_in(&shared["keys"]["counters"], "{shard}", "c"),
        counters_key("a").pk
    );

    let statuses = [
        JobStatus::Queued,
        JobStatus::Running,
        JobStatus::Succeeded,
        JobStatus::Failed,
        JobStatus::Cancelled,
        JobStatus::TimedOut,
    ];
    assert_eq!(shared["jobStatuses"], json!(statuses));
    let terminal: Vec<_> = statuses
        .into_iter()
        .filter(|status| status.is_terminal())
        .collect();
    assert_eq!(shared["terminalStatuses"], json!(terminal));
    let counters: serde_json::Map<_, _> = terminal
        .iter()
        .map(|status| {
            (
                json!(status).as_str().unwrap().to_owned(),
                json!(status.counter()),
            )
        })
        .collect();
    assert_eq!(shared["counters"]["jobs"], Value::Object(counters));
    let attempts = [
        counter::SUCCEED_JOB,
        counter::JOB_RETRY,
        counter::FAILED_JOB,
    ];
    assert_eq!(shared["counters"]["attempts"], json!(attempts));
    let attempt_statuses = [
        AttemptStatus::Running,
        AttemptStatus::Succeeded,
        AttemptStatus::Failed,
        AttemptStatus::Cancelled,
    ];
    assert_eq!(shared["attemptStatuses"], json!(attempt_statuses));

    let limits = json!({
        "machineAttempts": MACHINE_ATTEMPTS, "interruptions": INTERRUPTIONS, "silentBeats": SILENT_HEARTBEATS,
        "retentionDays": RETENTION_DAYS, "resultBytes": RESULT_BYTES, "logLines": LOG_LINES, "logBytes": LOG_BYTES,
        "errorMessageBytes": ERROR_MESSAGE_BYTES,
    });
    assert_eq!(shared["limits"], limits);
    let codes = json!({"done": exit::DONE, "retry": exit::RETRY, "interrupted": exit::INTERRUPTED});
    assert_eq!(shared["exitCodes"], codes);
    for error in [attempt_lost(), attempt_interrupted()] {
        assert_eq!(shared["errors"][&error.code], error.message);
    }
}
