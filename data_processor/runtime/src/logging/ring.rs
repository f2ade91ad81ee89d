//! Keeps the last log lines, within limits.

use std::collections::VecDeque;

use crate::text::truncate;

/// The last lines, up to a number of lines and a number of bytes together.
#[derive(Debug)]
pub(crate) struct LogRing {
    lines: VecDeque<String>,
    bytes: usize,
    total_lines: u64,
    max_lines: usize,
    max_bytes: usize,
}

impl LogRing {
    /// Creates an empty ring.
    #[must_use]
    pub(crate) fn new(max_lines: usize, max_bytes: usize) -> Self {
        Self {
            lines: VecDeque::with_capacity(max_lines),
            bytes: 0,
            total_lines: 0,
            max_lines,
            max_bytes,
        }
    }

    /// Adds a line and removes the oldest ones until it fits. A line that is longer than the ring is truncated.
    pub(crate) fn push(&mut self, mut line: String) {
        line.truncate(truncate(&line, self.max_bytes).len());
        self.bytes += line.len();
        self.total_lines += 1;
        self.lines.push_back(line);
        while self.lines.len() > self.max_lines || self.bytes > self.max_bytes {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
    }

    /// Returns the number of all lines that were added.
    #[must_use]
    pub(crate) fn total_lines(&self) -> u64 {
        self.total_lines
    }

    /// Returns the lines, oldest first.
    #[must_use]
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The limits hold for any lines. The kept lines are the last ones, complete unless one alone is too long.
        #[test]
        fn keeps_the_last_lines_within_its_limits(
            lines in prop::collection::vec(".{0,40}", 0..40), max_lines in 1_usize..10, max_bytes in 1_usize..100,
        ) {
            let mut ring = LogRing::new(max_lines, max_bytes);
            for line in &lines {
                ring.push(line.clone());
            }
            let kept = ring.lines();
            prop_assert!(kept.len() <= max_lines);
            prop_assert!(kept.iter().map(String::len).sum::<usize>() <= max_bytes);
            for (kept, pushed) in kept.iter().rev().zip(lines.iter().rev()) {
                prop_assert_eq!(kept.as_str(), truncate(pushed, max_bytes));
            }
            // Only as many lines were removed as necessary.
            let kept_bytes = kept.iter().map(String::len).sum::<usize>();
            if let Some(next) = lines.len().checked_sub(kept.len() + 1).map(|index| truncate(&lines[index], max_bytes)) {
                prop_assert!(kept.len() == max_lines || kept_bytes + next.len() > max_bytes);
            }
        }
    }
}
