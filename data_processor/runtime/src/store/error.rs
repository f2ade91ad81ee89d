//! Classifies the errors of requests to the table by what to do about them.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

/// A failed request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// A condition failed: another container has written, or this one has and the response was lost. Read the record again.
    #[error("the record has changed")]
    Changed,
    /// A conflict, throttling, or an error of the server or the network: repeat the request.
    #[error("{0}")]
    Unavailable(String),
    /// The credentials could not be loaded: the agent of Pod Identity does not respond, fails or throttles. Repeat the
    /// request, for longer: the table is not the problem.
    #[error("the credentials could not be loaded: {0}")]
    CredentialsUnavailable(String),
    /// A missing permission, a missing table, an unreadable item: repeating the request does not help.
    #[error("{0}")]
    Permanent(String),
}

/// Classifies the error of a request for one item or one partition.
pub(super) fn request_error<E>(error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let SdkError::ServiceError(service) = error else {
        return match credentials_error(error) {
            Some(cause) => provider_error(cause),
            None => StoreError::Unavailable(describe_error(error)),
        };
    };
    match service.err().code() {
        Some("ConditionalCheckFailedException") => StoreError::Changed,
        Some(
            "TransactionConflictException"
            | "TransactionInProgressException"
            | "ThrottlingException"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "LimitExceededException",
        ) => StoreError::Unavailable(describe_error(error)),
        _ if service.raw().status().is_server_error() => {
            StoreError::Unavailable(describe_error(error))
        }
        _ => StoreError::Permanent(describe_error(error)),
    }
}

/// Finds the error of the credential provider among the causes of a failed request.
fn credentials_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CredentialsError> {
    error
        .downcast_ref()
        .or_else(|| credentials_error(error.source()?))
}

/// Classifies the error of the credential provider. Variables that are missing or wrong stay so in this process.
fn provider_error(error: &CredentialsError) -> StoreError {
    match error {
        CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
            StoreError::Permanent(format!(
                "no credentials were found. Check the pod's service account and its Pod Identity association ({})",
                describe_error(error).replace('\n', " ")
            ))
        }
        _ => StoreError::CredentialsUnavailable(describe_error(error)),
    }
}

/// Classifies the error of a transaction. A cancelled transaction has one reason for each write.
pub(super) fn transaction_error(error: &SdkError<TransactWriteItemsError>) -> StoreError {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons().iter();
            cancellation_error(reasons.filter_map(|reason| reason.code()))
        }
        _ => request_error(error),
    }
}

fn cancellation_error<'a>(codes: impl Iterator<Item = &'a str>) -> StoreError {
    let reasons: Vec<_> = codes.filter(|code| *code != "None").collect();
    let is_temporary = |reason: &&str| {
        [
            "TransactionConflict",
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
        ]
        .contains(reason)
    };
    if reasons.contains(&"ConditionalCheckFailed") {
        return StoreError::Changed;
    }
    let description = format!("the transaction was cancelled: {}", reasons.join(", "));
    if reasons.is_empty() || reasons.iter().any(is_temporary) {
        StoreError::Unavailable(description)
    } else {
        StoreError::Permanent(description)
    }
}

/// Describes an error with its causes: the SDK's own messages do not include them.
pub(super) fn describe_error(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", describe_error(cause)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ConnectorError;

    use super::*;

    #[test]
    fn the_reasons_of_a_cancellation_decide_what_to_do() {
        let classify = |codes: &[&str]| cancellation_error(codes.iter().copied());
        assert_eq!(
            classify(&["None", "ConditionalCheckFailed", "None"]),
            StoreError::Changed
        );
        // A failed condition would fail again, so the record must be read, whatever the other reasons are.
        assert_eq!(
            classify(&["TransactionConflict", "ConditionalCheckFailed"]),
            StoreError::Changed
        );
        for temporary in [
            "TransactionConflict",
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
        ] {
            assert!(
                matches!(classify(&["None", temporary]), StoreError::Unavailable(_)),
                "{temporary}"
            );
        }
        assert!(matches!(classify(&[]), StoreError::Unavailable(_)));
        assert!(matches!(
            classify(&["None", "ValidationError"]),
            StoreError::Permanent(_)
        ));
    }

    /// An error as the SDK wraps it.
    fn request_without(cause: CredentialsError) -> SdkError<TransactWriteItemsError> {
        SdkError::dispatch_failure(ConnectorError::other(cause.into(), None))
    }

    #[test]
    fn credentials_that_may_still_come_are_waited_for() {
        for error in [
            CredentialsError::provider_error("status 429"),
            CredentialsError::unhandled("connection refused"),
            CredentialsError::provider_timed_out(std::time::Duration::from_secs(5)),
        ] {
            let classified = request_error(&request_without(error));
            assert!(
                matches!(classified, StoreError::CredentialsUnavailable(_)),
                "{classified}"
            );
        }
    }

    #[test]
    fn credentials_that_are_not_configured_are_a_permanent_error_that_names_the_cause() {
        for error in [
            CredentialsError::not_loaded("no provider\nin the chain"),
            CredentialsError::invalid_configuration("the address is not allowed"),
        ] {
            let StoreError::Permanent(message) = request_error(&request_without(error)) else {
                panic!("not permanent");
            };
            assert!(message.contains("Pod Identity"), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }
}
