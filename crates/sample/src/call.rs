//! An API call as an event: who, what, on which resource, with which parameters, and how it went.

use model::Timestamp;

use crate::cast::{ActsAs, Cast, Person, address};
use crate::json;
use crate::random::{LETTERS_AND_DIGITS, LOWER_AND_DIGITS, Random, mix};
use crate::services::{Concerns, Field, Operation, SERVICES, Service, Value};
use crate::zipf::Skewed;

/// Calls that fail, in a thousand.
const FAILS_PER_MILLE: usize = 50;
/// Calls that change something, in a thousand.
const WRITES_PER_MILLE: usize = 150;
/// Calls a service makes on the customer's behalf, in a thousand.
const BY_SERVICE_PER_MILLE: usize = 20;
/// A session in the console or of a role, and with it the role's temporary key, lasts this long.
const SESSION_SECONDS: i64 = 3600;

static FAILURES: [(&str, &str); 7] = [
    ("Forbidden.RAM", "User not authorized to operate on the specified resource, or this API does not support RAM."),
    ("NoPermission", "You are not authorized to do this action. You should be authorized by RAM."),
    ("InvalidParameter", "The specified parameter is not valid. Check the parameter and send the request again."),
    ("Throttling.User", "Request was denied due to user flow control."),
    ("EntityNotExist", "The specified resource does not exist in this account or region."),
    ("IncorrectInstanceStatus", "The current status of the resource does not support this operation."),
    ("OperationConflict", "The request conflicts with an operation that is still in progress."),
];

/// Writes one call's event.
pub(crate) struct Calls {
    services: Skewed,
    /// Weighted choice among the reads and the writes of each service, in the order of the table.
    operations: Vec<[Skewed; 2]>,
    // Reused from event to event.
    parameters: String,
    resource: String,
}

impl Calls {
    pub(crate) fn new() -> Calls {
        let weights = |list: &[Operation]| Skewed::weighted(list.iter().map(|operation| operation.weight));
        let all = SERVICES.iter();
        Calls {
            services: Skewed::weighted(all.clone().map(|service| service.weight)),
            operations: all.map(|service| [weights(service.reads), weights(service.writes)]).collect(),
            parameters: String::new(),
            resource: String::new(),
        }
    }

    pub(crate) fn services(&self) -> &Skewed {
        &self.services
    }

    pub(crate) fn write(&mut self, out: &mut String, cast: &Cast, at: Timestamp, random: &mut Random) {
        let person = cast.someone(random);
        let position = person.service(&self.services, random);
        let service = &SERVICES[position];
        let is_write = random.per_mille(WRITES_PER_MILLE);
        let choices = if is_write { service.writes } else { service.reads };
        let operation = &choices[self.operations[position][usize::from(is_write)].choose(random)];
        let call = Call {
            cast,
            person,
            service,
            operation,
            region: if service.is_global { "cn-hangzhou" } else { person.region(random) },
            at,
            is_write,
            by_service: random.per_mille(BY_SERVICE_PER_MILLE),
        };
        self.resource.clear();
        match &operation.resource {
            Concerns::Nothing => {}
            Concerns::Existing(kind) => cast.resource(kind, random, &mut self.resource),
            Concerns::New(kind) => kind.new_id(random, &mut self.resource),
        }
        let failure = random.per_mille(FAILS_PER_MILLE).then(|| random.one(&FAILURES));
        call.write(out, &mut self.parameters, &self.resource, failure, random);
    }
}

/// What is decided about a call before it is written down.
struct Call<'a> {
    cast: &'a Cast,
    person: &'a Person,
    service: &'static Service,
    operation: &'static Operation,
    region: &'static str,
    at: Timestamp,
    is_write: bool,
    by_service: bool,
}

impl Call<'_> {
    fn write(
        &self,
        out: &mut String,
        parameters: &mut String,
        resource: &str,
        failure: Option<(&str, &str)>,
        random: &mut Random,
    ) {
        out.push('{');
        json::text_with(out, "eventId", |out| random.guid(out));
        json::plain(out, "eventVersion", 1);
        json::text(out, "eventCategory", "Management");
        json::text(out, "eventType", self.event_type());
        json::text(out, "eventName", self.operation.name);
        json::text(out, "eventRW", if self.is_write { "Write" } else { "Read" });
        json::text_with(out, "eventSource", |out| self.write_host(out));
        json::text(out, "serviceName", self.service.code);
        json::text(out, "apiVersion", self.service.version);
        json::plain(out, "eventTime", format_args!("\"{}\"", self.at));
        json::text(out, "acsRegion", self.region);
        json::plain(out, "isGlobal", self.service.is_global);
        json::text(out, "recipientAccountId", &self.cast.account_text);
        let mut request_id = String::with_capacity(36);
        random.guid(&mut request_id);
        json::text(out, "requestId", &request_id);
        let caller = if self.by_service { "ess.aliyuncs.com" } else { self.person.address(random) };
        json::text(out, "sourceIpAddress", caller);
        json::text(out, "userAgent", if self.by_service { caller } else { self.person.agent });
        json::object(out, "userIdentity", |out| self.write_identity(out));

        parameters.clear();
        parameters.push('{');
        self.write_parameters(parameters, &request_id, resource, random);
        parameters.push('}');
        json::name(out, "requestParameters");
        out.push_str(parameters);
        json::text(out, "requestParameterJson", parameters);
        if failure.is_none() && (self.is_write || !self.operation.response.is_empty()) {
            json::object(out, "responseElements", |out| self.write_response(out, &request_id, resource, random));
        }
        json::object(out, "additionalEventData", |out| {
            json::text(out, "Scheme", "https");
            if self.person.in_console {
                json::text(out, "CallerBid", "26842");
            }
        });
        self.write_resource(out, resource);
        if let Some((code, message)) = failure {
            json::text(out, "errorCode", code);
            json::text(out, "errorMessage", message);
        }
        if self.operation.name.starts_with("Delete") {
            json::object(out, "eventAttributes", |out| json::text(out, "SensitiveAction", "true"));
        }
        out.push('}');
    }

    fn event_type(&self) -> &'static str {
        match (self.by_service, self.person.in_console) {
            (true, _) => "AliyunServiceEvent",
            (false, true) => "ConsoleOperation",
            (false, false) => "ApiCall",
        }
    }

    fn write_host(&self, out: &mut String) {
        out.push_str(self.service.host);
        if !self.service.is_global {
            out.push('.');
            out.push_str(self.region);
        }
        out.push_str(".aliyuncs.com");
    }

    fn write_identity(&self, out: &mut String) {
        let person = self.person;
        if self.by_service {
            json::text(out, "type", "system");
            json::text(out, "userName", "ess.aliyuncs.com");
            return;
        }
        json::text(out, "type", person.acts_as.wire_name());
        json::text(out, "accountId", &self.cast.account_text);
        match person.acts_as {
            ActsAs::Role => self.write_session(out),
            ActsAs::Root | ActsAs::User => {
                json::text(out, "principalId", &person.principal_id);
                json::text(out, "userName", &person.name);
                if person.in_console {
                    write_session_context(out, self.session_began(), person.has_mfa);
                } else {
                    json::text(out, "accessKeyId", &person.access_key_id);
                }
            }
        }
    }

    /// A role's session: one temporary key for an hour, so that keys are many and each has a past.
    fn write_session(&self, out: &mut String) {
        let began = self.session_began();
        let number = self.person.principal_id.bytes().fold(began.0 as u64, |hash, byte| mix(hash ^ u64::from(byte)));
        let mut own = Random::new(number);
        let mut session = String::from("session-");
        own.text(&mut session, LOWER_AND_DIGITS, 12);
        let joined = |out: &mut String, first: &str| {
            out.push_str(first);
            out.push(':');
            out.push_str(&session);
        };
        json::text_with(out, "principalId", |out| joined(out, &self.person.principal_id));
        json::text_with(out, "userName", |out| joined(out, &self.person.name));
        json::text(out, "roleName", &self.person.name);
        json::text_with(out, "accessKeyId", |out| {
            out.push_str("STS.NU");
            own.text(out, LETTERS_AND_DIGITS, 24);
        });
        write_session_context(out, began, false);
    }

    fn session_began(&self) -> Timestamp {
        Timestamp(self.at.0 - self.at.0.rem_euclid(SESSION_SECONDS * 1000))
    }

    fn write_parameters(&self, out: &mut String, request_id: &str, resource: &str, random: &mut Random) {
        json::text_with(out, "AcsHost", |out| self.write_host(out));
        json::text(out, "RegionId", self.region);
        if let Concerns::Existing(kind) = &self.operation.resource {
            json::text(out, kind.field, resource);
        }
        self.write_fields(out, self.operation.parameters, random);
        if self.person.in_console {
            // The console's proxy adds these.
            json::text(out, "AcsProduct", self.service.code);
            json::text(out, "RequestId", request_id);
            json::text_with(out, "HostId", |out| self.write_host(out));
        }
    }

    fn write_response(&self, out: &mut String, request_id: &str, resource: &str, random: &mut Random) {
        json::text(out, "RequestId", request_id);
        if let Concerns::New(kind) = &self.operation.resource {
            json::text(out, kind.field, resource);
        }
        self.write_fields(out, self.operation.response, random);
    }

    fn write_resource(&self, out: &mut String, resource: &str) {
        let (Concerns::Existing(kind) | Concerns::New(kind)) = &self.operation.resource else { return };
        json::object(out, "referencedResources", |out| {
            json::plain(out, kind.name, format_args!("[\"{resource}\"]"));
        });
        json::text(out, "resourceType", kind.name);
        json::text(out, "resourceName", resource);
    }

    fn write_fields(&self, out: &mut String, fields: &[Field], random: &mut Random) {
        for field in fields {
            match &field.value {
                Value::OneOf(choices) => json::text(out, field.name, random.one(choices)),
                Value::Number(low, high) => json::plain(out, field.name, random.between(*low, *high)),
                Value::Id(prefix) => json::text_with(out, field.name, |out| {
                    out.push_str(prefix);
                    random.text(out, LOWER_AND_DIGITS, 17);
                }),
                Value::Guid => json::text_with(out, field.name, |out| random.guid(out)),
                Value::Zone => {
                    json::plain(out, field.name, format_args!("\"{}-{}\"", self.region, random.one(&['g', 'h', 'i'])))
                }
                Value::Address => json::plain(out, field.name, format_args!("\"{}/32\"", address(random))),
                Value::Time => json::plain(out, field.name, format_args!("\"{}\"", self.at)),
                Value::Policy => json::text(out, field.name, policy(self.service)),
                Value::RoleArn => {
                    let account = &self.cast.account_text;
                    json::plain(out, field.name, format_args!("\"acs:ram::{account}:role/{}\"", self.person.name));
                }
            }
        }
    }
}

impl ActsAs {
    fn wire_name(self) -> &'static str {
        match self {
            ActsAs::Root => "root-account",
            ActsAs::User => "ram-user",
            ActsAs::Role => "assumed-role",
        }
    }
}

fn write_session_context(out: &mut String, created: Timestamp, has_mfa: bool) {
    json::object(out, "sessionContext", |out| {
        json::object(out, "attributes", |out| {
            json::plain(out, "creationDate", format_args!("\"{created}\""));
            json::text(out, "mfaAuthenticated", if has_mfa { "true" } else { "false" });
        });
    });
}

fn policy(service: &Service) -> &'static str {
    match service.code {
        "Oss" => {
            r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:GetObject","oss:ListObjects"],"Resource":["acs:oss:*:*:builds/*"]}]}"#
        }
        _ => {
            r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":["ecs:Describe*","vpc:Describe*"],"Resource":["*"]}]}"#
        }
    }
}
