//! The command line: without arguments the program runs the job that its environment names.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use lexopt::prelude::*;

use crate::Program;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Run the job that the environment names.
    RunJob,
    /// Look whether the table can be read.
    Check,
    /// Run the function alone.
    Standalone(Trial),
    /// Say this.
    Print(String),
}

/// A run of the function without a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Trial {
    /// The job's input, JSON text.
    pub(crate) input: String,
    /// The directory whose files the function may read.
    pub(crate) data_directory: Option<PathBuf>,
    /// The attempt that the function is told it is.
    pub(crate) attempt: u32,
}

fn help(name: &str) -> String {
    format!(
        "\
Runs one job's function.

Without arguments: the container. Runs the job that the environment names (JOB_ID, ATTEMPT,
MAX_ATTEMPTS, TABLE_NAME, TIMEOUT_SECONDS, …) and records it in the table.

check: reads from the table once, and writes nothing. Tells within 10 s whether a job would reach it
from here. Exit code 0: it would; 78: a setting is wrong; 75: the table, or the credentials for it,
cannot be reached or are refused.

With --input: the function alone, without a table. The result goes to standard output, logs and
progress to standard error. Exit code 0: a result; 1: a permanent failure; 75: a retryable one.

  --input JSON      the job's input; @FILE reads it from a file
  --data-dir DIR    the directory whose files the function may read
  --attempt N       the attempt to play, from 0 (0)
  --help, --version

  {name} --data-dir . --input @input.json"
    )
}

/// Reads the arguments, the program's name first.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    program: Program,
) -> Result<Command, lexopt::Error> {
    let mut parser = lexopt::Parser::from_iter(arguments);
    let (mut trial, mut input) = (Trial::default(), None);
    let (mut for_trial, mut check) = (None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("input") => input = Some(parser.value()?.string()?),
            Long("data-dir") => {
                trial.data_directory = Some(parser.value()?.into());
                for_trial = Some("--data-dir");
            }
            Long("attempt") => {
                trial.attempt = parser.value()?.parse()?;
                for_trial = Some("--attempt");
            }
            Value(word) if word == "check" && !check => check = true,
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
    if check {
        return match input.map(|_| "--input").or(for_trial) {
            Some(option) => Err(format!("{option} does not go with check").into()),
            None => Ok(Command::Check),
        };
    }
    match (input, for_trial) {
        (Some(input), _) => {
            trial.input = match input.strip_prefix('@') {
                Some(path) => {
                    fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?
                }
                None => input,
            };
            Ok(Command::Standalone(trial))
        }
        (None, Some(option)) => Err(format!("{option} goes with --input").into()),
        (None, None) => Ok(Command::RunJob),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program;

    fn parsed(arguments: &[&str]) -> Result<Command, String> {
        let arguments = ["test"].iter().chain(arguments).map(OsString::from);
        parse(arguments, program!()).map_err(|error| error.to_string())
    }

    #[test]
    fn without_arguments_the_environment_names_the_job() {
        assert_eq!(parsed(&[]), Ok(Command::RunJob));
    }

    #[test]
    fn an_input_tries_the_function() {
        let trial = Trial {
            input: "{}".into(),
            data_directory: Some("d".into()),
            attempt: 2,
        };
        assert_eq!(
            parsed(&["--input", "{}", "--data-dir=d", "--attempt", "2"]),
            Ok(Command::Standalone(trial))
        );
    }

    #[test]
    fn check_stands_alone() {
        assert_eq!(parsed(&["check"]), Ok(Command::Check));
        for (arguments, problem) in [
            (["check", "--input={}"], "--input does not go with check"),
            (["--attempt=1", "check"], "--attempt does not go with check"),
            (["check", "check"], "unexpected argument \"check\""),
        ] {
            assert_eq!(parsed(&arguments).unwrap_err(), problem);
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        assert_eq!(
            parsed(&["--attempt", "1"]).unwrap_err(),
            "--attempt goes with --input"
        );
        assert!(parsed(&["--wrong"]).unwrap_err().contains("--wrong"));
        assert!(
            parsed(&["--input", "@/no/such/file"])
                .unwrap_err()
                .contains("/no/such/file")
        );
    }
}
