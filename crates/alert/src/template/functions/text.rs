//! Functions on texts.

use minijinja::{Error, Value};

use super::{Arguments, Function, RESULT_WEIGHT_MAX, Setting, text_of, wrong};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("string", |arguments, _| Ok(Value::from(arguments.text()))),
    ("capitalize", |arguments, _| Ok(Value::from(capitalized(&arguments.text())))),
    ("lower", |arguments, _| Ok(Value::from(arguments.text().to_lowercase()))),
    ("upper", |arguments, _| Ok(Value::from(arguments.text().to_uppercase()))),
    ("title", title),
    ("trim", trim),
    ("replace", replace),
    ("wordcount", |arguments, _| Ok(Value::from(arguments.text().split_whitespace().count()))),
    ("truncate", truncate),
    ("quote", quote),
    ("indent", indent),
    ("startswith", |arguments, _| Ok(Value::from(arguments.text().starts_with(&arguments.needed_text(1, "prefix")?)))),
    ("endswith", |arguments, _| Ok(Value::from(arguments.text().ends_with(&arguments.needed_text(1, "suffix")?)))),
    ("removeprefix", removeprefix),
    ("removesuffix", removesuffix),
    ("split", split),
];

const INDENT_MAX: usize = 100;

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    first + &characters.as_str().to_lowercase()
}

fn title(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let text = arguments.text();
    let words = text.split_inclusive(|c: char| !c.is_alphanumeric() && c != '\'');
    Ok(Value::from(words.map(capitalized).collect::<String>()))
}

fn trim(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let text = arguments.text();
    Ok(Value::from(match arguments.optional_text(1, "chars") {
        Some(characters) => text.trim_matches(|c| characters.contains(c)).to_owned(),
        None => text.trim().to_owned(),
    }))
}

fn replace(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let text = arguments.text();
    let old = arguments.needed_text(1, "old")?;
    let new = arguments.needed_text(2, "new")?;
    let count = arguments.number(3, "count", usize::MAX)?;
    if old.is_empty() {
        return Err(wrong("replace: old must not be empty"));
    }
    let found = text.matches(&old).count().min(count);
    if text.len() + found * new.len() > RESULT_WEIGHT_MAX {
        return Err(wrong(format!("replace: the result is longer than {} KB", RESULT_WEIGHT_MAX / 1024)));
    }
    Ok(Value::from(text.replacen(&old, &new, count)))
}

fn truncate(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let text = arguments.text();
    let length = arguments.number(1, "n", 255)?;
    let end = arguments.optional_text(2, "end").unwrap_or_default();
    Ok(Value::from(match text.char_indices().nth(length) {
        Some((at, _)) => format!("{}{end}", &text[..at]),
        None => text,
    }))
}

fn quote(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    Ok(Value::from(serde_json::to_string(&arguments.text()).unwrap_or_default()))
}

/// Every line but the first.
fn indent(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let spaces = " ".repeat(arguments.number(1, "n", 4)?.min(INDENT_MAX));
    let text = arguments.text();
    let lines: Vec<&str> = text.split('\n').collect();
    Ok(Value::from(lines.join(&format!("\n{spaces}"))))
}

fn removeprefix(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let (text, prefix) = (arguments.text(), arguments.needed_text(1, "prefix")?);
    Ok(Value::from(text.strip_prefix(&prefix).unwrap_or(&text).to_owned()))
}

fn removesuffix(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let (text, suffix) = (arguments.text(), arguments.needed_text(1, "suffix")?);
    Ok(Value::from(text.strip_suffix(&suffix).unwrap_or(&text).to_owned()))
}

fn split(arguments: &Arguments<'_>, _: Setting) -> Result<Value, Error> {
    let text = text_of(&arguments.value());
    let parts: Vec<&str> = match arguments.optional_text(1, "sep").filter(|by| !by.is_empty()) {
        Some(by) => return Ok(text.split(&by).map(str::to_owned).collect::<Vec<String>>().into()),
        None => text.split_whitespace().collect(),
    };
    Ok(parts.into_iter().map(str::to_owned).collect::<Vec<String>>().into())
}
