//! Rules that are plain searches, indexed so that an event meets only those that may want it.
