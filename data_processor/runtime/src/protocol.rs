//! The accounting protocol (docs/accounting.md) as pure functions: what was read goes in, what to write comes out.
//!
//! Nothing here knows a clock, a network or a process, so that `jobs/protocol.golden.json` can hold every transaction
//! of both languages to the letter.

mod close;
mod names;
mod record;
mod run;
mod start;
mod write;

pub use names::*;
pub use record::{Attempt, Error, Job, Record, UnreadableRecord};
pub use run::{Claim, Outcome, Progress, Report};
pub use start::{Start, Who, start};
pub use write::{Action, Attributes, Condition, Write};
