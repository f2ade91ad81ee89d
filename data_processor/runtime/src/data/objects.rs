//! Objects of S3, as readers.
//!
//! The function reads on its own thread; the bytes are fetched, and decrypted, by the runtime's. A connection that
//! breaks in the middle of a large object is continued where it broke, as long as the object is still the same one.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::Reader;
use super::chunks::{Piece, Pieces};
use super::object_address::ObjectAddress;
use crate::aws;
use crate::failure::Failure;

/// Pieces that wait for the function: a few hundred kilobytes.
const PIECES_AHEAD: usize = 8;
/// Continuations without a single byte between them.
const FRUITLESS_TRIES: u32 = 3;

/// Access to S3, with the credentials that the SDK finds.
#[derive(Debug)]
pub(crate) struct Objects {
    runtime: Handle,
    config: Option<SdkConfig>,
}

impl Objects {
    /// Objects are fetched on this runtime; without a configuration the environment is asked when one is opened.
    #[must_use]
    pub(crate) fn new(runtime: Handle, config: Option<SdkConfig>) -> Self {
        Self { runtime, config }
    }

    pub(super) fn open(&self, address: ObjectAddress) -> Result<Reader, Failure> {
        self.runtime.block_on(async {
            let config = match &self.config {
                Some(config) => config.clone(),
                None => aws::config(None).await,
            };
            let source = Source {
                client: client(&config),
                address,
            };
            let output = source.get(0, None).await?;
            let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
            tokio::spawn(source.pump(output, sender));
            Ok(Box::new(Pieces::new(pieces)) as Reader)
        })
    }
}

fn client(config: &SdkConfig) -> Client {
    // An endpoint of one's own (a stand-in, a private store) rarely answers to bucket.host.
    let own_endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    let config = aws_sdk_s3::config::Builder::from(config)
        .force_path_style(own_endpoint)
        .build();
    Client::from_conf(config)
}

struct Source {
    client: Client,
    address: ObjectAddress,
}

impl Source {
    async fn get(&self, from: u64, version: Option<&str>) -> Result<GetObjectOutput, Failure> {
        let ObjectAddress { bucket, key } = &self.address;
        let mut request = self.client.get_object().bucket(bucket).key(key);
        if from > 0 {
            request = request
                .range(format!("bytes={from}-"))
                .set_if_match(version.map(Into::into));
        }
        request
            .send()
            .await
            .map_err(|error| failure_of(&error, &self.address))
    }

    async fn pump(self, mut output: GetObjectOutput, pieces: mpsc::Sender<Piece>) {
        let version = output.e_tag.clone();
        let (mut done, mut fruitless) = (0_u64, 0);
        let last = loop {
            let broken = match output.body.next().await {
                Some(Ok(bytes)) => {
                    done += bytes.len() as u64;
                    fruitless = 0;
                    if pieces.send(Piece::Bytes(bytes)).await.is_err() {
                        return; // The function wants no more.
                    }
                    continue;
                }
                None => break Piece::End,
                Some(Err(error)) => error,
            };
            fruitless += 1;
            let failure = Failure::retryable(
                "StorageUnavailable",
                format!("{}", DisplayErrorContext(&broken)),
            );
            if fruitless > FRUITLESS_TRIES || version.is_none() {
                break Piece::Failed(failure);
            }
            tracing::warn!(done, reason = %failure, "the object's connection broke; going on where it did");
            tokio::time::sleep(
                Duration::from_millis(200).mul_f64(fastrand::f64() * f64::from(fruitless)),
            )
            .await;
            match self.get(done, version.as_deref()).await {
                Ok(continued) => output = continued,
                Err(failure) => break Piece::Failed(failure),
            }
        };
        let _ = pieces.send(last).await;
    }
}

fn failure_of(
    error: &SdkError<GetObjectError>,
    ObjectAddress { bucket, key }: &ObjectAddress,
) -> Failure {
    let name = format!("s3://{bucket}/{key}");
    let SdkError::ServiceError(service) = error else {
        return Failure::retryable(
            "StorageUnavailable",
            format!("{name}: {}", DisplayErrorContext(error)),
        );
    };
    let said = service.err().code().unwrap_or("no error code");
    match service.raw().status().as_u16() {
        404 => Failure::permanent("ObjectNotFound", format!("{name} does not exist ({said})")),
        403 => Failure::permanent(
            "ObjectDenied",
            format!("{name} may not be read by this job ({said})"),
        ),
        412 => Failure::retryable(
            "ObjectChanged",
            format!("{name} was replaced while it was read"),
        ),
        408 | 429 | 500.. => Failure::retryable("StorageUnavailable", format!("{name}: {said}")),
        status => Failure::permanent(
            "ObjectUnreadable",
            format!("{name}: status {status} ({said})"),
        ),
    }
}
