//! From an event to the trails that select it, in a time that does not depend on how many there are.
//!
//! Trails that select the same of an account's management events share a *cell*: one for each read/write and region.
//! An event falls into at most two, and all that happens to a cell is a mark. Insights and data events are compared with the
//! distinct selectors of their account that ask for such, each of which is passed over once it is marked.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use catalog::{DeliveryId, Routes, Tenure};
use model::event::Category;
use model::trail::{EventRw, Selector, TrailRegions};
use model::{AccountId, Attribute, Event};

/// See the module.
#[derive(Debug, Default)]
pub struct SelectionIndex {
    accounts: HashMap<AccountId, OfAccount>,
    cells: Vec<Cell>,
    marked: Vec<usize>,
}

/// Read and write.
type Pair = [Option<usize>; 2];

#[derive(Debug, Default)]
struct OfAccount {
    /// Trails of all regions.
    everywhere: Pair,
    /// Trails of some regions: every one of them, for global events.
    somewhere: Pair,
    regions: HashMap<String, Pair>,
    /// Selectors of insights, data or platform events, and their cells.
    special: Vec<(Arc<Selector>, usize)>,
    special_by_selector: HashMap<Arc<Selector>, usize>,
}

#[derive(Debug, Default)]
struct Cell {
    trails: Vec<DeliveryId>,
    is_marked: bool,
}

impl SelectionIndex {
    /// The index of every open interval.
    pub fn over(routes: &Routes) -> SelectionIndex {
        let mut members: HashMap<&str, Vec<AccountId>> = HashMap::new();
        let present = |(_, tenure): &&(_, Tenure)| tenure.through.is_none();
        for (directory, tenure) in routes.tenures.iter().filter(present) {
            members.entry(directory.as_str()).or_default().push(tenure.account);
        }
        let mut index = SelectionIndex::default();
        for route in &routes.routes {
            let open = route.intervals.iter().filter(|interval| interval.through.is_none());
            for interval in open {
                match &route.organization {
                    None => index.add(route.account, &interval.selector, route.delivery),
                    Some(directory) => {
                        for account in members.get(directory.as_str()).into_iter().flatten() {
                            index.add(*account, &interval.selector, route.delivery);
                        }
                    }
                }
            }
        }
        index
    }

    fn add(&mut self, account: AccountId, selector: &Selector, trail: DeliveryId) {
        let SelectionIndex { accounts, cells, .. } = self;
        let of_account = accounts.entry(account).or_default();
        let kinds: &[usize] = match selector.event_rw {
            _ if selector.platform => &[],
            EventRw::Read => &[0],
            EventRw::Write => &[1],
            EventRw::All => &[0, 1],
        };
        for kind in kinds {
            match &selector.regions {
                TrailRegions::All => put(cells, &mut of_account.everywhere[*kind], trail),
                TrailRegions::Only(regions) => {
                    put(cells, &mut of_account.somewhere[*kind], trail);
                    for region in regions {
                        if !of_account.regions.contains_key(region) {
                            of_account.regions.insert(region.clone(), Pair::default());
                        }
                        let pair = of_account.regions.get_mut(region).expect("inserted above");
                        put(cells, &mut pair[*kind], trail);
                    }
                }
            }
        }
        if selector.platform || !selector.insights.is_empty() || !selector.data.is_empty() {
            let cell = match of_account.special_by_selector.get(selector) {
                Some(cell) => *cell,
                None => {
                    let selector = Arc::new(selector.clone());
                    cells.push(Cell::default());
                    of_account.special.push((selector.clone(), cells.len() - 1));
                    of_account.special_by_selector.insert(selector, cells.len() - 1);
                    cells.len() - 1
                }
            };
            cells[cell].trails.push(trail);
        }
    }

    /// Marks the trails that select this event.
    pub fn look_at(&mut self, account: AccountId, event: &Event) {
        let SelectionIndex { accounts, cells, marked } = self;
        let Some(of_account) = accounts.get(&account) else { return };
        let mut mark = |cell: Option<usize>| {
            if let Some(cell) = cell.filter(|cell| !cells[*cell].is_marked) {
                cells[cell].is_marked = true;
                marked.push(cell);
            }
        };
        match event.category() {
            Category::Management => {
                let kind = usize::from(event.first(Attribute::EventRw) != Some("Read"));
                mark(of_account.everywhere[kind]);
                if event.is_global() {
                    mark(of_account.somewhere[kind]);
                } else if let Some(region) = event.first(Attribute::Region)
                    && let Some(pair) = of_account.regions.get(region)
                {
                    mark(pair[kind]);
                }
            }
            // No trail delivers how rules were evaluated.
            Category::Alert => {}
            Category::Insight | Category::Data | Category::Platform => {
                for (selector, cell) in &of_account.special {
                    if !cells[*cell].is_marked && selector.selects(event) {
                        cells[*cell].is_marked = true;
                        marked.push(*cell);
                    }
                }
            }
        }
    }

    /// The trails marked since the last call, each once.
    pub fn take_marked(&mut self) -> BTreeSet<DeliveryId> {
        let mut trails = BTreeSet::new();
        for cell in self.marked.drain(..) {
            let cell = &mut self.cells[cell];
            cell.is_marked = false;
            trails.extend(cell.trails.iter().copied());
        }
        trails
    }
}

fn put(cells: &mut Vec<Cell>, place: &mut Option<usize>, trail: DeliveryId) {
    let cell = *place.get_or_insert_with(|| {
        cells.push(Cell::default());
        cells.len() - 1
    });
    cells[cell].trails.push(trail);
}

#[cfg(test)]
mod tests;
