//! Chance.

/// Gives unpredictable bytes. Used for ids, secrets and jitter.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);

    /// A random version 4 UUID in upper case, the form of ActionTrail's request ids.
    fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// `len` characters drawn evenly from `alphabet`, which has at most 256.
    fn text(&self, len: usize, alphabet: &[u8]) -> String {
        // Bytes at or above the largest multiple of the alphabet's size would favour its first characters.
        let fair = 256 - 256 % alphabet.len();
        let mut text = String::with_capacity(len);
        while text.len() < len {
            let mut byte = [0];
            self.fill(&mut byte);
            if usize::from(byte[0]) < fair {
                text.push(char::from(alphabet[usize::from(byte[0]) % alphabet.len()]));
            }
        }
        text
    }
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
