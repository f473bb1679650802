//! HTML as plain text, for mail readers that show no HTML and for the second part of each mail.

/// HTML without its tags, for mail readers that show none: rows and list items on lines of their own.
pub(super) fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let Some(len) = rest[start..].find('>') else { break };
        let tag = rest[start + 1..start + len].trim_start_matches('/').to_ascii_lowercase();
        let is_end = rest[start..].starts_with("</");
        match tag.split([' ', '/']).next().unwrap_or_default() {
            "hr" => text.push_str("\n---\n"),
            "br" | "tr" | "p" | "table" | "ul" | "div" | "blockquote" => text.push('\n'),
            "li" if !is_end => text.push_str("\n- "),
            "th" if is_end => text.push_str(": "),
            "td" if is_end => text.push(' '),
            "a" if !is_end => {
                let link = rest[start..start + len].split("href=\"").nth(1).and_then(|link| link.split('"').next());
                text.push_str(link.unwrap_or_default());
                text.push(' ');
            }
            _ => {}
        }
        rest = &rest[start + len + 1..];
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    let text = text.replace("&amp;", "&");
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<&str>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<String>>().join("\n")
}
