//! A report of the node as text: names and values, what is inside set in.

use serde_json::Value;

use crate::output::{one_line, text};

/// The report. Empty values are left out.
pub(super) fn outline(report: &Value) -> String {
    let mut out = String::new();
    write(report, 0, &mut out);
    if out.is_empty() {
        out.push_str("nothing\n");
    }
    out
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(object) => {
            for (name, inner) in object.iter().filter(|(_, inner)| !is_empty(inner)) {
                out.push_str(&format!("{indent}{}:", one_line(name)));
                inside(inner, depth, out);
            }
        }
        Value::Array(list) => {
            for inner in list.iter().filter(|inner| !is_empty(inner)) {
                out.push_str(&format!("{indent}-"));
                match inner {
                    // The first field stands on the line of the dash.
                    Value::Object(_) => {
                        let mut fields = String::new();
                        write(inner, depth + 1, &mut fields);
                        out.push(' ');
                        out.push_str(fields.trim_start());
                    }
                    _ => inside(inner, depth, out),
                }
            }
        }
        plain => out.push_str(&format!("{indent}{}\n", one_line(&text(plain)))),
    }
}

fn inside(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(_) | Value::Array(_) => {
            out.push('\n');
            write(value, depth + 1, out);
        }
        plain => out.push_str(&format!(" {}\n", one_line(&text(plain)))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_inside_is_set_in_and_nothing_moves_the_cursor() {
        let report = json!({
            "Rule": "deeds", "Runs": 3, "Empty": "", "None": [], "Alerts": [
                { "Labels": { "user": "a\u{1b}[2Jb" }, "Told": ["email", "sms"] }, { "Labels": {}, "Told": [] },
            ],
        });
        let lines: Vec<String> = outline(&report).lines().map(str::to_owned).collect();
        assert_eq!(
            lines,
            [
                "Alerts:",
                "  - Labels:",
                "      user: a [2Jb",
                "    Told:",
                "      - email",
                "      - sms",
                "Rule: deeds",
                "Runs: 3",
            ]
        );
        assert_eq!(outline(&json!({})), "nothing\n");
    }
}
