//! gzip and zstd, recognised by their first bytes: names and content types lie.

use std::io::{self, BufReader, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::{Failing, Reader};
use crate::failure::Failure;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const INPUT_BUFFER: usize = 256 * 1024;

/// The bytes themselves, whatever they were packed in.
pub(super) fn decompressed(mut reader: Reader) -> Result<Reader, Failure> {
    let mut first = Vec::with_capacity(ZSTD.len());
    reader
        .by_ref()
        .take(ZSTD.len() as u64)
        .read_to_end(&mut first)?;
    let (gzip, zstd) = (first.starts_with(&GZIP), first == ZSTD);
    let whole = Cursor::new(first).chain(reader);
    if gzip {
        let reader = MultiGzDecoder::new(BufReader::with_capacity(INPUT_BUFFER, whole));
        Ok(Box::new(Failing {
            reader,
            failure: |error| corrupt("gzip", error),
        }))
    } else if zstd {
        let reader = zstd::Decoder::with_buffer(BufReader::with_capacity(INPUT_BUFFER, whole))?;
        Ok(Box::new(Failing {
            reader,
            failure: |error| corrupt("zstd", error),
        }))
    } else {
        Ok(Box::new(whole))
    }
}

fn corrupt(kind: &str, error: &io::Error) -> Failure {
    Failure::permanent(
        "CorruptData",
        format!("the {kind} data cannot be unpacked: {error}"),
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

    fn unpacked(bytes: Vec<u8>) -> Result<String, Failure> {
        let mut text = String::new();
        decompressed(Box::new(Cursor::new(bytes)))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn several_members_or_frames_are_one_stream() {
        assert_eq!(
            unpacked([gzip(b"one "), gzip(b"two")].concat()).unwrap(),
            "one two"
        );
        let frame = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
        assert_eq!(
            unpacked([frame("one "), frame("two")].concat()).unwrap(),
            "one two"
        );
    }

    #[test]
    fn plain_text_passes_however_short() {
        for text in ["", "a", "abc", "abcdefgh"] {
            assert_eq!(unpacked(text.into()).unwrap(), text);
        }
    }

    #[test]
    fn what_is_broken_off_or_damaged_is_permanent() {
        let cut = |bytes: Vec<u8>| bytes[..bytes.len() - 6].to_vec();
        let frame = zstd::encode_all(&b"some text"[..], 1).unwrap();
        for broken in [cut(gzip(b"some text")), cut(frame)] {
            let Err(Failure::Permanent { code, .. }) = unpacked(broken) else {
                panic!("not permanent")
            };
            assert_eq!(code, "CorruptData");
        }
    }

    #[test]
    fn trouble_below_the_decoder_keeps_its_own_meaning() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other(Failure::retryable("Network", "gone")))
            }
        }
        let half = gzip(&[7; 100]);
        let reader = Cursor::new(half[..10].to_vec()).chain(Broken);
        let mut unpacked = decompressed(Box::new(reader)).unwrap();
        let error = unpacked.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(Failure::from(error), Failure::retryable("Network", "gone"));
    }
}
