//! What every event of a category says: so that an index finds those of the rare ones.

use super::{Attribute, Category};

impl Category {
    /// Attribute values of which every event of the category has at least one; none for [`Category::Management`], which
    /// is also what says nothing.
    pub fn marks(self) -> Vec<(Attribute, String)> {
        let types: &[&str] = match self {
            Category::Management => return Vec::new(),
            Category::Data | Category::Alert => &[],
            Category::Insight => &["ActionTrailInsight"],
            Category::Platform => {
                &["CUSTOMER_INITIATED_SUPPORT", "ALIYUN_INITIATED_SERVICE", "ALIYUN_INITIATED_PENALTY"]
            }
        };
        let types = types.iter().map(|each| (Attribute::EventType, (*each).to_owned()));
        types.chain([(Attribute::EventCategory, self.as_str().to_owned())]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_of_a_category_has_one_of_its_marks() {
        let words =
            [None, Some("Insight"), Some("Data"), Some("Platform"), Some("Alert"), Some("Management"), Some("Other")];
        let kinds = [None, Some("ActionTrailInsight"), Some("ALIYUN_INITIATED_SERVICE"), Some("ApiCall")];
        for (stated, kind) in words.into_iter().flat_map(|word| kinds.map(|kind| (word, kind))) {
            let category = Category::of(stated, kind);
            let has = |(attribute, value): &(Attribute, String)| match attribute {
                Attribute::EventCategory => stated == Some(value),
                _ => kind == Some(value),
            };
            let is_marked = category == Category::Management || category.marks().iter().any(has);
            assert!(is_marked, "{stated:?} {kind:?} is {category:?}");
        }
    }
}
