use proptest::prelude::*;

use super::*;

fn prepared(source: &str) -> String {
    prepare(source, Markup::Text).unwrap()
}

fn refused(source: &str) -> (usize, String) {
    let fault = prepare(source, Markup::Text).expect_err(source);
    (fault.line, fault.message)
}

#[test]
fn the_older_form_becomes_the_newer_one() {
    for (older, newer) in [
        ("${project}", "{{ project  }}"),
        ("a ${alert_name} b ${labels.app}", "a {{ alert_name  }} b {{ labels.app  }}"),
        ("${results[0].query}", "{{ results[0].query  }}"),
        ("${labels.k8s-app}", "{{ labels[\"k8s-app\"]  }}"),
        ("${fire_time}", "{{ fire_time | format_date }}"),
        ("${ severity }", "{{ severity | format_severity }}"),
        ("$5 and ${", "$5 and ${"),
        ("${}", "${}"),
        ("${a b}", "${a b}"),
        ("{% raw %}${project}{{ x }}{% endraw %}", "{% raw %}${project}{{ x }}{% endraw %}"),
        ("{# ${project} #}", "{# ${project} #}"),
        ("{{ '${project}' }}", "{{ '${project}' }}"),
    ] {
        assert_eq!(prepared(older), newer);
    }
    let numbers = prepare("${fire_time} ${severity}", Markup::Json).unwrap();
    assert_eq!(numbers, "{{ fire_time  }} {{ severity  }}", "programs read numbers");
}

#[test]
fn tags_beyond_the_documented_ones_are_refused_where_they_stand() {
    let (line, message) = refused("one\ntwo {% set x = 1 %}");
    assert_eq!(line, 2);
    assert!(message.contains("\"set\""), "{message}");
    for tag in ["macro f()", "include 'x'", "block a", "filter upper", "call f()", "import 'x'", "do x", ""] {
        refused(&format!("{{% {tag} %}}"));
    }
    assert!(refused("{{ a ").1.contains("}} is missing"));
    assert!(refused("\n{# a ").1.contains("#}"));
    assert!(refused("{% raw %} a").1.contains("endraw"));
}

#[test]
fn text_cannot_grow_with_each_round() {
    for (source, expected) in [
        ("{% for a in b ~ b %}{% endfor %}", "inside of the loop"),
        ("{% for a in [a ~ a] %}{% endfor %}", "numbers and texts only"),
        ("{% for a in [a, a] %}{% endfor %}", "numbers and texts only"),
        ("{% for a in {'k': a} %}{% endfor %}", "numbers and texts only"),
        ("{% for a in b recursive %}{% endfor %}", "not recursive"),
        ("{{ 'x' * 100000 }}", "write int"),
        ("{{ x * 3 }}", "write int"),
        ("{{ 3 * x }}", "write int"),
        ("{{ [1] * 3 }}", "write int"),
        ("{{ (x) * 3 }}", "write int"),
        ("{{ int(x)|string * 3 }}", "write int"),
        ("{{ lower(x) * 3 }}", "write int"),
    ] {
        let (_, message) = refused(source);
        assert!(message.contains(expected), "{source}: {message}");
    }
    for fine in [
        "{% for a in [1, 'two', true] %}{% endfor %}",
        "{% for a in results[0].raw_results %}{% endfor %}",
        "{% for k, v in alert.labels.items() %}{% endfor %}",
        "{{ 2 * 3 }}{{ int(x) * 3 }}{{ x | int * 60 }}{{ 2 * float(y) }}{{ x ** 2 }}{{ \"*\" }}",
        "{{ {'a': {'b': 1}} }} ~ * +",
    ] {
        assert_eq!(prepared(fine), fine);
    }
    let joins = "{{ a".to_owned() + &" ~ a".repeat(JOINS_MAX + 1) + " }}";
    assert!(refused(&joins).1.contains("8 times"));
    let deep = "{% for a in b %}".repeat(NESTING_MAX + 1);
    assert!(refused(&deep).1.contains("deep"));
}

proptest! {
    #[test]
    fn any_text_ends_and_what_has_no_marks_stays_as_it_is(source in r#"[a-z${}%#~*+\[\]('") é\n-]{0,60}"#) {
        let outcome = prepare(&source, Markup::Text);
        if !source.contains(['{', '$']) {
            prop_assert_eq!(outcome, Ok(source));
        }
    }
}
