//! Roles that are taken away and given back while a trail delivers.

use model::Timestamp;

use super::*;
use crate::testing::ACCOUNT;

#[tokio::test]
async fn a_revoked_role_stops_the_trail_with_a_reason_and_nothing_is_lost() {
    let world = World::new().await;
    let role = format!("acs:ram::{ACCOUNT}:role/writer");
    let mut destinations = to_bucket("logs");
    destinations.bucket.as_mut().expect("a bucket").write_role_arn = Some(role.clone());
    let trail = world.trail("audit-trail", all(), destinations).await;
    world.start(&trail).await;
    world.push(HANGZHOU_WRITE);
    world.age();
    let mut worker = world.worker(&trail);
    drain(&mut worker).await.expect("admitted");
    assert_eq!(world.delivered(), ["e1"]);

    world.buckets.revoked.store(true, Ordering::SeqCst);
    world.push(HANGZHOU_WRITE);
    world.age();
    let error = drain(&mut worker).await.expect_err("not admitted any more");
    worker.fail(&error).await;
    let state = world.state(&trail).await;
    let told = format!("the role {role} cannot be used: a test took it away");
    assert_eq!(state.latest_error, Some(told));
    assert_eq!((state.cursor, state.plan.map(|plan| plan.through)), (Seq(1), Some(Seq(2))), "the plan stays");
    world.push(HANGZHOU_WRITE);
    drain(&mut worker).await.expect_err("still not");
    assert_eq!(world.delivered(), ["e1"], "nothing was written without the role");

    world.buckets.revoked.store(false, Ordering::SeqCst);
    drain(&mut worker).await.expect("admitted again");
    world.age();
    drain(&mut worker).await.expect("the rest");
    assert_eq!(world.delivered(), ["e1", "e2", "e3"]);
    assert_eq!(world.state(&trail).await.latest_error, None);
}

/// A change of identities, and not the end of a long pause, is what ends the waiting.
#[tokio::test]
async fn a_role_that_is_given_back_is_noticed_at_once() {
    let mut world = World::new().await;
    world.config.retry_min = Duration::from_secs(100);
    world.config.retry_max = Duration::from_secs(100);
    let trail = world.started("audit-trail", "logs").await;
    let mut worker = world.worker(&trail);
    let refused = DeliveryError::Role { role: "acs:ram::1:role/writer".into(), reason: "a test".into() };
    let waiting = worker.fail(&refused);
    let catalog = world.catalog.clone();
    let giving_back = async {
        tokio::time::sleep(Duration::from_millis(1200)).await;
        catalog.account_create(account("3000000000000003"), "another", false, Timestamp(0)).await.expect("a change");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = waiting => {}
        () = giving_back => unreachable!("it waits for ever"),
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("the pause was not ended"),
    }
}
