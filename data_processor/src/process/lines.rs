//! Lines of a stream, in a buffer that does not grow.

use std::io::{self, Read};

/// Reads lines of at most so many bytes.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A line, without its end.
    Text(&'a [u8]),
    /// One that is too long.
    TooLong,
    /// Nothing more.
    End,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(reader: R, longest: usize) -> Self {
        Self {
            reader,
            buffer: vec![0; longest + 1],
            start: 0,
            end: 0,
            at_end: false,
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
            if self.at_end {
                let rest = self.start..self.end;
                self.start = self.end;
                return Ok(if rest.is_empty() {
                    Line::End
                } else {
                    Line::Text(&self.buffer[rest])
                });
            }
            // The beginning of a line moves to the front; the rest of the buffer is filled behind it.
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
                    self.at_end = read == 0;
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

    /// Gives a few bytes at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len());
            self.0.read(&mut buffer[..length])
        }
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_text_however_it_arrives(text in "[ab\n]{0,60}", step in 1_usize..9) {
            let mut lines = Lines::new(Slowly(text.as_bytes(), step), 60);
            let mut expected = text.split('\n').collect::<Vec<_>>();
            expected.pop_if(|last| last.is_empty());
            for line in expected {
                prop_assert_eq!(lines.next().unwrap(), Line::Text(line.as_bytes()));
            }
            prop_assert_eq!(lines.next().unwrap(), Line::End);
        }
    }

    #[test]
    fn a_line_may_be_as_long_as_the_bound_and_no_longer() {
        assert_eq!(
            Lines::new(&b"abc\n"[..], 3).next().unwrap(),
            Line::Text(b"abc")
        );
        assert_eq!(Lines::new(&b"abcd\n"[..], 3).next().unwrap(), Line::TooLong);
    }
}
