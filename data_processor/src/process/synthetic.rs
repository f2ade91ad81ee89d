//! Made-up records: numbers from 0 to 1, the same for the same seed; whether one fails depends on the attempt too, so
//! that another attempt may pass.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::column::Column;
use super::input::Synthetic;
use super::summary::Summary;
use job_runtime::{Failure, Job};

/// Makes them up and summarises them.
pub(super) fn summarise(input: &Synthetic, job: &Job) -> Result<Summary, Failure> {
    let total = Some(input.records);
    job.progress(0, total)?;
    let doomed = (job.attempt() < input.fail_attempts).then_some(input.records / 2);
    let chances = mix(input.seed ^ mix(u64::from(job.attempt()) + 1));
    let start = Instant::now();
    let ballast = ballast(input.memory_mebibytes);
    let mut column = Column::new("value".to_owned());
    for record in 0..input.records {
        if let Some(rate) = input.records_per_second {
            keep_pace(job, start, record, rate)?;
        }
        if doomed == Some(record) || unit(chances, record) < input.failure_rate {
            job.progress(record, total)?;
            return Err(failure(record + 1));
        }
        column.add_made_up(unit(input.seed, record));
        job.progress(record + 1, total)?;
    }
    if doomed.is_some_and(|record| record >= input.records) {
        return Err(failure(input.records));
    }
    drop(black_box(ballast));
    Ok(Summary::of(input.records, vec![column]))
}

/// Memory that is really there: written to, since untouched pages cost nothing.
fn ballast(mebibytes: u64) -> Vec<u8> {
    let bytes = usize::try_from(mebibytes << 20).unwrap_or(usize::MAX);
    black_box(vec![1; bytes])
}

fn failure(record: u64) -> Failure {
    Failure::retryable(
        "SyntheticFailure",
        format!("record {record} failed, as the input asks"),
    )
}

/// Waits until this record is due; not for a pause shorter than a sleep is exact.
fn keep_pace(job: &Job, start: Instant, record: u64, rate: f64) -> Result<(), Failure> {
    let due = Duration::from_secs_f64(record as f64 / rate);
    let early = due.saturating_sub(start.elapsed());
    if early >= Duration::from_millis(1) {
        job.pause(early)?;
    }
    Ok(())
}

/// The number of this index in the stream of this seed, from 0 to 1 (1 excluded).
fn unit(seed: u64, index: u64) -> f64 {
    const BITS_53: f64 = 9_007_199_254_740_992.0;
    (mix(seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15))) >> 11) as f64 / BITS_53
}

/// `SplitMix64`'s finisher: neighbouring numbers come out unrelated.
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
