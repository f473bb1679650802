//! Cuts a file into events, one after the other, in bounded memory.
//!
//! Compression is told by the first bytes, the form by what follows: `[` begins a JSON array; a first line that is a
//! whole object means one event a line; otherwise objects follow each other, as in a file with one pretty-printed
//! event. Bytes are kept as they are. In the line form a broken line is one broken event; in the others the cutter
//! only counts brackets and quotes, so whether an event is valid JSON is for the reader of the event to say.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::limits::EVENT_BYTES_MAX;

/// An event's bytes that are kept; a larger one is refused, by us or by the node, and only its place matters. The
/// margin is the white space a node does not count.
pub(crate) const KEPT_BYTES_MAX: usize = 2 * EVENT_BYTES_MAX;

const BUFFER_BYTES: usize = 256 * 1024;
/// What gzip and zstd files begin with is no longer than this.
const MAGIC_BYTES: u64 = 4;

/// A piece of the file that should be an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Its bytes, as they are in the file.
    Event(Vec<u8>),
    /// It has this many bytes, more than an event can have.
    TooLarge(u64),
}

/// How events are written in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One a line.
    Lines,
    /// In an array, or one after the other.
    Values,
}

/// Reads events.
pub(crate) struct EventReader {
    input: Box<dyn BufRead + Send>,
    form: Form,
    in_array: bool,
    ended: bool,
}

/// Counts what is read of the compressed file, for the progress bar.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl EventReader {
    /// Opens a file; `-` is standard input. `read` counts its bytes as they are on disk.
    pub(crate) fn open(path: &Path, read: Arc<AtomicU64>) -> io::Result<EventReader> {
        if path == Path::new("-") {
            EventReader::new(Counted { inner: io::stdin(), read })
        } else {
            EventReader::new(Counted { inner: File::open(path)?, read })
        }
    }

    /// Reads from anything.
    pub(crate) fn new(raw: impl Read + Send + 'static) -> io::Result<EventReader> {
        let mut raw = BufReader::with_capacity(BUFFER_BYTES, raw);
        let mut beginning = Vec::new();
        raw.by_ref().take(MAGIC_BYTES).read_to_end(&mut beginning)?;
        let is_gzip = beginning.starts_with(&[0x1f, 0x8b]);
        let is_zstd = beginning.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        let raw = io::Cursor::new(beginning).chain(raw);
        let mut input: Box<dyn BufRead + Send> = if is_gzip {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, flate2::bufread::MultiGzDecoder::new(raw)))
        } else if is_zstd {
            Box::new(BufReader::with_capacity(BUFFER_BYTES, zstd::stream::read::Decoder::with_buffer(raw)?))
        } else {
            Box::new(raw)
        };
        skip_space(&mut input)?;
        let mut first_line = Vec::new();
        input.by_ref().take(KEPT_BYTES_MAX as u64).read_until(b'\n', &mut first_line)?;
        let in_array = first_line.starts_with(b"[");
        let form = if in_array || goes_on(&first_line) { Form::Values } else { Form::Lines };
        let mut input: Box<dyn BufRead + Send> = Box::new(io::Cursor::new(first_line).chain(input));
        if in_array {
            input.consume(1);
        }
        Ok(EventReader { input, form, in_array, ended: false })
    }

    /// How events are written in it.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// The next event; `None` at the end. An error means that the rest cannot be read.
    pub(crate) fn next_piece(&mut self) -> io::Result<Option<Piece>> {
        if self.ended {
            return Ok(None);
        }
        let piece = match self.form {
            Form::Lines => self.next_line()?,
            Form::Values => self.next_value()?,
        };
        self.ended = piece.is_none();
        Ok(piece)
    }

    fn next_line(&mut self) -> io::Result<Option<Piece>> {
        loop {
            let mut kept = Kept::default();
            loop {
                let buffer = self.input.fill_buf()?;
                let end = buffer.iter().position(|byte| *byte == b'\n');
                let taken = end.map_or(buffer.len(), |end| end + 1);
                kept.push(&buffer[..end.unwrap_or(taken)]);
                self.input.consume(taken);
                if end.is_some() {
                    break;
                }
                if taken == 0 {
                    return Ok(kept.into_piece());
                }
            }
            // A blank line is no event.
            if let Some(piece) = kept.into_piece() {
                return Ok(Some(piece));
            }
        }
    }

    fn next_value(&mut self) -> io::Result<Option<Piece>> {
        loop {
            skip_space(&mut self.input)?;
            match self.input.fill_buf()? {
                [] if self.in_array => return Err(io::ErrorKind::UnexpectedEof.into()),
                [] => return Ok(None),
                [b',', ..] if self.in_array => self.input.consume(1),
                [b']', ..] if self.in_array => {
                    self.input.consume(1);
                    skip_space(&mut self.input)?;
                    return match self.input.fill_buf()? {
                        [] => Ok(None),
                        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "something follows the array's end")),
                    };
                }
                _ => break,
            }
        }
        let mut kept = Kept::default();
        let mut cutter = Cutter::default();
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                // The node, or the check before sending, says that it is cut off.
                return Ok(kept.into_piece());
            }
            let (taken, whole) = cutter.cut(buffer);
            kept.push(&buffer[..taken]);
            self.input.consume(taken);
            if whole {
                return Ok(kept.into_piece());
            }
        }
    }
}

/// Bytes up to the limit, and how many there were.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    seen: u64,
}

impl Kept {
    fn push(&mut self, bytes: &[u8]) {
        self.seen += bytes.len() as u64;
        if self.seen <= KEPT_BYTES_MAX as u64 {
            self.bytes.extend_from_slice(bytes);
        } else {
            self.bytes = Vec::new();
        }
    }

    fn into_piece(self) -> Option<Piece> {
        if self.seen > KEPT_BYTES_MAX as u64 {
            return Some(Piece::TooLarge(self.seen));
        }
        let is_blank = self.bytes.iter().all(u8::is_ascii_whitespace);
        (!is_blank).then_some(Piece::Event(self.bytes))
    }
}

/// Finds where a value ends by its brackets and quotes.
#[derive(Default)]
struct Cutter {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
}

impl Cutter {
    /// How many of the bytes belong to the value, and whether it ends with them.
    fn cut(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (place, byte) in bytes.iter().enumerate() {
            let at_top = self.depth == 0 && !self.in_string;
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => {
                    self.in_string = !self.in_string;
                    if !self.in_string && self.depth == 0 {
                        return (place + 1, true);
                    }
                }
                _ if self.in_string => {}
                b'{' | b'[' if at_top && self.begun => return (place, true),
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if !at_top => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (place + 1, true);
                    }
                }
                // The end of a number or a word, which is no event but has a place.
                b',' | b']' | b'}' if at_top => return (place.max(usize::from(!self.begun)), true),
                byte if at_top && byte.is_ascii_whitespace() => return (place, true),
                _ => {}
            }
            self.begun = true;
        }
        (bytes.len(), false)
    }
}

/// Whether the line is the beginning of a value that further lines complete. A broken line is not.
fn goes_on(line: &[u8]) -> bool {
    let is_cut_off = |error: serde_json::Error| error.is_eof();
    !line.is_empty() && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err_and(is_cut_off)
}

fn skip_space(input: &mut dyn BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        // A byte order mark is what some editors begin a file with.
        let skipped = if buffer.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            buffer.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(buffer.len())
        };
        if skipped == 0 {
            return Ok(());
        }
        input.consume(skipped);
    }
}

#[cfg(test)]
mod tests;
