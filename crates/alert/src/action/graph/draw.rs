//! From a script to its graph: from the last statement to the first, each knowing what follows it.

use super::{Graph, GraphError, Node, NodeKind, expression, read};
use crate::script::{Call, Statement};

pub(super) fn draw(script: &[Statement]) -> Result<Graph, GraphError> {
    let mut drawing = Drawing { nodes: vec![Some(NodeKind::End { stop: false })] };
    let start = drawing.block(script, 0)?;
    Ok(drawing.numbered(start))
}

/// Nodes whose ids are their places. The first is the end of the script.
struct Drawing {
    nodes: Vec<Option<NodeKind>>,
}

impl Drawing {
    fn add(&mut self, kind: NodeKind) -> usize {
        self.nodes.push(Some(kind));
        self.nodes.len() - 1
    }

    /// Draws a block that is followed by the node `after`; gives its first node.
    fn block(&mut self, block: &[Statement], after: usize) -> Result<usize, GraphError> {
        let mut entry = after;
        let mut is_group_open = false;
        for (index, statement) in block.iter().enumerate().rev() {
            let is_last = index + 1 == block.len();
            if !is_last && read::always_stops(std::slice::from_ref(statement)) {
                return Err(undrawable(&block[index + 1], "nothing ever reaches this line"));
            }
            match statement {
                Statement::Call(call) if call.name == "stop" => entry = self.add(NodeKind::End { stop: true }),
                Statement::Call(call) => {
                    let action = action(call)?;
                    match self.nodes.get_mut(entry) {
                        Some(Some(NodeKind::ActionGroup { actions, .. })) if is_group_open => actions.insert(0, action),
                        _ => entry = self.add(NodeKind::ActionGroup { actions: vec![action], next: entry.to_string() }),
                    }
                }
                Statement::If(branch) => {
                    let (matches, expression) = expression::drawn(&branch.condition)
                        .map_err(|why| GraphError::Undrawable { line: branch.line, why })?;
                    let yes = self.block(&branch.then, entry)?.to_string();
                    let no = self.block(&branch.otherwise, entry)?.to_string();
                    entry = self.add(NodeKind::Condition { matches, expression, yes, no });
                }
            }
            is_group_open = matches!(statement, Statement::Call(call) if call.name != "stop");
        }
        Ok(entry)
    }

    /// The graph, its nodes called n1, n2, ... in the order in which they are reached.
    fn numbered(mut self, start: usize) -> Graph {
        let mut order: Vec<usize> = Vec::new();
        let mut open = vec![start];
        while let Some(place) = open.pop() {
            if order.contains(&place) {
                continue;
            }
            order.push(place);
            let places = |ids: &[&String]| ids.iter().rev().filter_map(|id| id.parse().ok()).collect::<Vec<usize>>();
            open.extend(match &self.nodes[place] {
                Some(NodeKind::Condition { yes, no, .. }) => places(&[yes, no]),
                Some(NodeKind::ActionGroup { next, .. }) => places(&[next]),
                _ => Vec::new(),
            });
        }
        let name = |place: &str| {
            let at = place.parse().ok().and_then(|place: usize| order.iter().position(|at| *at == place));
            format!("n{}", at.map_or(0, |at| at + 1))
        };
        let mut nodes = Vec::new();
        for (at, place) in order.iter().enumerate() {
            let mut kind = self.nodes[*place].take().expect("each place is in the order once");
            match &mut kind {
                NodeKind::Condition { yes, no, .. } => (*yes, *no) = (name(yes), name(no)),
                NodeKind::ActionGroup { next, .. } => *next = name(next),
                NodeKind::End { .. } => {}
            }
            nodes.push(Node { id: format!("n{}", at + 1), kind });
        }
        Graph { start: "n1".into(), nodes }
    }
}

fn action(call: &Call) -> Result<serde_json::Map<String, serde_json::Value>, GraphError> {
    let argument = |(name, value): (&String, &crate::script::Value)| Some((name.clone(), value.json()?));
    let arguments: Option<serde_json::Map<_, _>> = call.arguments.iter().map(argument).collect();
    arguments.ok_or(GraphError::Undrawable { line: call.line, why: "an action takes values, not fields of the alert" })
}

fn undrawable(statement: &Statement, why: &'static str) -> GraphError {
    let line = match statement {
        Statement::Call(call) => call.line,
        Statement::If(branch) => branch.line,
    };
    GraphError::Undrawable { line, why }
}
