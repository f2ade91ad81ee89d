//! Generates records: numbers from 0 to 1, which depend on the seed only. Whether a record fails depends on the attempt too,
//! so that another attempt may succeed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::column::Column;
use super::input::Synthetic;
use super::summary::Summary;
use job_runtime::{Failure, Job};

/// Generates the records and summarises them.
pub(super) fn summarise(input: &Synthetic, job: &Job) -> Result<Summary, Failure> {
    let total = Some(input.records);
    job.progress(0, total)?;
    let failing_record = (job.attempt() < input.fail_attempts).then_some(input.records / 2);
    let failure_seed = mix(input.seed ^ mix(u64::from(job.attempt()) + 1));
    let start = Instant::now();
    let memory = allocate(input.memory_mebibytes);
    let mut column = Column::new("value".to_owned());
    for record in 0..input.records {
        if let Some(rate) = input.records_per_second {
            wait_for_turn(job, start, record, rate)?;
        }
        if failing_record == Some(record) || unit_number(failure_seed, record) < input.failure_rate
        {
            job.progress(record, total)?;
            return Err(failure(record + 1));
        }
        column.add_generated(unit_number(input.seed, record));
        job.progress(record + 1, total)?;
    }
    if failing_record.is_some_and(|record| record >= input.records) {
        return Err(failure(input.records));
    }
    drop(black_box(memory));
    Ok(Summary::new(input.records, vec![column]))
}

/// Allocates memory and writes to it, because untouched pages do not use memory.
fn allocate(mebibytes: u64) -> Vec<u8> {
    let bytes = usize::try_from(mebibytes << 20).unwrap_or(usize::MAX);
    black_box(vec![1; bytes])
}

fn failure(record: u64) -> Failure {
    Failure::retryable(
        "SyntheticFailure",
        format!("record {record} failed, as the input requests"),
    )
}

/// Waits until this record is due. Shorter waits than a millisecond are skipped, because a sleep is not that exact.
fn wait_for_turn(job: &Job, start: Instant, record: u64, rate: f64) -> Result<(), Failure> {
    let due = Duration::from_secs_f64(record as f64 / rate);
    let early = due.saturating_sub(start.elapsed());
    if early >= Duration::from_millis(1) {
        job.pause(early)?;
    }
    Ok(())
}

/// Generates the number with this index for a seed: at least 0, less than 1.
fn unit_number(seed: u64, index: u64) -> f64 {
    const BITS_53: f64 = 9_007_199_254_740_992.0;
    (mix(seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15))) >> 11) as f64 / BITS_53
}

/// Mixes the bits like the last step of `SplitMix64`, so that results of similar numbers are unrelated.
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
