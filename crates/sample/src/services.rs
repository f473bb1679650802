//! The services that are called, their operations, and what each operation says: one table.
//!
//! Names are Alibaba Cloud's product and operation names; which fields an operation carries is a plausible selection,
//! not a specification. Weights are relative within one list.

mod table;

pub(crate) use table::SERVICES;

/// A product with its operations, reads and writes apart so that their ratio can be set.
pub(crate) struct Service {
    /// `serviceName`.
    pub(crate) code: &'static str,
    /// First label of the endpoint's host name.
    pub(crate) host: &'static str,
    /// `apiVersion`.
    pub(crate) version: &'static str,
    /// Answers from one place for all regions.
    pub(crate) is_global: bool,
    /// How often it is called.
    pub(crate) weight: f64,
    pub(crate) reads: &'static [Operation],
    pub(crate) writes: &'static [Operation],
}

/// One call.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) weight: f64,
    pub(crate) resource: Concerns,
    pub(crate) parameters: &'static [Field],
    pub(crate) response: &'static [Field],
}

/// What a call concerns.
pub(crate) enum Concerns {
    /// No resource.
    Nothing,
    /// One that exists: named in the parameters.
    Existing(&'static Kind),
    /// One that the call makes: named in the response.
    New(&'static Kind),
}

/// A kind of resource.
pub(crate) struct Kind {
    /// `ACS::ECS::Instance`.
    pub(crate) name: &'static str,
    /// The parameter or response field that carries its id.
    pub(crate) field: &'static str,
    pub(crate) id: Id,
}

/// How ids of a kind look.
pub(crate) enum Id {
    /// A prefix and random characters.
    Prefixed(&'static str),
    /// A GUID.
    Guid,
    /// Words joined by `-`.
    Words,
    /// A RAM user of the account.
    Person,
}

/// A parameter or response field.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
}

/// How a field is filled.
pub(crate) enum Value {
    OneOf(&'static [&'static str]),
    Number(u32, u32),
    /// An id with this prefix.
    Id(&'static str),
    Guid,
    Zone,
    Address,
    /// The event's time.
    Time,
    /// A RAM policy document, JSON in a text.
    Policy,
    /// A role's ARN.
    RoleArn,
}

const fn of(name: &'static str, value: Value) -> Field {
    Field { name, value }
}

const fn call(
    name: &'static str,
    weight: f64,
    resource: Concerns,
    parameters: &'static [Field],
    response: &'static [Field],
) -> Operation {
    Operation { name, weight, resource, parameters, response }
}
