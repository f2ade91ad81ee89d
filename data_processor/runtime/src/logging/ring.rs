//! The last log lines, within bounds.

use std::collections::VecDeque;

use crate::text::cut;

/// Keeps the last lines, so many at most and of so many bytes together.
#[derive(Debug)]
pub(crate) struct Ring {
    lines: VecDeque<String>,
    bytes: usize,
    taken_in: u64,
    most_lines: usize,
    most_bytes: usize,
}

impl Ring {
    /// An empty ring.
    #[must_use]
    pub(crate) fn new(most_lines: usize, most_bytes: usize) -> Self {
        Self {
            lines: VecDeque::with_capacity(most_lines),
            bytes: 0,
            taken_in: 0,
            most_lines,
            most_bytes,
        }
    }

    /// Takes a line in; older ones go until it fits. A line longer than the whole ring is cut.
    pub(crate) fn push(&mut self, mut line: String) {
        line.truncate(cut(&line, self.most_bytes).len());
        self.bytes += line.len();
        self.taken_in += 1;
        self.lines.push_back(line);
        while self.lines.len() > self.most_lines || self.bytes > self.most_bytes {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
    }

    /// How many lines it ever took in.
    #[must_use]
    pub(crate) fn taken_in(&self) -> u64 {
        self.taken_in
    }

    /// The lines, oldest first.
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
        /// Whatever comes in: the bounds hold, and what is kept are the last lines, whole unless one alone is too long.
        #[test]
        fn keeps_the_last_lines_within_its_bounds(
            lines in prop::collection::vec(".{0,40}", 0..40), most_lines in 1_usize..10, most_bytes in 1_usize..100,
        ) {
            let mut ring = Ring::new(most_lines, most_bytes);
            for line in &lines {
                ring.push(line.clone());
            }
            let kept = ring.lines();
            prop_assert!(kept.len() <= most_lines);
            prop_assert!(kept.iter().map(String::len).sum::<usize>() <= most_bytes);
            for (kept, pushed) in kept.iter().rev().zip(lines.iter().rev()) {
                prop_assert_eq!(kept.as_str(), cut(pushed, most_bytes));
            }
            // No more went than had to.
            let kept_bytes = kept.iter().map(String::len).sum::<usize>();
            if let Some(next) = lines.len().checked_sub(kept.len() + 1).map(|index| cut(&lines[index], most_bytes)) {
                prop_assert!(kept.len() == most_lines || kept_bytes + next.len() > most_bytes);
            }
        }
    }
}
