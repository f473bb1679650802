//! The two records of a journal file. All integers are little endian, except inside hashed leaves.
//!
//! File header (76 bytes and the peaks, then `crc32c` of all before it):
//! ```text
//! magic "CAIRNJ01"  first seq u64  created ms i64  peak count u32  peaks 32 bytes each  crc32c u32
//! ```
//! The peaks restore the Merkle tree as it was before the file's first event.
//!
//! Frame (72 bytes and the payload), one for each appended batch:
//! ```text
//! magic "FRM1"  payload length u32  crc32c u32 (of all that follows)  count u32  first seq u64  received ms i64
//! group u64  root of the tree after this frame, 32 bytes
//! payload: count times  account length u8, account, event length u32, event
//! ```
//! The group is the number of the first event that was written and synced together with this frame. A frame of a later
//! group proves that all before it was durable; one of the same group proves nothing. 0 in files of before this field.

use bytes::Bytes;
use model::limits::REQUEST_EVENTS_MAX;
use model::{AccountId, Seq, Timestamp};

use crate::merkle::{Frontier, Hash};

pub(crate) const FILE_MAGIC: &[u8; 8] = b"CAIRNJ01";
pub(crate) const FRAME_MAGIC: &[u8; 4] = b"FRM1";
pub(crate) const FRAME_HEADER_BYTES: usize = 72;
/// A frame holds one request of at most 10 MiB; twice that leaves room for account ids and lengths.
pub(crate) const FRAME_PAYLOAD_MAX: usize = 20 * 1024 * 1024;
const FILE_HEADER_FIXED_BYTES: usize = 8 + 8 + 8 + 4;

pub(crate) fn encode_file_header(first: Seq, created: Timestamp, before: &Frontier) -> Vec<u8> {
    let mut header = Vec::with_capacity(FILE_HEADER_FIXED_BYTES + before.peaks().len() * 32 + 4);
    header.extend_from_slice(FILE_MAGIC);
    header.extend_from_slice(&first.0.to_le_bytes());
    header.extend_from_slice(&created.0.to_le_bytes());
    header.extend_from_slice(&(before.peaks().len() as u32).to_le_bytes());
    for peak in before.peaks() {
        header.extend_from_slice(peak);
    }
    let crc = crc32c::crc32c(&header);
    header.extend_from_slice(&crc.to_le_bytes());
    header
}

/// The file's first number, the tree before it, and the header's length.
pub(crate) fn decode_file_header(bytes: &[u8]) -> Option<(Seq, Frontier, usize)> {
    let mut reader = Reader(bytes);
    if reader.array::<8>()? != *FILE_MAGIC {
        return None;
    }
    let first = u64::from_le_bytes(reader.array()?);
    let _created = reader.array::<8>()?;
    let count = u32::from_le_bytes(reader.array()?) as usize;
    if count > 64 {
        return None;
    }
    let peaks: Vec<Hash> = (0..count).map(|_| reader.array()).collect::<Option<_>>()?;
    let hashed = FILE_HEADER_FIXED_BYTES + count * 32;
    let crc = u32::from_le_bytes(reader.array()?);
    if crc32c::crc32c(&bytes[..hashed]) != crc {
        return None;
    }
    Some((Seq(first), Frontier::restore(first.checked_sub(1)?, peaks)?, hashed + 4))
}

/// A frame being put together at the end of `buffer`.
pub(crate) struct FrameEncoder<'b> {
    buffer: &'b mut Vec<u8>,
    start: usize,
    count: u32,
}

impl<'b> FrameEncoder<'b> {
    pub(crate) fn begin(buffer: &'b mut Vec<u8>) -> Self {
        let start = buffer.len();
        buffer.resize(start + FRAME_HEADER_BYTES, 0);
        FrameEncoder { buffer, start, count: 0 }
    }

    pub(crate) fn push(&mut self, account: AccountId, raw: &[u8]) {
        self.buffer.push(account.as_bytes().len() as u8);
        self.buffer.extend_from_slice(account.as_bytes());
        self.buffer.extend_from_slice(&(raw.len() as u32).to_le_bytes());
        self.buffer.extend_from_slice(raw);
        self.count += 1;
    }

    pub(crate) fn finish(self, first: Seq, received: Timestamp, group: Seq, root: &Hash) {
        let payload = self.buffer.len() - self.start - FRAME_HEADER_BYTES;
        let frame = &mut self.buffer[self.start..];
        frame[..4].copy_from_slice(FRAME_MAGIC);
        frame[4..8].copy_from_slice(&(payload as u32).to_le_bytes());
        frame[12..16].copy_from_slice(&self.count.to_le_bytes());
        frame[16..24].copy_from_slice(&first.0.to_le_bytes());
        frame[24..32].copy_from_slice(&received.0.to_le_bytes());
        frame[32..40].copy_from_slice(&group.0.to_le_bytes());
        frame[40..72].copy_from_slice(root);
        let crc = crc32c::crc32c(&frame[12..]);
        frame[8..12].copy_from_slice(&crc.to_le_bytes());
    }
}

/// A frame read back.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) first: Seq,
    pub(crate) received: Timestamp,
    /// The first event of those synced together with this frame; 0 when that was not recorded.
    pub(crate) group: Seq,
    pub(crate) root: Hash,
    pub(crate) events: Vec<(AccountId, Bytes)>,
    /// Header and payload.
    pub(crate) bytes: usize,
}

/// Reads the frame at the start of `bytes`; `None` when there is no whole and intact one.
pub(crate) fn decode_frame(bytes: &[u8]) -> Option<Frame> {
    let mut reader = Reader(bytes);
    if reader.array::<4>()? != *FRAME_MAGIC {
        return None;
    }
    let payload = u32::from_le_bytes(reader.array()?) as usize;
    let crc = u32::from_le_bytes(reader.array()?);
    let end = FRAME_HEADER_BYTES + payload;
    if payload > FRAME_PAYLOAD_MAX || bytes.len() < end || crc32c::crc32c(&bytes[12..end]) != crc {
        return None;
    }
    let count = u32::from_le_bytes(reader.array()?);
    let first = Seq(u64::from_le_bytes(reader.array()?));
    let received = Timestamp(i64::from_le_bytes(reader.array()?));
    let group = Seq(u64::from_le_bytes(reader.array()?));
    let root = reader.array()?;
    // One copy for the whole frame; the events are slices of it.
    let shared = Bytes::copy_from_slice(&bytes[FRAME_HEADER_BYTES..end]);
    // A count the payload cannot hold is found below; it must not reserve memory first.
    let mut events = Vec::with_capacity((count as usize).min(REQUEST_EVENTS_MAX));
    let mut reader = Reader(&shared);
    for _ in 0..count {
        let account_bytes = usize::from(reader.array::<1>()?[0]);
        let account = std::str::from_utf8(reader.take(account_bytes)?).ok()?.parse().ok()?;
        let event_bytes = u32::from_le_bytes(reader.array()?) as usize;
        let event = reader.take(event_bytes)?;
        events.push((account, shared.slice_ref(event)));
    }
    (reader.0.is_empty() && count > 0).then_some(Frame { first, received, group, root, events, bytes: end })
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Vec<u8> {
        let mut buffer = Vec::new();
        let mut encoder = FrameEncoder::begin(&mut buffer);
        encoder.push("1234".parse().unwrap(), b"{\"a\":1}");
        encoder.push("98765".parse().unwrap(), b"{}");
        encoder.finish(Seq(7), Timestamp(1_768_465_800_250), Seq(5), &[0xab; 32]);
        buffer
    }

    #[test]
    fn the_bytes_on_disk() {
        let hex: String = frame().iter().map(|byte| format!("{byte:02x}")).collect();
        let expected = [
            "46524d31",
            "1c000000",
            "CRC",
            "02000000",
            "0700000000000000",
            "3a9cc6c09b010000",
            "0500000000000000",
            &"ab".repeat(32),
            "0431323334",
            "07000000",
            "7b2261223a317d",
            "053938373635",
            "02000000",
            "7b7d",
        ]
        .concat();
        let (before_crc, after_crc) = expected.split_once("CRC").expect("marked");
        assert_eq!((&hex[..16], &hex[24..]), (before_crc, after_crc));
    }

    #[test]
    fn round_trip_and_any_flipped_bit_is_seen() {
        let good = frame();
        let back = decode_frame(&good).expect("intact");
        assert_eq!((back.first, back.received, back.bytes), (Seq(7), Timestamp(1_768_465_800_250), good.len()));
        assert_eq!(back.group, Seq(5));
        assert_eq!(back.events[1].1.as_ref(), b"{}");
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(decode_frame(&bad).is_none(), "bit {bit}");
        }
        for cut in 0..good.len() {
            assert!(decode_frame(&good[..cut]).is_none(), "cut at {cut}");
        }
    }

    #[test]
    fn file_headers_restore_the_tree() {
        let mut tree = Frontier::default();
        for n in 0..11u8 {
            tree.push([n; 32]);
        }
        let header = encode_file_header(Seq(12), Timestamp(5), &tree);
        assert_eq!(decode_file_header(&header), Some((Seq(12), tree, header.len())));
        let mut bad = header;
        bad[20] ^= 1;
        assert_eq!(decode_file_header(&bad), None);
    }
}
