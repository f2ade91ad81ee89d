//! The AWS SDK's configuration.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::{Builder, tls};

/// Credentials, endpoints and the rest from the environment, as every AWS program takes them; the region from there
/// too, unless it is given.
pub async fn config(region: Option<&str>) -> SdkConfig {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let client = Builder::new().tls_provider(ring).build_https();
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(client);
    match region {
        Some(region) => loader.region(Region::new(region.to_owned())).load().await,
        None => loader.load().await,
    }
}

/// A client without TLS, if the table's endpoint is plain HTTP: on one machine. The usual one begins by reading every
/// root certificate of the system, which takes longer than all the rest of a small job.
#[must_use]
pub fn plain_client() -> Option<SharedHttpClient> {
    let variables = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"];
    let endpoint = variables.iter().find_map(|name| std::env::var(name).ok())?;
    endpoint
        .starts_with("http://")
        .then(|| Builder::new().build_http())
}
