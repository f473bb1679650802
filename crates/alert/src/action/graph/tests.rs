use proptest::prelude::*;
use serde_json::json;

use super::super::{parse, run};
use super::*;
use crate::script::tests::plain_values;
use crate::script::{Branch, Call, Comparison, Condition, Field, Operator, Scope, Value, print};
use crate::specimen::alert;
use crate::{Alert, Severity};

fn graph(script: &str) -> Graph {
    Graph::of(&parse(script).unwrap()).unwrap()
}

#[test]
fn a_policy_is_drawn_as_the_console_shows_it() {
    let script = "if alert.severity >= 8 and alert.region == \"cn-beijing\":\n    fire(type=\"voice\", users=[\"alice\"])\n    fire(type=\"sms\", users=[\"alice\"])\n    stop()\nfire(type=\"email\", groups=[\"ops-team\"])\n";
    let drawn = serde_json::to_value(graph(script)).unwrap();
    assert_eq!(
        drawn,
        json!({"start": "n1", "nodes": [
            {"id": "n1", "type": "condition", "match": "any", "mode": "standard", "conditions": [
                {"object": "severity", "operator": ">=", "value": 8},
                {"object": "region", "operator": "==", "value": "cn-beijing"},
            ], "yes": "n2", "no": "n4"},
            {"id": "n2", "type": "action_group", "actions": [
                {"type": "voice", "users": ["alice"]}, {"type": "sms", "users": ["alice"]},
            ], "next": "n3"},
            {"id": "n3", "type": "end", "stop": true},
            {"id": "n4", "type": "action_group", "actions": [{"type": "email", "groups": ["ops-team"]}], "next": "n5"},
            {"id": "n5", "type": "end"},
        ]})
    );
    let read: Graph = serde_json::from_value(drawn).unwrap();
    assert_eq!(print(&read.script().unwrap()), script);
}

#[test]
fn a_graph_drawn_by_hand_becomes_a_script() {
    // Every way has its own End, a list stands for any of its values, and the conditions are nested.
    let drawn = json!({"start": "ask", "nodes": [
        {"id": "ask", "type": "condition", "match": "all", "mode": "advanced", "expression": {"or": [
            {"object": "labels.team", "operator": "==", "value": ["red", "blue"]},
            {"and": [{"object": "status", "operator": "=", "value": "firing"}, {"not": {"object": "alert_name", "operator": "=~", "value": "^test"}}]},
        ]}, "yes": "call", "no": "write"},
        {"id": "call", "type": "action_group", "actions": [{"type": "voice", "users": ["alice"]}], "next": "done"},
        {"id": "done", "type": "end"},
        {"id": "write", "type": "action_group", "actions": [{"type": "email", "users": ["alice"]}], "next": "over", "x": 10},
        {"id": "over", "type": "end"},
    ]});
    let graph: Graph = serde_json::from_value(drawn).unwrap();
    assert_eq!(
        print(&graph.script().unwrap()),
        "if alerts.labels.team in [\"red\", \"blue\"] or (alerts.status == \"firing\" and not alerts.alert_name =~ \"^test\"):\n    fire(type=\"voice\", users=[\"alice\"])\nelse:\n    fire(type=\"email\", users=[\"alice\"])\n"
    );
}

#[test]
fn scripts_as_people_write_them_come_back_as_they_were() {
    for script in [
        "fire(type=\"sms\")\n",
        "if alert.severity == 10:\n    fire(type=\"sms\")\nelif alert.severity == 8:\n    fire(type=\"email\")\nelse:\n    stop()\nfire(type=\"voice\")\n",
        "if alert.severity == 10:\n    fire(type=\"sms\")\n    stop()\nif alerts.severity == 8:\n    fire(type=\"email\")\n    stop()\nfire(type=\"voice\")\nstop()\n",
        "if alert.severity > 4:\n    fire(type=\"sms\")\n    if alert.severity > 8:\n        fire(type=\"voice\")\n        stop()\n    if not alert.project == \"a\":\n        stop()\nfire(type=\"email\")\n",
    ] {
        assert_eq!(print(&graph(script).script().unwrap()), script);
    }
}

#[test]
fn what_no_graph_can_draw_says_so() {
    for (script, line, why) in [
        ("stop()\nfire(type=\"sms\")", 2, "nothing ever reaches this line"),
        ("if alert.severity > 1 and alerts.severity > 1: stop()", 1, "about any alert or about all"),
        ("if true: stop()", 1, "about any alert or about all"),
        ("if alert.project == alert.region: stop()", 1, "not with another object"),
        ("if 8 < alert.severity: stop()", 1, "object on the left"),
        ("fire(type=\"sms\", users=[alert.labels.owner])", 1, "not fields of the alert"),
    ] {
        let error = Graph::of(&parse(script).unwrap()).unwrap_err();
        let GraphError::Undrawable { line: found, why: said } = &error else { panic!("{error}") };
        assert_eq!((*found, said.contains(why)), (line, true), "{script}: {error}");
    }
}

#[test]
fn graphs_that_say_nothing_sensible_are_refused() {
    let end = json!({"id": "end", "type": "end"});
    let group =
        |id: &str, next: &str| json!({"id": id, "type": "action_group", "actions": [{"type": "sms"}], "next": next});
    let condition = |conditions: serde_json::Value| json!({"id": "a", "type": "condition", "match": "any", "mode": "standard", "conditions": conditions, "yes": "end", "no": "end"});
    for (nodes, node, why) in [
        (vec![group("a", "gone")], "gone", "no such node"),
        (vec![group("a", "b"), group("b", "a")], "a", "leads back"),
        (vec![group("a", "end"), end.clone(), group("b", "end")], "b", "no way leads here"),
        (vec![group("a", "end"), end.clone(), end.clone()], "end", "two nodes"),
        (vec![condition(json!([])), end.clone()], "a", "condition is empty"),
        (vec![condition(json!([{"object": "colour", "operator": "==", "value": 1}])), end.clone()], "a", "no field"),
        (
            vec![condition(json!([{"object": "severity", "operator": "~", "value": 1}])), end.clone()],
            "a",
            "no operator",
        ),
        (
            vec![
                json!({"id": "a", "type": "action_group", "actions": [{"type": "pigeon"}], "next": "end"}),
                end.clone(),
            ],
            "a",
            "pigeon",
        ),
    ] {
        let graph: Graph = serde_json::from_value(json!({"start": "a", "nodes": nodes})).unwrap();
        let error = graph.script().unwrap_err();
        let GraphError::Node { node: found, why: said } = &error else { panic!("{error}") };
        assert!(found == node && said.contains(why), "{error}");
    }
}

#[test]
fn ways_that_cross_are_written_twice_up_to_a_limit() {
    // A ladder: from each rung both ways lead to two rungs below, and one of them stops in the end.
    let ladder = |rungs: usize| {
        let mut nodes = Vec::new();
        for rung in 0..rungs {
            for (side, other) in [("a", "b"), ("b", "a")] {
                nodes.push(
                    json!({"id": format!("{side}{rung}"), "type": "condition", "match": "any", "mode": "standard",
                    "conditions": [{"object": "severity", "operator": ">", "value": rung}],
                    "yes": format!("{side}{}", rung + 1), "no": format!("{other}{}", rung + 1)}),
                );
            }
        }
        nodes.push(
            json!({"id": format!("a{rungs}"), "type": "action_group", "actions": [{"type": "sms"}], "next": "end"}),
        );
        nodes.push(
            json!({"id": format!("b{rungs}"), "type": "action_group", "actions": [{"type": "email"}], "next": "end"}),
        );
        nodes.push(json!({"id": "end", "type": "end"}));
        nodes.push(json!({"id": "start", "type": "condition", "match": "any", "mode": "standard",
            "conditions": [{"object": "project", "operator": "==", "value": "audit"}], "yes": "a0", "no": "b0"}));
        serde_json::from_value::<Graph>(json!({"start": "start", "nodes": nodes})).unwrap()
    };
    let script = ladder(3).script().unwrap();
    let again = Graph::of(&script).unwrap().script().unwrap();
    assert_eq!(print(&again), print(&script));
    let error = ladder(12).script().unwrap_err().to_string();
    assert!(error.contains("cross too often"), "{error}");
}

#[test]
fn the_longest_graph_is_read() {
    // A test's stack is as small as a server's.
    let mut nodes: Vec<_> = (0..NODES_MAX - 1)
        .map(|number| {
            let next = format!("n{}", number + 1);
            json!({"id": format!("n{number}"), "type": "condition", "match": "any", "mode": "standard",
                "conditions": [{"object": "severity", "operator": ">", "value": number}], "yes": next, "no": next})
        })
        .collect();
    nodes.push(json!({"id": format!("n{}", NODES_MAX - 1), "type": "end"}));
    let mut graph: Graph = serde_json::from_value(json!({"start": "n0", "nodes": nodes})).unwrap();
    assert_eq!(graph.script().unwrap().len(), NODES_MAX - 1);
    graph.nodes.push(Node { id: "more".into(), kind: NodeKind::End { stop: true } });
    assert!(graph.script().unwrap_err().to_string().contains("at most 1000 nodes"));
    // And one that goes ever deeper.
    let deep: Vec<_> = (0..40)
        .flat_map(|number| {
            let (next, group) = (format!("n{}", number + 1), format!("g{number}"));
            [
                json!({"id": format!("n{number}"), "type": "condition", "match": "any", "mode": "standard",
                    "conditions": [{"object": "severity", "operator": ">", "value": number}], "yes": next, "no": group}),
                json!({"id": group, "type": "action_group", "actions": [{"type": "sms"}], "next": format!("e{number}")}),
                json!({"id": format!("e{number}"), "type": "end"}),
            ]
        })
        .chain([json!({"id": "n40", "type": "end"})])
        .collect();
    let graph: Graph = serde_json::from_value(json!({"start": "n0", "nodes": deep})).unwrap();
    let error = graph.script().unwrap_err().to_string();
    assert!(error.contains("nested deeper than 32 levels"), "{error}");
}

/// Conditions that a node can show.
fn conditions() -> impl Strategy<Value = Condition> {
    let comparison = |scope: Scope| {
        let operators = [Operator::Equal, Operator::NotEqual, Operator::AtLeast, Operator::Less];
        let value = prop_oneof![plain_values(), (0..12i32).prop_map(|number| Value::Number(number.into()))];
        (
            prop::sample::select(vec!["severity", "labels.user", "labels[\"odd.name\"]"]),
            prop::sample::select(operators.to_vec()),
            value,
        )
            .prop_map(move |(name, operator, value)| {
                let field = Field::parse(scope, name).unwrap();
                Condition::Compare(Comparison::new(Value::Field(field), operator, value).unwrap())
            })
    };
    prop_oneof![Just(Scope::Any), Just(Scope::All)].prop_flat_map(move |scope| {
        comparison(scope).prop_recursive(3, 8, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::And),
                prop::collection::vec(inner.clone(), 2..4).prop_map(Condition::Or),
                inner.prop_map(|part| Condition::Not(Box::new(part))),
            ]
        })
    })
}

fn fire() -> impl Strategy<Value = Statement> {
    (prop::sample::select(vec!["sms", "email", "voice"]), 0..5).prop_map(|(kind, user)| {
        let arguments = [
            ("type".to_owned(), Value::Text(kind.to_owned())),
            ("users".to_owned(), Value::List(vec![Value::Text(format!("user-{user}"))])),
        ];
        Statement::Call(Call { name: "fire".into(), arguments: arguments.into(), line: 1 })
    })
}

/// Scripts that a graph can draw: nothing behind what always stops.
fn blocks() -> impl Strategy<Value = Block> {
    let leaf = prop::collection::vec(fire(), 1..3);
    let block = leaf.prop_recursive(4, 32, 4, |inner| {
        let stopping = (inner.clone(), any::<bool>()).prop_map(|(mut block, stops)| {
            if stops && !read::always_stops(&block) {
                block.push(Statement::Call(Call { name: "stop".into(), arguments: Default::default(), line: 1 }));
            }
            block
        });
        let maybe = prop_oneof![Just(Block::new()), stopping.clone()];
        let branch = (conditions(), prop_oneof![4 => stopping, 1 => Just(Block::new())], maybe).prop_map(
            |(condition, then, otherwise)| vec![Statement::If(Branch { condition, then, otherwise, line: 1 })],
        );
        prop::collection::vec(prop_oneof![inner, branch], 1..4).prop_map(|blocks| blocks.concat())
    });
    block.prop_map(|block| reachable(&block))
}

/// The script without what is never reached.
fn reachable(block: &[Statement]) -> Block {
    let mut kept = Block::new();
    for statement in block {
        kept.push(match statement {
            Statement::If(branch) => Statement::If(Branch {
                then: reachable(&branch.then),
                otherwise: reachable(&branch.otherwise),
                ..branch.clone()
            }),
            call => call.clone(),
        });
        if read::always_stops(&kept) {
            break;
        }
    }
    kept
}

fn alerts() -> impl Strategy<Value = Vec<Alert>> {
    let one = (prop::sample::select(vec![Severity::Report, Severity::Medium, Severity::Critical]), "[0-9a-c]?")
        .prop_map(|(severity, user)| {
            let mut alert = alert(&[("user", &user), ("odd.name", "x")]);
            alert.severity = severity;
            alert
        });
    prop::collection::vec(one, 1..4)
}

proptest! {
    #[test]
    fn drawing_loses_nothing(block in blocks(), alerts in alerts()) {
        let graph = Graph::of(&block).unwrap();
        let again = graph.script().unwrap();
        // It does the same.
        let set: Vec<&Alert> = alerts.iter().collect();
        let channels = |block: &[Statement]| -> Vec<_> {
            run(block, &set).planned.into_iter().map(|planned| (planned.channel, planned.users)).collect()
        };
        prop_assert_eq!(channels(&block), channels(&again));
        // Nothing is written twice, and from then on nothing changes, also through JSON.
        let redrawn = Graph::of(&again).unwrap();
        prop_assert!(redrawn.nodes.len() <= graph.nodes.len(), "{}\n{}", print(&block), print(&again));
        let stored: Graph = serde_json::from_str(&serde_json::to_string(&redrawn).unwrap()).unwrap();
        prop_assert_eq!(print(&stored.script().unwrap()), print(&again));
        prop_assert_eq!(Graph::of(&stored.script().unwrap()).unwrap(), redrawn);
    }
}
