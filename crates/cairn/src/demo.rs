//! What `cairn demo` shows: a week of made-up events with a [`story`] in it, put over HTTP like anybody's, a trail that
//! delivers them, and a [`guide`] to what can be tried.

pub(crate) mod guide;
pub(crate) mod key;
pub(crate) mod scene;
pub(crate) mod story;
