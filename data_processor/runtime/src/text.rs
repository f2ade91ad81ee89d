//! Bounded text.

/// The longest beginning of a text that has at most so many bytes and ends between two characters.
#[must_use]
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_divides_a_character() {
        assert_eq!(cut("naïve", 3), "na");
        assert_eq!(cut("naïve", 4), "naï");
        assert_eq!(cut("naïve", 100), "naïve");
    }
}
