//! One read, for nothing but its answer.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::ProvideCredentials;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;

use super::error::describe;
use super::{Store, key_values};
use crate::protocol::job_key;

/// Why the table cannot be read, by where to look.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Unreachable {
    /// There are none, or whoever hands them out does not.
    #[error("no credentials ({0})")]
    NoCredentials(String),
    /// Nobody knows these.
    #[error("the credentials are refused ({0})")]
    WrongCredentials(String),
    /// They are known, and may not read this table.
    #[error("the credentials do not allow it ({0})")]
    NotAllowed(String),
    /// There is no such table.
    #[error("it does not exist ({0})")]
    NoTable(String),
    /// No connection, or one that broke off.
    #[error("no connection ({0})")]
    NoConnection(String),
    /// Not an answer of a table.
    #[error("something else answers there ({0})")]
    NotDynamoDb(String),
    /// It refuses for a reason of its own.
    #[error("it answers {0}")]
    Refused(String),
    /// Nothing came in time.
    #[error("no answer in time")]
    Silent,
}

impl Unreachable {
    /// What the reader of this should look at.
    #[must_use]
    pub(crate) fn look_at(&self) -> &'static str {
        match self {
            Self::NoCredentials(_) => {
                "the pod's service account and its Pod Identity association, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            Self::WrongCredentials(_) => {
                "the credentials: expired, of another account, or the clock is wrong"
            }
            Self::NotAllowed(_) => "the policy of the pod's role (dynamodb:GetItem)",
            Self::NoTable(_) => "the table's name (TABLE_NAME), the region and the account",
            Self::NoConnection(_) | Self::Silent => {
                "the network: address and port, network policies, name service, certificate"
            }
            Self::NotDynamoDb(_) => "the endpoint (AWS_ENDPOINT_URL_DYNAMODB)",
            Self::Refused(_) => "the message; if the service is busy, try again",
        }
    }
}

/// Asks for the credentials alone: from the table's own error it could not be told that they were missing.
pub(crate) async fn find_credentials(config: &SdkConfig) -> Result<(), Unreachable> {
    let Some(provider) = config.credentials_provider() else {
        return Err(Unreachable::NoCredentials("no source of them".into()));
    };
    let found = provider.provide_credentials().await;
    found
        .map(drop)
        .map_err(|error| Unreachable::NoCredentials(describe(&error)))
}

impl Store {
    /// Reads an item that no job has: ids are not empty.
    pub(crate) async fn reach(&self) -> Result<(), Unreachable> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true)
            .set_key(Some(key_values(&job_key(""))));
        request.send().await.map(drop).map_err(|error| why(&error))
    }
}

fn why(error: &SdkError<GetItemError>) -> Unreachable {
    let SdkError::ServiceError(service) = error else {
        let of_connection = !matches!(error, SdkError::ResponseError(_));
        return if of_connection {
            Unreachable::NoConnection(describe(error))
        } else {
            Unreachable::NotDynamoDb(describe(error))
        };
    };
    let answer = service.err().meta();
    let Some(code) = answer.code() else {
        let status = service.raw().status().as_u16();
        return Unreachable::NotDynamoDb(format!("status {status}"));
    };
    let said = format!("{code}: {}", answer.message().unwrap_or("no more"));
    match code {
        "ResourceNotFoundException" => Unreachable::NoTable(said),
        "AccessDeniedException" => Unreachable::NotAllowed(said),
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignatureException"
        | "MissingAuthenticationTokenException"
        | "ExpiredTokenException" => Unreachable::WrongCredentials(said),
        _ => Unreachable::Refused(said),
    }
}
