//! The function that this program runs as a job: [`process::process`].

pub mod process;
