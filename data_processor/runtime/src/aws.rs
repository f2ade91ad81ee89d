//! The AWS SDK's configuration.

use std::env;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::{Builder, tls};

/// Credentials, endpoints and the rest from the environment, as every AWS program takes them; the region from there
/// too, unless it is given.
pub(crate) async fn config(region: Option<&str>) -> SdkConfig {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let client = Builder::new().tls_provider(ring).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(client);
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    // The chain of providers asks the environment first. Where that has the answer the chain need not be built: it
    // would set up TLS, and read every root certificate of the system, for providers that are never asked.
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    if keys
        .iter()
        .all(|name| env::var(name).is_ok_and(|key| !key.is_empty()))
    {
        loader = loader.credentials_provider(EnvironmentVariableCredentialsProvider::new());
    }
    loader.load().await
}

/// A client without TLS, for an endpoint in plain HTTP: on one machine. Reading the root certificates takes longer than
/// all the rest of a small job.
#[must_use]
pub(crate) fn plain_client(endpoint: &str) -> Option<SharedHttpClient> {
    endpoint
        .starts_with("http://")
        .then(|| Builder::new().build_http())
}
