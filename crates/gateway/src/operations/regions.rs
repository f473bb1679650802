//! DescribeRegions.

use api::Success;
use model::region::REGIONS;
use serde_json::{Value, json};

use super::{Call, Outcome};

pub(super) fn describe(call: &Call<'_>) -> Outcome {
    let chinese = call.arguments.text("AcceptLanguage") == Some("zh-CN");
    let regions = REGIONS.iter().map(|region| {
        json!({
            "RegionId": region.id,
            "LocalName": if chinese { region.name_zh } else { region.name_en },
            // A node is one place, so every region is where the caller is already.
            "RegionEndpoint": call.request.host,
        })
    });
    Ok(Success::from_object(&json!({ "Regions": { "Region": regions.collect::<Vec<Value>>() } })))
}
