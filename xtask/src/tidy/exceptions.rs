//! The exception list of the length rules: a ratchet.
//!
//! An entry says how long one file or function may be, by name. It must say exactly how long it is now, so that the
//! number goes down with the code and never up again; an entry that nothing needs any more is a problem too.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Problem;

const LIST: &str = "xtask/tidy.toml";

/// What may be longer than the rule says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exceptions {
    /// Path to lines.
    #[serde(default)]
    file_lines: BTreeMap<String, usize>,
    /// `path::function` to lines.
    #[serde(default)]
    function_lines: BTreeMap<String, usize>,
}

/// Which rule.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    FileLines,
    FunctionLines,
}

impl Exceptions {
    pub(super) fn read(text: &str) -> Result<Exceptions> {
        toml::from_str(text).with_context(|| format!("could not read {LIST}"))
    }

    /// Judges something of `lines` lines under a rule of at most `most`; uses up its exception.
    pub(super) fn judge(&mut self, rule: Rule, name: &str, lines: usize, most: usize) -> Option<Problem> {
        let list = match rule {
            Rule::FileLines => &mut self.file_lines,
            Rule::FunctionLines => &mut self.function_lines,
        };
        match list.remove(name) {
            None if lines <= most => None,
            None => Some(Problem::new(name, format!("{lines} lines, the limit is {most}; split it"))),
            Some(_) if lines <= most => {
                Some(Problem::new(name, format!("{lines} lines are within the limit now; remove it from {LIST}")))
            }
            Some(allowed) if lines == allowed => None,
            Some(allowed) if lines < allowed => {
                Some(Problem::new(name, format!("{lines} lines now; lower its entry in {LIST} from {allowed}")))
            }
            Some(allowed) => {
                Some(Problem::new(name, format!("{lines} lines, more than the {allowed} that {LIST} lets it keep")))
            }
        }
    }

    /// Entries that named nothing.
    pub(super) fn unused(&self) -> Vec<Problem> {
        let names = self.file_lines.keys().chain(self.function_lines.keys());
        names.map(|name| Problem::new(LIST, format!("{name} does not exist any more; remove its entry"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed() -> Exceptions {
        Exceptions::read("[function_lines]\n\"a.rs::long\" = 90\n").expect("valid")
    }

    fn judged(name: &str, lines: usize) -> Option<String> {
        listed().judge(Rule::FunctionLines, name, lines, 70).map(|problem| problem.sentence)
    }

    #[test]
    fn an_exception_holds_for_exactly_its_number() {
        assert_eq!(judged("a.rs::long", 90), None);
        assert!(judged("a.rs::long", 91).expect("longer").contains("more than the 90"));
        assert!(judged("a.rs::long", 80).expect("shorter").contains("lower its entry"));
        assert!(judged("a.rs::long", 70).expect("short").contains("remove it"));
    }

    #[test]
    fn without_one_the_rule_holds() {
        assert_eq!(judged("a.rs::other", 70), None);
        assert!(judged("a.rs::other", 71).expect("too long").contains("the limit is 70"));
    }

    #[test]
    fn an_entry_for_nothing_is_a_problem() {
        assert_eq!(listed().unused().len(), 1);
        assert!(Exceptions::read("[lines]\n").is_err());
    }
}
