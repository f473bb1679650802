//! HTTP: signed RPC and REST in, domain calls, replies out; records its own calls as events.
