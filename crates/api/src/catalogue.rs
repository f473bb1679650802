//! What is known before anything has happened: services, their events and resources, the types of insights, and
//! ready-made queries. Data files of the release; the account's own history adds to them.

use std::sync::LazyLock;

use serde::Deserialize;

/// The types of insights.
pub const INSIGHT_TYPES: &[&str] = &[
    "IpInsight",
    "ApiCallRateInsight",
    "ApiErrorRateInsight",
    "AkInsight",
    "PolicyChangeInsight",
    "PasswordChangeInsight",
    "TrailConcealmentInsight",
];

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ServiceFacts {
    /// The name in events.
    pub service_name: String,
    /// Its English name.
    pub name_en: String,
    /// Its Chinese name.
    pub name_zh: String,
    /// Whether it answers from one place for all regions.
    pub is_global: bool,
    /// Its types of resources.
    pub resource_types: Vec<ResourceFacts>,
    /// Names of its management events.
    pub event_names: Vec<String>,
    /// Names of its data events.
    pub data_event_names: Vec<String>,
}

/// A type of resources.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ResourceFacts {
    /// For example `ACS::ECS::Instance`.
    pub resource_type: String,
    /// Events that make one.
    pub create: Vec<String>,
    /// Events that end one.
    pub delete: Vec<String>,
}

/// What ready-made queries are for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Scene {
    /// Its id, the same for ever.
    pub scene_id: String,
    /// A word for it.
    pub token: String,
    /// What kind of scene it is.
    pub r#type: String,
    /// Its English name.
    pub name: String,
    /// Its Chinese name.
    pub name_zh: String,
    /// What it is about, in English.
    pub description: String,
    /// What it is about, in Chinese.
    pub description_zh: String,
    /// Its queries.
    pub templates: Vec<SearchTemplate>,
}

/// A ready-made query.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SearchTemplate {
    /// Its id, the same for ever.
    pub template_id: String,
    /// The scene's word and its own.
    pub token: String,
    /// Its English name.
    pub name: String,
    /// Its Chinese name.
    pub name_zh: String,
    /// What it looks for.
    pub params: Vec<SearchParam>,
    /// The query.
    pub sql: String,
}

/// A field of events and what it is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchParam {
    /// The field.
    pub key: String,
    /// Its value; `*` for any.
    pub value: String,
}

static SERVICES: LazyLock<Vec<ServiceFacts>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/services.json")).expect("the release's own file is sound: it is tested")
});
static SCENES: LazyLock<Vec<Scene>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/scenes.json")).expect("the release's own file is sound: it is tested")
});

/// Every service, by name in any case.
pub fn services() -> &'static [ServiceFacts] {
    &SERVICES
}

/// The service of this name, in any case.
pub fn service(name: &str) -> Option<&'static ServiceFacts> {
    services().iter().find(|service| service.service_name.eq_ignore_ascii_case(name))
}

/// Every scene.
pub fn scenes() -> &'static [Scene] {
    &SCENES
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn services_are_sorted_unique_and_hold_together() {
        let names: Vec<String> = services().iter().map(|each| each.service_name.to_ascii_lowercase()).collect();
        assert!(names.is_sorted() && names.iter().collect::<BTreeSet<_>>().len() == names.len());
        assert!(names.len() >= 60, "{} services", names.len());
        for service in services() {
            assert!(service.event_names.is_sorted(), "{}", service.service_name);
            for kind in &service.resource_types {
                assert!(kind.resource_type.starts_with("ACS::"), "{}", kind.resource_type);
                for event in kind.create.iter().chain(&kind.delete) {
                    assert!(service.event_names.contains(event), "{} lacks {event}", service.service_name);
                }
            }
        }
        assert_eq!(service("ecs").map(|service| service.name_en.as_str()), Some("Elastic Compute Service"));
        assert!(services().iter().filter(|each| !each.data_event_names.is_empty()).count() >= 4);
    }

    /// What this table of operations can do is in the catalogue too.
    #[test]
    fn our_own_operations_are_events_of_our_own_services() {
        let trails = service("Actiontrail").expect("it is listed");
        let ours = crate::OPERATIONS.iter().filter(|row| row.service == crate::Service::Actiontrail);
        let known = ours.filter(|row| trails.event_names.iter().any(|name| name == row.name)).count();
        assert!(known >= 20, "{known} of our operations");
    }

    #[test]
    fn scenes_have_ids_and_queries_of_their_own() {
        let templates: Vec<&SearchTemplate> = scenes().iter().flat_map(|scene| &scene.templates).collect();
        let ids: BTreeSet<&str> = templates.iter().map(|template| template.template_id.as_str()).collect();
        assert_eq!(ids.len(), templates.len());
        assert!(scenes().iter().any(|scene| scene.token == "identity"));
        for template in templates {
            assert!(template.template_id.starts_with("tpl-") && template.template_id.len() == 26);
            assert!(template.sql.contains("event.") && template.sql.contains("LIMIT"), "{}", template.token);
        }
        assert!(scenes().iter().all(|scene| scene.scene_id.len() == 25 && scene.templates.len() >= 2));
    }
}
