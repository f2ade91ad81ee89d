//! The accounting protocol (docs/accounting.md) as pure functions: what was read goes in, what to write comes out.
//!
//! Nothing here knows a clock, a network or a process, so that `jobs/protocol.golden.json` can hold every transaction
//! of both languages to the letter.

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
pub(crate) use start::{Start, Who, start};
pub(crate) use write::{Action, Attributes, Write};
