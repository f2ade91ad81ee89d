//! Runs one job's function in a container and records every attempt exactly once.
//!
//! [`process`] is the function; everything in [`runtime`] stays as it is when the function is replaced.

pub mod process;
pub mod runtime;
