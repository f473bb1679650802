//! Settings from the environment: `CAIRN_` and the setting's path in upper case, `.` as `_`.
//!
//! Which variables there are follows from the default file, and so does how each is read: a number, `true` or
//! `false`, a list with commas, or a text as it is. So `CAIRN_HISTORY_DAYS=x` is an error of that variable, and a
//! text that looks like a number stays a text.

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::DEFAULT_FILE;

/// A variable that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVariable {
    /// The value cannot be the setting's.
    #[error("the environment variable {name}={value:?} must be {wanted}")]
    Value {
        /// The variable.
        name: String,
        /// Its value.
        value: String,
        /// What would do.
        wanted: &'static str,
    },
    /// It begins like a setting of ours and is none: a slip of the pen that must not pass in silence.
    #[error("the environment variable {name} is no setting; [{section}] has {}", settings.join(", "))]
    Unknown {
        /// The variable.
        name: String,
        /// The section it seems to mean.
        section: String,
        /// The variables that section has.
        settings: Vec<String>,
    },
}

/// A provider under a name of our own, which errors and `--check-config` show.
pub(super) struct Named<P> {
    pub(super) name: String,
    pub(super) inner: P,
}

impl<P: Provider> Provider for Named<P> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        self.inner.data()
    }
}

/// A setting and its value as a provider.
pub(super) type Variable = Named<OneValue>;

/// One value at one path.
pub(super) struct OneValue {
    path: Vec<String>,
    value: Value,
}

impl Provider for OneValue {
    fn metadata(&self) -> Metadata {
        Metadata::default()
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let mut value = self.value.clone();
        for key in self.path.iter().skip(1).rev() {
            value = Value::from(Dict::from([(key.clone(), value)]));
        }
        Ok(Profile::Default.collect(Dict::from([(self.path[0].clone(), value)])))
    }
}

/// The settings of the default file, with the path of each.
pub(super) fn settings() -> Vec<(Vec<String>, Value)> {
    let defaults: Dict =
        Figment::from(Toml::string(DEFAULT_FILE)).extract().expect("the default file is read by tests");
    let mut settings = Vec::new();
    collect(defaults, &[], &mut settings);
    settings
}

/// A section's settings, and those of the sections within it.
fn collect(section: Dict, above: &[String], settings: &mut Vec<(Vec<String>, Value)>) {
    for (key, value) in section {
        let path = [above, &[key]].concat();
        match value {
            Value::Dict(_, section) => collect(section, &path, settings),
            value => settings.push((path, value)),
        }
    }
}

/// The settings among these environment variables.
pub(super) fn variables(
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<Variable>, InvalidVariable> {
    let settings = settings();
    let name_of = |path: &[String]| format!("CAIRN_{}", path.join("_").to_uppercase());
    let mut found = Vec::new();
    for (name, text) in environment {
        // The convention of the tracing library, known to everyone who debugs a Rust program.
        let setting_name = if name == "RUST_LOG" { "CAIRN_LOG_LEVEL" } else { &name };
        let setting = settings.iter().find(|(path, _)| name_of(path) == setting_name);
        if let Some((path, default)) = setting {
            let value = read(&text, default).map_err(|wanted| InvalidVariable::Value {
                name: name.clone(),
                value: text.clone(),
                wanted,
            })?;
            let inner = OneValue { path: path.clone(), value };
            let order = name == "RUST_LOG";
            found.push((order, Named { name, inner }));
            continue;
        }
        let of_section = |path: &[String]| path.len() > 1 && name.starts_with(&(name_of(&path[..1]) + "_"));
        let siblings: Vec<&Vec<String>> =
            settings.iter().map(|(path, _)| path).filter(|path| of_section(path)).collect();
        if let Some(sibling) = siblings.first() {
            let section = sibling[0].clone();
            let settings = siblings.iter().map(|path| name_of(path)).collect();
            return Err(InvalidVariable::Unknown { name, section, settings });
        }
    }
    // Stable, so RUST_LOG comes last and wins over CAIRN_LOG_LEVEL.
    found.sort_by_key(|(order, _)| *order);
    Ok(found.into_iter().map(|(_, variable)| variable).collect())
}

/// A variable's text as the kind of value the setting has.
fn read(text: &str, default: &Value) -> Result<Value, &'static str> {
    match default {
        Value::Bool(..) => text.trim().parse::<bool>().map(Value::from).map_err(|_| "true or false"),
        Value::Num(..) => {
            let digits = text.trim().replace('_', "");
            let fraction = || digits.parse::<f64>().ok().filter(|number| number.fract() != 0.0 && number.is_finite());
            let whole = digits.parse::<u64>().map(Value::from);
            // Where only a whole number will do, the setting itself refuses a fraction.
            whole.or_else(|_| fraction().map(Value::from).ok_or("a whole number"))
        }
        Value::Array(..) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(Value::from(items.map(str::to_owned).collect::<Vec<String>>()))
        }
        _ => Ok(Value::from(text.to_owned())),
    }
}
