//! Content templates: what a notification says on each channel.
