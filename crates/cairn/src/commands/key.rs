//! `cairn key`: access keys, of RAM users or of the account itself.

use api::OperationId;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::{Params, print_list, print_new_key};
use crate::connection::{ActFor, Connection};
use crate::output::{self, text};

/// `cairn key`
#[derive(Debug, Args)]
#[command(after_help = "\
Without --user the keys of whoever signs are meant: a RAM user's own, or the account's.

Examples:
  cairn key create --user alice
  cairn key list --user alice
  cairn key disable LTAI5tExample --user alice")]
pub(crate) struct Key {
    /// The RAM user whose keys are meant
    #[arg(long, global = true, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    act_for: ActFor,
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Create an access key; its secret is shown this once
    Create,
    /// List the access keys, without their secrets
    List,
    /// Let a disabled key sign again
    Enable {
        /// The key
        access_key_id: String,
    },
    /// Keep a key from signing, at once
    Disable {
        /// The key
        access_key_id: String,
    },
    /// Delete a key, at once
    Delete {
        /// The key
        access_key_id: String,
    },
}

impl Key {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.connection.client()?;
        let output = self.connection.output;
        let mut params = Params::new().with_some("UserName", self.user);
        self.act_for.apply(&mut params.0);
        match self.command {
            KeyCommand::Create => {
                let reply = client.rpc(OperationId::CreateAccessKey, &params.0).await?;
                print_new_key(output, &reply)
            }
            KeyCommand::List => {
                let reply = client.rpc(OperationId::ListAccessKeys, &params.0).await?;
                let value: Value = reply.parse()?;
                let entries: Vec<Value> = output::list(&value["AccessKeys"]["AccessKey"]).cloned().collect();
                let keys = ["AccessKeyId", "Status", "CreateDate"];
                print_list(output, &entries, ["ACCESS KEY ID", "STATUS", "CREATED"], |key: &Value| {
                    keys.map(|name| text(&key[name]))
                })
            }
            KeyCommand::Enable { access_key_id } => {
                let params = params.with("UserAccessKeyId", &access_key_id).with("Status", "Active");
                let reply = client.rpc(OperationId::UpdateAccessKey, &params.0).await?;
                output::done(output, &reply, &format!("{access_key_id} signs again"))
            }
            KeyCommand::Disable { access_key_id } => {
                let params = params.with("UserAccessKeyId", &access_key_id).with("Status", "Inactive");
                let reply = client.rpc(OperationId::UpdateAccessKey, &params.0).await?;
                output::done(output, &reply, &format!("{access_key_id} is disabled"))
            }
            KeyCommand::Delete { access_key_id } => {
                let params = params.with("UserAccessKeyId", &access_key_id);
                let reply = client.rpc(OperationId::DeleteAccessKey, &params.0).await?;
                output::done(output, &reply, &format!("{access_key_id} is deleted"))
            }
        }
    }
}
