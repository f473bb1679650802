//! Alert policies: which alerts make a set, when a set is told, what is inhibited or silenced.
