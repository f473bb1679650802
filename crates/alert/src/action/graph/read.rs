//! From a graph to its script.
//!
//! Where the two ways of a condition come together again, the `if` ends. That place is the nearest node which every way
//! from both sides passes that does not leave before by a stop.

use std::collections::{BTreeMap, BTreeSet};

use super::{Graph, GraphError, NODES_MAX, Node, NodeKind, expression};
use crate::action;
use crate::script::{Block, Branch, Call, Statement, Value, print};

pub(super) fn read(graph: &Graph) -> Result<Block, GraphError> {
    let reader = Reader::new(graph)?;
    // Each node once, and as many again for Ends and for what is written twice.
    let mut budget = 2 * NODES_MAX;
    let block = reader.block(Some(&graph.start), None, &mut budget)?;
    // What is written down must be readable again, within the limits of scripts.
    action::parse(&print(&block)).map_err(|wrong| GraphError::node(&graph.start, wrong.message))?;
    Ok(block)
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
    /// For each node, from where one comes to it; a condition with both ways to it is there twice.
    before: BTreeMap<&'a str, Vec<&'a str>>,
    /// For each node the nearest one that every way from it passes that does not leave early; nothing after a stop.
    passed: BTreeMap<&'a str, Option<&'a str>>,
    turns: BTreeMap<&'a str, Turn<'a>>,
}

/// How the two ways of a condition go on.
#[derive(Clone, Copy)]
enum Turn<'a> {
    /// They come together here.
    Join(&'a str),
    /// The one that holds ends in stops; the other one is what follows.
    YesLeaves,
    /// The other way round.
    NoLeaves,
}

impl<'a> Reader<'a> {
    fn new(graph: &'a Graph) -> Result<Reader<'a>, GraphError> {
        if graph.nodes.len() > NODES_MAX {
            return Err(GraphError::node(&graph.start, format!("a graph has at most {NODES_MAX} nodes")));
        }
        let (mut nodes, mut before) = (BTreeMap::new(), BTreeMap::<&str, Vec<&str>>::new());
        for node in &graph.nodes {
            if nodes.insert(node.id.as_str(), node).is_some() {
                return Err(GraphError::node(&node.id, "two nodes have this id"));
            }
            for next in ways(node) {
                before.entry(next).or_default().push(&node.id);
            }
        }
        let mut reader = Reader { nodes, before, passed: BTreeMap::new(), turns: BTreeMap::new() };
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
        for next in ways(node) {
            self.pass(next, above)?;
        }
        let nearest = match &node.kind {
            NodeKind::End { stop } => (!stop).then_some(END),
            NodeKind::ActionGroup { next, .. } => Some(next.as_str()),
            NodeKind::Condition { yes, no, .. } => {
                let turn = self.turn(yes, no);
                self.turns.insert(id, turn);
                match turn {
                    Turn::Join(join) => Some(join),
                    Turn::YesLeaves => Some(no.as_str()),
                    Turn::NoLeaves => Some(yes.as_str()),
                }
            }
        };
        above.remove(id);
        self.passed.insert(id, nearest);
        Ok(())
    }

    /// What every way from a node passes that does not leave early: itself first, the end or a stop last.
    fn passes(&self, id: &'a str) -> impl Iterator<Item = &'a str> + '_ {
        std::iter::successors(Some(id), |id| self.passed.get(id).copied().flatten())
    }

    /// Of two ways that never meet, one ends in stops for sure. If both do, the one whose nodes belong to it alone is the branch: the
    /// other may be what follows an `if` further out.
    fn turn(&self, yes: &'a str, no: &'a str) -> Turn<'a> {
        let no_passes: BTreeSet<&str> = self.passes(no).collect();
        if let Some(join) = self.passes(yes).find(|place| no_passes.contains(place)) {
            return Turn::Join(join);
        }
        match (self.passes(yes).last() != Some(END), no_passes.contains(END)) {
            (true, false) if !self.is_private(yes) && self.is_private(no) => Turn::NoLeaves,
            (true, _) => Turn::YesLeaves,
            (false, _) => Turn::NoLeaves,
        }
    }

    /// Whether nothing but one way leads to a node and to what comes after it.
    fn is_private(&self, head: &'a str) -> bool {
        let mut reached = BTreeSet::new();
        let mut open = vec![head];
        while let Some(id) = open.pop() {
            if reached.insert(id) {
                open.extend(ways(self.nodes[id]));
            }
        }
        let from_outside =
            |id: &&str| self.before.get(id).into_iter().flatten().filter(|from| !reached.contains(*from)).count();
        from_outside(&head) == 1 && reached.iter().filter(|id| **id != head).all(|id| from_outside(id) == 0)
    }

    /// The statements from a node up to another, or to the end.
    fn block(&self, from: Option<&'a str>, until: Option<&'a str>, budget: &mut usize) -> Result<Block, GraphError> {
        let mut block = Block::new();
        let mut next = from;
        while let Some(id) = next.filter(|id| Some(*id) != until) {
            *budget =
                budget.checked_sub(1).ok_or_else(|| GraphError::node(id, "its ways cross too often for a script"))?;
            let node = self.nodes[id];
            next = match &node.kind {
                NodeKind::End { stop } => {
                    block.extend(stop.then(|| statement("stop", BTreeMap::new())));
                    None
                }
                NodeKind::ActionGroup { actions, next } => {
                    block.extend(actions.iter().map(|action| {
                        let argument =
                            |(name, value): (&String, &serde_json::Value)| (name.clone(), Value::from(value));
                        statement("fire", action.iter().map(argument).collect())
                    }));
                    Some(next)
                }
                NodeKind::Condition { matches, expression, yes, no } => {
                    let condition = expression::read(*matches, expression).map_err(|why| GraphError::node(id, why))?;
                    let (then, otherwise, next) = match self.turns[id] {
                        Turn::YesLeaves => (self.block(Some(yes), None, budget)?, Block::new(), Some(no.as_str())),
                        // What follows is the branch, so that an `else` that stops stays one.
                        Turn::NoLeaves => {
                            (self.block(Some(yes), until, budget)?, self.block(Some(no), None, budget)?, until)
                        }
                        Turn::Join(join) => {
                            let then = self.block(Some(yes), Some(join), budget)?;
                            let otherwise = self.block(Some(no), Some(join), budget)?;
                            (then, otherwise, Some(join).filter(|join| *join != END))
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

/// The nodes that come right after a node.
fn ways(node: &Node) -> Vec<&str> {
    match &node.kind {
        NodeKind::Condition { yes, no, .. } => vec![yes, no],
        NodeKind::ActionGroup { next, .. } => vec![next],
        NodeKind::End { .. } => Vec::new(),
    }
}

/// Every End that is not a `stop()` is the same place: the end of the script. No id is empty.
const END: &str = "";

fn statement(name: &str, arguments: BTreeMap<String, Value>) -> Statement {
    Statement::Call(Call { name: name.to_owned(), arguments, line: 1 })
}
