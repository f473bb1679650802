use std::io::Read;

use flate2::read::GzDecoder;
use model::Seq;

use super::*;

fn found(seq: u64, json: &str) -> Found {
    let event = Event::parse(Bytes::copy_from_slice(json.as_bytes())).expect("an event");
    Found { seq: Seq(seq), received: Timestamp(1_768_465_800_000 + seq as i64 * 1000), event }
}

fn owned(found: Found) -> Owned {
    Owned { account: "1000000000000001".parse().expect("an account"), found }
}

fn in_region(seq: u64, region: &str) -> Found {
    found(seq, &format!(r#"{{"eventId":"e{seq}","eventTime":"2026-01-15T08:30:00Z","acsRegion":"{region}"}}"#))
}

fn encoded(events: Vec<Found>) -> Vec<(String, String)> {
    let mut regions = Regions::new("cn-hangzhou", None);
    events.into_iter().for_each(|event| regions.add(owned(event)));
    let objects = regions.into_objects(Some("prefix"));
    objects.into_iter().map(|object| (object.key, unzipped(&object.bytes))).collect()
}

fn unzipped(bytes: &[u8]) -> String {
    assert_eq!(bytes[4..8], [0; 4], "no time in the gzip header");
    let mut json = String::new();
    GzDecoder::new(bytes).read_to_string(&mut json).expect("gzip of text");
    json
}

#[test]
fn one_object_per_region_with_the_events_as_they_were_sent() {
    // Spaces, numbers beyond 2^53, a repeated key and escapes: none of it may change.
    let odd = r#"{ "eventId":"odd", "eventTime":"2026-01-15T08:30:00Z","acsRegion":"cn-beijing","n":12345678901234567890123, "n":1.0e5 ,"t":"\u4e2d/中" }"#;
    let global = r#"{"eventId":"g","eventTime":"2026-01-15T08:30:00Z","acsRegion":"cn-beijing","isGlobal":true}"#;
    let nowhere = r#"{"eventId":"n","eventTime":"2026-01-15T08:30:00Z"}"#;
    let objects = encoded(vec![
        found(1, odd),
        in_region(2, "cn-hangzhou"),
        found(3, global),
        in_region(4, "cn-beijing"),
        found(5, nowhere),
        in_region(6, "../../etc"),
    ]);
    let second = in_region(2, "cn-hangzhou");
    let fourth = in_region(4, "cn-beijing");
    let sixth = in_region(6, "../../etc");
    let text = |found: &Found| String::from_utf8_lossy(found.event.raw()).into_owned();
    assert_eq!(
        objects,
        [
            (
                "prefix/AliyunLogs/Actiontrail/cn-beijing/2026/01/15/Actiontrail_cn-beijing_20260115083004_1002_2_\
             216_ddb8370d6a1b02d974b1bcb09b668576.gz"
                    .to_owned(),
                format!("[{odd},{}]", text(&fourth)),
            ),
            (
                "prefix/AliyunLogs/Actiontrail/cn-hangzhou/2026/01/15/Actiontrail_cn-hangzhou_20260115083006_1002_4_\
             298_6800b9c0678d400997c890380b62ae88.gz"
                    .to_owned(),
                format!("[{},{global},{nowhere},{}]", text(&second), text(&sixth)),
            ),
        ]
    );
}

#[test]
fn the_name_tells_the_size_and_the_md5_of_the_json() {
    let objects = encoded(vec![in_region(1, "cn-hangzhou"), in_region(2, "cn-hangzhou")]);
    let [(key, json)] = &objects[..] else { panic!("one region") };
    let fields: Vec<&str> = key.trim_end_matches(".gz").rsplit('_').take(3).collect();
    assert_eq!(fields, [hex::encode(Md5::digest(json)), json.len().to_string(), "2".to_owned()]);
}

#[test]
fn many_regions_share_the_home_regions_object() {
    let events = (1..=100).map(|seq| in_region(seq, &format!("region-{seq}"))).collect();
    let objects = encoded(events);
    assert_eq!(objects.len(), REGIONS_MAX + 1);
    let home = objects.iter().find(|(key, _)| key.contains("/cn-hangzhou/")).expect("the home region's");
    assert_eq!(home.1.matches("eventId").count(), 100 - REGIONS_MAX);
}
