use std::io::Write;

use super::*;

fn pieces(bytes: &[u8]) -> (Form, Vec<Piece>, Option<io::ErrorKind>) {
    // One byte at a time: every boundary between buffers is met.
    struct Dribble(io::Cursor<Vec<u8>>);
    impl Read for Dribble {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let one = buffer.len().min(1);
            self.0.read(&mut buffer[..one])
        }
    }
    let whole = read_all(io::Cursor::new(bytes.to_vec()));
    assert_eq!(read_all(Dribble(io::Cursor::new(bytes.to_vec()))), whole, "in small pieces");
    whole
}

fn read_all(raw: impl Read + Send + 'static) -> (Form, Vec<Piece>, Option<io::ErrorKind>) {
    let mut reader = EventReader::new(raw).expect("opens");
    let mut pieces = Vec::new();
    loop {
        match reader.next_piece() {
            Ok(Some(piece)) => pieces.push(piece),
            Ok(None) => return (reader.form(), pieces, None),
            Err(error) => return (reader.form(), pieces, Some(error.kind())),
        }
    }
}

fn events(texts: &[&str]) -> Vec<Piece> {
    texts.iter().map(|text| Piece::Event(text.as_bytes().to_vec())).collect()
}

#[test]
fn lines_stand_for_themselves() {
    let (form, pieces, error) = pieces(b"\n{\"a\":1}\r\n\n  \n{broken\n{\"b\":\"x\"}");
    assert_eq!((form, error), (Form::Lines, None));
    assert_eq!(pieces, events(&["{\"a\":1}\r", "{broken", "{\"b\":\"x\"}"]));
}

#[test]
fn arrays_and_loose_objects_are_cut_at_their_brackets() {
    let array = br#" [ {"a":"]},[\"","n":[1,{"x":2}]} ,
 {"b" : 2}, 7, "text, ]", true,null ] "#;
    let (form, pieces_of_array, error) = pieces(array);
    assert_eq!((form, error), (Form::Values, None));
    let expected = [r#"{"a":"]},[\"","n":[1,{"x":2}]}"#, r#"{"b" : 2}"#, "7", "\"text, ]\"", "true", "null"];
    assert_eq!(pieces_of_array, events(&expected));

    let pretty = b"{\n  \"a\": 1\n}\n{\n  \"b\": {}\n}\n";
    let (form, loose, error) = pieces(pretty);
    assert_eq!((form, error), (Form::Values, None));
    assert_eq!(loose, events(&["{\n  \"a\": 1\n}", "{\n  \"b\": {}\n}"]));
    assert_eq!(pieces(b"[]").1, []);
    assert_eq!(pieces(b"").1, []);
}

#[test]
fn what_is_cut_off_is_an_error_after_the_events_before_it() {
    let (_, pieces_before, error) = pieces(b"[{\"a\":1},");
    assert_eq!((pieces_before, error), (events(&["{\"a\":1}"]), Some(io::ErrorKind::UnexpectedEof)));
    let (_, pieces_before, error) = pieces(b"[{\"a\":1}] {\"b\":2}");
    assert_eq!((pieces_before, error), (events(&["{\"a\":1}"]), Some(io::ErrorKind::InvalidData)));
}

#[test]
fn compression_is_told_by_the_first_bytes() {
    let text = b"{\"a\":1}\n{\"b\":2}\n";
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    };
    let two_members = [gzip(&text[..8]), gzip(&text[8..])].concat();
    let zstd = zstd::stream::encode_all(&text[..], 1).expect("memory");
    for compressed in [two_members.clone(), zstd] {
        let (form, pieces, error) = pieces(&compressed);
        assert_eq!((form, pieces, error), (Form::Lines, events(&["{\"a\":1}", "{\"b\":2}"]), None));
    }
    let torn = &two_members[..two_members.len() - 6];
    assert!(pieces(torn).2.is_some(), "a torn file is not taken for a short one");
}

#[test]
fn an_event_that_cannot_be_one_takes_no_memory() {
    let long = format!("{{\"a\":\"{}\"}}\n{{\"b\":1}}\n", "x".repeat(KEPT_BYTES_MAX));
    let (_, pieces, error) = read_all(io::Cursor::new(long.into_bytes()));
    assert_eq!(error, None);
    assert_eq!(pieces[0], Piece::TooLarge(KEPT_BYTES_MAX as u64 + 8));
    assert_eq!(pieces[1..], events(&["{\"b\":1}"]));
}
