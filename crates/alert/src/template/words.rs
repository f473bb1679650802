//! Words of both languages: severities, states, regions, and what our own text around a template says.

use crate::Locale;

/// How a word stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Red,
    Orange,
    Yellow,
    Green,
    Grey,
}

impl Colour {
    pub(super) fn hex(self) -> &'static str {
        match self {
            Colour::Red => "#d93026",
            Colour::Orange => "#e37400",
            Colour::Yellow => "#b58900",
            Colour::Green => "#188038",
            Colour::Grey => "#5f6368",
        }
    }

    /// WeCom has three.
    pub(super) fn wechat(self) -> &'static str {
        match self {
            Colour::Red | Colour::Orange => "warning",
            Colour::Green => "info",
            Colour::Yellow | Colour::Grey => "comment",
        }
    }

    pub(super) fn lark(self) -> &'static str {
        match self {
            Colour::Red => "red",
            Colour::Orange | Colour::Yellow => "orange",
            Colour::Green => "green",
            Colour::Grey => "grey",
        }
    }
}

fn pick(locale: Locale, english: &'static str, chinese: &'static str) -> &'static str {
    match locale {
        Locale::English => english,
        Locale::Chinese => chinese,
    }
}

/// A severity's name and colour, by its number or English name.
pub(super) fn severity(number: &str, locale: Locale) -> Option<(&'static str, Colour)> {
    let (english, chinese, colour) = match number {
        "10" | "critical" => ("Critical", "严重", Colour::Red),
        "8" | "high" => ("High", "高", Colour::Orange),
        "6" | "medium" => ("Medium", "中", Colour::Yellow),
        "4" | "low" => ("Low", "低", Colour::Green),
        "2" | "report" => ("Report", "报告", Colour::Grey),
        _ => return None,
    };
    Some((pick(locale, english, chinese), colour))
}

/// A state's name and colour.
pub(super) fn status(id: &str, locale: Locale) -> Option<(&'static str, Colour)> {
    match id {
        "firing" => Some((pick(locale, "Firing", "触发"), Colour::Red)),
        "resolved" => Some((pick(locale, "Resolved", "恢复"), Colour::Green)),
        _ => None,
    }
}

/// Where an alert comes from.
pub(super) fn alert_type(id: &str, locale: Locale) -> Option<&'static str> {
    match id {
        "sls_alert" => Some(pick(locale, "Alert rule", "告警规则")),
        "sls_pub" => Some(pick(locale, "Open alert", "开放告警")),
        "sls_ml" => Some(pick(locale, "Intelligent inspection", "智能巡检")),
        _ => None,
    }
}

/// The two annotations that every rule has.
pub(super) fn annotation(name: &str, locale: Locale) -> Option<&'static str> {
    match name {
        "title" => Some(pick(locale, "Title", "标题")),
        "desc" => Some(pick(locale, "Description", "描述")),
        _ => None,
    }
}

const REGIONS: [(&str, &str, &str); 27] = [
    ("cn-hangzhou", "China (Hangzhou)", "华东1(杭州)"),
    ("cn-shanghai", "China (Shanghai)", "华东2(上海)"),
    ("cn-nanjing", "China (Nanjing)", "华东5(南京)"),
    ("cn-fuzhou", "China (Fuzhou)", "华东6(福州)"),
    ("cn-qingdao", "China (Qingdao)", "华北1(青岛)"),
    ("cn-beijing", "China (Beijing)", "华北2(北京)"),
    ("cn-zhangjiakou", "China (Zhangjiakou)", "华北3(张家口)"),
    ("cn-huhehaote", "China (Hohhot)", "华北5(呼和浩特)"),
    ("cn-wulanchabu", "China (Ulanqab)", "华北6(乌兰察布)"),
    ("cn-shenzhen", "China (Shenzhen)", "华南1(深圳)"),
    ("cn-heyuan", "China (Heyuan)", "华南2(河源)"),
    ("cn-guangzhou", "China (Guangzhou)", "华南3(广州)"),
    ("cn-chengdu", "China (Chengdu)", "西南1(成都)"),
    ("cn-hongkong", "China (Hong Kong)", "中国香港"),
    ("ap-southeast-1", "Singapore", "新加坡"),
    ("ap-southeast-2", "Australia (Sydney)", "澳大利亚(悉尼)"),
    ("ap-southeast-3", "Malaysia (Kuala Lumpur)", "马来西亚(吉隆坡)"),
    ("ap-southeast-5", "Indonesia (Jakarta)", "印度尼西亚(雅加达)"),
    ("ap-southeast-6", "Philippines (Manila)", "菲律宾(马尼拉)"),
    ("ap-southeast-7", "Thailand (Bangkok)", "泰国(曼谷)"),
    ("ap-northeast-1", "Japan (Tokyo)", "日本(东京)"),
    ("ap-northeast-2", "South Korea (Seoul)", "韩国(首尔)"),
    ("us-west-1", "US (Silicon Valley)", "美国(硅谷)"),
    ("us-east-1", "US (Virginia)", "美国(弗吉尼亚)"),
    ("eu-central-1", "Germany (Frankfurt)", "德国(法兰克福)"),
    ("eu-west-1", "UK (London)", "英国(伦敦)"),
    ("me-east-1", "UAE (Dubai)", "阿联酋(迪拜)"),
];

/// A region's name.
pub(super) fn region(id: &str, locale: Locale) -> Option<&'static str> {
    REGIONS.iter().find(|(each, ..)| *each == id).map(|(_, english, chinese)| pick(locale, english, chinese))
}

/// Before the contents of several alerts.
pub(super) fn several(count: usize, locale: Locale) -> String {
    match locale {
        Locale::English => format!("{count} alerts:"),
        Locale::Chinese => format!("共 {count} 条告警:"),
    }
}

/// After them, when there are too many.
pub(super) fn more(count: usize, locale: Locale) -> String {
    match locale {
        Locale::English => format!("and {count} more"),
        Locale::Chinese => format!("另有 {count} 条"),
    }
}

/// The words of a link to an alert's page.
pub(super) fn details(locale: Locale) -> &'static str {
    pick(locale, "Details", "查看详情")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_severity_has_a_name_in_both_languages() {
        use crate::Severity;
        for one in [Severity::Report, Severity::Low, Severity::Medium, Severity::High, Severity::Critical] {
            let number = one.number().to_string();
            assert_eq!(severity(&number, Locale::English).map(|(name, _)| name), Some(one.name()));
            assert_ne!(severity(&number, Locale::Chinese), severity(&number, Locale::English));
        }
        assert_eq!(severity("7", Locale::English), None);
    }
}
