//! Compressed bodies.
//!
//! LZ4 is the bare block, whose plain size travels in `x-log-bodyrawsize`; deflate is zlib's format, and so is what the
//! clients call gzip, which is read in both. No body is decompressed beyond the size that was announced and allowed.

use std::io::{Read, Write};

use flate2::Compression as Level;

/// How a body is compressed: a value of `x-log-compresstype`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// A block of LZ4.
    Lz4,
    /// zlib.
    Deflate,
    /// Zstandard.
    Zstd,
    /// gzip.
    Gzip,
}

/// A body could not be compressed or decompressed.
#[derive(Debug, thiserror::Error)]
pub enum CompressionError {
    /// It says it has more bytes than are taken.
    #[error("the body has {given} bytes, more than {max}")]
    TooLarge {
        /// What it says.
        given: usize,
        /// What is taken.
        max: usize,
    },
    /// It has another number of bytes than was announced.
    #[error("the body has another size than x-log-bodyrawsize says, which is {announced}")]
    OtherSize {
        /// What was announced.
        announced: usize,
    },
    /// It is damaged.
    #[error("the body is not valid {name}")]
    Damaged {
        /// The compression's name.
        name: &'static str,
        /// What the decoder says.
        #[source]
        source: std::io::Error,
    },
}

impl Compression {
    /// Every one that has a name.
    const NAMED: [Compression; 4] = [Compression::Lz4, Compression::Zstd, Compression::Deflate, Compression::Gzip];

    /// By the name in a header; nothing is no compression.
    pub fn parse(name: &str) -> Option<Compression> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" => Some(Compression::None),
            name => Compression::NAMED.into_iter().find(|each| each.name() == name),
        }
    }

    /// The name in headers.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Lz4 => "lz4",
            Compression::Deflate => "deflate",
            Compression::Zstd => "zstd",
            Compression::Gzip => "gzip",
        }
    }

    /// The best of those an `Accept-Encoding` names that only Log Service's clients ask for; any HTTP client may say
    /// gzip or deflate without knowing how Log Service sends them.
    pub fn accepted(header: &str) -> Compression {
        let names = |wanted: &str| header.split(',').any(|each| each.trim().eq_ignore_ascii_case(wanted));
        match header {
            _ if names("zstd") => Compression::Zstd,
            _ if names("lz4") => Compression::Lz4,
            _ => Compression::None,
        }
    }

    /// Compresses a body.
    pub fn compress(self, plain: &[u8]) -> Result<Vec<u8>, CompressionError> {
        let damaged = |source| CompressionError::Damaged { name: self.name(), source };
        match self {
            Compression::None => Ok(plain.to_vec()),
            Compression::Lz4 => Ok(lz4_flex::block::compress(plain)),
            Compression::Zstd => zstd::bulk::compress(plain, 1).map_err(damaged),
            Compression::Deflate => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Level::fast());
                encoder.write_all(plain).and_then(|()| encoder.finish()).map_err(damaged)
            }
            Compression::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Level::fast());
                encoder.write_all(plain).and_then(|()| encoder.finish()).map_err(damaged)
            }
        }
    }

    /// Decompresses a body that has `size` bytes, of which at most `size_max` are taken.
    pub fn decompress(self, sent: &[u8], size: usize, size_max: usize) -> Result<Vec<u8>, CompressionError> {
        if size > size_max {
            return Err(CompressionError::TooLarge { given: size, max: size_max });
        }
        let plain = match self {
            Compression::None => Ok(sent.to_vec()),
            Compression::Lz4 => lz4_flex::block::decompress(sent, size).map_err(std::io::Error::other),
            Compression::Zstd => zstd::bulk::decompress(sent, size),
            Compression::Gzip if sent.starts_with(&[0x1f, 0x8b]) => {
                bounded(flate2::read::MultiGzDecoder::new(sent), size)
            }
            Compression::Gzip | Compression::Deflate => bounded(flate2::read::ZlibDecoder::new(sent), size),
        };
        let plain = plain.map_err(|source| CompressionError::Damaged { name: self.name(), source })?;
        if plain.len() == size { Ok(plain) } else { Err(CompressionError::OtherSize { announced: size }) }
    }
}

/// One byte more than announced is enough to know.
fn bounded(decoder: impl Read, size: usize) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::with_capacity(size);
    decoder.take(size as u64 + 1).read_to_end(&mut plain)?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compression_gives_back_what_it_was_given_and_no_more_than_announced() {
        let plain = b"audit ".repeat(1000);
        for compression in Compression::NAMED {
            let sent = compression.compress(&plain).unwrap();
            assert!(sent.len() < plain.len(), "{compression:?}");
            let back = |size, max| compression.decompress(&sent, size, max);
            assert_eq!(back(plain.len(), plain.len()).unwrap(), plain, "{compression:?}");
            assert!(matches!(back(plain.len(), 10), Err(CompressionError::TooLarge { .. })), "{compression:?}");
            assert!(back(100, 10_000).is_err() && back(9_999, 10_000).is_err(), "{compression:?}");
            assert!(compression.decompress(b"rubbish", 7, 10).is_err(), "{compression:?}");
            assert_eq!(Compression::parse(compression.name()), Some(compression));
            assert!(compression.compress(b"").is_ok_and(|sent| compression.decompress(&sent, 0, 0).is_ok()));
        }
        assert_eq!(Compression::parse(""), Some(Compression::None));
        assert_eq!(Compression::parse("snappy"), None);
    }

    #[test]
    fn only_log_services_own_encodings_are_taken_from_a_clients_list() {
        assert_eq!(Compression::accepted("gzip, deflate"), Compression::None);
        assert_eq!(Compression::accepted("lz4"), Compression::Lz4);
        assert_eq!(Compression::accepted("lz4, zstd"), Compression::Zstd);
        assert_eq!(Compression::accepted(""), Compression::None);
    }
}
