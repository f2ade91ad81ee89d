//! Passes downloaded bytes from the runtime's thread to the function's, in order.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::failure::Failure;

/// A message of the download.
pub(super) enum Chunk {
    Bytes(Bytes),
    Failed(Failure),
    /// The end of the object. It is explicit, so that a lost sender is not taken for the end.
    End,
}

/// Reads the bytes of the chunks.
pub(super) struct ChunkReader {
    chunks: mpsc::Receiver<Chunk>,
    current: Bytes,
    is_at_end: bool,
}

impl ChunkReader {
    pub(super) fn new(chunks: mpsc::Receiver<Chunk>) -> Self {
        Self {
            chunks,
            current: Bytes::new(),
            is_at_end: false,
        }
    }
}

impl Read for ChunkReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.is_at_end {
            match self.chunks.blocking_recv() {
                Some(Chunk::Bytes(bytes)) => self.current = bytes,
                Some(Chunk::End) => self.is_at_end = true,
                Some(Chunk::Failed(failure)) => return Err(io::Error::other(failure)),
                None => {
                    return Err(io::Error::other(Failure::retryable(
                        "StorageUnavailable",
                        "the download ended early",
                    )));
                }
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
