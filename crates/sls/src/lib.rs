//! Simple Log Service on the wire: signatures, protobuf, compression, cursors, error codes.
