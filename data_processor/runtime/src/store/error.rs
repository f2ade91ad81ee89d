//! What can go wrong with a request to the table, by what is to be done about it.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

/// A request that was not answered as hoped.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// A condition failed: somebody else has written, or we have and the answer was lost. Read again.
    #[error("the record has changed")]
    Changed,
    /// Conflict, throttling, a server's or the network's trouble: it may work in a moment.
    #[error("{0}")]
    Unavailable(String),
    /// No repetition helps: no permission, no table, an item that cannot be read.
    #[error("{0}")]
    Broken(String),
}

/// The error of a request that changes or reads one item or one partition.
pub(super) fn of_single<E>(error: &SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let SdkError::ServiceError(service) = error else {
        return StoreError::Unavailable(describe(error));
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
        ) => StoreError::Unavailable(describe(error)),
        _ if service.raw().status().is_server_error() => StoreError::Unavailable(describe(error)),
        _ => StoreError::Broken(describe(error)),
    }
}

/// The error of a transaction: why it was cancelled stands in its reasons, one for each write.
pub(super) fn of_cancelled(error: &SdkError<TransactWriteItemsError>) -> StoreError {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons().iter();
            of_reasons(reasons.filter_map(|reason| reason.code()))
        }
        _ => of_single(error),
    }
}

fn of_reasons<'a>(codes: impl Iterator<Item = &'a str>) -> StoreError {
    let reasons: Vec<_> = codes.filter(|code| *code != "None").collect();
    let passes = |reason: &&str| {
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
    let described = format!("the transaction was cancelled: {}", reasons.join(", "));
    if reasons.is_empty() || reasons.iter().any(passes) {
        StoreError::Unavailable(described)
    } else {
        StoreError::Broken(described)
    }
}

/// The SDK's errors say little themselves: their causes do.
pub(super) fn describe(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", describe(cause)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasons_say_what_to_do() {
        let of = |codes: &[&str]| of_reasons(codes.iter().copied());
        assert_eq!(
            of(&["None", "ConditionalCheckFailed", "None"]),
            StoreError::Changed
        );
        // Whatever else happened: a failed condition will fail again, so the record must be read.
        assert_eq!(
            of(&["TransactionConflict", "ConditionalCheckFailed"]),
            StoreError::Changed
        );
        for passing in [
            "TransactionConflict",
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
        ] {
            assert!(
                matches!(of(&["None", passing]), StoreError::Unavailable(_)),
                "{passing}"
            );
        }
        assert!(matches!(of(&[]), StoreError::Unavailable(_)));
        assert!(matches!(
            of(&["None", "ValidationError"]),
            StoreError::Broken(_)
        ));
    }
}
