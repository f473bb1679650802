//! `cairn bucket`: where trails can deliver to.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use api::OperationId;
use clap::{Args, Subcommand};
use client::Client;
use serde_json::Value;

use super::{Params, list_all, print_list};
use crate::connection::{ActFor, Connection};
use crate::output::{self, Output, text};
use crate::secret;

const SECRET_VARIABLE: &str = "CAIRN_BUCKET_ACCESS_KEY_SECRET";
const TOKEN_VARIABLE: &str = "CAIRN_BUCKET_SESSION_TOKEN";

/// `cairn bucket`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cairn bucket add local-logs --url file:///srv/audit-logs
  CAIRN_BUCKET_ACCESS_KEY_SECRET=... cairn bucket add s3-logs --url s3://audit-logs/cairn \\
      --endpoint-url https://minio.example.com:9000 --access-key-id minio
  cairn bucket check s3-logs")]
pub(crate) struct Bucket {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    act_for: ActFor,
    #[command(subcommand)]
    command: BucketCommand,
}

#[derive(Debug, Subcommand)]
enum BucketCommand {
    /// Make a bucket known to trails, and say whether it can be written
    Add(Box<Add>),
    /// List the buckets
    List,
    /// Try to write to a bucket, and say what happened
    Check {
        /// The bucket
        name: String,
    },
    /// Forget a bucket that no trail names; what is in it stays
    Delete {
        /// The bucket
        name: String,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// The name trails call it by: 3 to 63 characters, a-z, 0-9 and `-`
    name: String,
    /// file:///FOLDER (on the node's machine), s3://BUCKET[/PREFIX] or oss://BUCKET[/PREFIX]
    #[arg(long)]
    url: String,
    /// The storage's address, when it is not AWS's or Alibaba Cloud's own
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// The region the bucket is in
    #[arg(long, value_name = "REGION")]
    bucket_region: Option<String>,
    /// The key that may write to it
    #[arg(long, value_name = "ID", env = "CAIRN_BUCKET_ACCESS_KEY_ID")]
    access_key_id: Option<String>,
    /// That key's secret. Others on this machine can see command lines: with "-", or when left out, it is read from
    /// CAIRN_BUCKET_ACCESS_KEY_SECRET or else from standard input
    #[arg(long, value_name = "SECRET")]
    access_key_secret: Option<String>,
    /// A session token, where the key needs one; "-" reads it from CAIRN_BUCKET_SESSION_TOKEN or standard input
    #[arg(long, value_name = "TOKEN", env = TOKEN_VARIABLE, hide_env_values = true)]
    session_token: Option<String>,
    /// Put the bucket's name into the path (true) or the host name (false) of requests [default: by the endpoint]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    path_style: Option<bool>,
    /// Accept an endpoint without TLS
    #[arg(long)]
    allow_http: bool,
    /// The encryption to ask for with every object: AES256 or KMS
    #[arg(long, value_name = "KIND")]
    server_side_encryption: Option<String>,
    /// The key for KMS encryption
    #[arg(long, value_name = "ID")]
    kms_key_id: Option<String>,
}

impl Bucket {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let client = self.connection.client()?;
        let output = self.connection.output;
        let mut params = Params::new();
        self.act_for.apply(&mut params.0);
        match self.command {
            BucketCommand::Add(add) => add.run(&client, output, params).await,
            BucketCommand::List => {
                let entries = list_all(&client, OperationId::ListBuckets, &params, &["Buckets"]).await?;
                let row = |bucket: &Value| ["Name", "Url", "CreateTime"].map(|key| text(&bucket[key]));
                print_list(output, &entries, ["NAME", "URL", "CREATED"], row)?;
                Ok(ExitCode::SUCCESS)
            }
            BucketCommand::Check { name } => check(&client, output, params, &name).await,
            BucketCommand::Delete { name } => {
                let reply = client.rpc(OperationId::DeleteBucket, &params.with("Name", &name).0).await?;
                output::done(output, &reply, &format!("{name} is forgotten; what is in it stays"))?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

impl Add {
    async fn run(self, client: &Client, output: Output, common: Params) -> anyhow::Result<ExitCode> {
        let secret = (self.access_key_id.is_some() || self.access_key_secret.is_some())
            .then(|| secret::resolve(self.access_key_secret, SECRET_VARIABLE, "the bucket's access key secret"));
        let token =
            self.session_token.map(|given| secret::resolve(Some(given), TOKEN_VARIABLE, "the bucket's session token"));
        let acting = Params(common.0.clone());
        let params = common
            .with("Name", &self.name)
            .with("Url", absolute(&self.url)?)
            .with_some("Endpoint", self.endpoint_url)
            .with_some("BucketRegion", self.bucket_region)
            .with_some("BucketAccessKeyId", self.access_key_id)
            .with_some("BucketAccessKeySecret", secret.transpose()?)
            .with_some("BucketSecurityToken", token.transpose()?)
            .with_some("PathStyle", self.path_style)
            .with_some("AllowHttp", self.allow_http.then_some(true))
            .with_some("ServerSideEncryption", self.server_side_encryption)
            .with_some("KmsKeyId", self.kms_key_id);
        client.rpc(OperationId::CreateBucket, &params.0).await?;
        check(client, output, acting, &self.name).await
    }
}

/// The node may run in another folder than this command, so a relative path would mean two things.
fn absolute(url: &str) -> anyhow::Result<String> {
    match url.strip_prefix("file://") {
        Some(path) if !path.is_empty() && !path.starts_with('/') => {
            let folder = std::path::absolute(Path::new(path)).with_context(|| format!("{path} is no path"))?;
            Ok(format!("file://{}", folder.display()))
        }
        _ => Ok(url.to_owned()),
    }
}

async fn check(client: &Client, output: Output, common: Params, name: &str) -> anyhow::Result<ExitCode> {
    let reply = client.rpc(OperationId::CheckBucket, &common.with("Name", name).0).await?;
    let mut writable = false;
    let read: Value = reply.parse()?;
    if read["Writable"] == Value::Bool(true) {
        writable = true;
    }
    output::reply(output, &reply, |value| {
        output::pairs(&[
            ("Name", text(&value["Bucket"]["Name"])),
            ("Url", text(&value["Bucket"]["Url"])),
            ("Writable", if writable { "yes" } else { "no" }.into()),
            ("Error", text(&value["Error"])),
        ])
    })?;
    Ok(if writable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
