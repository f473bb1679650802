//! A script as the graph that the console draws: Condition, Action Group and End nodes, as JSON; and back.
//!
//! Reading what was drawn gives a script that does the same, and drawing that gives the same graph. Scripts that look the same as a
//! graph become one of them: an `else` behind a branch that stops is what follows the `if`. A script that no graph can
//! draw says which line and why; a graph that says nothing sensible says which node. Graphs drawn by hand may join
//! anywhere as long as they have no circle: what blocks cannot share is written twice.

mod draw;
mod expression;
mod read;

use serde::{Deserialize, Serialize};

pub use expression::{Expression, Match, Term};

use crate::script::{Block, Statement};

/// How many nodes a graph may have, and statements the script of one.
pub const NODES_MAX: usize = 1_000;

/// A script, drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// The id of the first node.
    pub start: String,
    /// All of them, in the order in which they are reached.
    pub nodes: Vec<Node>,
}

/// A node with its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Unique in the graph.
    pub id: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NodeKind {
    /// Asks, and goes one of two ways.
    Condition {
        /// Whether any alert is meant or all.
        #[serde(rename = "match")]
        matches: Match,
        /// What is asked.
        #[serde(flatten)]
        expression: Expression,
        /// Where to when it holds.
        yes: String,
        /// Where to when it does not.
        no: String,
    },
    /// Sends.
    ActionGroup {
        /// The arguments of each `fire()`.
        actions: Vec<serde_json::Map<String, serde_json::Value>>,
        /// Where to next.
        next: String,
    },
    /// Ends the policy.
    End {
        /// Written as `stop()`. Otherwise it is the end of the script.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stop: bool,
    },
}

/// Why a script cannot be drawn, or a graph not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// No graph says what the script says.
    #[error("line {line}: {why}; the policy has no graph")]
    Undrawable {
        /// Of the script.
        line: usize,
        /// What no node can show.
        why: &'static str,
    },
    /// The graph is wrong.
    #[error("node {node:?}: {why}")]
    Node {
        /// Its id.
        node: String,
        /// What is wrong with it.
        why: String,
    },
}

impl GraphError {
    /// The kind of every such error.
    pub fn kind(&self) -> model::ErrorKind {
        model::ErrorKind::Invalid
    }

    fn node(node: &str, why: impl Into<String>) -> GraphError {
        GraphError::Node { node: node.to_owned(), why: why.into() }
    }
}

impl Graph {
    /// Draws a script.
    pub fn of(script: &[Statement]) -> Result<Graph, GraphError> {
        draw::draw(script)
    }

    /// The script that it draws, checked.
    pub fn script(&self) -> Result<Block, GraphError> {
        read::read(self)
    }
}

#[cfg(test)]
mod tests;
