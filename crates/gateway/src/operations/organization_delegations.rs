//! Members that administer a service for the organization.

use api::{Success, codes};
use catalog::{CatalogError, Delegation};
use model::limits::DELEGATED_ADMINISTRATORS_MAX;
use serde_json::json;

use super::organization::{ACTIONTRAIL, administered, fault, join_method, managed, page, sentence};
use super::{Call, Outcome, organization_members};

pub(super) async fn register(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let new = Delegation {
        account: organization_members::named(call),
        service: call.arguments.required("ServicePrincipal").to_owned(),
        enabled: call.gateway.clock.now(),
    };
    match call.gateway.catalog.delegation_create(&directory.id, &new, DELEGATED_ADMINISTRATORS_MAX).await {
        Ok(()) => Ok(Success::empty()),
        Err(CatalogError::NotFound { .. }) => Err(organization_members::not_found(new.account)),
        Err(error @ (CatalogError::AlreadyExists { .. } | CatalogError::InUse { .. })) => {
            Err(codes::ENTITY_ALREADY_EXISTS_DELEGATED_ADMINISTRATOR.because(format!("{}.", sentence(&error))))
        }
        Err(error @ CatalogError::LimitReached { .. }) => {
            Err(codes::LIMIT_EXCEEDED_DELEGATED_ADMINISTRATOR.because(format!("{}.", sentence(&error))))
        }
        Err(error) => Err(fault(error)),
    }
}

pub(super) async fn deregister(call: &Call<'_>) -> Outcome {
    let directory = managed(call).await?;
    let (account, service) = (organization_members::named(call), call.arguments.required("ServicePrincipal"));
    match call.gateway.catalog.delegation_delete(&directory.id, account, service).await {
        Ok(()) => Ok(Success::empty()),
        Err(error @ CatalogError::NotFound { .. }) => {
            Err(codes::ENTITY_NOT_EXISTS_DELEGATED_ADMINISTRATOR.because(format!("{}.", sentence(&error))))
        }
        Err(error @ CatalogError::InUse { .. }) => {
            Err(codes::DELETE_CONFLICT_DELEGATED_ADMINISTRATOR.because(format!("{}.", sentence(&error))))
        }
        Err(error) => Err(fault(error)),
    }
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let directory = administered(call).await?;
    let members = call.gateway.catalog.member_list(&directory.id).await.map_err(fault)?;
    let mut delegations = call.gateway.catalog.delegation_list(&directory.id).await.map_err(fault)?;
    delegations.retain(|each| call.arguments.text("ServicePrincipal").is_none_or(|wanted| wanted == each.service));
    page(call, &delegations, "Accounts", "Account", |delegation| {
        let member = members.iter().find(|member| member.account == delegation.account);
        json!({
            "AccountId": delegation.account.as_str(),
            "DisplayName": member.map_or("", |member| &member.display_name),
            "JoinMethod": member.map_or("", |member| join_method(member.join_method)),
            "ServicePrincipal": delegation.service,
            "DelegationEnabledTime": delegation.enabled.to_string(),
        })
    })
}

pub(super) async fn list_for_account(call: &Call<'_>) -> Outcome {
    let directory = administered(call).await?;
    let member = organization_members::find(call, &directory, organization_members::named(call)).await?;
    let delegations = call.gateway.catalog.delegation_list(&directory.id).await.map_err(fault)?;
    let services = delegations.iter().filter(|delegation| delegation.account == member.account).map(|delegation| {
        json!({
            "ServicePrincipal": delegation.service,
            "DelegationEnabledTime": delegation.enabled.to_string(),
            "Status": "ENABLED",
        })
    });
    let services: Vec<_> = services.collect();
    Ok(Success::from_object(&json!({
        "DelegatedServices": { "DelegatedService": services },
        "MaxResults": call.arguments.integer("MaxResults"),
    })))
}

pub(super) async fn list_services(call: &Call<'_>) -> Outcome {
    let directory = administered(call).await?;
    let mut services = vec![(ACTIONTRAIL, directory.created)];
    if let Some(administrator) = call.arguments.text("AdminAccountId") {
        let delegations = call.gateway.catalog.delegation_list(&directory.id).await.map_err(fault)?;
        let administers = |service: &str| {
            directory.management.as_str() == administrator
                || delegations.iter().any(|each| each.account.as_str() == administrator && each.service == service)
        };
        services.retain(|(service, _)| administers(service));
    }
    page(
        call,
        &services,
        "EnabledServicePrincipals",
        "EnabledServicePrincipal",
        |(service, enabled)| json!({ "ServicePrincipal": service, "EnableTime": enabled.to_string() }),
    )
}
