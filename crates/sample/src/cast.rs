//! Who acts in an account: RAM users, roles that programs assume, now and then the account itself.
//!
//! A person keeps to a few services, regions and addresses, so that events of one user resemble each other as they do
//! in life. Everything follows from the seed and the account's position.

use model::AccountId;

use crate::random::{DIGITS, LETTERS_AND_DIGITS, Random, mix};
use crate::services::{Id, Kind};
use crate::zipf::Skewed;

/// Resources of one kind in one account.
const RESOURCES_PER_KIND: usize = 400;

pub(crate) static REGIONS: [&str; 8] = [
    "cn-hangzhou",
    "cn-shanghai",
    "cn-beijing",
    "ap-southeast-1",
    "eu-central-1",
    "cn-shenzhen",
    "us-west-1",
    "ap-northeast-1",
];

static FIRST_NAMES: [&str; 24] = [
    "alice", "bo", "chen", "divya", "emil", "fatima", "goro", "hanna", "ivan", "jun", "kofi", "lena", "mei", "nadia",
    "omar", "petra", "qiang", "rosa", "sven", "tara", "ugo", "vera", "wei", "yara",
];
static LAST_NAMES: [&str; 20] = [
    "andersen", "bauer", "costa", "dubois", "eriksen", "fischer", "garcia", "huang", "ito", "jansen", "kumar", "li",
    "moreau", "novak", "okafor", "patel", "rossi", "silva", "tanaka", "zhang",
];
static TASKS: [&str; 12] = [
    "deploy",
    "backup",
    "metrics",
    "billing",
    "ingest",
    "ci",
    "scanner",
    "terraform",
    "etl",
    "gateway",
    "search",
    "mail",
];
static WORDS: [&str; 16] = [
    "amber", "atlas", "cedar", "delta", "ember", "fjord", "grove", "harbor", "iris", "jade", "kelp", "lumen", "maple",
    "north", "onyx", "prism",
];
static PROGRAM_AGENTS: [&str; 6] = [
    "AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2",
    "AlibabaCloud (linux; amd64) Golang/1.24.4 Core/0.0.7 TeaDSL/1",
    "AlibabaCloud (Linux; amd64) Java/17.0.11+9-LTS tea-util/0.2.23 TeaDSL/1",
    "HashiCorp-Terraform/1.9.5 Provider/1.240.0 terraform-provider-alicloud",
    "aliyun-sdk-nodejs/1.7.5 (Linux 5.10.134; x64) Node.js/20.12.2",
    "Aliyun-CLI/3.0.277 (linux; amd64) Go/1.23",
];
static BROWSER_AGENTS: [&str; 3] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
];

/// Everyone who acts in one account.
pub(crate) struct Cast {
    pub(crate) account: AccountId,
    /// `account` as text, written several times into every event.
    pub(crate) account_text: String,
    people: Vec<Person>,
    busy: Skewed,
    touched: Skewed,
    seed: u64,
}

/// One who acts.
pub(crate) struct Person {
    pub(crate) acts_as: ActsAs,
    pub(crate) name: String,
    pub(crate) principal_id: String,
    pub(crate) access_key_id: String,
    pub(crate) agent: &'static str,
    /// Works in the console: a session, no access key.
    pub(crate) in_console: bool,
    pub(crate) has_mfa: bool,
    addresses: Vec<String>,
    /// Home region first.
    regions: [usize; 2],
    /// The services this person mostly calls.
    services: [usize; 3],
}

/// What a person is to the account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActsAs {
    Root,
    User,
    Role,
}

impl Cast {
    pub(crate) fn new(seed: u64, position: usize, account: AccountId, people: usize, services: &Skewed) -> Cast {
        let seed = mix(seed ^ (position as u64) << 32);
        let mut random = Random::new(seed);
        let name_offset = random.below(LAST_NAMES.len());
        let people = (0..people.max(1)).map(|number| Person::new(number, name_offset, account, services, &mut random));
        let people: Vec<Person> = people.collect();
        Cast {
            account,
            account_text: account.to_string(),
            busy: Skewed::zipf(people.len(), 1.1),
            people,
            touched: Skewed::zipf(RESOURCES_PER_KIND, 0.9),
            seed,
        }
    }

    pub(crate) fn someone(&self, random: &mut Random) -> &Person {
        &self.people[self.busy.choose(random)]
    }

    /// The id of a resource of this kind; a few are touched most.
    pub(crate) fn resource(&self, kind: &Kind, random: &mut Random, out: &mut String) {
        let number = self.touched.choose(random) as u64;
        let of_kind = kind.name.bytes().fold(self.seed, |hash, byte| mix(hash ^ u64::from(byte)));
        let mut own = Random::new(of_kind.wrapping_add(number));
        match kind.id {
            Id::Person => out.push_str(&self.people[own.below(self.people.len())].name),
            _ => kind.new_id(&mut own, out),
        }
    }
}

impl Kind {
    /// A fresh id of this kind. A new user's is a word, as nobody of that name acts yet.
    pub(crate) fn new_id(&self, random: &mut Random, out: &mut String) {
        match self.id {
            Id::Prefixed(prefix) => {
                out.push_str(prefix);
                random.text(out, crate::random::LOWER_AND_DIGITS, 17);
            }
            Id::Guid => random.guid(out),
            Id::Words | Id::Person => {
                out.push_str(random.one(&WORDS));
                out.push('-');
                out.push_str(random.one(&TASKS));
                out.push('-');
                random.text(out, DIGITS, 4);
            }
        }
    }
}

impl Person {
    fn new(number: usize, name_offset: usize, account: AccountId, services: &Skewed, random: &mut Random) -> Person {
        let acts_as = match number {
            9 => ActsAs::Root,
            _ if random.per_mille(300) => ActsAs::Role,
            _ => ActsAs::User,
        };
        let in_console = acts_as == ActsAs::Root || (acts_as == ActsAs::User && random.per_mille(350));
        let (name, principal_id) = match acts_as {
            ActsAs::Root => ("root".to_owned(), account.to_string()),
            ActsAs::User => (user_name(number, name_offset), drawn("2", DIGITS, 17, random)),
            ActsAs::Role => {
                (format!("{}-{}-role{number}", random.one(&WORDS), random.one(&TASKS)), drawn("3", DIGITS, 17, random))
            }
        };
        let home = random.below(REGIONS.len());
        Person {
            acts_as,
            name,
            principal_id,
            access_key_id: drawn("LTAI5t", LETTERS_AND_DIGITS, 18, random),
            agent: if in_console { random.one(&BROWSER_AGENTS) } else { random.one(&PROGRAM_AGENTS) },
            in_console,
            has_mfa: random.per_mille(600),
            addresses: (0..random.between(1, 4)).map(|_| address(random)).collect(),
            regions: [home, random.below(REGIONS.len())],
            services: [(); 3].map(|()| services.choose(random)),
        }
    }

    pub(crate) fn address(&self, random: &mut Random) -> &str {
        &self.addresses[random.below(self.addresses.len())]
    }

    pub(crate) fn region(&self, random: &mut Random) -> &'static str {
        REGIONS[self.regions[usize::from(random.per_mille(150))]]
    }

    /// What is called next, as a position in the table of services: mostly one of the person's own.
    pub(crate) fn service(&self, all: &Skewed, random: &mut Random) -> usize {
        if random.per_mille(700) { random.one(&self.services) } else { all.choose(random) }
    }
}

/// Names differ within an account: each pair of a first and a last name is taken once, then numbered.
fn user_name(number: usize, offset: usize) -> String {
    let first = FIRST_NAMES[number % FIRST_NAMES.len()];
    let round = number / FIRST_NAMES.len();
    let last = LAST_NAMES[(round + offset) % LAST_NAMES.len()];
    match round / LAST_NAMES.len() {
        0 => format!("{first}.{last}"),
        again => format!("{first}.{last}{again}"),
    }
}

fn drawn(prefix: &str, alphabet: &[u8], length: usize, random: &mut Random) -> String {
    let mut text = String::from(prefix);
    random.text(&mut text, alphabet, length);
    text
}

/// An address from a private network or a range kept for documentation (RFC 5737).
pub(crate) fn address(random: &mut Random) -> String {
    let (b, c) = (random.between(0, 255), random.between(0, 255));
    match random.below(4) {
        0 => format!("192.0.2.{c}"),
        1 => format!("198.51.100.{c}"),
        2 => format!("203.0.113.{c}"),
        _ => format!("10.{}.{b}.{c}", random.between(0, 63)),
    }
}
