//! Calendars: working days, working hours, holidays, in a time zone.
