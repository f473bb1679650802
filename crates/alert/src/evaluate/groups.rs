//! Joined rows put into groups, and groups asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::join::{Joined, JoinedRow};
use super::{EXPLAINED_MAX, GROUPS_MAX, Group, Outcome, PassedOver, SHOWN_ROWS_MAX};
use crate::condition::{Condition, Count, Fields, NotBoolean, number};
use crate::rule::{Check, Grouping, Rule, SeverityCheck};

/// The column in which a Metricstore keeps a series' labels: `key#$#value|key#$#value`.
const SERIES_LABELS: &str = "__labels__";

/// The seconds the first query's time begins and ends at, as fields of every row: for rules that ask how old something is.
pub(super) struct Times {
    pub(super) start: String,
    pub(super) end: String,
}

/// A row with the times beside its own fields.
struct Timed<'a, 'r> {
    row: JoinedRow<'r>,
    times: &'a Times,
}

impl Fields for Timed<'_, '_> {
    fn field(&self, query: Option<usize>, name: &str) -> Option<&str> {
        self.row.field(query, name).or(match name {
            "__start_time__" => Some(&self.times.start),
            "__end_time__" => Some(&self.times.end),
            _ => None,
        })
    }
}

pub(super) fn outcome(rule: &Rule, joined: &Joined<'_>, times: &Times) -> Result<Outcome, NotBoolean> {
    let asker = Asker { rule, joined, times };
    let (groups, is_cut) = grouped(&rule.grouping, joined);
    let mut outcome =
        Outcome { group_count: groups.len(), row_count: joined.count(), is_truncated: is_cut, ..Outcome::default() };
    for (labels, rows) in groups {
        match asker.ask(labels, &rows)? {
            Ok(group) => outcome.fired.push(group),
            Err(passed_over) if outcome.passed_over.len() < EXPLAINED_MAX => outcome.passed_over.push(passed_over),
            Err(_) => {}
        }
    }
    outcome.fired.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.labels.cmp(&b.labels)));
    outcome.fired_count = outcome.fired.len();
    outcome.is_truncated |= outcome.fired_count > GROUPS_MAX;
    outcome.fired.truncate(GROUPS_MAX);
    Ok(outcome)
}

type Labels = BTreeMap<String, String>;

/// The most groups that are asked. A join may give as many as it gives rows; those of further rows are left out.
const GROUPS_HELD_MAX: usize = 10 * GROUPS_MAX;

/// The rows of each group, and whether groups were left out. Without groups there is one, even of no rows: a count
/// condition may ask for none.
fn grouped(grouping: &Grouping, joined: &Joined<'_>) -> (BTreeMap<Labels, Vec<usize>>, bool) {
    let numbers = (0..joined.count()).collect();
    let labels: Box<dyn Fn(&JoinedRow<'_>) -> Labels> = match grouping {
        Grouping::NoGroup => return (BTreeMap::from([(Labels::new(), numbers)]), false),
        Grouping::Custom(fields) => {
            Box::new(|row| fields.iter().map(|field| (field.clone(), value(row, field))).collect())
        }
        Grouping::LabelsAuto => {
            let names = text_columns(joined);
            Box::new(move |row| match row.field(None, SERIES_LABELS) {
                Some(series) => series_labels(series),
                None => names.iter().map(|name| (name.clone(), value(row, name))).collect(),
            })
        }
    };
    let mut groups: BTreeMap<Labels, Vec<usize>> = BTreeMap::new();
    let mut is_cut = false;
    for index in numbers {
        let labels = labels(&joined.row(index));
        if groups.len() == GROUPS_HELD_MAX && !groups.contains_key(&labels) {
            is_cut = true;
            continue;
        }
        groups.entry(labels).or_default().push(index);
    }
    (groups, is_cut)
}

/// A field of a group: `cnt`, or `$1.cnt` of one query.
fn value(row: &JoinedRow<'_>, field: &str) -> String {
    let of_query = field.strip_prefix('$').and_then(|rest| rest.split_once('.'));
    let of_query = of_query.and_then(|(query, name)| Some((query.parse::<usize>().ok()?, name)));
    let found = match of_query {
        Some((query, name)) => row.field(Some(query), name),
        None => row.field(None, field),
    };
    found.unwrap_or_default().to_owned()
}

/// The columns that are no times and hold something else than numbers.
fn text_columns(joined: &Joined<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for index in 0..joined.count() {
        let row = joined.row(index);
        for name in row.names() {
            let is_text = row.field(None, name).is_some_and(|text| !text.is_empty() && number(text).is_none());
            if is_text && !matches!(name, "time" | "__time__" | "__value__") && !names.contains(name) {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

fn series_labels(series: &str) -> Labels {
    let pairs = series.split('|').filter_map(|pair| pair.split_once("#$#"));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// What every group is asked with.
struct Asker<'a, 'r> {
    rule: &'a Rule,
    joined: &'a Joined<'r>,
    times: &'a Times,
}

impl<'a, 'r> Asker<'a, 'r> {
    fn row(&self, index: usize) -> Timed<'a, 'r> {
        Timed { row: self.joined.row(index), times: self.times }
    }

    fn ask(&self, labels: Labels, rows: &[usize]) -> Result<Result<Group, PassedOver>, NotBoolean> {
        let rule = self.rule;
        let overall = self.passing(&rule.overall.condition, rows)?;
        let is_met = count_holds(&rule.overall.count, overall.len(), true)?;
        for severity in rule.severities.iter().filter(|_| is_met) {
            let passing = self.passing(&severity.check.condition, &overall)?;
            // Without any count there must be a row.
            let default = rule.overall.count.is_some() || !passing.is_empty();
            if !count_holds(&severity.check.count, passing.len(), default)? {
                continue;
            }
            let counts = (overall.len(), passing.len());
            let first = passing.first().map(|row| self.row(*row));
            let shown = passing.iter().take(SHOWN_ROWS_MAX).map(|row| self.joined.row(*row).to_row());
            return Ok(Ok(Group {
                labels,
                severity: severity.severity,
                pass_count: passing.len(),
                row_count: rows.len(),
                condition: written(rule, severity, counts, &|condition, count| fill(condition, first.as_ref(), count)),
                raw_condition: written(rule, severity, counts, &|condition, _| condition.text().to_owned()),
                rows: shown.collect(),
            }));
        }
        let first = rows.first().map(|row| self.row(*row));
        let conditions = rule.severities.iter().map(|severity| {
            let counts = (overall.len(), self.passing(&severity.check.condition, &overall)?.len());
            Ok(written(rule, severity, counts, &|condition, count| fill(condition, first.as_ref(), count)))
        });
        let conditions = conditions.collect::<Result<_, NotBoolean>>()?;
        Ok(Err(PassedOver { labels, row_count: rows.len(), conditions }))
    }

    fn passing(&self, condition: &Option<Condition>, rows: &[usize]) -> Result<Vec<usize>, NotBoolean> {
        let Some(condition) = condition else { return Ok(rows.to_vec()) };
        let mut passing = Vec::new();
        for row in rows {
            if condition.holds(&self.row(*row))? {
                passing.push(*row);
            }
        }
        Ok(passing)
    }
}

fn count_holds(condition: &Option<Condition>, count: usize, default: bool) -> Result<bool, NotBoolean> {
    condition.as_ref().map_or(Ok(default), |condition| condition.holds(&Count::of(count)))
}

/// What a condition's text is made of: its row, and how many rows there are.
type Written<'w> = &'w dyn Fn(&Condition, usize) -> String;

fn fill(condition: &Condition, row: Option<&Timed<'_, '_>>, count: usize) -> String {
    match row {
        Some(row) if !condition.fields().iter().any(|field| field.name == "__count__") => condition.filled(row),
        _ => condition.filled(&Count::of(count)),
    }
}

/// What holds where no count is asked for.
static ANY_ROW: LazyLock<Condition> =
    LazyLock::new(|| Condition::parse("__count__ > 0").expect("a condition of the release"));

/// `Count:…;Condition:…` of what the rule asks altogether, of so many rows for the whole rule and for a severity.
fn written(rule: &Rule, severity: &SeverityCheck, counts: (usize, usize), text: Written<'_>) -> String {
    let both = |first: &Option<Condition>, second: &Option<Condition>| {
        let first = first.iter().map(|condition| text(condition, counts.0));
        first.chain(second.iter().map(|condition| text(condition, counts.1))).collect::<Vec<String>>().join(" && ")
    };
    let Check { condition, count } = &rule.overall;
    let condition = both(condition, &severity.check.condition);
    let count = both(count, &severity.check.count);
    let count = if count.is_empty() { text(&ANY_ROW, counts.1) } else { count };
    if condition.is_empty() { format!("Count:{count}") } else { format!("Count:{count};Condition:{condition}") }
}
