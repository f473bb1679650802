//! An error with its place marked under the text that was asked.

/// The message, and below it the line it is about with a mark, when the message ends in `(at position N)`.
pub(crate) fn marked(text: &str, message: &str) -> String {
    let place = message.rsplit_once(" (at position ").and_then(|(said, place)| {
        let position: usize = place.trim_end_matches(['.', ')']).parse().ok()?;
        Some((said, position))
    });
    let Some((said, position)) = place else { return message.to_owned() };
    let before: String = text.chars().take(position).collect();
    let (line_number, line_start) = (before.matches('\n').count(), before.rfind('\n').map_or(0, |at| at + 1));
    let column = before[line_start..].chars().count();
    let line: String = text.lines().nth(line_number).unwrap_or_default().replace(|c: char| c.is_control(), " ");
    format!("{said}\n  {line}\n  {}^", " ".repeat(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_the_place() {
        assert_eq!(
            marked("select é oops", "oops is no word (at position 9)"),
            "oops is no word\n  select é oops\n           ^"
        );
        assert_eq!(marked("a\nb c", "no (at position 4)"), "no\n  b c\n    ^");
        assert_eq!(marked("a", "the end is missing (at position 1)"), "the end is missing\n  a\n   ^");
        assert_eq!(marked("a", "no such table"), "no such table");
    }
}
