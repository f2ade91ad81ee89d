//! Whether a job would reach the table from here: looked at before the first job is started.

use std::time::Duration;

use crate::aws;
use crate::protocol::exit;
use crate::settings::Table;
use crate::store::{Store, Unreachable, find_credentials};

/// For the credentials and the table together, the SDK's own tries included.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Reads from the table once and says on one line how that went; returns the exit code.
pub(crate) async fn run(program: &str) -> u8 {
    let table = match Table::from_environment() {
        Ok(table) => table,
        Err(error) => return fail(program, &format!("wrong settings: {error}"), exit::SETTINGS),
    };
    let place = match &table.endpoint {
        Some(endpoint) => format!("table {} at {endpoint}", table.name),
        None => format!("table {}, DynamoDB in {}", table.name, table.region),
    };
    let answer = tokio::time::timeout(ANSWER_WITHIN, reach(&table)).await;
    match answer.unwrap_or(Err(Unreachable::Silent)) {
        Ok(()) => {
            println!("{program}: {place} can be read");
            exit::DONE
        }
        Err(reason) => fail(
            program,
            &format!(
                "{place} cannot be read: {reason}. Look at {}",
                reason.look_at()
            ),
            exit::RETRY,
        ),
    }
}

async fn reach(table: &Table) -> Result<(), Unreachable> {
    let config = aws::config(Some(&table.region)).await;
    find_credentials(&config).await?;
    Store::new(&config, table).reach().await
}

/// One line, whatever an answer held: it may be all that is left of a pod.
fn fail(program: &str, message: &str, exit_code: u8) -> u8 {
    let words: Vec<_> = message.split_whitespace().collect();
    eprintln!("{program}: {}", words.join(" "));
    exit_code
}
