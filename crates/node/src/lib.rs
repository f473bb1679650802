//! Reads the configuration, builds the parts bottom up, runs them, stops them top down.
