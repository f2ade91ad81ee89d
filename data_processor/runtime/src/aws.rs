//! Configures the AWS SDK.

use std::env;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::{Builder, tls};

/// Loads the configuration from the environment, as the AWS CLI does. The region can be given instead.
pub(crate) async fn config(region: Option<&str>) -> SdkConfig {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let client = Builder::new().tls_provider(ring).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(client);
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    // The provider chain starts with the environment. If the keys are there, the chain is not built, because it would set up
    // TLS and read all root certificates of the system for providers that are never used.
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    if keys
        .iter()
        .all(|name| env::var(name).is_ok_and(|key| !key.is_empty()))
    {
        loader = loader.credentials_provider(EnvironmentVariableCredentialsProvider::new());
    }
    loader.load().await
}

/// Creates a client without TLS for an endpoint of plain HTTP, as on one machine. Reading the root certificates takes
/// longer than the rest of a small job.
#[must_use]
pub(crate) fn plain_client(endpoint: &str) -> Option<SharedHttpClient> {
    endpoint
        .starts_with("http://")
        .then(|| Builder::new().build_http())
}
