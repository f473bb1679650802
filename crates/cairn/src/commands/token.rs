//! `cairn token`: ingest tokens, for producers that should be able to put events and nothing else.

use api::OperationId;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Params, list_all, print_list};
use crate::connection::{ActFor, Connection};
use crate::output::{self, text};

/// `cairn token`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cairn token create web-servers
  CAIRN_TOKEN=cairn_it_... cairn events put events.ndjson
  curl -H \"Authorization: Bearer $CAIRN_TOKEN\" -H 'Content-Type: application/x-ndjson' \\
       --data-binary @events.ndjson http://127.0.0.1:8080/v1/events")]
pub(crate) struct Token {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    act_for: ActFor,
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Create a token; it is shown this once
    Create {
        /// What it is for
        name: String,
        /// Let it put events for every account, sorted by what they say (management account only)
        #[arg(long)]
        from_event: bool,
    },
    /// List the tokens, without the tokens themselves
    List,
    /// Delete a token, at once
    Delete {
        /// Its id, from `cairn token list`
        id: String,
    },
}

impl Token {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.connection.client()?;
        let output = self.connection.output;
        let mut params = Params::new();
        self.act_for.apply(&mut params.0);
        match self.command {
            TokenCommand::Create { name, from_event } => {
                let params = params.with("Name", name).with_some("FromEvent", from_event.then_some(true));
                let reply = client.rpc(OperationId::CreateIngestToken, &params.0).await?;
                output::reply(output, &reply, |value| {
                    let shown = output::pairs(&[
                        ("Id", text(&value["IngestToken"]["IngestTokenId"])),
                        ("Token", text(&value["Token"])),
                    ]);
                    format!("{shown}\nThe token is shown this once. Commands take it from CAIRN_TOKEN.\n")
                })
            }
            TokenCommand::List => {
                let entries = list_all(&client, OperationId::ListIngestTokens, &params, &["IngestTokens"]).await?;
                print_list(output, &entries, ["ID", "NAME", "FROM EVENT", "CREATED"], |token: &Value| {
                    let from_event = if token["FromEvent"] == Value::Bool(true) { "yes" } else { "" };
                    let [id, name, created] = ["IngestTokenId", "Name", "CreateTime"].map(|key| text(&token[key]));
                    [id, name, from_event.into(), created]
                })
            }
            TokenCommand::Delete { id } => {
                let reply = client.rpc(OperationId::DeleteIngestToken, &params.with("IngestTokenId", &id).0).await?;
                output::done(output, &reply, &format!("{id} is deleted"))
            }
        }
    }
}
