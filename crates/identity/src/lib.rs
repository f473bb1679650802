//! Who is calling, and whether they may: signatures, access keys, RAM policies, secrets at rest.
