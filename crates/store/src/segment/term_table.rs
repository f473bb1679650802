//! From a term's hash to the places it occurs at: rows for attribute values, pages for tokens.
//!
//! Most distinct terms occur once (ids, hashes). Each of those costs three or four bytes: a place and a fingerprint, in
//! a bucket chosen by the hash's upper bits; so there is no dictionary to sort or to search. Terms that occur more
//! often have an entry in a second table of the same kind that leads to their postings. A term that is absent is
//! mistaken for a present one less than once in a hundred times, and the event itself then tells.
//!
//! ```text
//! single bucket bits u32, repeated bucket bits u32, fingerprint bits of singles u32, singles u32, repeated u32,
//! bytes of a single u32
//! single buckets: 2^bits + 1 starts u32      singles: fingerprint << place bits | place, in so many bytes
//! repeated buckets: 2^bits + 1 starts u32    repeated: fingerprint u32, offset of postings u32
//! postings
//! ```

use super::format::read_u32;
use super::postings::{self, Postings};

/// Hash bits that count, and bits of the place, in a packed pair.
pub(crate) const HASH_BITS: u32 = 40;
pub(crate) const PLACE_BITS: u32 = 24;
const HEADER_BYTES: usize = 24;
/// A bucket has up to sixteen entries, so with eleven bits one absent term in 128 is taken for a present one.
const FINGERPRINT_BITS_MIN: u32 = 11;
/// Entries a bucket on average: a probe reads one cache line.
const BUCKET_ENTRIES: usize = 8;

/// A term at a place, as one number that sorts by hash, then place.
pub(crate) fn pair(hash: u64, place: u32) -> u64 {
    debug_assert!(place < 1 << PLACE_BITS);
    hash >> (64 - HASH_BITS) << PLACE_BITS | u64::from(place)
}

/// Sorts pairs whose places are in order for equal hashes already.
///
/// By digits of the hash's upper 33 bits, lowest digit first; the few that differ only below are put in order after.
pub(crate) fn sort_pairs(pairs: &mut Vec<u64>) {
    const DIGIT_BITS: u32 = 11;
    const LOWEST: u32 = 64 - 3 * DIGIT_BITS;
    let mut other = vec![0; pairs.len()];
    for shift in (LOWEST..64).step_by(DIGIT_BITS as usize) {
        let digit = |pair: u64| (pair >> shift & ((1 << DIGIT_BITS) - 1)) as usize;
        let mut starts = [0_usize; 1 << DIGIT_BITS];
        pairs.iter().for_each(|pair| starts[digit(*pair)] += 1);
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        for pair in pairs.iter() {
            let start = &mut starts[digit(*pair)];
            other[*start] = *pair;
            *start += 1;
        }
        std::mem::swap(pairs, &mut other);
    }
    for run in pairs.chunk_by_mut(|a, b| a >> LOWEST == b >> LOWEST) {
        if !run.is_sorted() {
            run.sort_unstable();
        }
    }
}

/// Builds a table from sorted pairs. Equal pairs count once. `places` is one more than the highest place.
pub(crate) fn build(pairs: &[u64], places: u32) -> Vec<u8> {
    let place_bits = u32::BITS - places.saturating_sub(1).leading_zeros();
    let mut singles = Vec::new();
    let mut repeated = Vec::new();
    let mut posted = Vec::new();
    let mut scratch = Vec::new();
    for term in pairs.chunk_by(|a, b| a >> PLACE_BITS == b >> PLACE_BITS) {
        scratch.clear();
        scratch.extend(term.iter().map(|pair| (pair & ((1 << PLACE_BITS) - 1)) as u32));
        scratch.dedup();
        let hash = term[0] >> PLACE_BITS;
        if let [place] = scratch[..] {
            singles.push((hash, place));
        } else {
            repeated.push((hash, posted.len() as u32));
            postings::encode(&mut posted, &scratch);
        }
    }
    let single_bits = bucket_bits(singles.len());
    let repeated_bits = bucket_bits(repeated.len());
    let single_bytes = (place_bits + FINGERPRINT_BITS_MIN).div_ceil(8).clamp(1, 4);
    let fingerprint_bits = (single_bytes * 8 - place_bits).min(HASH_BITS - single_bits);
    let mut table = Vec::with_capacity(HEADER_BYTES + singles.len() * 5 + repeated.len() * 9 + posted.len());
    let header =
        [single_bits, repeated_bits, fingerprint_bits, singles.len() as u32, repeated.len() as u32, single_bytes];
    header.iter().for_each(|field| table.extend_from_slice(&field.to_le_bytes()));
    write_buckets(&mut table, singles.iter().map(|(hash, _)| *hash), single_bits);
    for (hash, place) in &singles {
        let entry = u64::from(fingerprint(*hash, single_bits, fingerprint_bits)) << place_bits | u64::from(*place);
        table.extend_from_slice(&entry.to_le_bytes()[..single_bytes as usize]);
    }
    write_buckets(&mut table, repeated.iter().map(|(hash, _)| *hash), repeated_bits);
    for (hash, offset) in &repeated {
        let bits = u32::BITS.min(HASH_BITS - repeated_bits);
        table.extend_from_slice(&fingerprint(*hash, repeated_bits, bits).to_le_bytes());
        table.extend_from_slice(&offset.to_le_bytes());
    }
    table.extend_from_slice(&posted);
    table
}

fn bucket_bits(entries: usize) -> u32 {
    (entries / BUCKET_ENTRIES).max(1).ilog2()
}

/// The bits of a 40-bit hash that follow those choosing its bucket.
fn fingerprint(hash: u64, bucket_bits: u32, bits: u32) -> u32 {
    (hash >> (HASH_BITS - bucket_bits - bits) & ((1 << bits) - 1)) as u32
}

fn write_buckets(table: &mut Vec<u8>, hashes: impl Iterator<Item = u64>, bits: u32) {
    let mut counts = vec![0_u32; (1 << bits) + 1];
    hashes.for_each(|hash| counts[(hash >> (HASH_BITS - bits)) as usize + 1] += 1);
    let mut sum = 0;
    for count in counts {
        sum += count;
        table.extend_from_slice(&sum.to_le_bytes());
    }
}

/// Where a term may occur.
pub(crate) enum Occurrences<'b> {
    /// Nowhere.
    None,
    /// At these few places, ascending; at each with a small chance of error.
    Few(Vec<u32>),
    /// At these, and nowhere else.
    Many(Postings<'b>),
}

impl Occurrences<'_> {
    /// At most this many places.
    pub(crate) fn count(&self) -> usize {
        match self {
            Occurrences::None => 0,
            Occurrences::Few(places) => places.len(),
            Occurrences::Many(postings) => postings.count(),
        }
    }

    /// Appends the places within the range, ascending.
    pub(crate) fn places_in(&self, range: std::ops::Range<u32>, into: &mut Vec<u32>) {
        match self {
            Occurrences::None => {}
            Occurrences::Few(places) => into.extend(places.iter().filter(|place| range.contains(place))),
            Occurrences::Many(postings) => postings.places_in(range, into),
        }
    }
}

/// A table in a mapped file.
#[derive(Clone, Copy)]
pub(crate) struct TermTable<'b> {
    bytes: &'b [u8],
    place_bits: u32,
}

impl<'b> TermTable<'b> {
    /// `places` as given to [`build`].
    pub(crate) fn open(bytes: &'b [u8], places: u32) -> TermTable<'b> {
        TermTable { bytes, place_bits: u32::BITS - places.saturating_sub(1).leading_zeros() }
    }

    fn field(self, index: usize) -> u32 {
        read_u32(self.bytes, index * 4).unwrap_or(0)
    }

    /// Where the term may occur. A damaged table gives fewer places, never a panic.
    pub(crate) fn find(self, hash: u64) -> Occurrences<'b> {
        let hash = hash >> (64 - HASH_BITS);
        let (single_bits, repeated_bits, fingerprint_bits) = (self.field(0), self.field(1), self.field(2));
        if single_bits + fingerprint_bits > HASH_BITS || repeated_bits > HASH_BITS {
            return Occurrences::None;
        }
        let (singles, repeated) = (self.field(3) as usize, self.field(4) as usize);
        let single_bytes = (self.field(5) as usize).clamp(1, 4);
        let single_entries = HEADER_BYTES + ((1_usize << single_bits) + 1) * 4;
        let repeated_buckets = single_entries + singles * single_bytes;
        let repeated_entries = repeated_buckets + ((1_usize << repeated_bits) + 1) * 4;
        let postings = repeated_entries + repeated * 8;

        let wanted = fingerprint(hash, repeated_bits, u32::BITS.min(HASH_BITS - repeated_bits));
        for index in self.bucket(repeated_buckets, hash, repeated_bits) {
            let entry = repeated_entries + index * 8;
            if read_u32(self.bytes, entry) == Some(wanted) {
                let offset = postings + read_u32(self.bytes, entry + 4).unwrap_or(0) as usize;
                return Occurrences::Many(Postings::open(self.bytes.get(offset..).unwrap_or_default()));
            }
        }
        let wanted = fingerprint(hash, single_bits, fingerprint_bits);
        let mut few = Vec::new();
        for index in self.bucket(HEADER_BYTES, hash, single_bits) {
            let entry = self.single(single_entries + index * single_bytes, single_bytes);
            if (entry >> self.place_bits) as u32 == wanted {
                few.push((entry & ((1 << self.place_bits) - 1)) as u32);
            }
        }
        few.sort_unstable();
        if few.is_empty() { Occurrences::None } else { Occurrences::Few(few) }
    }

    fn single(self, offset: usize, bytes: usize) -> u64 {
        let mut entry = [0; 8];
        let stored = self.bytes.get(offset..offset + bytes).unwrap_or_default();
        entry[..stored.len()].copy_from_slice(stored);
        u64::from_le_bytes(entry)
    }

    fn bucket(self, buckets: usize, hash: u64, bits: u32) -> std::ops::Range<usize> {
        let bucket = (hash >> (HASH_BITS - bits)) as usize;
        let start = read_u32(self.bytes, buckets + bucket * 4).unwrap_or(0);
        let end = read_u32(self.bytes, buckets + bucket * 4 + 4).unwrap_or(0);
        start as usize..end as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::terms::token_hash;

    #[test]
    fn finds_every_place_of_every_term_and_little_else() {
        let rows = 20_000_u32;
        let mut pairs = Vec::new();
        let mut expected: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for row in 0..rows {
            for term in [format!("id-{row}"), format!("user-{}", row % 37), format!("rare-{}", row / 3), "all".into()] {
                pairs.push(pair(token_hash(term.as_bytes()), row));
                expected.entry(term).or_default().push(row);
            }
        }
        sort_pairs(&mut pairs);
        assert!(pairs.is_sorted());
        let bytes = build(&pairs, rows);
        let table = TermTable::open(&bytes, rows);
        let mut extra = 0;
        for (term, places) in &expected {
            let mut found = Vec::new();
            table.find(token_hash(term.as_bytes())).places_in(0..rows, &mut found);
            assert!(places.iter().all(|place| found.contains(place)), "{term}");
            extra += found.len() - places.len();
        }
        let wrong =
            (0..20_000).filter(|n| table.find(token_hash(format!("absent-{n}").as_bytes())).count() > 0).count();
        assert!(extra < 100 && wrong < 200, "{extra} places too many, {wrong} absent terms taken for present");
    }

    #[test]
    fn an_empty_table_and_one_term() {
        assert_eq!(TermTable::open(&build(&[], 0), 0).find(7).count(), 0);
        let one = build(&[pair(u64::MAX, 0)], 1);
        assert_eq!(TermTable::open(&one, 1).find(u64::MAX).count(), 1);
    }
}
