//! Holds `docs/book/alert-policies.md` to the code: its examples work, its lists are whole.

use std::path::Path;

use serde_json::Value as Json;

use super::validate;
use crate::action::{self, Graph, TYPES};
use crate::calendar::Period;
use crate::merge::builtin;
use crate::recipients::bulk;
use crate::script::Operator;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/book/alert-policies.md");
    std::fs::read_to_string(path).unwrap()
}

/// The page's blocks of code in a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let parts = page.split("\n```").collect::<Vec<_>>();
    let inside = parts.iter().skip(1).step_by(2);
    inside.filter_map(|part| part.strip_prefix(language)?.strip_prefix('\n')).collect()
}

#[test]
fn the_examples_of_the_book_work() {
    let page = page();
    let texts = blocks(&page, "text");
    let [script, lines] = &texts[..] else { panic!("{texts:?}") };
    assert_eq!(Graph::of(&action::parse(script).unwrap()).unwrap().nodes.len(), 7);
    assert_eq!(bulk::import(lines).unwrap().len(), 2);
    assert!(lines.starts_with(bulk::HEADER));
    let objects: Vec<Json> = blocks(&page, "json").iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let [policy, graph, calendar] = &objects[..] else { panic!("{objects:?}") };
    assert_eq!(validate("sls.alert.alert_policy", policy), Ok(()));
    assert_eq!(validate("sls.common.calendar", calendar), Ok(()));
    let graph: Graph = serde_json::from_value(graph.clone()).unwrap();
    assert_eq!(Graph::of(&graph.script().unwrap()).unwrap(), graph);
}

#[test]
fn the_lists_of_the_book_are_whole() {
    let page = page();
    let built_in =
        super::builtin().into_iter().filter(|record| record.resource.ends_with("_policy")).map(|record| record.id);
    let names = TYPES.iter().chain(Period::NAMES.iter()).map(|name| (*name).to_owned());
    let operators = Operator::ALL.iter().map(|operator| operator.sign().to_owned());
    for name in built_in.chain(names).chain(operators) {
        assert!(page.contains(&format!("`{name}`")), "{name} is not in docs/book/alert-policies.md");
    }
    assert_eq!(builtin::records().len(), 4);
    // Every code of a reason that this crate's policies give stands in the page.
    let sources = ["merge/policy.rs", "merge/set.rs", "merge/inhibit.rs", "merge/silence.rs", "recipients/resolve.rs"];
    for source in sources {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(source);
        let code = std::fs::read_to_string(path).unwrap();
        let reasons = code.split("Reason::new(\"").skip(1).filter_map(|rest| rest.split('"').next());
        for reason in reasons.filter(|reason| *reason != "dynamic_recipients") {
            assert!(page.contains(&format!("`{reason}`")), "{reason} of {source} is not in the book");
        }
    }
}
