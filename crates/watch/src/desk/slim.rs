//! Alerts cut to what can be kept: a merge set holds many of them, each with the rows it was found in.

use alert::{Alert, Row};

/// Bytes of rows in one alert. A message shows a few rows; whoever wants all of them asks the Logstore.
const ROWS_BYTES_MAX: usize = 32 << 10;

/// The alert with as many of its rows as fit, those that fired first.
pub(crate) fn slim(mut alert: Alert) -> Alert {
    let mut left = ROWS_BYTES_MAX;
    keep(&mut alert.fire_results, &mut left);
    for found in &mut alert.results {
        let rows = found.rows.len();
        keep(&mut found.rows, &mut left);
        found.is_truncated |= found.rows.len() < rows;
    }
    alert
}

fn keep(rows: &mut Vec<Row>, left: &mut usize) {
    let mut kept = 0;
    for row in rows.iter() {
        let bytes: usize = row.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
        if bytes > *left {
            break;
        }
        *left -= bytes;
        kept += 1;
    }
    rows.truncate(kept);
}
