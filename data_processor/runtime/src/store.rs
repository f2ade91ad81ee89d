//! Reads a job from the table and writes what the protocol decides.

mod backoff;
mod error;
mod expressions;
mod probe;
mod values;

use std::collections::HashMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};

use self::error::{describe_error, request_error, transaction_error};
use self::expressions::Expressions;
use self::values::{to_attributes, to_values};
use crate::aws;
use crate::clock::Timestamp;
use crate::protocol::{Action, Key, Record, Write, job_partition};
use crate::settings::TableSettings;

pub(crate) use backoff::Backoff;
pub(crate) use error::StoreError;
pub(crate) use probe::{ProbeError, find_credentials};

/// How long one request may take before it is repeated: three of them are shorter than three heartbeats of 5 s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(4);

/// The table.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// Creates a client for the table. The SDK's own retries cover throttling, server errors and short network failures.
    #[must_use]
    pub(crate) fn new(config: &SdkConfig, table: &TableSettings) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(REQUEST_TIMEOUT)
            .build();
        let mut builder = aws_sdk_dynamodb::config::Builder::from(config);
        if let Some(endpoint) = &table.endpoint {
            builder = builder.endpoint_url(endpoint);
            builder.set_http_client(aws::plain_client(endpoint).or_else(|| config.http_client()));
        }
        let config = builder
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(100)))
            .timeout_config(timeouts)
            .build();
        Self {
            client: Client::from_conf(config),
            table: table.name.clone(),
        }
    }

    /// Creates a random token for one transaction.
    #[must_use]
    pub(crate) fn token() -> String {
        format!("{:032x}", fastrand::u128(..))
    }

    /// Reads a job, its input and its attempts in one strongly consistent query. Returns `None` if the job does not exist.
    pub(crate) async fn read(&self, job_id: &str) -> Result<Option<Record>, StoreError> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("#pk = :pk")
                .expression_attribute_names("#pk", "pk")
                .expression_attribute_values(":pk", AttributeValue::S(job_partition(job_id)))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| request_error(&error))?;
            items.extend(
                page.items
                    .unwrap_or_default()
                    .into_iter()
                    .map(to_attributes),
            );
            // A page holds 1 MiB and a job is smaller than half of it, but DynamoDB may return less than a full page.
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                break;
            }
        }
        Record::from_items(items, Timestamp::now())
            .map_err(|error| StoreError::Permanent(error.to_string()))
    }

    /// Writes all of these changes or none. The token makes a repetition of the same writes harmless for ten minutes.
    pub(crate) async fn write(&self, writes: &[Write], token: &str) -> Result<(), StoreError> {
        if let [write] = writes
            && let Action::Update(key) = &write.action
        {
            return self.update(key, Expressions::from_write(write)).await;
        }
        let items = writes
            .iter()
            .map(|write| self.item(write))
            .collect::<Result<_, _>>()?;
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items));
        let response = request.client_request_token(token).send().await;
        response
            .map(drop)
            .map_err(|error| transaction_error(&error))
    }

    /// Writes one change without a transaction, which costs half as much.
    async fn update(&self, key: &Key, expressions: Expressions) -> Result<(), StoreError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_values(key)))
            .set_update_expression(expressions.update)
            .set_condition_expression(expressions.condition)
            .set_expression_attribute_names(expressions.names)
            .set_expression_attribute_values(expressions.values);
        request
            .send()
            .await
            .map(drop)
            .map_err(|error| request_error(&error))
    }

    fn item(&self, write: &Write) -> Result<TransactWriteItem, StoreError> {
        let expressions = Expressions::from_write(write);
        let item = TransactWriteItem::builder();
        let item = match &write.action {
            Action::Put(attributes) => item.put(
                Put::builder()
                    .table_name(&self.table)
                    .set_item(Some(to_values(attributes)))
                    .set_condition_expression(expressions.condition)
                    .set_expression_attribute_names(expressions.names)
                    .set_expression_attribute_values(expressions.values)
                    .build()
                    .map_err(|error| StoreError::Permanent(describe_error(&error)))?,
            ),
            Action::Update(key) => item.update(
                Update::builder()
                    .table_name(&self.table)
                    .set_key(Some(key_values(key)))
                    .set_update_expression(expressions.update)
                    .set_condition_expression(expressions.condition)
                    .set_expression_attribute_names(expressions.names)
                    .set_expression_attribute_values(expressions.values)
                    .build()
                    .map_err(|error| StoreError::Permanent(describe_error(&error)))?,
            ),
        };
        Ok(item.build())
    }
}

fn key_values(key: &Key) -> HashMap<String, AttributeValue> {
    let value = |text: &String| AttributeValue::S(text.clone());
    HashMap::from([("pk".into(), value(&key.pk)), ("sk".into(), value(&key.sk))])
}
