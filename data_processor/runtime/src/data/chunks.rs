//! From the thread that fetches to the thread that reads: bytes in pieces, in order, with an express end.

use std::io::{self, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use crate::failure::Failure;

/// What comes through the channel.
pub(super) enum Piece {
    Bytes(Bytes),
    Failed(Failure),
    /// Said expressly: a sender that vanished must not look like the end of the data.
    End,
}

/// Gives the pieces out as bytes.
pub(super) struct Pieces {
    source: mpsc::Receiver<Piece>,
    current: Bytes,
    ended: bool,
}

impl Pieces {
    pub(super) fn new(source: mpsc::Receiver<Piece>) -> Self {
        Self {
            source,
            current: Bytes::new(),
            ended: false,
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.ended {
            match self.source.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.current = bytes,
                Some(Piece::End) => self.ended = true,
                Some(Piece::Failed(failure)) => return Err(io::Error::other(failure)),
                None => {
                    return Err(io::Error::other(Failure::retryable(
                        "StorageUnavailable",
                        "the download ended",
                    )));
                }
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
