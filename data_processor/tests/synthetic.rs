//! The generated records are reproducible: a failure can be repeated.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot continue should panic"
)]

mod support;

use proptest::prelude::*;
use serde_json::json;
use support::run;

proptest! {
    #[test]
    fn the_outcome_depends_on_seed_and_attempt_only(seed in any::<u64>(), attempt in 0_u32..3) {
        let input = json!({"source": "synthetic", "records": 200, "failureRate": 0.005, "seed": seed});
        prop_assert_eq!(run(&input, attempt), run(&input, attempt));
    }

    #[test]
    fn the_values_depend_on_the_seed_only(seed in any::<u64>(), attempt in 1_u32..3) {
        let input = json!({"source": "synthetic", "records": 50, "seed": seed});
        prop_assert_eq!(run(&input, 0).unwrap(), run(&input, attempt).unwrap());
    }
}

#[test]
fn another_attempt_may_succeed_after_a_failure() {
    let outcomes: Vec<_> = (0..20)
        .map(|attempt| {
            let input =
                json!({"source": "synthetic", "records": 5000, "failureRate": 0.0002, "seed": 7});
            run(&input, attempt).is_ok()
        })
        .collect();
    // The probability of success is (1 - 1/5000)^5000, a little more than a third.
    let passed = outcomes.iter().filter(|passed| **passed).count();
    assert!((2..=14).contains(&passed), "{outcomes:?}");
}

#[test]
fn the_first_attempts_fail_on_request() {
    for records in [0, 1, 100] {
        let input = json!({"source": "synthetic", "records": records, "failAttempts": 2});
        for attempt in 0..2 {
            let failure = run(&input, attempt).unwrap_err().to_string();
            assert!(failure.starts_with("SyntheticFailure: "), "{failure}");
        }
        assert_eq!(run(&input, 2).unwrap()["records"], records);
    }
}

#[test]
fn zero_records_are_summarised() {
    let summary = run(&json!({"source": "synthetic", "records": 0}), 0).unwrap();
    assert_eq!(summary["records"], 0);
    assert_eq!(summary["columns"][0]["count"], 0);
}

#[test]
fn the_requested_memory_is_used() {
    // Only Linux reports the peak. Elsewhere this tests only that the run succeeds.
    let summary = run(
        &json!({"source": "synthetic", "records": 1, "memoryMebibytes": 64}),
        0,
    );
    assert_eq!(summary.unwrap()["records"], 1);
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .unwrap();
        let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kilobytes > 64 * 1024, "{kilobytes} kB");
    }
}
