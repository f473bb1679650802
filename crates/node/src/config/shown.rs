//! The configuration in force as a TOML file, with where each changed setting comes from.

use std::fmt::Write;

use super::{DEFAULT_FILE, Loaded};

impl Loaded {
    /// The text of `--check-config`: valid as a configuration file, in the order of the default file.
    pub fn shown(&self) -> String {
        let values = toml::Value::try_from(&self.config).expect("every setting has a TOML form");
        let mut text = String::new();
        let mut section = "";
        for line in DEFAULT_FILE.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name;
                let _ = write!(text, "\n[{name}]\n");
            } else if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
                let path = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
                let value = path.split('.').try_fold(&values, |table, key| table.get(key));
                let value = value.expect("the structs follow the default file");
                let place = self.place(&path).map(|place| format!("  # from {place}")).unwrap_or_default();
                let _ = writeln!(text, "{name} = {value}{place}");
            }
        }
        text
    }
}
