//! Decides what is recorded of a job: the accounting protocol (docs/accounting.md).
//!
//! Every function here is pure: it takes the record that was read and returns the writes. It uses neither a clock nor a
//! network, so that `jobs/protocol.golden.json` can compare every transaction of both languages literally.

mod claim;
mod close;
#[cfg(test)]
mod golden;
mod names;
mod record;
mod start;
mod write;

pub(crate) use claim::{Claim, Outcome, Progress, Report};
pub(crate) use names::*;
pub(crate) use record::{Attempt, Error, Job, Record};
pub(crate) use start::{Assignment, StartDecision, decide_start};
pub(crate) use write::{Action, Attributes, Write};
