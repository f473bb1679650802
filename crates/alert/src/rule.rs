//! Alert rules as Log Service's clients write them.
