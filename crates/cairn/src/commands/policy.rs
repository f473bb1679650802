//! `cairn policy`: what RAM users may do.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use api::OperationId;
use clap::{Args, Subcommand, ValueEnum};
use client::Client;
use serde_json::Value;

use super::{Params, list_all, print_list};
use crate::connection::{ActFor, Connection};
use crate::files;
use crate::output::{self, Output, text};

/// A policy document at most; RAM's own limit is 6 KB.
const DOCUMENT_BYTES_MAX: u64 = 64 * 1024;

/// `cairn policy`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cairn policy list
  cairn policy attach AliyunActionTrailReadOnlyAccess --user alice
  cairn policy create put-only --document put-only.json
  cairn policy attach put-only --user collector

A document that lets its users put events from one network:
  {\"Version\": \"1\", \"Statement\": [{
    \"Effect\": \"Allow\", \"Action\": \"cairn:PutEvents\", \"Resource\": \"*\",
    \"Condition\": {\"IpAddress\": {\"acs:SourceIp\": [\"10.0.0.0/8\"]}}}]}")]
pub(crate) struct Policy {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    act_for: ActFor,
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Create a policy of the account
    Create {
        /// Its name
        name: String,
        /// The file with its document in RAM's language; "-" is standard input
        #[arg(long, value_name = "FILE")]
        document: PathBuf,
        /// A remark
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// List the built-in policies and those of the account, or those of a user
    List {
        /// Only those attached to this user
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Print a policy's document
    Show {
        /// The policy
        name: String,
        #[command(flatten)]
        kind: KindOption,
    },
    /// Delete a policy that is attached to nobody
    Delete {
        /// The policy
        name: String,
    },
    /// Give a user a policy
    Attach(Attachment),
    /// Take a policy from a user
    Detach(Attachment),
}

#[derive(Debug, Args)]
struct Attachment {
    /// The policy
    name: String,
    /// The RAM user
    #[arg(long, value_name = "NAME")]
    user: String,
    #[command(flatten)]
    kind: KindOption,
}

#[derive(Debug, Args)]
struct KindOption {
    /// Whether the policy is built in or of the account [default: built in when there is one of this name]
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    kind: Option<Kind>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    System,
    Custom,
}

impl Policy {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.connection.client()?;
        let output = self.connection.output;
        let mut params = Params::new();
        self.act_for.apply(&mut params.0);
        match self.command {
            PolicyCommand::Create { name, document, description } => {
                let params = params
                    .with("PolicyName", &name)
                    .with("PolicyDocument", read_document(&document)?)
                    .with_some("Description", description);
                let reply = client.rpc(OperationId::CreatePolicy, &params.0).await?;
                let next = format!("{name} is created; give it to a user: cairn policy attach {name} --user NAME");
                output::done(output, &reply, &next)
            }
            PolicyCommand::List { user: None } => {
                let entries = list_all(&client, OperationId::ListPolicies, &params, &["Policies", "Policy"]).await?;
                print_policies(output, &entries)
            }
            PolicyCommand::List { user: Some(user) } => {
                let reply = client.rpc(OperationId::ListPoliciesForUser, &params.with("UserName", user).0).await?;
                let value: Value = reply.parse()?;
                let entries: Vec<Value> = output::list(&value["Policies"]["Policy"]).cloned().collect();
                print_policies(output, &entries)
            }
            PolicyCommand::Show { name, kind } => {
                let kind = kind.resolve(&client, &name).await;
                let params = params.with("PolicyName", &name).with("PolicyType", kind);
                let reply = client.rpc(OperationId::GetPolicy, &params.0).await?;
                output::reply(output, &reply, |value| {
                    let document = text(&value["DefaultPolicyVersion"]["PolicyDocument"]);
                    format!("{}\n", document.trim_end())
                })
            }
            PolicyCommand::Delete { name } => {
                let reply = client.rpc(OperationId::DeletePolicy, &params.with("PolicyName", &name).0).await?;
                output::done(output, &reply, &format!("{name} is deleted"))
            }
            PolicyCommand::Attach(attachment) => {
                let sentence = format!("{} has {} from now on", attachment.user, attachment.name);
                let params = attachment.params(&client, params).await;
                let reply = client.rpc(OperationId::AttachPolicyToUser, &params.0).await?;
                output::done(output, &reply, &sentence)
            }
            PolicyCommand::Detach(attachment) => {
                let sentence = format!("{} has {} no longer", attachment.user, attachment.name);
                let params = attachment.params(&client, params).await;
                let reply = client.rpc(OperationId::DetachPolicyFromUser, &params.0).await?;
                output::done(output, &reply, &sentence)
            }
        }
    }
}

impl Attachment {
    async fn params(self, client: &Client, common: Params) -> Params {
        let kind = self.kind.resolve(client, &self.name).await;
        common.with("PolicyName", self.name).with("PolicyType", kind).with("UserName", self.user)
    }
}

impl KindOption {
    /// `System` when the node has a built-in policy of this name. A caller who may not ask is taken at the name.
    async fn resolve(&self, client: &Client, name: &str) -> &'static str {
        match self.kind {
            Some(Kind::System) => "System",
            Some(Kind::Custom) => "Custom",
            None => {
                let params = Params::new().with("PolicyName", name).with("PolicyType", "System");
                match client.rpc(OperationId::GetPolicy, &params.0).await {
                    Ok(_) => "System",
                    Err(_) => "Custom",
                }
            }
        }
    }
}

fn print_policies(output: Output, entries: &[Value]) -> anyhow::Result<()> {
    let keys = ["PolicyName", "PolicyType", "Description"];
    print_list(output, entries, ["NAME", "TYPE", "DESCRIPTION"], |policy: &Value| keys.map(|key| text(&policy[key])))
}

fn read_document(path: &Path) -> anyhow::Result<String> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(DOCUMENT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        bytes
    } else {
        files::read(path)?.with_context(|| format!("there is no file {}", path.display()))?
    };
    if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
        bail!("{} is larger than a policy document can be ({DOCUMENT_BYTES_MAX} bytes)", path.display());
    }
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))
}
