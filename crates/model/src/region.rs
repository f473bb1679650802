//! The regions ActionTrail has an endpoint in. A node is one place; regions are names that events and trails carry.

/// A region's id and its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// For example `cn-hangzhou`.
    pub id: &'static str,
    /// Its Chinese name.
    pub name_zh: &'static str,
    /// Its English name.
    pub name_en: &'static str,
}

/// The region assumed when a request names none.
pub const DEFAULT_REGION: &str = "cn-hangzhou";

/// Every region, those of mainland China first.
pub const REGIONS: &[Region] = &[
    Region { id: "cn-hangzhou", name_zh: "华东1（杭州）", name_en: "China (Hangzhou)" },
    Region { id: "cn-shanghai", name_zh: "华东2（上海）", name_en: "China (Shanghai)" },
    Region { id: "cn-qingdao", name_zh: "华北1（青岛）", name_en: "China (Qingdao)" },
    Region { id: "cn-beijing", name_zh: "华北2（北京）", name_en: "China (Beijing)" },
    Region { id: "cn-zhangjiakou", name_zh: "华北3（张家口）", name_en: "China (Zhangjiakou)" },
    Region { id: "cn-huhehaote", name_zh: "华北5（呼和浩特）", name_en: "China (Hohhot)" },
    Region { id: "cn-wulanchabu", name_zh: "华北6（乌兰察布）", name_en: "China (Ulanqab)" },
    Region { id: "cn-shenzhen", name_zh: "华南1（深圳）", name_en: "China (Shenzhen)" },
    Region { id: "cn-heyuan", name_zh: "华南2（河源）", name_en: "China (Heyuan)" },
    Region { id: "cn-guangzhou", name_zh: "华南3（广州）", name_en: "China (Guangzhou)" },
    Region { id: "cn-chengdu", name_zh: "西南1（成都）", name_en: "China (Chengdu)" },
    Region { id: "cn-nanjing", name_zh: "华东5（南京-本地地域）", name_en: "China (Nanjing - Local Region)" },
    Region { id: "cn-zhongwei", name_zh: "西北2（中卫）", name_en: "China (Zhongwei)" },
    Region { id: "cn-hongkong", name_zh: "中国香港", name_en: "China (Hong Kong)" },
    Region { id: "cn-shanghai-finance-1", name_zh: "华东2 金融云", name_en: "China East 2 Finance" },
    Region { id: "cn-north-2-gov-1", name_zh: "华北2 阿里政务云1", name_en: "China North 2 Ali Gov 1" },
    Region { id: "ap-northeast-1", name_zh: "日本（东京）", name_en: "Japan (Tokyo)" },
    Region { id: "ap-northeast-2", name_zh: "韩国（首尔）", name_en: "South Korea (Seoul)" },
    Region { id: "ap-southeast-1", name_zh: "新加坡", name_en: "Singapore" },
    Region { id: "ap-southeast-3", name_zh: "马来西亚（吉隆坡）", name_en: "Malaysia (Kuala Lumpur)" },
    Region { id: "ap-southeast-5", name_zh: "印度尼西亚（雅加达）", name_en: "Indonesia (Jakarta)" },
    Region { id: "ap-southeast-6", name_zh: "菲律宾（马尼拉）", name_en: "Philippines (Manila)" },
    Region { id: "ap-southeast-7", name_zh: "泰国（曼谷）", name_en: "Thailand (Bangkok)" },
    Region { id: "ap-southeast-8", name_zh: "马来西亚（柔佛）", name_en: "Malaysia (Johor)" },
    Region { id: "eu-central-1", name_zh: "德国（法兰克福）", name_en: "Germany (Frankfurt)" },
    Region { id: "eu-west-1", name_zh: "英国（伦敦）", name_en: "UK (London)" },
    Region { id: "eu-west-2", name_zh: "法国（巴黎）", name_en: "France (Paris)" },
    Region { id: "me-central-1", name_zh: "沙特（利雅得）", name_en: "SAU (Riyadh)" },
    Region { id: "me-east-1", name_zh: "阿联酋（迪拜）", name_en: "UAE (Dubai)" },
    Region { id: "na-south-1", name_zh: "墨西哥", name_en: "Mexico" },
    Region { id: "us-east-1", name_zh: "美国（弗吉尼亚）", name_en: "US (Virginia)" },
    Region { id: "us-southeast-1", name_zh: "美国（亚特兰大）", name_en: "US (Atlanta)" },
    Region { id: "us-west-1", name_zh: "美国（硅谷）", name_en: "US (Silicon Valley)" },
];

/// Whether this is the id of a known region.
pub fn is_region(id: &str) -> bool {
    REGIONS.iter().any(|region| region.id == id)
}
