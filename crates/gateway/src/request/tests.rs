use host::{ManualClock, OsRandom};

use super::*;

fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut builder = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let (parts, ()) = builder.body(()).expect("a request").into_parts();
    let clock = ManualClock::at(Timestamp(0));
    Request::new(&parts, Bytes::copy_from_slice(body.as_bytes()), &Config::default(), &clock, &OsRandom)
}

#[test]
fn query_and_form_are_merged_and_plus_is_a_space() {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let both = request("POST", "/?Name=a+b&Key=%E4%B8%AD", &form, "Other=x%2By&Action=DescribeTrails");
    assert_eq!(both.given.get("Name"), Some("a b"));
    assert_eq!(both.given.get("Key"), Some("中"));
    assert_eq!(both.given.get("Other"), Some("x+y"));
    assert_eq!(both.operation(), (Some("DescribeTrails"), None));
    assert_eq!(both.query, "Name=a+b&Key=%E4%B8%AD", "the signature needs it as it came");
    let json = request("POST", "/", &[("content-type", "application/json")], "Action=DescribeTrails");
    assert_eq!(json.operation(), (None, None));
}

#[test]
fn unsigned_headers_do_not_name_the_operation() {
    let headers = [("x-acs-action", "DeleteTrail"), ("x-acs-version", "2020-07-06")];
    let legacy = request("GET", "/?Action=DescribeTrails&Version=2020-07-06", &headers, "");
    assert_eq!(legacy.operation(), (Some("DescribeTrails"), Some("2020-07-06")));
    let acs3: Vec<_> = headers.into_iter().chain([("authorization", "ACS3-HMAC-SHA256 Credential=x")]).collect();
    let acs3 = request("GET", "/?Action=DescribeTrails", &acs3, "");
    assert_eq!(acs3.operation(), (Some("DeleteTrail"), Some("2020-07-06")));
}

#[test]
fn the_region_comes_from_the_host_then_the_parameter_then_the_default() {
    for (host, query, id, named) in [
        ("actiontrail.cn-beijing.aliyuncs.com", "RegionId=cn-shanghai", "cn-beijing", true),
        ("actiontrail-vpc.eu-west-1.example.com", "", "eu-west-1", true),
        ("actiontrail.example.com", "RegionId=cn-shanghai", "cn-shanghai", true),
        ("127.0.0.1:8080", "RegionId=my-own-1", "my-own-1", true),
        ("127.0.0.1:8080", "RegionId=../x", "cn-hangzhou", false),
        ("127.0.0.1:8080", "", "cn-hangzhou", false),
    ] {
        let got = request("GET", &format!("/?{query}"), &[("host", host)], "").region;
        assert_eq!(got, RequestRegion { id: id.into(), named }, "{host} {query}");
    }
}

#[test]
fn the_format_is_what_is_asked_for() {
    for (uri, accept, format) in [
        ("/?Format=XML", "application/json", Format::Xml),
        ("/?Format=json", "text/xml", Format::Json),
        ("/", "text/xml", Format::Xml),
        ("/", "text/html,application/xml;q=0.9,*/*;q=0.8", Format::Json),
        ("/", "application/json", Format::Json),
    ] {
        assert_eq!(request("GET", uri, &[("accept", accept)], "").format, format, "{uri} {accept}");
    }
}

#[test]
fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
    let config: Config = serde_json::from_str(r#"{"trusted_proxies":["10.0.0.0/8"]}"#).expect("valid");
    let peer = |address: &str| Some(Peer { address: address.parse().expect("an address"), secure: false });
    let forwarded = |list: &str, scheme: &str| {
        vec![("x-forwarded-for".to_owned(), list.to_owned()), ("x-forwarded-proto".to_owned(), scheme.to_owned())]
    };
    let address = |text: &str| Some(text.parse::<IpAddr>().expect("an address"));
    let seen = |at, headers: &[_]| seen_from(at, headers, &config);
    assert_eq!(seen(peer("203.0.113.9:1"), &forwarded("1.2.3.4", "https")), (address("203.0.113.9"), false));
    assert_eq!(seen(peer("10.0.0.1:1"), &forwarded("1.2.3.4", "https")), (address("1.2.3.4"), true));
    // The caller may write anything on the left; only what the proxies appended counts.
    assert_eq!(seen(peer("10.0.0.1:1"), &forwarded("6.6.6.6, 1.2.3.4, 10.0.0.2", "http")).0, address("1.2.3.4"));
    assert_eq!(seen(peer("10.0.0.1:1"), &forwarded("nonsense", "http")).0, address("10.0.0.1"));
    assert_eq!(seen(peer("[::ffff:10.0.0.1]:1"), &forwarded("1.2.3.4", "http")).0, address("1.2.3.4"));
    assert_eq!(seen(peer("10.0.0.1:1"), &[]), (address("10.0.0.1"), false));
    assert_eq!(seen(None, &forwarded("1.2.3.4", "https")), (None, false));
}

#[tokio::test]
async fn a_body_is_read_to_its_limit_and_no_further() {
    let second = Duration::from_secs(1);
    assert_eq!(collect(Body::from("12345"), 5, second).await, Ok(Bytes::from("12345")));
    assert_eq!(collect(Body::from("123456"), 5, second).await, Err(BodyFault::TooLarge));
    assert_eq!(collect(Body::empty(), 5, second).await, Ok(Bytes::new()));
    let pieces = |pieces: Vec<&'static str>| {
        Body::from_stream(futures::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)))
    };
    assert_eq!(collect(pieces(vec!["ab", "cd", "e"]), 5, second).await, Ok(Bytes::from("abcde")));
    assert_eq!(collect(pieces(vec!["ab", "cd", "ef"]), 5, second).await, Err(BodyFault::TooLarge));
    let never = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    assert_eq!(collect(never, 5, Duration::from_millis(10)).await, Err(BodyFault::TooSlow));
}
