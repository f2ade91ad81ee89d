//! Decompresses gzip and zstd. They are recognised by their first bytes, because names and content types can be wrong.

use std::io::{self, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::{FailureReader, Reader};
use crate::failure::Failure;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const INPUT_BUFFER: usize = 256 * 1024;

/// Decompresses a stream if it is gzip or zstd.
pub(super) fn decompress(mut reader: Reader) -> Result<Reader, Failure> {
    let mut first = Vec::with_capacity(ZSTD.len());
    reader
        .by_ref()
        .take(ZSTD.len() as u64)
        .read_to_end(&mut first)?;
    let (gzip, zstd) = (first.starts_with(&GZIP), first == ZSTD);
    let stream = Cursor::new(first).chain(reader);
    if gzip {
        let reader = MultiGzDecoder::new(BufReader::with_capacity(INPUT_BUFFER, stream));
        Ok(Box::new(FailureReader {
            reader,
            failure: |error| corrupt_data("gzip", error),
        }))
    } else if zstd {
        let reader = zstd::Decoder::with_buffer(BufReader::with_capacity(INPUT_BUFFER, stream))?;
        Ok(Box::new(FailureReader {
            reader,
            failure: |error| corrupt_data("zstd", error),
        }))
    } else {
        Ok(Box::new(stream))
    }
}

fn corrupt_data(kind: &str, error: &io::Error) -> Failure {
    Failure::permanent(
        "CorruptData",
        format!("the {kind} data cannot be decompressed: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn decompressed_text(bytes: Vec<u8>) -> Result<String, Failure> {
        let mut text = String::new();
        decompress(Box::new(Cursor::new(bytes)))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn several_members_or_frames_are_one_stream() {
        assert_eq!(
            decompressed_text([gzip(b"one "), gzip(b"two")].concat()).unwrap(),
            "one two"
        );
        let frame = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
        assert_eq!(
            decompressed_text([frame("one "), frame("two")].concat()).unwrap(),
            "one two"
        );
    }

    #[test]
    fn plain_text_of_any_length_is_not_changed() {
        for text in ["", "a", "abc", "abcdefgh"] {
            assert_eq!(decompressed_text(text.into()).unwrap(), text);
        }
    }

    #[test]
    fn incomplete_data_is_a_permanent_failure() {
        let shorten = |bytes: Vec<u8>| bytes[..bytes.len() - 6].to_vec();
        let frame = zstd::encode_all(&b"some text"[..], 1).unwrap();
        for incomplete in [shorten(gzip(b"some text")), shorten(frame)] {
            let Err(Failure::Permanent { code, .. }) = decompressed_text(incomplete) else {
                panic!("not permanent")
            };
            assert_eq!(code, "CorruptData");
        }
    }

    #[test]
    fn a_failure_below_the_decoder_is_kept() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other(Failure::retryable("Network", "gone")))
            }
        }
        let half = gzip(&[7; 100]);
        let reader = Cursor::new(half[..10].to_vec()).chain(Broken);
        let mut decoder = decompress(Box::new(reader)).unwrap();
        let error = decoder.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(Failure::from(error), Failure::retryable("Network", "gone"));
    }
}
