//! `cairn account`: the tenants of a node.

use api::OperationId;
use clap::{Args, Subcommand};
use model::AccountId;
use serde_json::Value;

use super::{Params, list_all, print_list};
use crate::connection::Connection;
use crate::output::{self, text};

/// `cairn account`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cairn account create team-a
  cairn account list")]
pub(crate) struct Account {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Create an account and its first access key, whose secret is shown this once
    Create {
        /// A name for people to read
        name: String,
        /// Its id; a free one of 16 digits when left out
        #[arg(long, value_name = "ID")]
        id: Option<AccountId>,
    },
    /// List the accounts
    List,
}

impl Account {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.connection.client()?;
        let output = self.connection.output;
        match self.command {
            AccountCommand::Create { name, id } => {
                let params = Params::new().with("Name", name).with_some("AccountId", id);
                let reply = client.rpc(OperationId::CreateAccount, &params.0).await?;
                output::reply(output, &reply, |value| {
                    let shown = output::pairs(&[
                        ("Account", text(&value["Account"]["AccountId"])),
                        ("Access key id", text(&value["AccessKey"]["AccessKeyId"])),
                        ("Access key secret", text(&value["AccessKey"]["AccessKeySecret"])),
                    ]);
                    format!("{shown}\nThe secret is shown this once.\n")
                })
            }
            AccountCommand::List => {
                let entries = list_all(&client, OperationId::ListAccounts, &Params::new(), &["Accounts"]).await?;
                print_list(output, &entries, ["ACCOUNT", "NAME", "MANAGEMENT", "CREATED"], |account: &Value| {
                    let management = if account["IsManagement"] == Value::Bool(true) { "yes" } else { "" };
                    [
                        text(&account["AccountId"]),
                        text(&account["Name"]),
                        management.into(),
                        text(&account["CreateTime"]),
                    ]
                })
            }
        }
    }
}
