//! From a graph to its script.
//!
//! Where the two ways of a condition come together again, the `if` ends. That place is the nearest node which every way
//! from both sides passes that does not stop before.

use std::collections::{BTreeMap, BTreeSet};

use super::{Graph, GraphError, NODES_MAX, Node, NodeKind, expression};
use crate::action;
use crate::script::{Block, Branch, Call, Statement, Value};

pub(super) fn read(graph: &Graph) -> Result<Block, GraphError> {
    let reader = Reader::new(graph)?;
    let mut budget = NODES_MAX;
    let block = reader.block(Some(&graph.start), None, &mut budget)?;
    action::check(&block).map_err(|wrong| GraphError::node(&graph.start, wrong.message))?;
    Ok(block)
}

/// The script in the one shape of several that look the same as a graph.
pub fn normal(block: &[Statement]) -> Block {
    let mut result = Block::new();
    for statement in block {
        let Statement::If(branch) = statement else {
            result.push(statement.clone());
            continue;
        };
        let (mut then, mut otherwise) = (normal(&branch.then), normal(&branch.otherwise));
        let follows = if always_stops(&then) {
            std::mem::take(&mut otherwise)
        } else if always_stops(&otherwise) {
            std::mem::take(&mut then)
        } else {
            Block::new()
        };
        result.push(Statement::If(Branch { condition: branch.condition.clone(), then, otherwise, line: branch.line }));
        result.extend(follows);
    }
    result
}

/// Whether nothing after the block is ever reached.
pub(super) fn always_stops(block: &[Statement]) -> bool {
    block.iter().any(|statement| match statement {
        Statement::Call(call) => call.name == "stop",
        Statement::If(branch) => always_stops(&branch.then) && always_stops(&branch.otherwise),
    })
}

struct Reader<'a> {
    nodes: BTreeMap<&'a str, &'a Node>,
    /// For each node what every way from it passes, the nearest first; nothing when all ways stop.
    passed: BTreeMap<&'a str, Option<Vec<&'a str>>>,
}

impl<'a> Reader<'a> {
    fn new(graph: &'a Graph) -> Result<Reader<'a>, GraphError> {
        if graph.nodes.len() > NODES_MAX {
            return Err(GraphError::node(&graph.start, format!("a graph has at most {NODES_MAX} nodes")));
        }
        let mut nodes = BTreeMap::new();
        for node in &graph.nodes {
            if nodes.insert(node.id.as_str(), node).is_some() {
                return Err(GraphError::node(&node.id, "two nodes have this id"));
            }
        }
        let mut reader = Reader { nodes, passed: BTreeMap::new() };
        reader.pass(&graph.start, &mut BTreeSet::new())?;
        match graph.nodes.iter().find(|node| !reader.passed.contains_key(node.id.as_str())) {
            Some(apart) => Err(GraphError::node(&apart.id, "no way leads here")),
            None => Ok(reader),
        }
    }

    fn pass(&mut self, id: &'a str, above: &mut BTreeSet<&'a str>) -> Result<(), GraphError> {
        if self.passed.contains_key(id) {
            return Ok(());
        }
        let node = *self.nodes.get(id).ok_or_else(|| GraphError::node(id, "there is no such node"))?;
        if !above.insert(id) {
            return Err(GraphError::node(id, "a way leads back to here"));
        }
        let passed = match &node.kind {
            NodeKind::End { stop: true } => None,
            NodeKind::End { stop: false } => Some(vec![END]),
            NodeKind::ActionGroup { next, .. } => {
                self.pass(next, above)?;
                self.passed[next.as_str()].as_ref().map(|rest| [&[id], &rest[..]].concat())
            }
            NodeKind::Condition { yes, no, .. } => {
                self.pass(yes, above)?;
                self.pass(no, above)?;
                match (&self.passed[yes.as_str()], &self.passed[no.as_str()]) {
                    (None, None) => None,
                    (Some(rest), None) | (None, Some(rest)) => Some([&[id], &rest[..]].concat()),
                    (Some(yes), Some(no)) => {
                        let both = yes.iter().filter(|place| no.contains(place)).copied();
                        Some(std::iter::once(id).chain(both).collect())
                    }
                }
            }
        };
        above.remove(id);
        self.passed.insert(id, passed);
        Ok(())
    }

    /// The statements from a node up to another, or to the end.
    fn block(&self, from: Option<&'a str>, until: Option<&str>, budget: &mut usize) -> Result<Block, GraphError> {
        let mut block = Block::new();
        let mut next = from;
        while let Some(id) = next.filter(|id| Some(*id) != until) {
            *budget = budget.checked_sub(1).ok_or_else(|| GraphError::node(id, "its ways cross too often for a script"))?;
            let node = self.nodes[id];
            next = match &node.kind {
                NodeKind::End { stop } => {
                    block.extend(stop.then(|| statement("stop", BTreeMap::new())));
                    None
                }
                NodeKind::ActionGroup { actions, next } => {
                    block.extend(actions.iter().map(|action| {
                        let argument = |(name, value): (&String, &serde_json::Value)| (name.clone(), Value::from(value));
                        statement("fire", action.iter().map(argument).collect())
                    }));
                    Some(next)
                }
                NodeKind::Condition { matches, expression, yes, no } => {
                    let condition = expression::read(*matches, expression).map_err(|why| GraphError::node(id, why))?;
                    let (then, otherwise, next) = match (&self.passed[yes.as_str()], &self.passed[no.as_str()]) {
                        (None, _) => (self.block(Some(yes), None, budget)?, Block::new(), Some(no.as_str())),
                        (_, None) => (Block::new(), self.block(Some(no), None, budget)?, Some(yes.as_str())),
                        (Some(yes_passes), Some(no_passes)) => {
                            let join = yes_passes.iter().find(|place| no_passes.contains(place)).copied();
                            let then = self.block(Some(yes), join, budget)?;
                            let otherwise = self.block(Some(no), join, budget)?;
                            (then, otherwise, join.filter(|join| *join != END))
                        }
                    };
                    block.push(Statement::If(Branch { condition, then, otherwise, line: 1 }));
                    next
                }
            };
        }
        Ok(block)
    }
}

/// Every End that is not a `stop()` is the same place: the end of the script. No id is empty.
const END: &str = "";

fn statement(name: &str, arguments: BTreeMap<String, Value>) -> Statement {
    Statement::Call(Call { name: name.to_owned(), arguments, line: 1 })
}
