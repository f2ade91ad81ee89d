//! Parses the command line. Without arguments, the program runs the job that its environment names.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use lexopt::prelude::*;

use crate::Program;

/// What the program does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Runs the job that the environment names.
    RunJob,
    /// Checks that the table can be read.
    Check,
    /// Runs the function alone.
    Standalone(StandaloneRun),
    /// Prints this text.
    Print(String),
}

/// A run of the function without a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct StandaloneRun {
    /// The job's input, JSON text.
    pub(crate) input: String,
    /// The directory whose files the function may read.
    pub(crate) data_directory: Option<PathBuf>,
    /// The attempt's number that the function sees.
    pub(crate) attempt: u32,
}

fn help(name: &str) -> String {
    format!(
        "\
Runs the function of a job.

Without arguments: runs the job that the environment names (JOB_ID, ATTEMPT, MAX_ATTEMPTS,
TABLE_NAME, TIMEOUT_SECONDS, …) and records it in the table.

check: reads from the table once, without writing, and prints within 10 s whether a job can reach
the table from here. Exit code 0: it can; 78: a setting is wrong; 75: the table cannot be reached,
or the credentials are missing or rejected.

With --input: runs the function alone, without a table. The result goes to standard output, the log
and the progress go to standard error. Exit code 0: a result; 1: a permanent failure; 75: a
retryable failure.

  --input JSON      the job's input; @FILE reads it from a file
  --data-dir DIR    the directory whose files the function may read
  --attempt N       the attempt's number that the function sees, from 0 (default: 0)
  --help, --version

Example:

  {name} --data-dir . --input @input.json"
    )
}

/// Parses the arguments. The first one is the path of the program.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    program: Program,
) -> Result<Command, lexopt::Error> {
    let mut parser = lexopt::Parser::from_iter(arguments);
    let (mut run, mut input) = (StandaloneRun::default(), None);
    let (mut run_option, mut is_check) = (None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("input") => input = Some(parser.value()?.string()?),
            Long("data-dir") => {
                run.data_directory = Some(parser.value()?.into());
                run_option = Some("--data-dir");
            }
            Long("attempt") => {
                run.attempt = parser.value()?.parse()?;
                run_option = Some("--attempt");
            }
            Value(word) if word == "check" && !is_check => is_check = true,
            Short('h') | Long("help") => return Ok(Command::Print(help(program.name))),
            Short('V') | Long("version") => {
                return Ok(Command::Print(format!(
                    "{} {}",
                    program.name, program.version
                )));
            }
            other => return Err(other.unexpected()),
        }
    }
    if is_check {
        return match input.map(|_| "--input").or(run_option) {
            Some(option) => Err(format!("{option} cannot be used with check").into()),
            None => Ok(Command::Check),
        };
    }
    match (input, run_option) {
        (Some(input), _) => {
            run.input = match input.strip_prefix('@') {
                Some(path) => {
                    fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?
                }
                None => input,
            };
            Ok(Command::Standalone(run))
        }
        (None, Some(option)) => Err(format!("{option} requires --input").into()),
        (None, None) => Ok(Command::RunJob),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program;

    fn parse_arguments(arguments: &[&str]) -> Result<Command, String> {
        let arguments = ["test"].iter().chain(arguments).map(OsString::from);
        parse(arguments, program!()).map_err(|error| error.to_string())
    }

    #[test]
    fn without_arguments_the_environment_names_the_job() {
        assert_eq!(parse_arguments(&[]), Ok(Command::RunJob));
    }

    #[test]
    fn with_an_input_the_function_runs_alone() {
        let run = StandaloneRun {
            input: "{}".into(),
            data_directory: Some("d".into()),
            attempt: 2,
        };
        assert_eq!(
            parse_arguments(&["--input", "{}", "--data-dir=d", "--attempt", "2"]),
            Ok(Command::Standalone(run))
        );
    }

    #[test]
    fn check_cannot_be_combined() {
        assert_eq!(parse_arguments(&["check"]), Ok(Command::Check));
        for (arguments, problem) in [
            (["check", "--input={}"], "--input cannot be used with check"),
            (
                ["--attempt=1", "check"],
                "--attempt cannot be used with check",
            ),
            (["check", "check"], "unexpected argument \"check\""),
        ] {
            assert_eq!(parse_arguments(&arguments).unwrap_err(), problem);
        }
    }

    #[test]
    fn errors_name_the_argument() {
        assert_eq!(
            parse_arguments(&["--attempt", "1"]).unwrap_err(),
            "--attempt requires --input"
        );
        for (arguments, name) in [
            (&["--wrong"][..], "--wrong"),
            (&["--input", "@/no/such/file"], "/no/such/file"),
        ] {
            assert!(parse_arguments(arguments).unwrap_err().contains(name));
        }
    }

    #[test]
    fn help_and_version_name_the_program() {
        for (option, expected) in [
            ("--help", "job-runtime --data-dir . --input"),
            (
                "--version",
                concat!("job-runtime ", env!("CARGO_PKG_VERSION")),
            ),
        ] {
            let Ok(Command::Print(text)) = parse_arguments(&[option]) else {
                panic!("{option} does not print")
            };
            assert!(text.contains(expected), "{text}");
        }
    }
}
