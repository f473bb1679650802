//! Users, groups, on-call rotations, quotas.
