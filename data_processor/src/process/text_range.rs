//! The smallest and the largest text of a column, byte by byte.

/// Longer texts are compared and kept only so far.
pub(super) const KEPT_BYTES: usize = 256;

#[derive(Debug, Clone, Default)]
pub(super) struct TextRange {
    range: Option<(Bound, Bound)>,
}

/// A text and its first eight bytes as one number: mostly these decide, in one comparison.
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
            Some((least, most)) if least.prefix < prefix && prefix < most.prefix => {}
            _ => self.compare(prefix, text),
        }
    }

    fn compare(&mut self, prefix: u64, text: &[u8]) {
        let text = kept(text);
        match &mut self.range {
            None => self.range = Some((Bound::new(prefix, text), Bound::new(prefix, text))),
            Some((least, most)) => {
                if text < least.text.as_slice() {
                    least.replace(prefix, text);
                } else if text > most.text.as_slice() {
                    most.replace(prefix, text);
                }
            }
        }
    }

    /// Both ends; bytes that are no UTF-8 read as U+FFFD.
    pub(super) fn ends(&self) -> Option<(String, String)> {
        let text = |bound: &Bound| String::from_utf8_lossy(&bound.text).into_owned();
        self.range
            .as_ref()
            .map(|(least, most)| (text(least), text(most)))
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

/// The beginning that is kept, whole characters only.
fn kept(text: &[u8]) -> &[u8] {
    let Some(beyond) = text.get(KEPT_BYTES) else {
        return text;
    };
    let is_continuation = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
    if !is_continuation(beyond) {
        return &text[..KEPT_BYTES];
    }
    // A character has at most three bytes after its first.
    let start = (KEPT_BYTES - 3..KEPT_BYTES)
        .rev()
        .find(|index| !is_continuation(&text[*index]));
    &text[..start.unwrap_or(KEPT_BYTES)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn its_ends_are_the_least_and_the_largest(texts in prop::collection::vec("[a-cä\0]{0,12}", 1..30)) {
            let mut range = TextRange::default();
            for text in &texts {
                range.add(text.as_bytes());
            }
            let expected = (texts.iter().min().unwrap().clone(), texts.iter().max().unwrap().clone());
            prop_assert_eq!(range.ends().unwrap(), expected);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let mut range = TextRange::default();
        range.add("é".repeat(200).as_bytes());
        range.add(format!("x{}", "é".repeat(200)).as_bytes());
        let (least, most) = range.ends().unwrap();
        assert_eq!(least, format!("x{}", "é".repeat(127)));
        assert_eq!(most, "é".repeat(128));
    }
}
