//! Probes the table with one read, to see whether it can be reached.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::ProvideCredentials;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::get_item::GetItemError;

use super::error::describe_error;
use super::{Store, key_values};
use crate::protocol::job_key;

/// Why the table cannot be read. Each reason has its own remedy.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ProbeError {
    /// Credentials were not found, or their provider failed.
    #[error("no credentials found ({0})")]
    NoCredentials(String),
    /// AWS does not know the credentials.
    #[error("the credentials are rejected ({0})")]
    CredentialsRejected(String),
    /// The credentials are known but may not read this table.
    #[error("the credentials do not have the permission ({0})")]
    AccessDenied(String),
    /// The table does not exist.
    #[error("it does not exist ({0})")]
    TableNotFound(String),
    /// The connection could not be made, or broke.
    #[error("no connection ({0})")]
    NoConnection(String),
    /// The response is not one of `DynamoDB`.
    #[error("the endpoint is not DynamoDB ({0})")]
    NotDynamoDb(String),
    /// `DynamoDB` rejects the request for another reason.
    #[error("the request is rejected: {0}")]
    RequestRejected(String),
    /// A response did not come in time.
    #[error("no response in time")]
    TimedOut,
}

impl ProbeError {
    /// Returns what the user should check.
    #[must_use]
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::NoCredentials(_) => {
                "the pod's service account and its Pod Identity association, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            }
            Self::CredentialsRejected(_) => {
                "the credentials: they may be expired or of another account, or this machine's clock is wrong"
            }
            Self::AccessDenied(_) => "the policy of the pod's role (dynamodb:GetItem)",
            Self::TableNotFound(_) => "the table's name (TABLE_NAME), the region and the account",
            Self::NoConnection(_) | Self::TimedOut => {
                "the network: address and port, network policies, name service, certificate"
            }
            Self::NotDynamoDb(_) => "the endpoint (AWS_ENDPOINT_URL_DYNAMODB)",
            Self::RequestRejected(_) => "the message; if the service is busy, try again",
        }
    }
}

/// Finds the credentials, before the table is read: the error of the table would not show that they are missing.
pub(crate) async fn find_credentials(config: &SdkConfig) -> Result<(), ProbeError> {
    let Some(provider) = config.credentials_provider() else {
        return Err(ProbeError::NoCredentials(
            "a provider is not configured".into(),
        ));
    };
    let credentials = provider.provide_credentials().await;
    credentials
        .map(drop)
        .map_err(|error| ProbeError::NoCredentials(describe_error(&error)))
}

impl Store {
    /// Reads an item that does not exist: a job's id is never empty.
    pub(crate) async fn probe(&self) -> Result<(), ProbeError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true)
            .set_key(Some(key_values(&job_key(""))));
        request
            .send()
            .await
            .map(drop)
            .map_err(|error| probe_error(&error))
    }
}

fn probe_error(error: &SdkError<GetItemError>) -> ProbeError {
    let SdkError::ServiceError(service) = error else {
        return if matches!(error, SdkError::ResponseError(_)) {
            ProbeError::NotDynamoDb(describe_error(error))
        } else {
            ProbeError::NoConnection(describe_error(error))
        };
    };
    let response = service.err().meta();
    let Some(code) = response.code() else {
        let status = service.raw().status().as_u16();
        return ProbeError::NotDynamoDb(format!("status {status}"));
    };
    let details = format!("{code}: {}", response.message().unwrap_or("no message"));
    match code {
        "ResourceNotFoundException" => ProbeError::TableNotFound(details),
        "AccessDeniedException" => ProbeError::AccessDenied(details),
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignatureException"
        | "MissingAuthenticationTokenException"
        | "ExpiredTokenException" => ProbeError::CredentialsRejected(details),
        _ => ProbeError::RequestRejected(details),
    }
}
