//! Reads and checks the program's settings, which are environment variables.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::protocol::{Assignment, MACHINE_ATTEMPTS};

mod table;

pub(crate) use table::TableSettings;

/// All settings. The AWS SDK reads its credentials and other endpoints from the environment itself.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// `JOB_ID`, `ATTEMPT`, `MAX_ATTEMPTS`: the attempt to run. The runner's id is random.
    pub(crate) assignment: Assignment,
    /// The `DynamoDB` table.
    pub(crate) table: TableSettings,
    /// `TIMEOUT_SECONDS`: the time limit of the run. All other time limits are longer.
    pub(crate) timeout: Duration,
    /// `BEAT_SECONDS`: the time between two heartbeats. It must be the same for all containers of a job, because a runner
    /// is taken for dead after three intervals without a heartbeat.
    pub(crate) heartbeat_interval: Duration,
    /// `DATA_DIR`: the directory whose files the function may read. It is used on one machine only, not in a pod.
    pub(crate) data_directory: Option<PathBuf>,
    /// `EKS_JOBS_PARENT_PIPE=1`: the end of standard input means that the parent process has ended; it is handled like
    /// SIGTERM. It is not used in a pod, where standard input is empty from the start.
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
    /// Reads the settings from the environment of this process.
    pub(crate) fn from_environment() -> Result<Self, SettingsError> {
        Self::read(&Environment(&read_variable))
    }

    fn read(environment: &Environment) -> Result<Self, SettingsError> {
        let table = TableSettings::read(environment)?;
        let expected_id = "1 to 48 of a-z, 0-9 and -";
        let job_id = environment.required("JOB_ID", expected_id)?;
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if job_id.len() > 48 || !job_id.bytes().all(is_allowed) {
            return Err(settings_error(
                "JOB_ID",
                format!("is {job_id:?}"),
                expected_id,
            ));
        }

        let timeout = environment.number(
            "TIMEOUT_SECONDS",
            None,
            1..=21_600_u64,
            "an integer from 1 to 21600",
        )?;
        let heartbeat_interval = environment.number(
            "BEAT_SECONDS",
            Some(5.0),
            0.01..=60.0,
            "a number from 0.01 to 60",
        )?;
        let data_directory = environment.get("DATA_DIR").map(PathBuf::from);
        if let Some(directory) = data_directory
            .as_ref()
            .filter(|directory| !directory.is_dir())
        {
            let problem = format!("is {}", directory.display());
            return Err(settings_error(
                "DATA_DIR",
                problem,
                "a directory that exists",
            ));
        }
        let parent_pipe = match environment.get("EKS_JOBS_PARENT_PIPE").as_deref() {
            None | Some("0") => false,
            Some("1") => true,
            Some(other) => {
                return Err(settings_error(
                    "EKS_JOBS_PARENT_PIPE",
                    format!("is {other:?}"),
                    "0, 1 or an empty value",
                ));
            }
        };
        Ok(Self {
            assignment: Assignment {
                job_id,
                attempt: environment.number("ATTEMPT", None, 0..=99, "an integer from 0 to 99")?,
                max_attempts: environment.number(
                    "MAX_ATTEMPTS",
                    None,
                    1..=MACHINE_ATTEMPTS,
                    "an integer from 1 to 3",
                )?,
                runner: format!("{:016x}", fastrand::u64(..)),
            },
            table,
            timeout: Duration::from_secs(timeout),
            heartbeat_interval: Duration::from_secs_f64(heartbeat_interval),
            data_directory,
            parent_pipe,
        })
    }
}

fn read_variable(name: &'static str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Reads variables, from the environment of the process or from a test.
struct Environment<'a>(&'a dyn Fn(&'static str) -> Option<String>);

impl Environment<'_> {
    /// Returns a variable. An empty one counts as unset, because a manifest gives an unused variable an empty value.
    fn get(&self, name: &'static str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn required(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<String, SettingsError> {
        self.get(name)
            .ok_or_else(|| settings_error(name, "is not set", expected))
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
            (None, None) => Err(settings_error(name, "is not set", expected)),
            (Some(text), _) => text
                .parse()
                .ok()
                .filter(|number| range.contains(number))
                .ok_or_else(|| settings_error(name, format!("is {text:?}"), expected)),
        }
    }
}

fn settings_error(
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
