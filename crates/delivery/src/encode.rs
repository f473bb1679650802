//! From events to objects: one gzip JSON array per region, each event's bytes as they were sent. Members of an organization,
//! and insights, have objects of their own.

use std::collections::BTreeMap;
use std::io::Write;

use bytes::Bytes;
use catalog::GlobalRegion;
use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use model::event::Category;
use model::organization::DirectoryId;
use model::{AccountId, Attribute, Event, Timestamp};
use store::{Found, Owned};

use crate::object_layout::{self, Contents};

/// Regions of one batch with an object of their own. A region is whatever text a producer sends, and each object is a
/// request to the bucket; Alibaba Cloud has about thirty regions.
const REGIONS_MAX: usize = 64;

/// A finished object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) key: String,
    /// The gzip.
    pub(crate) bytes: Bytes,
    pub(crate) events: usize,
}

/// The events of a plan, gathered by region.
pub(crate) struct Regions {
    home: String,
    organization: Option<DirectoryId>,
    /// Where global events lie instead: those after each number, until the next.
    global: Vec<GlobalRegion>,
    events: BTreeMap<Shelf, BTreeMap<String, Vec<Found>>>,
}

/// What shares the objects of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Shelf {
    /// The member, for an organization's trail.
    member: Option<AccountId>,
    kind: &'static str,
}

impl Regions {
    /// None yet. `home` is the trail's home region.
    pub(crate) fn new(home: &str, organization: Option<DirectoryId>) -> Regions {
        Regions { home: home.to_owned(), organization, global: Vec::new(), events: BTreeMap::new() }
    }

    /// The same with the account's choices of where global events lie, oldest first.
    pub(crate) fn with_global(mut self, choices: Vec<GlobalRegion>) -> Regions {
        self.global = choices;
        self
    }

    /// Adds the next event.
    ///
    /// A global event goes with the home region's, or with those of the region the account chose, once. An event whose
    /// region is missing or could not stand in a key goes with the home region's; it still says what it said.
    pub(crate) fn add(&mut self, owned: Owned) {
        let Owned { account, found } = owned;
        let shelf = Shelf { member: self.organization.as_ref().map(|_| account), kind: kind_of(&found.event) };
        let regions = self.events.entry(shelf).or_default();
        let own = region_of(&found.event);
        let region = match own {
            Some(region) if regions.contains_key(region) || regions.len() < REGIONS_MAX => region,
            _ => chosen(&self.global, &found).unwrap_or(&self.home),
        };
        match regions.get_mut(region) {
            Some(events) => events.push(found),
            None => {
                let region = region.to_owned();
                regions.insert(region, vec![found]);
            }
        }
    }

    /// How many events each region has.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (region, events) in self.events.values().flatten() {
            *counts.entry(region.clone()).or_default() += events.len() as u64;
        }
        counts
    }

    /// One object per region, in the order of the regions' names.
    pub(crate) fn into_objects(self, prefix: Option<&str>) -> Vec<Object> {
        let mut objects = Vec::new();
        for (shelf, regions) in self.events {
            let member = self.organization.as_ref().zip(shelf.member);
            for (region, events) in regions {
                objects.push(object(prefix, member, shelf.kind, &region, &events));
            }
        }
        objects
    }
}

/// Where the account chose that a global event lies.
fn chosen<'g>(choices: &'g [GlobalRegion], found: &Found) -> Option<&'g String> {
    let counts = |choice: &&GlobalRegion| found.event.is_global() && choice.after < found.seq;
    choices.iter().rfind(counts).map(|choice| &choice.region)
}

fn kind_of(event: &Event) -> &'static str {
    match event.category() {
        Category::Insight => "Actiontrail-Insight",
        Category::Platform => "Inner-ActionTrail",
        Category::Management | Category::Data | Category::Alert => "Actiontrail",
    }
}

/// The event's own region, if it is not global and could stand in a key.
pub(crate) fn region_of(event: &Event) -> Option<&str> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let region = event.first(Attribute::Region).filter(|_| !event.is_global())?;
    ((1..=64).contains(&region.len()) && region.bytes().all(plain)).then_some(region)
}

fn object(
    prefix: Option<&str>,
    member: Option<(&DirectoryId, AccountId)>,
    kind: &'static str,
    region: &str,
    events: &[Found],
) -> Object {
    // An array of n events has n separators and brackets around and between, and one more.
    let bytes = events.iter().map(|found| found.event.raw().len() + 1).sum::<usize>() + 1;
    // No time in the header: the same events give the same bytes.
    let mut gzip = GzEncoder::new(Vec::with_capacity(bytes / 6), Compression::default());
    let mut md5 = Md5::new();
    let mut write = |piece: &[u8]| {
        md5.update(piece);
        gzip.write_all(piece).expect("memory takes every write");
    };
    for (index, found) in events.iter().enumerate() {
        write(if index == 0 { b"[" } else { b"," });
        write(found.event.raw());
    }
    write(b"]");
    let gzip = gzip.finish().expect("memory takes every write");
    let contents = Contents {
        region,
        member,
        kind,
        received: events.last().map_or(Timestamp::default(), |found| found.received),
        events: events.len(),
        bytes,
        md5: &hex::encode(md5.finalize()),
    };
    Object { key: object_layout::key(prefix, &contents), bytes: gzip.into(), events: events.len() }
}

#[cfg(test)]
mod tests;
