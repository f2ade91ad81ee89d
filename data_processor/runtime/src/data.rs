//! Opens data for the function: files of the data directory and objects of S3, decompressed.
//!
//! Every error of such a reader contains a [`Failure`], which is retryable or permanent. In a function that returns
//! `Failure`, `?` extracts it.

mod chunks;
mod compression;
mod files;
mod object_address;
mod objects;

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use crate::failure::Failure;

pub use object_address::ObjectAddress;
pub(crate) use objects::Objects;

/// A stream of bytes that can be read once.
pub type Reader = Box<dyn Read + Send>;

/// The sources of data that a job may read.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    directory: Option<PathBuf>,
    objects: Option<Arc<Objects>>,
}

impl Data {
    /// Allows a data directory, if one is given, and S3.
    #[must_use]
    pub(crate) fn new(directory: Option<PathBuf>, objects: Objects) -> Self {
        Self {
            directory,
            objects: Some(Arc::new(objects)),
        }
    }

    /// Allows neither files nor objects.
    #[must_use]
    pub(crate) fn none() -> Self {
        Self {
            directory: None,
            objects: None,
        }
    }

    pub(super) fn open_file(&self, path: &str) -> Result<Reader, Failure> {
        let Some(directory) = &self.directory else {
            return Err(Failure::permanent(
                "NoDataDirectory",
                "this job cannot read files: a data directory is not configured",
            ));
        };
        compression::decompress(files::open(directory, path)?)
    }

    pub(super) fn open_object(&self, address: &str) -> Result<Reader, Failure> {
        let address: ObjectAddress = address
            .parse()
            .map_err(|reason| Failure::permanent("InvalidAddress", reason))?;
        let Some(objects) = &self.objects else {
            return Err(Failure::permanent(
                "NoObjects",
                "this job cannot read objects: access to S3 is not configured",
            ));
        };
        compression::decompress(objects.open(address)?)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // The cause of an error without a failure is unknown, so it may be temporary.
        error
            .downcast::<Self>()
            .unwrap_or_else(|error| Self::retryable("ReadFailed", error.to_string()))
    }
}

/// A reader that converts its errors to a failure. An error that contains a failure already keeps it.
struct FailureReader<R> {
    reader: R,
    failure: fn(&io::Error) -> Failure,
}

impl<R: Read> Read for FailureReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader
            .read(buffer)
            .map_err(|error| match error.downcast::<Failure>() {
                Ok(failure) => io::Error::other(failure),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => error,
                Err(error) => io::Error::other((self.failure)(&error)),
            })
    }
}
