//! The contract with clients: the table of operations, their parameters, errors and wire shapes.
