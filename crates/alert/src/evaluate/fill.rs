//! `${field}` in labels and annotations, replaced by values. What nobody knows is the empty text, and `${one|other}` is the
//! first that is not empty.

/// The most bytes of one value, Log Service's limit of a variable.
const VALUE_BYTES_MAX: usize = 2048;

/// A text with its variables filled in.
pub(super) fn fill(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        filled.push_str(&rest[..start]);
        let names = rest[start + 2..start + length].split('|').map(str::trim);
        let value = names.filter_map(value).find(|value| !value.is_empty()).unwrap_or_default();
        filled.push_str(cut(&value));
        rest = &rest[start + length + 1..];
    }
    filled.push_str(rest);
    filled
}

fn cut(value: &str) -> &str {
    let mut end = value.len().min(VALUE_BYTES_MAX);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    &value[..end]
}
