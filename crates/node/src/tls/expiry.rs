//! When a certificate expires, read from its DER.
//!
//! Only the way to one field is walked (RFC 5280, 4.1): Certificate, TBSCertificate, past the optional version, serial
//! number, algorithm and issuer, to Validity. It is shown to the operator and decides nothing, so a certificate that
//! is not understood simply has no expiry here.

use model::Timestamp;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `notAfter` of a certificate.
pub(super) fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (mut fields, _) = expect(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        fields = element(fields)?.2;
    }
    // Serial number, signature algorithm, issuer.
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (validity, _) = expect(fields, SEQUENCE)?;
    let (_, _, rest) = element(validity)?;
    let (tag, time, _) = element(rest)?;
    let digits = std::str::from_utf8(time).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            // Two digits mean 1950 to 2049.
            let year: i64 = digits.get(..2)?.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, digits.get(2..)?)
        }
        GENERALIZED_TIME => (digits.get(..4)?.parse().ok()?, digits.get(4..)?),
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2);
    let (month, day, hour, minute, second) = (two(0)?, two(2)?, two(4)?, two(6)?, two(8)?);
    Timestamp::parse(&format!("{year:04}-{month}-{day}T{hour}:{minute}:{second}Z")).ok()
}

/// The content of the first element, which must have this tag, and what follows it.
fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(der)?;
    (found == tag).then_some((content, rest))
}

/// Tag and content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // The low bits say how many bytes of length follow; four are more than any certificate has.
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    #[test]
    fn a_certificate_says_when_it_expires_and_a_broken_one_does_not() {
        let pem = include_bytes!("../../tests/it/tls/first.pem");
        let der = CertificateDer::from_pem_slice(pem).expect("a certificate");
        let shown = not_after(&der).expect("an expiry").to_string();
        assert!(shown.starts_with("21"), "made for a hundred years: {shown}");
        for cut in 0..der.len().min(400) {
            // Whatever is missing, it answers; the beginning alone never looks like the whole.
            assert_eq!(not_after(&der[..cut]), None, "{cut}");
        }
        assert_eq!(not_after(&[0x30, 0x80, 0, 0]), None);
        assert_eq!(not_after(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }

    #[test]
    fn two_digits_of_a_year_lie_around_2000() {
        let of = |time: &str| {
            let time = [&[UTC_TIME, time.len() as u8], time.as_bytes()].concat();
            let validity = [&[SEQUENCE, 2 * time.len() as u8], &time[..], &time[..]].concat();
            let fields = [&[2, 1, 1, SEQUENCE, 0, SEQUENCE, 0], &validity[..]].concat();
            let inner = [&[SEQUENCE, fields.len() as u8], &fields[..]].concat();
            not_after(&[&[SEQUENCE, inner.len() as u8], &inner[..]].concat()).map(|at| at.to_string())
        };
        assert_eq!(of("491231235959Z").as_deref(), Some("2049-12-31T23:59:59Z"));
        assert_eq!(of("500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
        assert_eq!(of("5001010000Z"), None);
    }
}
