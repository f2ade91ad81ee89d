//! The program's settings: its environment, read and checked once.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::protocol::{MACHINE_ATTEMPTS, Who};

mod table;

pub(crate) use table::Table;

/// Everything the environment says. The credentials and endpoints of the AWS SDK are its own business.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// `JOB_ID`, `ATTEMPT`, `MAX_ATTEMPTS`: which attempt of which job this is. The runner is drawn at random.
    pub(crate) who: Who,
    /// The `DynamoDB` table.
    pub(crate) table: Table,
    /// `TIMEOUT_SECONDS`: the run's own limit. Every limit around it is longer.
    pub(crate) timeout: Duration,
    /// `BEAT_SECONDS`: the time between two signs of life; the same for every container of a job, because three of
    /// them without a sign mean that it is dead.
    pub(crate) beat: Duration,
    /// `DATA_DIR`: the directory whose files the function may read. Only where data lies beside the program: on one machine.
    pub(crate) data_directory: Option<PathBuf>,
    /// `EKS_JOBS_PARENT_PIPE=1`: the end of standard input means that the parent is gone, as SIGTERM would. In a pod
    /// standard input is at its end from the start.
    pub(crate) parent_pipe: bool,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name} {problem}; expected {expected}")]
pub(crate) struct SettingsError {
    name: &'static str,
    problem: String,
    expected: &'static str,
}

impl Settings {
    /// Reads this process's environment.
    pub(crate) fn from_environment() -> Result<Self, SettingsError> {
        Self::read(&Source(&environment))
    }

    fn read(source: &Source) -> Result<Self, SettingsError> {
        let table = Table::read(source)?;
        let id_expected = "1 to 48 of a-z, 0-9 and -";
        let job_id = source.required("JOB_ID", id_expected)?;
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if job_id.len() > 48 || !job_id.bytes().all(allowed) {
            return Err(invalid("JOB_ID", format!("is {job_id:?}"), id_expected));
        }

        let timeout = source.number(
            "TIMEOUT_SECONDS",
            None,
            1..=21_600_u64,
            "an integer from 1 to 21600",
        )?;
        let beat = source.number(
            "BEAT_SECONDS",
            Some(5.0),
            0.01..=60.0,
            "a number from 0.01 to 60",
        )?;
        let data_directory = source.get("DATA_DIR").map(PathBuf::from);
        if let Some(directory) = data_directory
            .as_ref()
            .filter(|directory| !directory.is_dir())
        {
            let problem = format!("is {}", directory.display());
            return Err(invalid("DATA_DIR", problem, "a directory that exists"));
        }
        let parent_pipe = match source.get("EKS_JOBS_PARENT_PIPE").as_deref() {
            None | Some("0") => false,
            Some("1") => true,
            Some(other) => {
                return Err(invalid(
                    "EKS_JOBS_PARENT_PIPE",
                    format!("is {other:?}"),
                    "1 or nothing",
                ));
            }
        };
        Ok(Self {
            who: Who {
                job_id,
                attempt: source.number("ATTEMPT", None, 0..=99, "an integer from 0 to 99")?,
                max_attempts: source.number(
                    "MAX_ATTEMPTS",
                    None,
                    1..=MACHINE_ATTEMPTS,
                    "an integer from 1 to 3",
                )?,
                runner: format!("{:016x}", fastrand::u64(..)),
            },
            table,
            timeout: Duration::from_secs(timeout),
            beat: Duration::from_secs_f64(beat),
            data_directory,
            parent_pipe,
        })
    }
}

fn environment(name: &'static str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

struct Source<'a>(&'a dyn Fn(&'static str) -> Option<String>);

impl Source<'_> {
    /// An empty variable is an unset one: that is how manifests leave one out.
    fn get(&self, name: &'static str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn required(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<String, SettingsError> {
        self.get(name)
            .ok_or_else(|| invalid(name, "is not set", expected))
    }

    fn number<T: FromStr + PartialOrd>(
        &self,
        name: &'static str,
        default: Option<T>,
        range: std::ops::RangeInclusive<T>,
        expected: &'static str,
    ) -> Result<T, SettingsError> {
        match (self.get(name), default) {
            (None, Some(default)) => Ok(default),
            (None, None) => Err(invalid(name, "is not set", expected)),
            (Some(text), _) => text
                .parse()
                .ok()
                .filter(|number| range.contains(number))
                .ok_or_else(|| invalid(name, format!("is {text:?}"), expected)),
        }
    }
}

fn invalid(
    name: &'static str,
    problem: impl Into<String>,
    expected: &'static str,
) -> SettingsError {
    SettingsError {
        name,
        problem: problem.into(),
        expected,
    }
}

#[cfg(test)]
mod tests;
