//! Layers and fences: who may import whom.
//!
//! A crate imports only crates of a strictly lower layer, so there are no cycles and siblings cannot see each other.
//! A fence keeps a heavy or dangerous library inside the crates that exist to hold it. Dev-dependencies are free.

use std::collections::BTreeMap;

use super::Problem;
use crate::workspace::{Metadata, Package};

/// A library and the only crates of ours that may name it.
const FENCES: [(&str, &[&str]); 7] = [
    ("sqlx", &["catalog"]),
    ("parquet", &["store", "warehouse", "cairn"]),
    // Rows of an answer travel as Arrow batches from the store to whoever asked.
    ("arrow", &["query", "store", "engine", "warehouse", "postgres", "gateway", "watch", "cairn"]),
    ("object_store", &["outbound", "warehouse"]),
    ("reqwest", &["outbound", "client", "cairn"]),
    ("datafusion", &["engine"]),
    ("deltalake", &["warehouse", "engine"]),
];

/// Chores stand outside the layers: nothing imports them.
const OUTSIDE: &str = "xtask";

pub(super) fn check(metadata: &Metadata) -> Vec<Problem> {
    let is_ours = |package: &&Package| metadata.workspace_members.contains(&package.id);
    let ours: Vec<&Package> = metadata.packages.iter().filter(is_ours).collect();
    let layers: BTreeMap<&str, u64> =
        ours.iter().filter_map(|package| Some((package.name.as_str(), layer(package)?))).collect();
    let mut problems = Vec::new();
    for package in ours {
        if package.name != OUTSIDE {
            problems.extend(check_layer(package, &layers));
        }
        problems.extend(check_fences(package));
    }
    problems
}

fn layer(package: &Package) -> Option<u64> {
    package.metadata.as_ref()?.get("layer")?.as_u64()
}

/// What ends up in the program: everything but what only tests use.
fn imports(package: &Package) -> impl Iterator<Item = &str> {
    let is_import = |kind: &Option<String>| kind.as_deref() != Some("dev");
    package.dependencies.iter().filter(move |each| is_import(&each.kind)).map(|each| each.name.as_str())
}

fn check_layer(package: &Package, layers: &BTreeMap<&str, u64>) -> Vec<Problem> {
    let name = package.name.as_str();
    let Some(own) = layers.get(name) else {
        return vec![Problem::new(name, "its manifest has no [package.metadata] layer = N")];
    };
    let too_high =
        imports(package).filter_map(|import| Some((import, layers.get(import)?))).filter(|(_, at)| *at >= own);
    let sentence =
        |import, at| format!("layer {own} imports {import} of layer {at}; only lower layers may be imported");
    too_high.map(|(import, at)| Problem::new(name, sentence(import, at))).collect()
}

fn check_fences(package: &Package) -> Vec<Problem> {
    let name = package.name.as_str();
    let broken = FENCES.iter().filter(|(library, inside)| {
        let is_named = imports(package).any(|import| import == *library || is_part(library, import));
        is_named && !inside.contains(&name)
    });
    let sentence = |library, inside: &[&str]| format!("names {library}; only {} may", inside.join(", "));
    broken.map(|(library, inside)| Problem::new(name, sentence(library, inside))).collect()
}

/// `datafusion-functions-json` is a part of `datafusion`, `arrow-schema` of `arrow`.
fn is_part(library: &str, import: &str) -> bool {
    import.strip_prefix(library).is_some_and(|rest| rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn package(name: &str, layer: Option<u64>, imports: &[(&str, Option<&str>)]) -> Package {
        let dependency = |(name, kind): &(&str, Option<&str>)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
        };
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            license: None,
            dependencies: imports.iter().map(dependency).collect(),
            metadata: layer.map(|layer| serde_json::json!({ "layer": layer })),
        }
    }

    fn found(packages: Vec<Package>) -> Vec<String> {
        let workspace_members = packages.iter().map(|package| package.id.clone()).collect();
        let problems = check(&Metadata { packages, workspace_members });
        problems.into_iter().map(|problem| format!("{}: {}", problem.place, problem.sentence)).collect()
    }

    #[test]
    fn lower_layers_may_be_imported() {
        let packages = vec![
            package("model", Some(0), &[("serde", None)]),
            package("store", Some(3), &[("model", None), ("parquet", None)]),
            package("xtask", None, &[("model", None)]),
        ];
        assert_eq!(found(packages), [""; 0]);
    }

    #[test]
    fn a_sideways_and_an_upward_edge_are_named() {
        let packages = vec![
            package("store", Some(3), &[("identity", None)]),
            package("identity", Some(3), &[("gateway", Some("build"))]),
            package("gateway", Some(5), &[]),
        ];
        let problems = found(packages);
        assert_eq!(problems.len(), 2);
        assert!(problems[0].starts_with("store: layer 3 imports identity of layer 3"), "{problems:?}");
        assert!(problems[1].starts_with("identity: layer 3 imports gateway of layer 5"), "{problems:?}");
    }

    #[test]
    fn tests_may_import_anything() {
        let packages = vec![
            package("store", Some(3), &[("gateway", Some("dev")), ("sqlx", Some("dev"))]),
            package("gateway", Some(5), &[]),
        ];
        assert_eq!(found(packages), [""; 0]);
    }

    #[test]
    fn a_crate_without_a_layer_is_named() {
        assert!(found(vec![package("store", None, &[])])[0].contains("no [package.metadata] layer"));
    }

    #[test]
    fn a_library_outside_its_fence_is_named() {
        for (library, name) in
            [("sqlx", "identity"), ("parquet", "journal"), ("datafusion-functions", "store"), ("reqwest", "gateway")]
        {
            let problems = found(vec![package(name, Some(3), &[(library, None)])]);
            assert!(problems[0].contains("only "), "{problems:?}");
        }
    }
}
