//! SQL over Logstores and events, on DataFusion.
