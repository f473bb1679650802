//! `cairn user`: the RAM users of an account.

use api::OperationId;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Params, list_all, print_list};
use crate::connection::{ActFor, Connection};
use crate::output::{self, text};

/// `cairn user`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cairn user create alice
  cairn policy attach AliyunActionTrailReadOnlyAccess --user alice
  cairn key create --user alice")]
pub(crate) struct User {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    act_for: ActFor,
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Create a RAM user; it may do nothing until a policy is attached
    Create {
        /// Its name
        name: String,
        /// The name people see
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
        /// A remark
        #[arg(long, value_name = "TEXT")]
        comments: Option<String>,
    },
    /// List the RAM users
    List,
    /// Delete a RAM user that has neither keys nor policies
    Delete {
        /// Its name
        name: String,
    },
}

impl User {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.connection.client()?;
        let output = self.connection.output;
        let mut params = Params::new();
        self.act_for.apply(&mut params.0);
        match self.command {
            UserCommand::Create { name, display_name, comments } => {
                let params = params
                    .with("UserName", &name)
                    .with_some("DisplayName", display_name)
                    .with_some("Comments", comments);
                let reply = client.rpc(OperationId::CreateUser, &params.0).await?;
                output::done(
                    output,
                    &reply,
                    &format!("{name} is created; give it a key: cairn key create --user {name}"),
                )
            }
            UserCommand::List => {
                let entries = list_all(&client, OperationId::ListUsers, &params, &["Users", "User"]).await?;
                let keys = ["UserName", "UserId", "DisplayName", "Comments", "CreateDate"];
                let header = ["NAME", "ID", "DISPLAY NAME", "COMMENTS", "CREATED"];
                print_list(output, &entries, header, |user: &Value| keys.map(|key| text(&user[key])))
            }
            UserCommand::Delete { name } => {
                let reply = client.rpc(OperationId::DeleteUser, &params.with("UserName", &name).0).await?;
                output::done(output, &reply, &format!("{name} is deleted"))
            }
        }
    }
}
