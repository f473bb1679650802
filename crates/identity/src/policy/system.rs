//! The built-in policies. Their documents lie in `system/`.

use std::sync::{Arc, LazyLock};

use super::Policy;

/// A built-in policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemPolicy {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its document.
    pub document: &'static str,
}

/// Every built-in policy, by name.
pub const SYSTEM_POLICIES: [SystemPolicy; 12] = [
    SystemPolicy {
        name: "AdministratorAccess",
        description: "Everything in the account.",
        document: include_str!("system/AdministratorAccess.json"),
    },
    SystemPolicy {
        name: "AliyunActionTrailFullAccess",
        description: "Everything in ActionTrail.",
        document: include_str!("system/AliyunActionTrailFullAccess.json"),
    },
    SystemPolicy {
        name: "AliyunActionTrailReadOnlyAccess",
        description: "Looking up events and reading trails.",
        document: include_str!("system/AliyunActionTrailReadOnlyAccess.json"),
    },
    SystemPolicy {
        name: "AliyunLogFullAccess",
        description: "Everything in Log Service.",
        document: include_str!("system/AliyunLogFullAccess.json"),
    },
    SystemPolicy {
        name: "AliyunLogReadOnlyAccess",
        description: "Reading projects, Logstores and their logs.",
        document: include_str!("system/AliyunLogReadOnlyAccess.json"),
    },
    SystemPolicy {
        name: "AliyunRAMFullAccess",
        description: "Managing users, keys and policies.",
        document: include_str!("system/AliyunRAMFullAccess.json"),
    },
    SystemPolicy {
        name: "AliyunRAMReadOnlyAccess",
        description: "Reading users, keys and policies.",
        document: include_str!("system/AliyunRAMReadOnlyAccess.json"),
    },
    SystemPolicy {
        name: "AliyunSTSAssumeRoleAccess",
        description: "Becoming a role.",
        document: include_str!("system/AliyunSTSAssumeRoleAccess.json"),
    },
    SystemPolicy {
        name: "AliyunServiceRolePolicyForActionTrail",
        description: "What ActionTrail needs for the account's trails. For its service-linked role only.",
        document: include_str!("system/AliyunServiceRolePolicyForActionTrail.json"),
    },
    SystemPolicy {
        name: "AliyunResourceDirectoryFullAccess",
        description: "Managing the resource directory.",
        document: include_str!("system/AliyunResourceDirectoryFullAccess.json"),
    },
    SystemPolicy {
        name: "AliyunResourceDirectoryReadOnlyAccess",
        description: "Reading the resource directory.",
        document: include_str!("system/AliyunResourceDirectoryReadOnlyAccess.json"),
    },
    SystemPolicy {
        name: "CairnPutEventsAccess",
        description: "Putting events into the account.",
        document: include_str!("system/CairnPutEventsAccess.json"),
    },
];

static PARSED: LazyLock<Vec<(&'static str, Arc<Policy>)>> = LazyLock::new(|| {
    let parse = |policy: &SystemPolicy| {
        (policy.name, Arc::new(Policy::parse(policy.document).expect("a built-in policy is valid")))
    };
    SYSTEM_POLICIES.iter().map(parse).collect()
});

pub(crate) fn find(name: &str) -> Option<Arc<Policy>> {
    PARSED.iter().find(|(each, _)| *each == name).map(|(_, policy)| policy.clone())
}

/// Whether a policy is for a service-linked role only.
pub(crate) fn is_of_a_service(name: &str) -> bool {
    name.starts_with("AliyunServiceRolePolicy")
}

pub(crate) fn deny_everything() -> Arc<Policy> {
    let document = r#"{"Version":"1","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    Arc::new(Policy::parse(document).expect("it is valid"))
}
