use minijinja::context;
use proptest::prelude::*;

use super::super::engine::{Escaping, Space, fill};
use super::*;

fn shown_in(markup: Markup, locale: Locale, source: &str) -> Result<String, String> {
    let context = context! {
        text => "foo bar",
        numbers => vec![3, 1, 2],
        map => Value::from_pairs([("a", "one"), ("b", "two")]),
        odd => "a*b <c>",
    };
    let escaping = if markup == Markup::Html { Escaping::Html } else { Escaping::None };
    fill(source, &context, Setting { markup, locale }, escaping, Space::of_text(100_000, false))
        .map_err(|fault| fault.message)
}

fn shown(source: &str) -> String {
    shown_in(Markup::Text, Locale::English, source).unwrap_or_else(|error| panic!("{source}: {error}"))
}

#[test]
fn functions_do_what_the_reference_says() {
    for (source, expected) in [
        (r#"{{ float("123") }} {{ float("foo") }} {{ float("foo", default=1.23) }}"#, "123.0 0.0 1.23"),
        (r#"{{ int(1.23) }} {{ int("1.23") }} {{ int("foo") }} {{ int("foo", default=5) }}"#, "1 1 0 5"),
        (r#"{{ length("foo") }} {{ length([1, 2]) }} {{ length({"foo": "bar"}) }}"#, "3 2 1"),
        ("{{ abs(-1) }} {{ min([1, 3, 2]) }} {{ max([1, 3, 2]) }}", "1 1 3"),
        ("{{ ceil(1.23) }} {{ floor(1.23) }} {{ round(1.23) }} {{ round(1.56) }} {{ round(1.56, 1) }}", "2 1 1 2 1.6"),
        ("{{ sum([1, 2, 3]) }} {{ max(['9', '10']) }}", "6 10"),
        (r#"{{ capitalize("heLLO World") }} {{ lower("FOO") }} {{ upper("foo") }}"#, "Hello world foo FOO"),
        (r#"{{ title("hello world") }} {{ trim("  a ") }}|{{ "xax".strip("x") }}"#, "Hello World a|a"),
        (r#"{{ replace("a-b-c", "-", "+") }} {{ replace("a-b-c", "-", "+", 1) }}"#, "a+b+c a+b-c"),
        (
            r#"{{ wordcount("a b  c") }} {{ truncate("hello", 4) }} {{ truncate("hello", 4, end="...") }}"#,
            "3 hell hell...",
        ),
        (r#"{{ quote('say "hi"') }} {{ indent("a\nb", 2) }}"#, "\"say \\\"hi\\\"\" a\n  b"),
        (r#"{{ startswith("foo", "f") }} {{ "foo".endswith("f") }}"#, "true false"),
        (r#"{{ removeprefix("foobar", "foo") }} {{ removesuffix("foobar", "bar") }}"#, "bar foo"),
        (r#"{{ split("a,b", ",") }} {{ split("a b") | last }}"#, r#"["a","b"] b"#),
        ("{% for i, n in enumerate(numbers, start=1) %}{{ i }}:{{ n }} {% endfor %}", "1:3 2:1 3:2 "),
        ("{{ list('ab') }} {{ first(numbers) }} {{ numbers | last }}", r#"["a","b"] 3 2"#),
        ("{{ sort(numbers) }} {{ sort(numbers, reverse=True) }}", "[1,2,3] [3,2,1]"),
        ("{% for k, v in dictsort(map) %}{{ k }}={{ v }} {% endfor %}", "a=one b=two "),
        ("{% for k, v in map.items() %}{{ k }}={{ v }} {% endfor %}{{ map.get('x', 'no') }}", "a=one b=two no"),
        (r#"{{ join(numbers, ", ") }} {{ numbers | join }} {{ dict(a=1) }}"#, r#"3, 1, 2 312 {"a":1}"#),
        (r#"{{ to_json(map) }} {{ parse_json('{"a": [1]}').a[0] }}"#, r#"{"a":"one","b":"two"} 1"#),
        (r#"{{ base64_encoding("foo") }} {{ base64_decoding("Zm9v") }}"#, "Zm9v foo"),
        (r#"{{ md5_encoding("foo") }}"#, "acbd18db4cc2f85cedef654fccc4a4d8"),
        (r#"{{ url_encoding("a b/é") }} {{ url_decoding("a%20b") }}"#, "a%20b%2F%C3%A9 a b"),
        ("{{ escape_html(odd) }} {{ escape_markdown(odd) }}", "a*b &lt;c&gt; a&#42;b &lt;c&gt;"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
}

#[test]
fn times_are_at_utc_plus_eight_unless_said_otherwise() {
    for (source, expected) in [
        ("{{ format_date(1700000000) }}", "2023-11-15 06:13:20"),
        ("{{ 1700000000123 | format_date }}", "2023-11-15 06:13:20"),
        ("{{ '1700000000' | format_date(tz='UTC') }}", "2023-11-14 22:13:20"),
        ("{{ format_date(1700000000, 'Europe/Berlin', '%H:%M') }}", "23:13"),
        ("{{ format_date(1700000000, tz='-0330', fmt='%d %H:%M') }}", "14 18:43"),
        ("{{ format_date(1700000000, tz='UTC+5') }}", "2023-11-15 03:13:20"),
        ("{{ timestamp(parse_date('2023-11-15 06:13:20')) }}", "1700000000"),
        (
            "{{ timestamp('2023-11-14T22:13:20Z') }} {{ parse_date('15/11/2023', '%d/%m/%Y') }}",
            "1700000000 2023-11-14T16:00:00Z",
        ),
        ("{{ format_date(none) }}{{ format_date(nothing) }}", ""),
        ("{{ format_duration(100000) }}", "1d3h46m40s"),
        ("{{ format_duration(100000, locale='zh-CN', sep=' ') }}", "1天 3小时 46分 40秒"),
        ("{{ format_duration(0) }} {{ format_duration('-61') }}", "0s -1m1s"),
    ] {
        assert_eq!(shown(source), expected, "{source}");
    }
    for wrong in ["{{ format_date('soon') }}", "{{ format_date(1, 'Mars/Base') }}", "{{ format_date(1, fmt='%') }}"] {
        assert!(shown_in(Markup::Text, Locale::English, wrong).is_err(), "{wrong}");
    }
}

#[test]
fn severities_have_words_of_the_language_and_colours_of_the_channel() {
    let severity = |markup, locale| shown_in(markup, locale, "{{ 8 | format_severity }}").unwrap();
    assert_eq!(severity(Markup::Text, Locale::Chinese), "高");
    assert_eq!(severity(Markup::Html, Locale::English), "<span style=\"color:#e37400\">High</span>");
    assert_eq!(severity(Markup::Markdown, Locale::English), "<font color=\"#e37400\">High</font>");
    assert_eq!(severity(Markup::WechatMarkdown, Locale::English), "<font color=\"warning\">High</font>");
    assert_eq!(severity(Markup::LarkMarkdown, Locale::English), "<font color='orange'>High</font>");
    assert_eq!(severity(Markup::Slack, Locale::English), "High");
    assert_eq!(
        shown("{{ format_severity('10', locale='zh-CN') }} {{ 'resolved' | format_status }} {{ 7 | format_severity }}"),
        "严重 Resolved 7"
    );
    assert_eq!(
        shown("{{ 'cn-hangzhou' | format_region }} {{ 'sls_alert' | format_type }} {{ 'moon' | format_region }}"),
        "China (Hangzhou) Alert rule moon"
    );
}

#[test]
fn lists_are_markup_whose_values_are_escaped() {
    let list = |markup, source| shown_in(markup, Locale::Chinese, source).unwrap();
    let source = "{{ {'title': '<b>', 'user': 'a*b', 'none': ''} | annotations_to_list }}";
    assert_eq!(list(Markup::Html, source), "<ul><li>标题: &lt;b&gt;</li><li>user: a*b</li></ul>");
    assert_eq!(list(Markup::Markdown, source), "\n- 标题: &lt;b&gt;\n- user: a&#42;b");
    assert_eq!(list(Markup::Slack, source), "\n• 标题: &lt;b&gt;\n• user: a*b");
    assert_eq!(list(Markup::Text, source), "标题: <b>, user: a*b");
    assert_eq!(list(Markup::Markdown, "{{ blockquote('a\nb') }}"), "> a\n> b");
    assert_eq!(list(Markup::Html, "{{ blockquote('<') }}"), "<blockquote>&lt;</blockquote>");
}

#[test]
fn what_is_not_a_function_or_grows_too_long_says_so() {
    let error = |source: &str| shown_in(Markup::Text, Locale::English, source).unwrap_err();
    assert!(error("{{ range(3) }}").contains("range"));
    assert!(error("{{ text | shout }}").contains("shout"));
    assert!(error("{{ text.shout() }}").contains("shout"));
    assert!(error("{{ lower(text, 1) }}").contains("at most 1"));
    assert!(error("{{ lower(text, size=1) }}").contains("size"));
    let long = "a".repeat(500);
    let source = format!("{{{{ replace(replace('{long}', 'a', '{long}'), 'a', '{long}') }}}}");
    assert!(error(&source).contains("64 KB"));
    let (numbers, letters) = ("1,".repeat(4000), "a".repeat(100));
    let sorted = format!("{{{{ sort(split('{numbers}', ',')) | length }}}}");
    assert!(error(&format!("{{% for a in list('{letters}') %}}{sorted}{{% endfor %}}")).contains("too much"));
    assert!(error("{% for a in list('aaaaaaaaaa') %}{% for a in list('aaaaaaaaaa') %}{% for a in list('aaaaaaaaaa') %}{% for a in list('aaaaaaaaaa') %}{{ a }}{{ a }}{% endfor %}{% endfor %}{% endfor %}{% endfor %}").contains("steps"));
}

proptest! {
    /// Any function with anything ends, with a text or with an error.
    #[test]
    fn no_function_panics(
        at in 0_usize..60,
        arguments in proptest::collection::vec(
            prop_oneof![
                Just("none"), Just("''"), Just("-1"), Just("99999999999999999999"), Just("1e300"), Just("'é<&'"), Just("[]"),
                Just("[[1]]"), Just("map"), Just("nothing"), Just("'%'"), Just("'%Q%:::z'"), Just("true"), Just("'UTC+99'"), Just("'1e400'"),
            ],
            0..4,
        ),
    ) {
        let functions: Vec<&str> = all().map(|(name, _)| name).collect();
        let name = functions[at % functions.len()];
        let _ = shown_in(Markup::Html, Locale::English, &format!("{{{{ {name}({}) }}}}", arguments.join(", ")));
    }
}
