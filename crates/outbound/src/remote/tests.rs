use host::Secret;

use super::*;
use crate::location::Location;

fn located(url: &str) -> RemoteLocation {
    match Location::parse(url) {
        Ok(Location::Remote(location)) => location,
        other => panic!("{other:?}"),
    }
}

fn endpoint(url: &str, settings: &BucketSettings) -> Result<String, String> {
    let location = located(url);
    let region = region(&location, settings)?;
    let endpoint = Endpoint::choose(
        &location,
        settings,
        &region,
        Egress { allow_loopback: true, loopback_setting: "outbound.allow_loopback" },
    )?;
    Ok(if endpoint.path_style { format!("{}/{}", endpoint.url, location.bucket) } else { endpoint.url })
}

fn settings(region: Option<&str>, endpoint: Option<&str>, path_style: Option<bool>) -> BucketSettings {
    BucketSettings {
        region: region.map(str::to_owned),
        endpoint: endpoint.map(str::to_owned),
        path_style,
        allow_http: true,
        ..BucketSettings::default()
    }
}

#[test]
fn endpoints_put_the_bucket_where_the_server_looks_for_it() {
    for (url, settings, expected) in [
        ("s3://audit", settings(None, None, None), "https://audit.s3.us-east-1.amazonaws.com"),
        ("s3://audit", settings(Some("eu-west-1"), None, None), "https://audit.s3.eu-west-1.amazonaws.com"),
        ("s3://audit", settings(Some("eu-west-1"), None, Some(true)), "https://s3.eu-west-1.amazonaws.com/audit"),
        ("s3://audit", settings(None, Some("http://127.0.0.1:9000"), None), "http://127.0.0.1:9000/audit"),
        ("s3://audit", settings(None, Some("http://[::1]:9000/"), None), "http://[::1]:9000/audit"),
        ("s3://audit", settings(None, Some("http://minio:9000"), None), "http://minio:9000/audit"),
        ("s3://audit", settings(None, Some("http://localhost:9000"), Some(false)), "http://audit.localhost:9000"),
        ("s3://audit", settings(None, Some("https://s3.example.com"), None), "https://audit.s3.example.com"),
        ("s3://audit", settings(None, Some("https://audit.s3.example.com"), None), "https://audit.s3.example.com"),
        ("oss://audit", settings(Some("cn-hangzhou"), None, None), "https://audit.s3.oss-cn-hangzhou.aliyuncs.com"),
        ("oss://audit", settings(Some("oss-cn-hangzhou"), None, None), "https://audit.s3.oss-cn-hangzhou.aliyuncs.com"),
        (
            "oss://audit",
            settings(None, Some("s3.oss-cn-beijing-internal.aliyuncs.com"), None),
            "https://audit.s3.oss-cn-beijing-internal.aliyuncs.com",
        ),
    ] {
        assert_eq!(endpoint(url, &settings), Ok(expected.to_owned()), "{url} {settings:?}");
    }
}

#[test]
fn endpoints_that_cannot_work_are_refused_with_the_fix() {
    let plain = BucketSettings { endpoint: Some("http://minio:9000".into()), ..BucketSettings::default() };
    for (url, settings, expected) in [
        ("oss://audit", settings(None, None, None), "needs the bucket's region"),
        ("s3://audit", settings(Some("EU West"), None, None), "region must be an id"),
        ("s3://audit", settings(None, Some("ftp://host"), None), "must look like"),
        ("s3://audit", settings(None, Some("https://host/path"), None), "must look like"),
        ("s3://audit", settings(None, Some("https://user:secret@host"), None), "must look like"),
        ("s3://audit", settings(None, Some("https://"), None), "must look like"),
        ("s3://audit", settings(None, Some("http://127.0.0.1:9000"), Some(false)), "set path_style"),
        ("s3://audit", settings(None, Some("http://169.254.169.254"), None), "not allowed"),
        ("s3://audit", settings(None, Some("http://0xa9fea9fe"), None), "not allowed"),
        ("s3://audit", settings(None, Some("http://host.999"), None), "must look like"),
        ("s3://audit", plain, "set allow_http"),
    ] {
        let reason = endpoint(url, &settings).expect_err(url);
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn half_a_key_and_a_key_id_without_kms_are_refused() {
    let secret = || Some(Secret::new("hush".to_owned()));
    let half = BucketSettings { access_key_secret: secret(), ..BucketSettings::default() };
    assert!(signed(AmazonS3Builder::new(), &half).is_err_and(|reason| reason.contains("give both")));
    let half = BucketSettings { access_key_id: Some("id".into()), ..BucketSettings::default() };
    assert!(signed(AmazonS3Builder::new(), &half).is_err_and(|reason| reason.contains("give both")));
    let broken =
        BucketSettings { access_key_id: Some("id\n".into()), access_key_secret: secret(), ..BucketSettings::default() };
    assert!(signed(AmazonS3Builder::new(), &broken).is_err_and(|reason| reason.contains("printable")));
    let key_only = BucketSettings { kms_key_id: Some("key".into()), ..BucketSettings::default() };
    assert!(encrypted(AmazonS3Builder::new(), &key_only).is_err_and(|reason| reason.contains("aws:kms")));
}
