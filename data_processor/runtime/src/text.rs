//! Limits the length of text.

/// Truncates a text to at most this many bytes, never inside a character.
#[must_use]
pub(crate) fn truncate(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_never_divides_a_character() {
        assert_eq!(truncate("naïve", 3), "na");
        assert_eq!(truncate("naïve", 4), "naï");
        assert_eq!(truncate("naïve", 100), "naïve");
    }
}
