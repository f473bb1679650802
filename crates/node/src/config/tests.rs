use std::io::Write;

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let mut file = tempfile::NamedTempFile::with_suffix(".toml").expect("a temporary file");
    file.write_all(text.as_bytes()).expect("written");
    Loaded::load(Some(file.path()), variables(environment), &Flags::default())
}

fn message(text: &str, environment: &[(&str, &str)]) -> String {
    load(text, environment).expect_err("refused").to_string()
}

#[test]
fn the_default_file_is_complete_and_shown_as_it_is() {
    let loaded = Loaded::load(None, [], &Flags::default()).expect("the default file is valid");
    let shown: toml::Value = toml::from_str(&loaded.shown()).expect("what is shown is TOML");
    let default: toml::Value = toml::from_str(DEFAULT_FILE).expect("TOML");
    assert_eq!(shown, default);
    assert!(!loaded.shown().contains("# from"), "nothing was changed:\n{}", loaded.shown());
}

#[test]
fn the_file_says_what_the_parts_have_as_their_own_defaults() {
    let config = Loaded::load(None, [], &Flags::default()).expect("valid").config;
    let (ours, theirs) = (crate::parts::store(&config), store::Config::default());
    assert_eq!(
        (ours.recent_bytes, ours.recent_age, ours.segment_bytes, ours.merge_segments),
        (theirs.recent_bytes, theirs.recent_age, theirs.segment_bytes, theirs.merge_segments)
    );
    assert_eq!((ours.cache_bytes, ours.column_cache_bytes), (theirs.cache_bytes, theirs.column_cache_bytes));
    assert_eq!(ours.journal.file_bytes, theirs.journal.file_bytes);
    assert_eq!(ours.journal.in_flight_bytes, theirs.journal.in_flight_bytes);
    assert_eq!(crate::parts::delivery(&config), delivery::Config::default());
    assert_eq!(crate::parts::outbound(&config), outbound::Config::default());
    assert_eq!(format!("{:?}", crate::parts::gateway(&config)), format!("{:?}", gateway::Config::default()));
}

#[test]
fn later_places_win_and_are_named() {
    let text = "listen = \"0.0.0.0:9000\"\n[history]\ndays = 30\n[network]\ntrusted_proxies = [\"10.0.0.0/8\"]\n";
    let loaded =
        load(text, &[("CAIRN_HISTORY_DAYS", "0"), ("CAIRN_DATA", "/srv/7"), ("HOME", "/root")]).expect("valid");
    assert_eq!(loaded.config.history.days.span(), None);
    assert_eq!(loaded.config.data, Path::new("/srv/7"));
    assert_eq!(loaded.config.listen, "0.0.0.0:9000".parse().expect("an address"));
    let shown = loaded.shown();
    assert!(shown.contains("days = 0  # from CAIRN_HISTORY_DAYS\n"), "{shown}");
    assert!(shown.contains("listen = \"0.0.0.0:9000\"  # from /"), "{shown}");

    let flags = Flags { listen: Some("127.0.0.1:0".parse().expect("an address")), data: None };
    let loaded = Loaded::load(None, variables(&[("CAIRN_LISTEN", "127.0.0.1:1")]), &flags).expect("valid");
    assert_eq!(loaded.config.listen.port(), 0);
    assert!(loaded.shown().contains("listen = \"127.0.0.1:0\"  # from the command line"), "{}", loaded.shown());
}

#[test]
fn variables_are_read_as_what_the_setting_is() {
    let environment = [
        ("CAIRN_INGEST_CREATE_ACCOUNTS", "true"),
        ("CAIRN_STORE_CACHE_BYTES", "1_000_000"),
        ("CAIRN_NETWORK_TRUSTED_PROXIES", "10.0.0.1, 192.168.0.0/16"),
        ("CAIRN_SECRETS_MASTER_KEY_FILE", "12345"),
        ("CAIRN_ALERTING_SMTP_PORT", "2525"),
        ("CAIRN_ALERTING_STREAM", "false"),
        ("CAIRN_LOG_FORMAT", "json"),
        ("RUST_LOG", "debug"),
        ("CAIRN_LOG_LEVEL", "warn"),
        ("CAIRN_ENDPOINT", "http://elsewhere"),
        ("CAIRN_MASTER_KEY", "hush"),
    ];
    let loaded = load("", &environment).expect("valid");
    assert!(!loaded.shown().contains("hush"), "a secret is not shown");
    let config = loaded.config;
    assert_eq!(config.master_key.as_ref().map(|key| key.expose().as_str()), Some("hush"));
    assert!(config.ingest.create_accounts);
    assert_eq!(config.store.cache_bytes, 1_000_000);
    assert_eq!(config.network.trusted_proxies, ["10.0.0.1", "192.168.0.0/16"]);
    assert_eq!(config.secrets.master_key_file, Path::new("12345"));
    assert_eq!((config.alerting.smtp.port, config.alerting.stream), (2525, false));
    assert!(!crate::alerting::settings(&config).stream);
    assert_eq!(config.log, Log { format: LogFormat::Json, level: "debug".into() });
}

#[test]
fn what_cannot_be_is_refused_by_name_and_place() {
    let unknown = message("[history]\ndayz = 3\n", &[]);
    assert!(unknown.starts_with("history.dayz: no such setting; there are days (in /"), "{unknown}");
    assert!(unknown.ends_with(".toml)"), "{unknown}");
    let section = message("[histroy]\ndays = 3\n", &[]);
    assert!(section.starts_with("histroy: no such setting; there are data, listen, tls, history"), "{section}");
    let kind = message("[history]\ndays = \"many\"\n", &[]);
    assert!(kind.starts_with("history.days: ") && kind.contains("\"many\""), "{kind}");
    assert_eq!(
        message("", &[("CAIRN_HISTORY_DAYS", "ninety")]),
        "the environment variable CAIRN_HISTORY_DAYS=\"ninety\" must be a whole number"
    );
    assert_eq!(
        message("", &[("CAIRN_HISTORY_DAY", "9")]),
        "the environment variable CAIRN_HISTORY_DAY is no setting; [history] has CAIRN_HISTORY_DAYS"
    );
    let half = message("[tls]\ncertificate = \"/etc/cairn/tls.pem\"\n", &[]);
    assert!(half.starts_with("tls.certificate: tls.key is needed with it"), "{half}");
    let little = message("[limits]\nrequests = 0\n", &[]);
    assert!(little.starts_with("limits.requests: 0 is too little; at least 1"), "{little}");
    let proxy = message("", &[("CAIRN_NETWORK_TRUSTED_PROXIES", "proxy")]);
    assert!(
        proxy.contains("\"proxy\" is no address") && proxy.ends_with("(in CAIRN_NETWORK_TRUSTED_PROXIES)"),
        "{proxy}"
    );
    let level = message("[log]\nlevel = \"a=b=c\"\n", &[]);
    assert!(level.starts_with("log.level: "), "{level}");
    let listen = message("listen = \"localhost\"\n", &[]);
    assert!(listen.starts_with("listen: "), "{listen}");
    let missing = Loaded::load(Some(Path::new("/no/such.toml")), [], &Flags::default()).expect_err("no file");
    assert_eq!(missing.to_string(), "there is no configuration file /no/such.toml");
}

#[test]
fn a_history_may_be_shorter_than_a_day() {
    let days = |text: &str| {
        let variables = [("CAIRN_HISTORY_DAYS".to_owned(), text.to_owned())];
        Loaded::load(None, variables, &Flags::default()).map_err(|error| error.to_string())
    };
    let loaded = days("0.5").expect("half a day");
    assert_eq!(loaded.config.history.days.span(), Some(std::time::Duration::from_secs(12 * 3600)));
    assert!(loaded.shown().contains("days = 0.5  # from CAIRN_HISTORY_DAYS"), "{}", loaded.shown());
    assert_eq!(
        days("90").expect("whole").config.history.days.span(),
        Some(std::time::Duration::from_secs(90 * 86_400))
    );
    for wrong in ["-1", "-0.5", "1e9", "many"] {
        let error = days(wrong).expect_err(wrong);
        assert!(error.contains("history.days") || error.contains("CAIRN_HISTORY_DAYS"), "{error}");
    }
    let variables = [("CAIRN_LIMITS_REQUESTS".to_owned(), "1.5".to_owned())];
    let error = Loaded::load(None, variables, &Flags::default()).expect_err("half a request").to_string();
    assert!(error.contains("limits.requests"), "{error}");
}
