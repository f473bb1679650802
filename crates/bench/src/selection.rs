//! What it costs to find the trails an event is for, at 10, 1,000 and 10,000 trails; in process, on the run's own events.
//!
//! Twice: five trails of each of many accounts, and all trails of one account with different lists of regions, which is
//! the worst an index over accounts can meet. Beside it what comparing the event with each trail of its account costs.

use std::hint::black_box;
use std::time::Instant;

use ::delivery::SelectionIndex;
use anyhow::Result;
use bytes::Bytes;
use catalog::{DeliveryId, Route, RouteInterval, Routes};
use model::region::REGIONS;
use model::trail::{EventRw, Selector, TrailRegions};
use model::{AccountId, Event};
use serde::Serialize;

use crate::options::Options;

const TRAILS: [usize; 3] = [10, 1_000, 10_000];
const EVENTS: u64 = 20_000;
/// Events of one look, as they arrive in a second or less.
const PASS_EVENTS: usize = 1_000;
const TRAILS_OF_AN_ACCOUNT: usize = 5;
/// Comparing each is as slow as it is: fewer events say it, too.
const COMPARED_EVENTS: usize = 1_000;

/// The figures at one number of trails.
#[derive(Debug, Serialize)]
pub(crate) struct Selected {
    pub(crate) layout: &'static str,
    pub(crate) trails: usize,
    /// Looking at an event.
    pub(crate) look_nanos_per_event: f64,
    /// Listing whom to wake, after a pass.
    pub(crate) list_micros_per_pass: f64,
    pub(crate) woken_per_pass: f64,
    /// Making the index anew after a change.
    pub(crate) build_micros: f64,
    /// Comparing an event with each trail of its account.
    pub(crate) compare_nanos_per_event: f64,
}

/// Measures both layouts.
pub(crate) fn measure(options: &Options) -> Result<Vec<Selected>> {
    let mut generator = options.generator();
    let mut events = Vec::new();
    for _ in 0..EVENTS {
        events.push(Event::parse(Bytes::from(generator.next_event().1.into_bytes()))?);
    }
    let mut figures = Vec::new();
    for trails in TRAILS {
        figures.push(at("five of each account", trails, trails.div_ceil(TRAILS_OF_AN_ACCOUNT), &events));
    }
    for trails in TRAILS {
        figures.push(at("all of one account", trails, 1, &events));
    }
    Ok(figures)
}

/// `selection` as the first argument: only this is measured.
pub(crate) fn print(options: &Options) -> Result<()> {
    for line in markdown(&measure(options)?) {
        println!("{line}");
    }
    Ok(())
}

/// A table, and how much more an event costs with the most trails than with the fewest.
pub(crate) fn markdown(figures: &[Selected]) -> Vec<String> {
    let mut lines = vec![
        "| selection | trails | ns an event, looking | ns an event, comparing each | µs a pass of 1,000, listing | woken a pass | index made, µs |".to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    for each in figures {
        lines.push(format!(
            "| {} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
            each.layout,
            each.trails,
            each.look_nanos_per_event,
            each.compare_nanos_per_event,
            each.list_micros_per_pass,
            each.woken_per_pass,
            each.build_micros
        ));
    }
    for some in figures.chunks(TRAILS.len()) {
        if let (Some(few), Some(many)) = (some.first(), some.last()) {
            let ratio = many.look_nanos_per_event / few.look_nanos_per_event;
            let text = format!(
                "Looking at an event with {} trails costs {ratio:.2} times what it costs with {} ({}).",
                many.trails, few.trails, few.layout
            );
            lines.push(String::new());
            lines.push(text);
        }
    }
    lines
}

fn at(layout: &'static str, trails: usize, accounts: usize, events: &[Event]) -> Selected {
    let accounts: Vec<AccountId> =
        (0..accounts).map(|number| format!("1{number:015}").parse().expect("digits are an account id")).collect();
    let routes = Routes { routes: (0..trails).map(|number| route(number, &accounts)).collect(), ..Routes::default() };
    let started = Instant::now();
    let mut index = SelectionIndex::over(&routes);
    let build_micros = started.elapsed().as_secs_f64() * 1e6;

    let account_of = |place: usize| accounts[place % accounts.len()];
    let (mut looking, mut listing, mut woken) = (0.0, 0.0, 0);
    let passes = events.chunks(PASS_EVENTS).count();
    for (number, pass) in events.chunks(PASS_EVENTS).enumerate() {
        let started = Instant::now();
        for (place, event) in pass.iter().enumerate() {
            index.look_at(account_of(number * PASS_EVENTS + place), event);
        }
        looking += started.elapsed().as_secs_f64();
        let started = Instant::now();
        woken += black_box(index.take_marked()).len();
        listing += started.elapsed().as_secs_f64();
    }

    let some = &events[..COMPARED_EVENTS.min(events.len())];
    let started = Instant::now();
    for (place, event) in some.iter().enumerate() {
        let account = account_of(place);
        let of_account = routes.routes.iter().skip(place % accounts.len()).step_by(accounts.len());
        let selected =
            of_account.filter(|route| route.account == account && route.intervals[0].selector.selects(event));
        black_box(selected.count());
    }
    let compare_nanos_per_event = started.elapsed().as_secs_f64() * 1e9 / some.len() as f64;
    Selected {
        layout,
        trails,
        look_nanos_per_event: looking * 1e9 / events.len() as f64,
        list_micros_per_pass: listing * 1e6 / passes as f64,
        woken_per_pass: woken as f64 / passes as f64,
        build_micros,
        compare_nanos_per_event,
    }
}

/// Trails go round the accounts; the numbers spell out which regions and which read/write one selects.
fn route(number: usize, accounts: &[AccountId]) -> Route {
    let turn = number / accounts.len();
    let regions = REGIONS.iter().enumerate().filter(|(place, _)| (turn * 2_654_435_761) >> (place % 16) & 3 == 1);
    let regions: Vec<&str> = regions.map(|(_, region)| region.id).collect();
    let event_rw = [EventRw::All, EventRw::Write, EventRw::Read][turn % 3];
    let regions = TrailRegions::parse(&regions.join(",")).unwrap_or(TrailRegions::All);
    Route {
        delivery: DeliveryId::bucket(number as i64),
        account: accounts[number % accounts.len()],
        organization: None,
        destinations: String::new(),
        intervals: vec![RouteInterval {
            id: number as i64,
            through: None,
            selector: Selector::management(event_rw, regions),
        }],
    }
}
