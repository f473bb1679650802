//! Organizations under load against a plain model: 50 accounts in five directories and outside, 200 trails, while accounts
//! join and leave, trails start, stop and change, puts fail and the node dies. In the end each event lies exactly once in
//! exactly the trails that selected it when it was stored, and is shown by exactly their Logstores. Every fourth trail has a
//! Logstore and no bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use bytes::Bytes;
use catalog::{Bucket, Catalog, Directory, JoinMethod, MemberKind, NewMember, NewTrail};
use host::Clock;
use model::organization::DirectoryId;
use model::trail::{Destinations, EventRw, LogTarget, Selector, TrailRegions};
use model::{AccountId, Event, Timestamp};

use super::*;
use crate::testing::to_bucket;

const ACCOUNTS: usize = 50;
const TRAILS: usize = 200;
const DIRECTORIES: usize = 5;
const STEPS: usize = 300;

/// Small, and the same everywhere: a failing seed is a case.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

fn account(number: usize) -> AccountId {
    format!("2{number:015}").parse().expect("an account id")
}

fn directory(number: usize) -> DirectoryId {
    format!("rd-organ{number}").parse().expect("a directory's id")
}

const REGIONS: [&str; 3] = ["cn-hangzhou", "cn-beijing", "eu-west-1"];

fn selector(chance: &mut Chance) -> Selector {
    let event_rw = [EventRw::All, EventRw::Read, EventRw::Write][chance.below(3)];
    let regions = ["All", "cn-beijing", "cn-hangzhou,eu-west-1"][chance.below(3)];
    Selector::management(event_rw, TrailRegions::parse(regions).expect("regions"))
}

/// A stretch of numbers, and what it is about.
type Stretch<T> = (T, Seq, Option<Seq>);

fn within(seq: u64, after: Seq, through: Option<Seq>) -> bool {
    seq > after.0 && through.is_none_or(|through| seq <= through.0)
}

fn has_bucket(number: usize) -> bool {
    number % 4 != 3
}

struct Modelled {
    trail: Trail,
    bucket: String,
    intervals: Vec<Stretch<Selector>>,
}

struct Story {
    world: World,
    chance: Chance,
    trails: Vec<Modelled>,
    members: Vec<Vec<Stretch<AccountId>>>,
    stored: BTreeMap<u64, (AccountId, Event)>,
    _folder: tempfile::TempDir,
}

impl Story {
    async fn new(seed: u64) -> Story {
        let mut world = immediate().await;
        // A worker that is cut off in the middle of a query takes its connection along, and a database in memory with it.
        let folder = tempfile::tempdir().expect("a folder");
        world.catalog = Catalog::open(&folder.path().join("catalog.sqlite")).await.expect("a catalog");
        world.config.bytes_max = 2_000;
        world.events.shows.store(true, Ordering::SeqCst);
        for number in 0..ACCOUNTS {
            let created = world.catalog.account_create(account(number), "member", false, Timestamp(0)).await;
            created.expect("an account");
        }
        let (chance, members) = (Chance(seed), vec![Vec::new(); DIRECTORIES]);
        let mut story = Story { chance, trails: Vec::new(), members, stored: BTreeMap::new(), world, _folder: folder };
        for number in 0..ACCOUNTS {
            let logs = LogTarget::parse(&format!("acs:log:cn-hangzhou:{}:project/audit", account(number)));
            story.world.register(&Destinations { logs, ..Destinations::default() }).await;
        }
        for number in 0..DIRECTORIES {
            let new = Directory {
                id: directory(number),
                management: account(number),
                root_folder: format!("r-organ{number}"),
                created: Timestamp(0),
            };
            story.world.catalog.directory_create(&new, Seq::ZERO).await.expect("a directory");
            story.members[number].push((account(number), Seq::ZERO, None));
        }
        for number in 0..TRAILS {
            story.create_trail(number).await;
        }
        for _ in 0..ACCOUNTS {
            story.change_member().await;
        }
        story
    }

    /// The first five are the organizations'.
    async fn create_trail(&mut self, number: usize) {
        let (owner, organization) = match number < DIRECTORIES {
            true => (account(number), Some(directory(number))),
            false => (account(self.chance.below(ACCOUNTS)), None),
        };
        let bucket = format!("bucket-{number}");
        let row = Bucket {
            account: owner,
            name: bucket.clone(),
            url: format!("s3://{bucket}"),
            sealed_settings: Vec::new(),
            created: Timestamp(0),
        };
        self.world.catalog.bucket_put(&row).await.expect("a bucket");
        let new = NewTrail {
            account: owner,
            name: format!("trail-{number}").parse().expect("a name"),
            home_region: "cn-hangzhou".into(),
            organization,
            selector: selector(&mut self.chance),
            destinations: Destinations {
                logs: LogTarget::parse(&format!("acs:log:cn-hangzhou:{owner}:project/audit")),
                ..if has_bucket(number) { to_bucket(&bucket) } else { Destinations::default() }
            },
            created: Timestamp(0),
        };
        let trail = self.world.catalog.trail_create(new, TRAILS).await.expect("a trail");
        self.trails.push(Modelled { trail, bucket, intervals: Vec::new() });
        self.change_trail(number).await;
    }

    fn push(&mut self) {
        let owner = account(self.chance.below(ACCOUNTS));
        let (rw, region) = (["Read", "Write"][self.chance.below(2)], REGIONS[self.chance.below(3)]);
        let rest = format!(r#""acsRegion":"{region}","eventRW":"{rw}""#);
        let seq = self.world.push_for(owner, &rest);
        let json = format!(r#"{{"eventId":"e{seq}","eventTime":"2026-01-15T08:00:00Z",{rest}}}"#);
        self.stored.insert(seq.0, (owner, Event::parse(Bytes::from(json)).expect("an event")));
    }

    /// Starts, stops or changes a trail.
    async fn change_trail(&mut self, number: usize) {
        let (now, head) = (self.world.clock.now(), self.world.head());
        let catalog = &self.world.catalog;
        let modelled = &mut self.trails[number];
        let id = modelled.trail.id;
        let open = modelled.intervals.last_mut().filter(|(_, _, through)| through.is_none());
        match open {
            None => {
                catalog.trail_start(id, now, head).await.expect("started");
                modelled.intervals.push((modelled.trail.selector.clone(), head, None));
            }
            Some((_, _, through)) if self.chance.below(2) == 0 => {
                catalog.trail_stop(id, now, head).await.expect("stopped");
                *through = Some(head);
            }
            Some((_, _, through)) => {
                let selector = selector(&mut self.chance);
                let destinations = modelled.trail.destinations.clone();
                catalog.trail_update(id, &selector, &destinations, now, head).await.expect("updated");
                *through = Some(head);
                modelled.trail.selector = selector.clone();
                modelled.intervals.push((selector, head, None));
            }
        }
    }

    /// An account joins a directory, or leaves the one it is in.
    async fn change_member(&mut self) {
        let who = account(DIRECTORIES + self.chance.below(ACCOUNTS - DIRECTORIES));
        let (at, head) = (self.world.clock.now(), self.world.head());
        for (number, history) in self.members.iter_mut().enumerate() {
            if let Some(open) = history.iter_mut().find(|each| each.0 == who && each.2.is_none()) {
                self.world.catalog.member_leave(&directory(number), who, at, head).await.expect("left");
                open.2 = Some(head);
                return;
            }
        }
        let number = self.chance.below(DIRECTORIES);
        let new = NewMember {
            directory: directory(number),
            account: who,
            folder: None,
            display_name: "member".into(),
            kind: MemberKind::Cloud,
            join_method: JoinMethod::Invited,
            at,
        };
        self.world.catalog.member_join(&new, head).await.expect("joined");
        self.members[number].push((who, head, None));
    }

    fn expected(&self, number: usize) -> BTreeSet<u64> {
        let modelled = &self.trails[number];
        let sees = |seq: u64, owner: AccountId| match number < DIRECTORIES {
            true => self.members[number].iter().any(|(who, joined, left)| *who == owner && within(seq, *joined, *left)),
            false => owner == modelled.trail.account,
        };
        let selects = |seq: u64, event: &Event| {
            let mut intervals = modelled.intervals.iter();
            intervals.any(|(selector, after, through)| within(seq, *after, *through) && selector.selects(event))
        };
        let stored = self.stored.iter().filter(|(seq, (owner, event))| sees(**seq, *owner) && selects(**seq, event));
        stored.map(|(seq, _)| *seq).collect()
    }

    /// What the Logstore of a trail shows.
    async fn shown(&self, number: usize) -> BTreeSet<u64> {
        let (catalog, trail) = (&self.world.catalog, &self.trails[number].trail);
        let logstore = catalog.logstore_find(trail.account, "audit", &trail.logstore()).await.expect("read");
        let logstore = logstore.expect("made with the trail");
        let view = catalog.logstore_view(&logstore, self.world.clock.now()).await.expect("a view");
        let shown = self.stored.iter().filter(|(seq, (owner, event))| view.shows(*owner, Seq(**seq), event));
        shown.map(|(seq, _)| *seq).collect()
    }

    /// Every number in the bucket of each trail; twice, if it is there twice.
    fn delivered(&self) -> BTreeMap<String, Vec<u64>> {
        let mut delivered: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for object in self.world.read_back() {
            let number: usize = object.bucket.trim_start_matches("bucket-").parse().expect("a trail's number");
            for id in object.ids() {
                let seq: u64 = id[1..].parse().expect("the ids of this world");
                let (owner, event) = &self.stored[&seq];
                let region = event.first(model::Attribute::Region).expect("all have one");
                let folder = match number < DIRECTORIES {
                    true => format!("AliyunLogs/Actiontrail/{}/{owner}/{region}/", directory(number)),
                    false => format!("AliyunLogs/Actiontrail/{region}/"),
                };
                assert!(object.key.starts_with(&folder), "{} holds an event of {folder}", object.key);
                delivered.entry(object.bucket.clone()).or_default().push(seq);
            }
        }
        delivered.values_mut().for_each(|seqs| seqs.sort_unstable());
        delivered
    }

    /// One thing happens. True: the node dies.
    async fn step(&mut self) -> bool {
        match self.chance.below(100) {
            0..70 => (0..1 + self.chance.below(6)).for_each(|_| self.push()),
            70..82 => {
                let number = self.chance.below(TRAILS);
                self.change_trail(number).await;
            }
            82..86 => {
                let number = self.chance.below(DIRECTORIES);
                self.change_trail(number).await;
            }
            86..96 => self.change_member().await,
            96..98 => {
                let bucket = format!("bucket-{}", self.chance.below(TRAILS));
                self.world.fault(&bucket, [Fault::Before, Fault::After][self.chance.below(2)]);
            }
            98 => self.world.events.shows.store(self.chance.below(3) > 0, Ordering::SeqCst),
            _ => return true,
        }
        false
    }
}

async fn live_through(seed: u64) {
    let mut story = Story::new(seed).await;
    let (_, mut shutdown) = start(&story.world);
    for step in 0..STEPS {
        if story.step().await {
            shutdown.finish(Duration::from_secs(10)).await;
            shutdown = start(&story.world).1;
        }
        if step % 5 == 0 {
            tokio::time::sleep(Duration::from_millis(story.chance.below(8) as u64)).await;
        }
    }
    let expected = |number: usize| story.expected(number).into_iter().collect::<Vec<u64>>();
    let expected: BTreeMap<String, Vec<u64>> = (0..TRAILS)
        .filter(|number| has_bucket(*number))
        .map(|number| (story.trails[number].bucket.clone(), expected(number)))
        .filter(|(_, seqs)| !seqs.is_empty())
        .collect();
    let total: usize = expected.values().map(Vec::len).sum();
    let of_organizations: usize = (0..DIRECTORIES).map(|number| story.expected(number).len()).sum();
    assert!(total > 300 && of_organizations > 40, "the story is about something: {total}, {of_organizations}");
    for number in 0..TRAILS {
        assert_eq!(story.shown(number).await, story.expected(number), "seed {seed}, Logstore of trail {number}");
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    while story.delivered().values().map(Vec::len).sum::<usize>() < total && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Long enough for one too many to arrive.
    tokio::time::sleep(Duration::from_millis(300)).await;
    shutdown.finish(Duration::from_secs(10)).await;
    let delivered = story.delivered();
    for (bucket, seqs) in &expected {
        assert_eq!(delivered.get(bucket), Some(seqs), "seed {seed}, {bucket}");
    }
    assert_eq!(delivered.len(), expected.len(), "seed {seed}: nothing else is delivered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_lies_once_in_exactly_the_trails_that_select_it() {
    for seed in [1, 2] {
        live_through(seed).await;
    }
}
