//! Writes scripts in their canonical layout: four blanks a level, the known arguments first, `elif` where it fits.

use std::fmt::{self, Write};

use super::{Branch, Call, Comparison, Condition, Statement, Value};

/// The order in which people read arguments; the rest follows by name.
const ORDER: [&str; 27] = [
    "type",
    "action_policy",
    "users",
    "groups",
    "oncall_groups",
    "receiver_type",
    "external_url",
    "external_headers",
    "integration_type",
    "webhook_id",
    "url",
    "method",
    "headers",
    "secret",
    "template_id",
    "check_quota",
    "period",
    "group",
    "group_by_all_labels",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "source",
    "target",
    "equal",
    "reason",
    "start",
];

/// The script as text.
pub fn print(block: &[Statement]) -> String {
    let mut text = String::new();
    write_block(&mut text, block, 0).expect("a text takes everything");
    text
}

fn write_block(out: &mut String, block: &[Statement], depth: usize) -> fmt::Result {
    for statement in block {
        write!(out, "{:1$}", "", depth * 4)?;
        match statement {
            Statement::Call(call) => writeln!(out, "{call}")?,
            Statement::If(branch) => write_branch(out, branch, depth)?,
        }
    }
    Ok(())
}

fn write_branch(out: &mut String, first: &Branch, depth: usize) -> fmt::Result {
    let mut branch = first;
    let mut word = "if";
    loop {
        writeln!(out, "{word} {}:", branch.condition)?;
        write_body(out, &branch.then, depth + 1)?;
        match &branch.otherwise[..] {
            [] => return Ok(()),
            [Statement::If(next)] => {
                write!(out, "{:1$}", "", depth * 4)?;
                (branch, word) = (next, "elif");
            }
            otherwise => {
                writeln!(out, "{:1$}else:", "", depth * 4)?;
                return write_body(out, otherwise, depth + 1);
            }
        }
    }
}

fn write_body(out: &mut String, block: &[Statement], depth: usize) -> fmt::Result {
    if block.is_empty() {
        return writeln!(out, "{:1$}pass", "", depth * 4);
    }
    write_block(out, block, depth)
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = ORDER.iter().filter_map(|name| self.arguments.get_key_value(*name));
        let unknown = self.arguments.iter().filter(|(name, _)| !ORDER.contains(&name.as_str()));
        write!(f, "{}(", self.name)?;
        for (index, (name, value)) in known.chain(unknown).enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{name}={value}")?;
        }
        f.write_char(')')
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Field(field) => write!(f, "{field}"),
            Value::List(values) => {
                f.write_char('[')?;
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_char(']')
            }
            Value::Map(values) => {
                f.write_char('{')?;
                for (index, (key, value)) in values.iter().enumerate() {
                    let key = quoted(key);
                    write!(f, "{}{key}: {value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_char('}')
            }
            Value::Text(text) => write!(f, "{}", quoted(text)),
            Value::Number(number) => write!(f, "{number}"),
            Value::Bool(is) => write!(f, "{is}"),
            Value::Null => f.write_str("null"),
        }
    }
}

/// JSON's quotes. `\b` means a word's edge in patterns, so the backspace it is in JSON is written by its number.
pub(super) fn quoted(text: &str) -> String {
    let parts: Vec<String> = text.split('\u{8}').map(|part| serde_json::Value::from(part).to_string()).collect();
    let inner: Vec<&str> = parts.iter().map(|part| &part[1..part.len() - 1]).collect();
    format!("\"{}\"", inner.join("\\u0008"))
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::And(parts) => write_joined(f, parts, " and "),
            Condition::Or(parts) => write_joined(f, parts, " or "),
            Condition::Not(part) => {
                f.write_str("not ")?;
                write_part(f, part)
            }
            Condition::Compare(comparison) => write!(f, "{comparison}"),
            Condition::Constant(is) => write!(f, "{is}"),
        }
    }
}

fn write_joined(f: &mut fmt::Formatter<'_>, parts: &[Condition], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        f.write_str(if index > 0 { word } else { "" })?;
        write_part(f, part)?;
    }
    Ok(())
}

fn write_part(f: &mut fmt::Formatter<'_>, part: &Condition) -> fmt::Result {
    match part {
        Condition::And(_) | Condition::Or(_) => write!(f, "({part})"),
        _ => write!(f, "{part}"),
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.left, self.operator.sign(), self.right)
    }
}
