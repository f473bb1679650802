//! Action policies as graphs and as scripts.

use alert::action::{self, Graph};
use alert::script;
use api::{Success, WireError, codes};
use serde_json::json;

use super::{Call, Outcome};

fn invalid(error: impl std::fmt::Display) -> WireError {
    codes::INVALID_ALERT_POLICY.because(format!("{error}."))
}

/// Either form gives both, so a client sees what it wrote in the other one.
pub(super) fn draw(call: &Call<'_>) -> Outcome {
    let (graph, script) = match (call.arguments.text("Script"), call.arguments.text("Graph")) {
        (Some(text), None) => {
            let block = action::parse(text).map_err(invalid)?;
            (Graph::of(&block).map_err(invalid)?, script::print(&block))
        }
        (None, Some(text)) => {
            let graph: Graph = serde_json::from_str(text).map_err(invalid)?;
            let block = graph.script().map_err(invalid)?;
            (graph, script::print(&block))
        }
        _ => {
            let message = "Give either Script, to have it drawn, or Graph, to have it written.";
            return Err(codes::INVALID_PARAMETER_COMBINATION.because(message));
        }
    };
    Ok(Success::from_object(&json!({ "Graph": graph, "Script": script })))
}
