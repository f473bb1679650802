//! Saved searches and dashboards: kept as sent, given back as sent. Only their names are looked at.

use catalog::{CatalogError, Document, DocumentKind, Documents};
use serde_json::{Value, json};
use sls::{Fault, FaultCode, fault};

use super::projects::{body, page};
use super::reply::Reply;
use super::route::Operation;
use super::{Call, ours};

/// Of each kind in a project; Log Service's own limit for saved searches.
const DOCUMENTS_MAX: usize = 100;
/// Bytes of a name; Log Service's own limit.
const NAME_BYTES_MAX: usize = 128;

/// What the two kinds have of their own.
struct Kind {
    kind: DocumentKind,
    /// The key that holds the name.
    name: &'static str,
    missing: FaultCode,
    label: &'static str,
}

fn kind(operation: Operation) -> Kind {
    use Operation as O;
    match operation {
        O::ListDashboard | O::CreateDashboard | O::GetDashboard | O::UpdateDashboard | O::DeleteDashboard => Kind {
            kind: DocumentKind::Dashboard,
            name: "dashboardName",
            missing: fault::DASHBOARD_NOT_EXIST,
            label: "dashboard",
        },
        _ => Kind {
            kind: DocumentKind::SavedSearch,
            name: "savedsearchName",
            missing: fault::SAVED_SEARCH_NOT_EXIST,
            label: "savedsearch",
        },
    }
}

impl Kind {
    fn told(&self, error: CatalogError) -> Fault {
        match error {
            CatalogError::NotFound { .. } => self.not_there(),
            CatalogError::AlreadyExists { .. } => {
                fault::PARAMETER_INVALID.because(format!("specified {} already exists", self.label))
            }
            CatalogError::LimitReached { .. } => fault::EXCEED_QUOTA.because(format!("{} quota exceed", self.label)),
            other => ours(other),
        }
    }

    fn not_there(&self) -> Fault {
        self.missing.because(format!("specified {} does not exist", self.label))
    }

    /// The document of the body; its name must be that of the path, if that has one.
    fn sent(&self, call: &Call<'_>) -> Result<Document, Fault> {
        let sent: Value = body(call.request)?;
        let name = sent[self.name].as_str().unwrap_or_default();
        let is_name = !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.contains(['/', '\0']);
        let is_same = call.route.name.as_deref().is_none_or(|of_path| of_path == name);
        if !is_name || !is_same {
            let message = format!("{} {name:?} is invalid, or not the one of the path", self.name);
            return Err(fault::PARAMETER_INVALID.because(message));
        }
        Ok(Document { name: name.to_owned(), body: String::from_utf8_lossy(&call.request.body).into_owned() })
    }
}

async fn documents(call: &Call<'_>) -> Result<(Kind, Documents), Fault> {
    let project = call.project().await?;
    let kind = kind(call.route.operation);
    let of = Documents { account: project.account, project: project.name, kind: kind.kind };
    Ok((kind, of))
}

pub(super) async fn create(call: &Call<'_>) -> Result<Reply, Fault> {
    let (kind, of) = documents(call).await?;
    let document = kind.sent(call)?;
    let created = call.gateway.catalog.log_document_create(&of, &document, call.request.received, DOCUMENTS_MAX).await;
    created.map_err(|error| kind.told(error))?;
    Ok(Reply::empty())
}

pub(super) async fn update(call: &Call<'_>) -> Result<Reply, Fault> {
    let (kind, of) = documents(call).await?;
    let document = kind.sent(call)?;
    let updated = call.gateway.catalog.log_document_update(&of, &document, call.request.received).await;
    updated.map_err(|error| kind.told(error))?;
    Ok(Reply::empty())
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Reply, Fault> {
    let (kind, of) = documents(call).await?;
    let name = call.route.name.as_deref().unwrap_or_default();
    call.gateway.catalog.log_document_delete(&of, name).await.map_err(|error| kind.told(error))?;
    Ok(Reply::empty())
}

pub(super) async fn get(call: &Call<'_>) -> Result<Reply, Fault> {
    let (kind, of) = documents(call).await?;
    let name = call.route.name.as_deref().unwrap_or_default();
    let found = call.gateway.catalog.log_document_find(&of, name).await.map_err(ours)?;
    Ok(Reply::text(found.ok_or_else(|| kind.not_there())?.body))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Reply, Fault> {
    let (kind, of) = documents(call).await?;
    let all = call.gateway.catalog.log_document_list(&of).await.map_err(ours)?;
    let (total, all) = page(call, all, 500, 500)?;
    let display = |document: &Document| {
        let body: Value = serde_json::from_str(&document.body).unwrap_or_default();
        body["displayName"].as_str().unwrap_or(&document.name).to_owned()
    };
    let names: Vec<&str> = all.iter().map(|document| document.name.as_str()).collect();
    let items = all.iter().map(|document| json!({ kind.name: document.name, "displayName": display(document) }));
    let items: Vec<Value> = items.collect();
    let (of_names, of_items) = match kind.kind {
        DocumentKind::Dashboard => ("dashboards", "dashboardItems"),
        DocumentKind::SavedSearch => ("savedsearches", "savedsearchItems"),
    };
    Ok(Reply::json(&json!({ "total": total, "count": names.len(), of_names: names, of_items: items })))
}
