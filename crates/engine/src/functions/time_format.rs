//! MySQL's formats of times, which Presto's `date_format` and `date_parse` use: `%Y-%m-%d %H:%i:%S`.

use model::Timestamp;

use super::moments::{day_of_week, parse as moment};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The time, so many milliseconds since 1970, in this format. `%L` is milliseconds.
pub(crate) fn format(time: i64, format: &str) -> String {
    let (year, month, day, hour, minute, second) = Timestamp(time).civil();
    let twelve = (hour + 11) % 12 + 1;
    let half = if hour < 12 { "AM" } else { "PM" };
    let month_name = MONTHS[month as usize - 1];
    let day_name = DAYS[day_of_week(time) as usize - 1];
    let milliseconds = time.rem_euclid(1000);
    let mut text = String::with_capacity(format.len() + 8);
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        let part = match characters.next() {
            Some('Y') => format!("{year:04}"),
            Some('y') => format!("{:02}", year.rem_euclid(100)),
            Some('m') => format!("{month:02}"),
            Some('c') => month.to_string(),
            Some('M') => month_name.to_owned(),
            Some('b') => month_name[..3].to_owned(),
            Some('d') => format!("{day:02}"),
            Some('e') => day.to_string(),
            Some('H') => format!("{hour:02}"),
            Some('k') => hour.to_string(),
            Some('h' | 'I') => format!("{twelve:02}"),
            Some('l') => twelve.to_string(),
            Some('i') => format!("{minute:02}"),
            Some('s' | 'S') => format!("{second:02}"),
            Some('f') => format!("{milliseconds:03}000"),
            Some('L') => format!("{milliseconds:03}"),
            Some('p') => half.to_owned(),
            Some('T') => format!("{hour:02}:{minute:02}:{second:02}"),
            Some('r') => format!("{twelve:02}:{minute:02}:{second:02} {half}"),
            Some('W') => day_name.to_owned(),
            Some('a') => day_name[..3].to_owned(),
            Some('j') => {
                let start = moment(&format!("{year:04}-01-01")).unwrap_or(time);
                format!("{:03}", (time - start).div_euclid(86_400_000) + 1)
            }
            Some(other) => other.to_string(),
            None => "%".to_owned(),
        };
        text.push_str(&part);
    }
    text
}

/// The time this text is in this format.
pub(crate) fn parse(text: &str, format: &str) -> Option<i64> {
    let mut rest = text;
    let mut year = 1970;
    let (mut month, mut day, mut hour, mut minute, mut second, mut milliseconds) = (1, 1, 0, 0, 0, 0);
    let mut is_afternoon = None;
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            rest = rest.strip_prefix(character)?;
            continue;
        }
        match characters.next()? {
            'Y' => year = number(&mut rest, 4)?,
            'y' => {
                let short = number(&mut rest, 2)?;
                year = if short < 70 { 2000 + short } else { 1900 + short };
            }
            'm' | 'c' => month = number(&mut rest, 2)?,
            'd' | 'e' => day = number(&mut rest, 2)?,
            'H' | 'k' | 'h' | 'I' | 'l' => hour = number(&mut rest, 2)?,
            'i' => minute = number(&mut rest, 2)?,
            's' | 'S' => second = number(&mut rest, 2)?,
            'f' => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count().min(6);
                let fraction = number(&mut rest, 6)?;
                milliseconds = fraction * 1_000 / 10_i64.pow(digits as u32);
            }
            'T' => {
                hour = number(&mut rest, 2)?;
                rest = rest.strip_prefix(':')?;
                minute = number(&mut rest, 2)?;
                rest = rest.strip_prefix(':')?;
                second = number(&mut rest, 2)?;
            }
            'M' => month = named(&mut rest, &MONTHS, usize::MAX)?,
            'b' => month = named(&mut rest, &MONTHS, 3)?,
            'W' => drop(named(&mut rest, &DAYS, usize::MAX)?),
            'a' => drop(named(&mut rest, &DAYS, 3)?),
            'p' => {
                let half = rest.get(..2)?;
                is_afternoon = Some(half.eq_ignore_ascii_case("PM"));
                rest = &rest[2..];
            }
            other => rest = rest.strip_prefix(other)?,
        }
    }
    if let Some(is_afternoon) = is_afternoon {
        hour = hour % 12 + if is_afternoon { 12 } else { 0 };
    }
    if !rest.is_empty() {
        return None;
    }
    moment(&format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{milliseconds:03}"))
}

fn number(rest: &mut &str, digits_max: usize) -> Option<i64> {
    let digits = rest.bytes().take(digits_max).take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at(digits);
    *rest = after;
    number.parse().ok()
}

/// The place, from 1, of the name the text begins with.
fn named(rest: &mut &str, names: &[&str], length_max: usize) -> Option<i64> {
    let place = names.iter().position(|name| {
        let name = &name[..name.len().min(length_max)];
        rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
    })?;
    *rest = &rest[names[place].len().min(length_max)..];
    Some(place as i64 + 1)
}
