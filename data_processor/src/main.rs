//! The container's program: see the library for what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    data_processor::runtime::main()
}
