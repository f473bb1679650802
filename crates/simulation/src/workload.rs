//! The story itself: what is done, what goes wrong meanwhile, and what is checked when.

use std::time::Duration;

use host::Clock;
use host::simulated::{Chance, Faults, Outage, SimulatedDisk};
use model::AccountId;

use crate::broken::Broken;
use crate::buckets::{Buckets, Troubles};
use crate::damage;
use crate::events::Events;
use crate::node::{DATA, HISTORY, Node, story_of};
use crate::story::Story;
use crate::trails::Trails;

/// Attempts to open under faults before the faults end.
const TROUBLED_OPENS: usize = 3;

struct World {
    node: Node,
    events: Events,
    trails: Trails,
    buckets: Buckets,
    chance: Chance,
    broken: Option<Broken>,
    story: Story,
}

/// Lives through the story of a seed.
pub(crate) async fn live(seed: u64, broken: Option<Broken>, story: &Story) -> Result<(), String> {
    let mut chance = Chance::new(seed);
    let disk = SimulatedDisk::new(chance.number());
    if let Some(broken) = broken {
        broken.apply(&disk);
    }
    {
        use host::Disk;
        disk.create_folder(std::path::Path::new(DATA)).expect("an empty disk");
        disk.sync_folder(std::path::Path::new("/")).expect("a sound disk");
    }
    let node = Node::new(disk, &mut chance).await;
    let accounts: Vec<AccountId> =
        (0..1 + chance.below(3)).map(|n| format!("{}", 1000 + n).parse().expect("an account")).collect();
    let buckets = Buckets::new(chance.fork(), broken);
    let trails = Trails::create(&node, &accounts, &mut chance).await;
    buckets.set_catalog(&node.catalog);
    let mut world =
        World { node, events: Events::new(accounts), trails, buckets, chance, broken, story: story.clone() };
    world.restart(Outage::Process).await?;
    let crashes = 2 + world.chance.below(4);
    for _ in 0..crashes {
        world.act_until_crash().await?;
        let outage = if world.chance.per_mille(600) { Outage::Power } else { Outage::Process };
        world.restart(outage).await?;
    }
    world.act_until_crash().await?;
    world.end().await
}

impl World {
    fn tell(&self, line: String) {
        self.story.tell(format!("{:6} {line}", self.node.disk.operations()));
    }

    /// Acts until the disk crashes, the journal fails, or enough was done.
    async fn act_until_crash(&mut self) -> Result<(), String> {
        if self.chance.per_mille(600) {
            let operations = self.chance.below(150) as u64;
            self.tell(format!("will crash after {operations} operations"));
            self.node.disk.crash_after(Some(operations));
        }
        for _ in 0..3 + self.chance.below(10) {
            self.act().await?;
            self.trails.check_cursors(&self.node).await?;
            if self.node.disk.has_crashed() || self.node.has_failed() {
                self.tell("it has failed".to_owned());
                return Ok(());
            }
        }
        Ok(())
    }

    async fn act(&mut self) -> Result<(), String> {
        let faults = self.troubles();
        self.node.disk.set_faults(faults);
        let is_full = self.chance.per_mille(60);
        if is_full {
            let room = self.chance.below(3000);
            self.node.disk.set_space_bytes(Some(self.node.disk.used_bytes() + room));
        }
        let is_calm = faults == Faults::default() && !is_full;
        self.node.clock.advance(Duration::from_millis(self.chance.below(5000) as u64));
        match self.chance.below(20) {
            0..9 => {
                // What has ended cannot be held.
                let as_group = self.chance.per_mille(400) && !self.may_fail(true);
                self.append(is_calm, as_group).await?;
            }
            9..12 => self.settle(is_calm).await?,
            12 => self.look().await?,
            13..15 => {
                let told = self.trails.change(&self.node, &mut self.chance).await;
                self.tell(told);
            }
            15 => self.retire(is_calm).await?,
            _ => self.deliver().await?,
        }
        self.node.disk.set_space_bytes(None);
        self.node.disk.set_faults(Faults::default());
        Ok(())
    }

    fn troubles(&mut self) -> Faults {
        let chance = &mut self.chance;
        match chance.below(12) {
            0 => Faults { full: 100, ..Faults::default() },
            1 => Faults { sync: 60, sync_folder: 60, ..Faults::default() },
            2 => Faults { read: 60, ..Faults::default() },
            3 => Faults { names: 100, ..Faults::default() },
            4 => Faults { full: 30, sync: 15, sync_folder: 15, read: 15, names: 30 },
            _ => Faults::default(),
        }
    }

    /// Whether something may fail although nothing was made to: everything has ended already.
    fn may_fail(&self, is_calm: bool) -> bool {
        !is_calm || self.node.disk.has_crashed() || self.node.has_failed()
    }

    async fn append(&mut self, is_calm: bool, as_group: bool) -> Result<(), String> {
        let count = 1 + self.chance.below(4);
        let now = self.node.clock.now();
        let mut batches = Vec::new();
        for _ in 0..count {
            // A large batch is hashed on another thread, so its place in a group would be left to chance.
            let is_large = !as_group && self.chance.per_mille(30);
            let events = if is_large { 300 } else { 1 + self.chance.below(8) };
            batches.push(self.events.batch(events, now, &mut self.chance));
        }
        let entries = batches.iter().map(|batch| batch.iter().map(|sent| sent.entry()).collect()).collect();
        let answers = self.node.append(entries, as_group).await;
        let may_fail = self.may_fail(is_calm);
        let mut told = Vec::new();
        for (batch, answer) in batches.iter().zip(&answers) {
            self.events.answered(batch, answer, !may_fail)?;
            told.push(match answer {
                Ok(_) => format!("{}", batch.len()),
                Err(error) => format!("{error}"),
            });
        }
        self.tell(format!("append{}: {}", if as_group { " as a group" } else { "" }, told.join(", ")));
        Ok(())
    }

    async fn settle(&mut self, is_calm: bool) -> Result<(), String> {
        if self.broken == Some(Broken::CursorBeforeSegment) {
            let head = self.node.writer().head();
            self.node.catalog.manifest_publish(&[], &[], Some(head)).await.expect("the catalog is sound");
        }
        let settled = self.node.settle().await;
        let statistics = self.node.store().statistics();
        self.tell(format!("settle: {} segments, {}", statistics.segments, settled.is_ok()));
        match settled {
            Err(error) if !self.may_fail(is_calm) => {
                return Err(format!("settling failed on a sound disk: {}", story_of(&error)));
            }
            _ => {}
        }
        // An append behind the trim, so that the journal's thread has nothing left to do.
        self.node.disk.release("journal");
        self.append(is_calm, false).await
    }

    async fn look(&mut self) -> Result<(), String> {
        self.node.disk.set_faults(Faults::default());
        let looked = self.events.check_some(self.node.store(), &mut self.chance);
        if self.node.disk.has_crashed() { Ok(()) } else { looked }
    }

    async fn deliver(&mut self) -> Result<(), String> {
        let mut rate = |often: u32| if self.chance.per_mille(400) { often } else { 0 };
        let troubles = Troubles { before: rate(200), after: rate(200), hang: rate(100), gone: rate(100) };
        self.buckets.set_troubles(troubles);
        let steps = 1 + self.chance.below(12);
        let told = self.trails.deliver(&self.node, &self.buckets, steps).await;
        self.tell(told);
        self.buckets.set_troubles(Troubles::default());
        self.trails.check(&self.events, &self.buckets, false)
    }

    /// Once everything is delivered, all of it becomes too old.
    async fn retire(&mut self, is_calm: bool) -> Result<(), String> {
        if self.may_fail(is_calm) || self.chance.per_mille(500) {
            return Ok(());
        }
        let caught_up = self.trails.catch_up(&self.node, &self.buckets).await;
        if self.node.disk.has_crashed() {
            return Ok(());
        }
        caught_up?;
        self.trails.check(&self.events, &self.buckets, true)?;
        self.node.clock.advance(HISTORY + Duration::from_secs(60));
        self.events.age();
        self.tell("an age passes".to_owned());
        self.settle(is_calm).await
    }

    /// Ends everything, brings it back and checks all of it.
    async fn restart(&mut self, outage: Outage) -> Result<(), String> {
        self.node.disk.crash();
        self.trails.stop();
        self.node.close().await;
        self.node.disk.restart(outage);
        if self.chance.per_mille(300) {
            self.node.reopen_catalog().await;
            self.buckets.set_catalog(&self.node.catalog);
        }
        self.tell(format!("restart after {outage:?}, {} stored for certain", self.events.stored()));
        for _ in 0..self.chance.below(TROUBLED_OPENS) {
            self.open_in_trouble().await;
        }
        self.node.open(None).await.map_err(|told| format!("the node does not start: {told}"))?;
        let writer_head = self.node.writer().head();
        self.events.check_all(self.node.store(), true, &mut self.chance)?;
        if writer_head < self.events.head() {
            return Err(format!("the journal ends at {writer_head}, but {} was given", self.events.head()));
        }
        self.trails.check_cursors(&self.node).await?;
        self.trails.check(&self.events, &self.buckets, false)?;
        // A start trims what was sealed before it. An append behind that, so that the journal's thread has nothing left to do.
        self.append(true, false).await
    }

    /// A start that may fail or crash, or finds little memory for what it reads back. What it managed must not harm.
    async fn open_in_trouble(&mut self) {
        let memory = self.chance.per_mille(500).then_some(3000);
        match self.chance.below(3) {
            0 => self.node.disk.set_faults(Faults { full: 20, sync: 20, sync_folder: 20, read: 20, names: 20 }),
            1 => self.node.disk.crash_after(Some(self.chance.below(60) as u64)),
            _ => {}
        }
        // Little memory nudges the store's thread at once; what it would do now is not part of the story.
        // Nor is the trim after what was sealed while reading back.
        self.node.disk.hold("store");
        self.node.disk.hold("journal");
        let opened = self.node.open(memory).await;
        self.tell(format!("a troubled start: {}", opened.as_ref().err().map_or("well", String::as_str)));
        let outage = if self.chance.per_mille(500) { Outage::Power } else { Outage::Process };
        self.node.disk.crash();
        self.node.close().await;
        self.node.disk.restart(outage);
    }

    async fn end(&mut self) -> Result<(), String> {
        self.restart(Outage::Power).await?;
        self.trails.catch_up(&self.node, &self.buckets).await?;
        self.trails.check(&self.events, &self.buckets, true)?;
        self.settle(true).await?;
        self.events.check_all(self.node.store(), false, &mut self.chance)?;
        self.trails.catch_up(&self.node, &self.buckets).await?;
        self.trails.check(&self.events, &self.buckets, true)?;
        self.node.check_segments().await?;
        self.trails.stop();
        self.node.close().await;
        let told = damage::flip_and_reopen(&mut self.node, &mut self.events, &mut self.chance).await?;
        self.tell(told);
        self.node.disk.crash();
        self.node.close().await;
        Ok(())
    }
}
