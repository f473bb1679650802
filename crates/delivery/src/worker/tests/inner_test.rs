//! Platform events: an inner trail delivers them and nothing else, every other trail leaves them.

use super::*;

#[tokio::test]
async fn platform_events_go_to_the_inner_trail_only() {
    let world = World::new().await;
    let ordinary = world.started("audit-trail", "logs").await;
    let inner = world.trail("inner-trail", Selector::platform(), to_bucket("inner")).await;
    world.start(&inner).await;
    world.push(HANGZHOU_WRITE);
    for kind in ["CUSTOMER_INITIATED_SUPPORT", "ALIYUN_INITIATED_SERVICE", "ALIYUN_INITIATED_PENALTY"] {
        world.push(&format!(r#""acsRegion":"cn-hangzhou","eventType":"{kind}""#));
    }
    world.age();
    for trail in [&ordinary, &inner] {
        drain(&mut world.worker(trail)).await.expect("no failure");
    }
    let objects = world.read_back();
    let delivered: Vec<_> = objects.iter().map(|object| (object.bucket.as_str(), object.ids())).collect();
    let expected = [("inner", vec!["e2".to_owned(), "e3".into(), "e4".into()]), ("logs", vec!["e1".to_owned()])];
    assert_eq!(delivered, expected);
    assert!(objects[0].key.starts_with("AliyunLogs/Inner-ActionTrail/cn-hangzhou/2026/01/15/Inner-ActionTrail_"));
}
