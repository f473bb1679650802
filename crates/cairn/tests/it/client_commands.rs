//! Identities over the command line, and errors that say what to do.

use crate::process::{Node, Place, event, run};

/// Runs a command with another key.
fn run_as(node: &Node<'_>, id: &str, secret: &str, arguments: &[&str]) -> crate::process::Done {
    let mut command = node.command(arguments);
    command.env("ALIBABA_CLOUD_ACCESS_KEY_ID", id).env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret);
    run(command, event("by-somebody").as_bytes())
}

#[test]
fn a_user_may_what_its_policies_say_while_its_key_is_enabled() {
    let place = Place::new();
    let node = place.node(&[]);
    node.run(&["user", "create", "alice", "--display-name", "Alice A."]).ok();
    let key = node.run(&["key", "create", "--user", "alice", "--output", "json"]).ok().json();
    let (id, secret) = (
        key["AccessKey"]["AccessKeyId"].as_str().expect("a text"),
        key["AccessKey"]["AccessKeySecret"].as_str().expect("a text"),
    );
    let refused = run_as(&node, id, secret, &["events", "lookup"]).failed_with(1);
    assert!(refused.stderr.contains("NoPermission") && refused.stderr.contains("cairn policy attach"), "{refused:?}");
    node.run(&["policy", "attach", "AliyunActionTrailReadOnlyAccess", "--user", "alice"]).ok();
    run_as(&node, id, secret, &["events", "lookup"]).ok();
    run_as(&node, id, secret, &["events", "put", "-"]).failed_with(1);

    let document = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"cairn:PutEvents","Resource":"*"}]}"#;
    place.write("put.json", document);
    node.run(&["policy", "create", "put-only", "--document", "put.json"]).ok();
    node.run(&["policy", "attach", "put-only", "--user", "alice"]).ok();
    run_as(&node, id, secret, &["events", "put", "-"]).ok();
    let attached = node.run(&["policy", "list", "--user", "alice"]).ok().stdout;
    assert!(attached.contains("put-only") && attached.contains("Custom"), "{attached}");
    assert_eq!(node.run(&["policy", "show", "put-only"]).ok().stdout.trim(), document);

    node.run(&["key", "disable", id, "--user", "alice"]).ok();
    let disabled = run_as(&node, id, secret, &["events", "lookup"]).failed_with(1);
    assert!(disabled.stderr.contains("cairn key enable"), "{}", disabled.stderr);
    node.run(&["key", "enable", id, "--user", "alice"]).ok();
    run_as(&node, id, secret, &["events", "lookup"]).ok();

    let in_use = node.run(&["user", "delete", "alice"]).failed_with(1);
    assert!(in_use.stderr.contains("cairn key list --user"), "{}", in_use.stderr);
    node.run(&["key", "delete", id, "--user", "alice"]).ok();
    node.run(&["policy", "detach", "put-only", "--user", "alice"]).ok();
    node.run(&["policy", "detach", "AliyunActionTrailReadOnlyAccess", "--user", "alice"]).ok();
    node.run(&["policy", "delete", "put-only"]).ok();
    node.run(&["user", "delete", "alice"]).ok();
    let listed = node.run(&["user", "list", "--output", "json"]).ok().json();
    assert_eq!(listed, serde_json::json!([]));
}

#[test]
fn accounts_and_tokens_come_and_go() {
    let place = Place::new();
    let node = place.node(&[]);
    let team = node.run(&["account", "create", "team-a", "--id", "4711", "--output", "json"]).ok().json();
    let key = &team["AccessKey"];
    let (id, secret) = (key["AccessKeyId"].as_str().expect("a text"), key["AccessKeySecret"].as_str().expect("a text"));
    run_as(&node, id, secret, &["events", "put", "-"]).ok();
    let own = node.run(&["events", "lookup", "--attr", "EventId=by-somebody", "--json"]).ok();
    assert!(own.stdout.is_empty(), "another account's events are not seen");
    run_as(&node, id, secret, &["account", "list"]).failed_with(1);
    node.run(&["user", "create", "bob", "--account-id", "4711"]).ok();
    let bob = run_as(&node, id, secret, &["user", "list"]).ok().stdout;
    assert!(bob.contains("bob"), "{bob}");

    let made = node.run(&["token", "create", "web servers", "--output", "json"]).ok().json();
    let listed = node.run(&["token", "list"]).ok().stdout;
    let token_id = made["IngestToken"]["IngestTokenId"].as_str().expect("a text");
    assert!(listed.contains(token_id) && !listed.contains(made["Token"].as_str().expect("a text")), "{listed}");
    node.run(&["token", "delete", token_id]).ok();
    let mut command = place.cairn(&["events", "put", "-"]);
    command.env("CAIRN_ENDPOINT", &node.process.endpoint).env("CAIRN_TOKEN", made["Token"].as_str().expect("a text"));
    assert_eq!(run(command, event("late").as_bytes()).code, Some(1), "a deleted token opens nothing");
}

#[test]
fn errors_say_what_to_do_next() {
    let place = Place::new();
    let nothing = place.run(&["trail", "list"]).failed_with(1);
    assert!(nothing.stderr.contains("ALIBABA_CLOUD_ACCESS_KEY_ID"), "{}", nothing.stderr);
    let profile = place.run(&["trail", "list", "--profile", "prod"]).failed_with(1);
    assert!(profile.stderr.contains("cairn profile set prod"), "{}", profile.stderr);

    let mut node = place.node(&[]);
    let wrong = run_as(&node, &node.key.id, "wrong", &["trail", "list"]).failed_with(1);
    assert!(wrong.stderr.contains("Check the access key secret"), "{}", wrong.stderr);
    let unknown = run_as(&node, "LTAI5tNobody", "wrong", &["trail", "list"]).failed_with(1);
    assert!(unknown.stderr.contains("does not know the key"), "{}", unknown.stderr);
    let bucket = node.run(&["trail", "create", "some-trail", "--bucket", "nowhere"]).failed_with(1);
    assert!(bucket.stderr.contains("cairn bucket add"), "{}", bucket.stderr);
    let unwritable = node.run(&["bucket", "add", "gone", "--url", "file:///dev/null/folder"]).failed_with(1);
    assert!(unwritable.stdout.contains("Writable  no"), "{}", unwritable.stdout);

    node.process.child.signal("KILL");
    node.process.child.wait(crate::process::PATIENCE);
    let gone = node.run(&["trail", "list"]).failed_with(1);
    assert!(gone.stderr.contains("Is the node running?"), "{}", gone.stderr);
}

#[test]
fn a_certificate_of_ones_own_is_trusted_when_it_is_named() {
    let place = Place::new();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../node/tests/it/tls");
    let (certificate, key) = (format!("{fixtures}/first.pem"), format!("{fixtures}/first.key"));
    let node = place.node(&[("CAIRN_TLS_CERTIFICATE", &certificate), ("CAIRN_TLS_KEY", &key)]);
    assert!(node.process.endpoint.starts_with("https://"), "{}", node.process.endpoint);
    let untrusted = node.run(&["trail", "list"]).failed_with(1);
    assert!(untrusted.stderr.contains("--ca-file"), "{}", untrusted.stderr);
    node.run(&["trail", "list", "--ca-file", &format!("{fixtures}/first-authority.pem")]).ok();
    // Telling it to read its certificate again does not end it.
    node.process.child.signal("HUP");
    node.run(&["trail", "list", "--ca-file", &format!("{fixtures}/first-authority.pem")]).ok();
}

#[test]
fn completions_and_help_are_there_for_every_command() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.run(&["completions", shell]).ok().stdout.contains("cairn"), "{shell}");
    }
    assert!(place.run(&["--version"]).ok().stdout.starts_with("cairn "));
    place.run(&["events", "lookup", "--help"]).ok();
    place.run::<&str>(&[]).failed_with(64);
}
