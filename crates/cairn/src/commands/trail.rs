//! `cairn trail`: which events go to which bucket.

use api::OperationId;
use clap::{Args, Subcommand, ValueEnum};
use client::Client;
use serde_json::Value;

use super::Params;
use crate::connection::Connection;
use crate::output::{self, Output, list, text};

/// `cairn trail`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cairn bucket add audit-logs --url file:///srv/audit-logs
  cairn trail create all-events --bucket audit-logs --start
  cairn trail status all-events
  cairn trail update all-events --event-rw write --prefix audit/2026
  cairn trail stop all-events")]
pub(crate) struct Trail {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: TrailCommand,
}

#[derive(Debug, Subcommand)]
enum TrailCommand {
    /// Create a trail; it delivers once it is started
    Create {
        /// Its name: 6 to 36 characters, a-z first, then a-z, 0-9, `-` and `_`
        name: String,
        #[command(flatten)]
        settings: Settings,
        /// Start it at once
        #[arg(long)]
        start: bool,
    },
    /// List the trails
    List,
    /// Say whether a trail is logging and how its last deliveries went
    Status {
        /// The trail
        name: String,
    },
    /// Deliver every event accepted from now on
    Start {
        /// The trail
        name: String,
    },
    /// Stop with the events accepted up to now; those before are still delivered
    Stop {
        /// The trail
        name: String,
    },
    /// Change what is given and leave the rest; an empty value takes a setting away
    Update {
        /// The trail
        name: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Delete a trail; delivered objects stay in the bucket
    Delete {
        /// The trail
        name: String,
    },
}

#[derive(Debug, Args)]
struct Settings {
    /// The bucket to deliver to, as named with `cairn bucket add`
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,
    /// What the keys of delivered objects start with
    #[arg(long)]
    prefix: Option<String>,
    /// Deliver calls that change something, calls that only look, or both [default: all]
    #[arg(long, value_enum, value_name = "WHICH")]
    event_rw: Option<Which>,
    /// The regions whose events are delivered, with commas between [default: All]
    #[arg(long, value_name = "REGIONS")]
    regions: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    Write,
    Read,
    All,
}

impl Settings {
    fn params(self, name: &str) -> Params {
        let which = self.event_rw.map(|which| match which {
            Which::Write => "Write",
            Which::Read => "Read",
            Which::All => "All",
        });
        Params::new()
            .with("Name", name)
            .with_some("OssBucketName", self.bucket)
            .with_some("OssKeyPrefix", self.prefix)
            .with_some("EventRW", which)
            .with_some("TrailRegion", self.regions)
    }
}

impl Trail {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.connection.client()?;
        let output = self.connection.output;
        let call = |id, name: String| {
            let client = client.clone();
            async move { client.rpc(id, &Params::new().with("Name", name).0).await }
        };
        match self.command {
            TrailCommand::Create { name, settings, start } => create(&client, output, &name, settings, start).await,
            TrailCommand::List => show_all(&client, output).await,
            TrailCommand::Status { name } => {
                let reply = call(OperationId::GetTrailStatus, name).await?;
                output::reply(output, &reply, status)
            }
            TrailCommand::Start { name } => {
                let reply = call(OperationId::StartLogging, name.clone()).await?;
                output::done(output, &reply, &format!("{name} delivers what is accepted from now on"))
            }
            TrailCommand::Stop { name } => {
                let reply = call(OperationId::StopLogging, name.clone()).await?;
                output::done(output, &reply, &format!("{name} delivers what was accepted up to now"))
            }
            TrailCommand::Update { name, settings } => {
                let reply = client.rpc(OperationId::UpdateTrail, &settings.params(&name).0).await?;
                output::reply(output, &reply, one)
            }
            TrailCommand::Delete { name } => {
                let reply = call(OperationId::DeleteTrail, name.clone()).await?;
                output::done(output, &reply, &format!("{name} is deleted"))
            }
        }
    }
}

async fn create(client: &Client, output: Output, name: &str, settings: Settings, start: bool) -> anyhow::Result<()> {
    let reply = client.rpc(OperationId::CreateTrail, &settings.params(name).0).await?;
    if start {
        client.rpc(OperationId::StartLogging, &Params::new().with("Name", name).0).await?;
    }
    output::reply(output, &reply, |trail| {
        let next = if start { "It delivers.\n".into() } else { format!("Start it with: cairn trail start {name}\n") };
        format!("{}\n{next}", one(trail))
    })
}

async fn show_all(client: &Client, output: Output) -> anyhow::Result<()> {
    let reply = client.rpc(OperationId::DescribeTrails, &Params::new().with("IncludeShadowTrails", true).0).await?;
    output::reply(output, &reply, |value| {
        let rows = list(&value["TrailList"]).map(|trail| {
            ["Name", "Status", "HomeRegion", "EventRW", "TrailRegion", "OssBucketName", "OssKeyPrefix"]
                .map(|key| text(&trail[key]))
        });
        output::table(["NAME", "STATUS", "HOME REGION", "EVENTS", "REGIONS", "BUCKET", "PREFIX"], rows)
    })
}

fn one(trail: &Value) -> String {
    output::pairs(&[
        ("Name", text(&trail["Name"])),
        ("Home region", text(&trail["HomeRegion"])),
        ("Events", text(&trail["EventRW"])),
        ("Regions", text(&trail["TrailRegion"])),
        ("Bucket", text(&trail["OssBucketName"])),
        ("Prefix", text(&trail["OssKeyPrefix"])),
    ])
}

fn status(value: &Value) -> String {
    let bucket = match text(&value["OssBucketStatus"]).as_str() {
        "true" => "can be written",
        "false" => "cannot be written",
        _ => "",
    };
    output::pairs(&[
        ("Logging", if value["IsLogging"] == Value::Bool(true) { "yes" } else { "no" }.into()),
        ("Started", text(&value["StartLoggingTime"])),
        ("Stopped", text(&value["StopLoggingTime"])),
        ("Latest delivery", text(&value["LatestDeliveryTime"])),
        ("Latest error", text(&value["LatestDeliveryError"])),
        ("Bucket", bucket.into()),
    ])
}
