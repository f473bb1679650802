//! What a client needs to speak to a node: request signing and calls.
