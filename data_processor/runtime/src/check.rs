//! Checks that a job can reach the table from here, before the first job is started.

use std::time::Duration;

use crate::aws;
use crate::protocol::exit;
use crate::settings::TableSettings;
use crate::store::{ProbeError, Store, find_credentials};

/// The time limit for the credentials and the table together. It includes the SDK's own retries.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads from the table once and prints the result as one line. Returns the exit code.
pub(crate) async fn run(program: &str) -> u8 {
    let table = match TableSettings::from_environment() {
        Ok(table) => table,
        Err(error) => return fail(program, &format!("wrong settings: {error}"), exit::SETTINGS),
    };
    let description = match &table.endpoint {
        Some(endpoint) => format!("table {} at {endpoint}", table.name),
        None => format!("table {}, DynamoDB in {}", table.name, table.region),
    };
    let result = tokio::time::timeout(TIMEOUT, probe(&table)).await;
    match result.unwrap_or(Err(ProbeError::TimedOut)) {
        Ok(()) => {
            println!("{program}: {description} can be read");
            exit::DONE
        }
        Err(reason) => fail(
            program,
            &format!(
                "{description} cannot be read: {reason}. Check {}",
                reason.advice()
            ),
            exit::RETRY,
        ),
    }
}

async fn probe(table: &TableSettings) -> Result<(), ProbeError> {
    let config = aws::config(Some(&table.region)).await;
    find_credentials(&config).await?;
    Store::new(&config, table).probe().await
}

/// Prints a failure as one line, even if it contains line breaks: often the last line of a pod is all that is kept.
fn fail(program: &str, message: &str, exit_code: u8) -> u8 {
    let words: Vec<_> = message.split_whitespace().collect();
    eprintln!("{program}: {}", words.join(" "));
    exit_code
}
