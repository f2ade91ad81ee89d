//! Data for the function, as readers: files of the data directory, objects of S3, decompressed on the way.
//!
//! Every error that such a reader gives carries a [`Failure`] that says whether another attempt may help; `?` in a
//! function that returns `Failure` brings it out.

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

/// A stream of bytes that are read once.
pub type Reader = Box<dyn Read + Send>;

/// Where a job's data may come from.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    directory: Option<PathBuf>,
    objects: Option<Arc<Objects>>,
}

impl Data {
    /// A data directory, if there is one, and S3.
    #[must_use]
    pub(crate) fn new(directory: Option<PathBuf>, objects: Objects) -> Self {
        Self {
            directory,
            objects: Some(Arc::new(objects)),
        }
    }

    /// Nothing at all.
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
                "files can only be read where the runtime was given a data directory",
            ));
        };
        compression::decompressed(files::open(directory, path)?)
    }

    pub(super) fn open_object(&self, address: &str) -> Result<Reader, Failure> {
        let address: ObjectAddress = address
            .parse()
            .map_err(|reason| Failure::permanent("InvalidAddress", reason))?;
        let Some(objects) = &self.objects else {
            return Err(Failure::permanent(
                "NoObjects",
                "this runtime was given no access to S3",
            ));
        };
        compression::decompressed(objects.open(address)?)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        // An error that is none of ours has an unknown cause: hope that it passes.
        error
            .downcast::<Self>()
            .unwrap_or_else(|error| Self::retryable("ReadFailed", error.to_string()))
    }
}

/// A reader whose own errors mean this failure; one that carries a failure already keeps it.
struct Failing<R> {
    reader: R,
    failure: fn(&io::Error) -> Failure,
}

impl<R: Read> Read for Failing<R> {
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
