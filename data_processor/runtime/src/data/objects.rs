//! Reads objects of S3.
//!
//! The function reads on its own thread; the runtime's thread downloads and decrypts. If a connection breaks in the middle
//! of a large object, the download resumes at that position, as long as the object has not changed.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::Reader;
use super::chunks::{Chunk, ChunkReader};
use super::object_address::ObjectAddress;
use crate::aws;
use crate::failure::Failure;

/// How many chunks are downloaded ahead of the function: a few hundred kilobytes.
const CHUNKS_AHEAD: usize = 8;
/// How often a download resumes without receiving a byte in between.
const RESUMES_WITHOUT_DATA: u32 = 3;

/// Access to S3, with the credentials that the SDK finds.
#[derive(Debug)]
pub(crate) struct Objects {
    runtime: Handle,
    config: Option<SdkConfig>,
}

impl Objects {
    /// Downloads objects on this runtime. Without a configuration, the environment is read when an object is opened.
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
            let download = Download {
                client: client(&config),
                address,
            };
            let output = download.get(0, None).await?;
            let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
            tokio::spawn(download.run(output, sender));
            Ok(Box::new(ChunkReader::new(chunks)) as Reader)
        })
    }
}

fn client(config: &SdkConfig) -> Client {
    // A custom endpoint (a fake, a private store) rarely supports addresses of the form bucket.host.
    let has_custom_endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    let config = aws_sdk_s3::config::Builder::from(config)
        .force_path_style(has_custom_endpoint)
        .build();
    Client::from_conf(config)
}

struct Download {
    client: Client,
    address: ObjectAddress,
}

impl Download {
    /// Requests the object from this position on.
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
            .map_err(|error| get_object_failure(&error, &self.address))
    }

    /// Sends the object's bytes to the reader until its end, or until a failure.
    async fn run(self, mut output: GetObjectOutput, chunks: mpsc::Sender<Chunk>) {
        let version = output.e_tag.clone();
        let (mut received, mut resumes) = (0_u64, 0);
        let last = loop {
            let error = match output.body.next().await {
                Some(Ok(bytes)) => {
                    received += bytes.len() as u64;
                    resumes = 0;
                    if chunks.send(Chunk::Bytes(bytes)).await.is_err() {
                        return; // The function has dropped the reader.
                    }
                    continue;
                }
                None => break Chunk::End,
                Some(Err(error)) => error,
            };
            resumes += 1;
            let failure = Failure::retryable(
                "StorageUnavailable",
                format!("{}", DisplayErrorContext(&error)),
            );
            if resumes > RESUMES_WITHOUT_DATA || version.is_none() {
                break Chunk::Failed(failure);
            }
            tracing::warn!(done = received, reason = %failure, "the connection to the object broke; resuming");
            tokio::time::sleep(
                Duration::from_millis(200).mul_f64(fastrand::f64() * f64::from(resumes)),
            )
            .await;
            match self.get(received, version.as_deref()).await {
                Ok(next) => output = next,
                Err(failure) => break Chunk::Failed(failure),
            }
        };
        let _ = chunks.send(last).await;
    }
}

fn get_object_failure(
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
    let code = service.err().code().unwrap_or("no error code");
    match service.raw().status().as_u16() {
        404 => Failure::permanent("ObjectNotFound", format!("{name} does not exist ({code})")),
        403 => Failure::permanent(
            "ObjectDenied",
            format!("the permission to read {name} is missing ({code})"),
        ),
        412 => Failure::retryable(
            "ObjectChanged",
            format!("{name} was replaced during the download"),
        ),
        408 | 429 | 500.. => Failure::retryable("StorageUnavailable", format!("{name}: {code}")),
        status => Failure::permanent(
            "ObjectUnreadable",
            format!("{name}: status {status} ({code})"),
        ),
    }
}
