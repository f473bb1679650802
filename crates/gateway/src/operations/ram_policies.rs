//! Policies and who has them. There is one version of a policy, `v1`: RAM's versions are not kept.

use api::{Success, WireError, codes};
use catalog::{Attachment, Policy, PolicyKind, PolicyRef};
use identity::policy::system::{SYSTEM_POLICIES, SystemPolicy};
use serde_json::{Value, json};

use super::{Call, Outcome, paged};
use crate::fault::{managed, unexpected};

/// The version every policy is at.
const VERSION: &str = "v1";

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("PolicyName");
    let document = call.arguments.required("PolicyDocument");
    let description = call.arguments.text("Description");
    let created = call.gateway.identity.create_policy(call.account, name, document, description).await;
    let shown = Shown::custom(&created.map_err(managed)?).fields(None);
    Ok(Success::from_object(&json!({ "Policy": shown })))
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("PolicyName");
    let policy = match kind(call) {
        PolicyKind::Custom => {
            Shown::custom(&call.gateway.identity.get_policy(call.account, name).await.map_err(managed)?)
        }
        PolicyKind::System => built_in(name).map(Shown::system).ok_or_else(|| no_built_in(name))?,
    };
    let mut fields = policy.fields(Some(&attachments(call).await?));
    fields["PolicyDocument"] = policy.document.as_str().into();
    let version = json!({
        "VersionId": VERSION,
        "IsDefaultVersion": true,
        "PolicyDocument": policy.document,
        "CreateDate": policy.created,
    });
    Ok(Success::from_object(&json!({ "Policy": fields, "DefaultPolicyVersion": version })))
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("PolicyName");
    call.gateway.identity.delete_policy(call.account, name).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let custom = call.gateway.identity.list_policies(call.account).await.map_err(managed)?;
    let mut policies: Vec<Shown> = custom.iter().map(Shown::custom).collect();
    policies.extend(SYSTEM_POLICIES.iter().map(Shown::system));
    if let Some(kind) = call.arguments.text("PolicyType") {
        policies.retain(|policy| policy.kind.as_str() == kind);
    }
    let attachments = attachments(call).await?;
    let page = paged(call, policies, |policy| &policy.name);
    Ok(page.reply("Policies", |policies| json!({ "Policy": policies }), |policy| policy.fields(Some(&attachments))))
}

pub(super) async fn attach(call: &Call<'_>) -> Outcome {
    let user = call.arguments.required("UserName");
    call.gateway.identity.attach(call.account, user, named(call)).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn detach(call: &Call<'_>) -> Outcome {
    let user = call.arguments.required("UserName");
    call.gateway.identity.detach(call.account, user, &named(call)).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn list_for_user(call: &Call<'_>) -> Outcome {
    let user = call.arguments.required("UserName");
    let attached = call.gateway.identity.list_attached(call.account, user).await.map_err(managed)?;
    let custom = call.gateway.identity.list_policies(call.account).await.map_err(managed)?;
    let shown = |attachment: &Attachment| {
        let policy = &attachment.policy;
        let description = match policy.kind {
            PolicyKind::System => built_in(&policy.name).map(|found| found.description),
            PolicyKind::Custom => {
                custom.iter().find(|found| found.name == policy.name).map(|found| found.description.as_str())
            }
        };
        json!({
            "PolicyName": policy.name,
            "PolicyType": policy.kind.as_str(),
            "Description": description.unwrap_or_default(),
            "DefaultVersion": VERSION,
            "AttachDate": attachment.attached.to_string(),
        })
    };
    let policies: Vec<Value> = attached.iter().map(shown).collect();
    Ok(Success::from_object(&json!({ "Policies": { "Policy": policies } })))
}

/// A policy of either kind. The built-in ones have no dates.
struct Shown {
    kind: PolicyKind,
    name: String,
    description: String,
    document: String,
    created: String,
    updated: String,
}

impl Shown {
    fn custom(policy: &Policy) -> Shown {
        Shown {
            kind: PolicyKind::Custom,
            name: policy.name.clone(),
            description: policy.description.clone(),
            document: policy.document.clone(),
            created: policy.created.to_string(),
            updated: policy.updated.to_string(),
        }
    }

    fn system(policy: &SystemPolicy) -> Shown {
        Shown {
            kind: PolicyKind::System,
            name: policy.name.to_owned(),
            description: policy.description.to_owned(),
            document: policy.document.to_owned(),
            created: String::new(),
            updated: String::new(),
        }
    }

    fn fields(&self, attachments: Option<&[Attachment]>) -> Value {
        let mut fields = json!({
            "PolicyName": self.name,
            "PolicyType": self.kind.as_str(),
            "Description": self.description,
            "DefaultVersion": VERSION,
            "CreateDate": self.created,
        });
        if let Some(attachments) = attachments {
            let is_this = |policy: &PolicyRef| policy.kind == self.kind && policy.name == self.name;
            fields["AttachmentCount"] = attachments.iter().filter(|each| is_this(&each.policy)).count().into();
            fields["UpdateDate"] = self.updated.as_str().into();
        }
        fields
    }
}

/// Who of the account has which policy.
async fn attachments(call: &Call<'_>) -> Result<Vec<Attachment>, WireError> {
    let snapshot = call.gateway.catalog.identity_snapshot().await;
    let mut attachments = snapshot.map_err(|error| unexpected(&error, error.kind()))?.attachments;
    attachments.retain(|attachment| attachment.account == call.account);
    Ok(attachments)
}

fn built_in(name: &str) -> Option<&'static SystemPolicy> {
    SYSTEM_POLICIES.iter().find(|policy| policy.name == name)
}

fn no_built_in(name: &str) -> WireError {
    codes::ENTITY_NOT_EXIST_POLICY.because(format!("There is no built-in policy {name}; ListPolicies names them."))
}

fn kind(call: &Call<'_>) -> PolicyKind {
    match call.arguments.required("PolicyType") {
        "System" => PolicyKind::System,
        _ => PolicyKind::Custom,
    }
}

fn named(call: &Call<'_>) -> PolicyRef {
    PolicyRef { kind: kind(call), name: call.arguments.required("PolicyName").to_owned() }
}
