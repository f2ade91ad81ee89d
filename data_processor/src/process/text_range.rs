//! Keeps the smallest and the largest text of a column, compared byte by byte.

/// The length to which texts are compared and kept.
pub(super) const MAX_BYTES: usize = 256;

#[derive(Debug, Clone, Default)]
pub(super) struct TextRange {
    range: Option<(Bound, Bound)>,
}

/// A text, and its first eight bytes as a number: usually one comparison of these numbers is enough.
#[derive(Debug, Clone)]
struct Bound {
    prefix: u64,
    text: Vec<u8>,
}

impl Bound {
    fn new(prefix: u64, text: &[u8]) -> Self {
        Self {
            prefix,
            text: text.to_vec(),
        }
    }

    fn replace(&mut self, prefix: u64, text: &[u8]) {
        self.prefix = prefix;
        self.text.clear();
        self.text.extend_from_slice(text);
    }
}

impl TextRange {
    #[inline]
    pub(super) fn add(&mut self, text: &[u8]) {
        let prefix = prefix(text);
        match &self.range {
            Some((min, max)) if min.prefix < prefix && prefix < max.prefix => {}
            _ => self.compare(prefix, text),
        }
    }

    fn compare(&mut self, prefix: u64, text: &[u8]) {
        let text = truncate(text);
        match &mut self.range {
            None => self.range = Some((Bound::new(prefix, text), Bound::new(prefix, text))),
            Some((min, max)) => {
                if text < min.text.as_slice() {
                    min.replace(prefix, text);
                } else if text > max.text.as_slice() {
                    max.replace(prefix, text);
                }
            }
        }
    }

    /// Returns the smallest and the largest text. Bytes that are not UTF-8 become U+FFFD.
    pub(super) fn min_and_max(&self) -> Option<(String, String)> {
        let text = |bound: &Bound| String::from_utf8_lossy(&bound.text).into_owned();
        self.range.as_ref().map(|(min, max)| (text(min), text(max)))
    }
}

#[inline]
fn prefix(text: &[u8]) -> u64 {
    if let Some(first) = text.first_chunk::<8>() {
        return u64::from_be_bytes(*first);
    }
    let mut padded = [0; 8];
    padded[..text.len()].copy_from_slice(text);
    u64::from_be_bytes(padded)
}

/// Truncates a text to the maximum length, never inside a character.
fn truncate(text: &[u8]) -> &[u8] {
    let Some(next) = text.get(MAX_BYTES) else {
        return text;
    };
    let is_continuation = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    if !is_continuation(next) {
        return &text[..MAX_BYTES];
    }
    // A character has at most three bytes after its first.
    let start = (MAX_BYTES - 3..MAX_BYTES)
        .rev()
        .find(|index| !is_continuation(&text[*index]));
    &text[..start.unwrap_or(MAX_BYTES)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_smallest_and_the_largest_text_are_kept(texts in prop::collection::vec("[a-cä\0]{0,12}", 1..30)) {
            let mut range = TextRange::default();
            for text in &texts {
                range.add(text.as_bytes());
            }
            let expected = (texts.iter().min().unwrap().clone(), texts.iter().max().unwrap().clone());
            prop_assert_eq!(range.min_and_max().unwrap(), expected);
        }
    }

    #[test]
    fn a_long_text_is_truncated_between_characters() {
        let mut range = TextRange::default();
        range.add("é".repeat(200).as_bytes());
        range.add(format!("x{}", "é".repeat(200)).as_bytes());
        let (min, max) = range.min_and_max().unwrap();
        assert_eq!(min, format!("x{}", "é".repeat(127)));
        assert_eq!(max, "é".repeat(128));
    }
}
