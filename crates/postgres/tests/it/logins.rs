use crate::setup::{KEY, OTHER_KEY, Refusal, SECRET, USER_KEY, account, asked, other, setup};

#[tokio::test]
async fn a_key_and_its_secret_let_in_and_everything_else_is_refused_alike() {
    let node = setup().await;
    assert_eq!(asked(&node.connect().await, "SELECT 1").await.unwrap(), "SELECT 1");
    let refused = |user: &str| Refusal {
        code: "28P01".to_owned(),
        message: format!("password authentication failed for user {user:?}"),
        position: None,
    };
    assert_eq!(node.try_connect(KEY, "wrong", "").await.err().unwrap(), refused(KEY));
    assert_eq!(node.try_connect("LTAI5tNobody", SECRET, "").await.err().unwrap(), refused("LTAI5tNobody"));
    node.identity.set_key_active(other(), None, OTHER_KEY, false).await.unwrap();
    assert_eq!(node.try_connect(OTHER_KEY, SECRET, "").await.err().unwrap(), refused(OTHER_KEY));
    let no_tls = node.try_connect("reader@test", "password", "").await.err().unwrap();
    assert_eq!(no_tls.code, "28000");
    assert!(no_tls.message.contains("TLS"), "{no_tls:?}");
}

#[tokio::test]
async fn the_database_is_the_account() {
    let node = setup().await;
    for database in ["cairn", account().as_str(), KEY] {
        node.try_connect(KEY, SECRET, database).await.unwrap();
    }
    for database in ["6543210987654321", "postgres"] {
        assert_eq!(node.try_connect(KEY, SECRET, database).await.err().unwrap().code, "3D000");
    }
}

#[tokio::test]
async fn nobody_sees_the_tables_of_another_account_or_those_no_policy_allows() {
    let node = setup().await;
    let own = asked(&node.connect().await, "SELECT tables").await.unwrap();
    assert_eq!(own, "events audit.actiontrail_main one.same two.same actiontrail_main");
    let other = node.try_connect(OTHER_KEY, SECRET, "").await.unwrap();
    assert_eq!(asked(&other, "SELECT tables").await.unwrap(), "events secret.actiontrail_other actiontrail_other");
    let user = node.try_connect(USER_KEY, SECRET, "").await.unwrap();
    assert_eq!(asked(&user, "SELECT tables").await.unwrap(), "", "a user without a policy sees nothing");
}

#[tokio::test]
async fn a_disabled_key_ends_its_connections_with_the_next_statement() {
    let node = setup().await;
    let client = node.connect().await;
    asked(&client, "SELECT 1").await.unwrap();
    node.identity.set_key_active(account(), None, KEY, false).await.unwrap();
    let ended = asked(&client, "SELECT 2").await.unwrap_err();
    assert_eq!(ended.code, "28000");
    assert!(ended.message.contains("disabled"), "{ended:?}");
    assert!(client.simple_query("SELECT 3").await.is_err());
}
