//! Reads lines of a stream into a buffer of a fixed size.

use std::io::{self, Read};

/// The lines of a stream, up to a maximum length.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    is_at_end: bool,
}

/// The next line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A line without its line end.
    Text(&'a [u8]),
    /// A line that is too long.
    TooLong,
    /// The end of the stream.
    End,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R, max_bytes: usize) -> Self {
        Self {
            reader,
            buffer: vec![0; max_bytes + 1],
            start: 0,
            end: 0,
            is_at_end: false,
        }
    }

    pub(super) fn next(&mut self) -> io::Result<Line<'_>> {
        let mut searched = self.start;
        loop {
            if let Some(length) = memchr::memchr(b'\n', &self.buffer[searched..self.end]) {
                let line = self.start..searched + length;
                self.start = line.end + 1;
                return Ok(Line::Text(&self.buffer[line]));
            }
            if self.is_at_end {
                let rest = self.start..self.end;
                self.start = self.end;
                return Ok(if rest.is_empty() {
                    Line::End
                } else {
                    Line::Text(&self.buffer[rest])
                });
            }
            // Moves the incomplete line to the front of the buffer and reads more behind it.
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            searched = self.end;
            if self.end == self.buffer.len() {
                return Ok(Line::TooLong);
            }
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    self.is_at_end = read == 0;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns a few bytes at a time.
    struct SlowReader<'a>(&'a [u8], usize);

    impl Read for SlowReader<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len());
            self.0.read(&mut buffer[..length])
        }
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_the_size_of_reads(text in "[ab\n]{0,60}", step in 1_usize..9) {
            let mut lines = Lines::new(SlowReader(text.as_bytes(), step), 60);
            let mut expected = text.split('\n').collect::<Vec<_>>();
            expected.pop_if(|last| last.is_empty());
            for line in expected {
                prop_assert_eq!(lines.next().unwrap(), Line::Text(line.as_bytes()));
            }
            prop_assert_eq!(lines.next().unwrap(), Line::End);
        }
    }

    #[test]
    fn a_line_may_have_the_maximum_length() {
        assert_eq!(
            Lines::new(&b"abc\n"[..], 3).next().unwrap(),
            Line::Text(b"abc")
        );
        assert_eq!(Lines::new(&b"abcd\n"[..], 3).next().unwrap(), Line::TooLong);
    }
}
