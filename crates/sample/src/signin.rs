//! A console sign-in as an event: by a RAM user or the account itself, with or without a second factor, at times
//! failing.

use model::Timestamp;

use crate::cast::{ActsAs, Cast, Person};
use crate::json;
use crate::random::Random;

/// Sign-ins that fail, in a thousand.
const FAILS_PER_MILLE: usize = 80;

pub(crate) fn write(out: &mut String, cast: &Cast, person: &Person, at: Timestamp, random: &mut Random) {
    let is_root = person.acts_as == ActsAs::Root;
    out.push('{');
    json::text_with(out, "eventId", |out| random.guid(out));
    json::plain(out, "eventVersion", 1);
    json::text(out, "eventCategory", "Management");
    json::text(out, "eventType", "ConsoleSignin");
    json::text(out, "eventName", "ConsoleSignin");
    json::text(out, "eventRW", "Write");
    json::text(out, "eventSource", "signin.aliyun.com");
    json::text(out, "serviceName", if is_root { "AasCustomer" } else { "AasSub" });
    json::plain(out, "eventTime", format_args!("\"{at}\""));
    json::text(out, "acsRegion", "cn-hangzhou");
    json::plain(out, "isGlobal", true);
    json::text(out, "recipientAccountId", &cast.account_text);
    json::text_with(out, "requestId", |out| random.guid(out));
    json::text(out, "sourceIpAddress", person.address(random));
    json::text(out, "userAgent", person.agent);
    json::object(out, "userIdentity", |out| {
        json::text(out, "type", if is_root { "root-account" } else { "ram-user" });
        json::text(out, "accountId", &cast.account_text);
        json::text(out, "principalId", &person.principal_id);
        json::text(out, "userName", &person.name);
    });
    json::object(out, "additionalEventData", |out| {
        json::text(out, "callbackUrl", "https://home.console.aliyun.com/home/dashboard/ProductAndService");
        json::text(out, "loginAccount", &person.name);
        let factor = if is_root { "isMFAChecked" } else { "mfaChecked" };
        json::text(out, factor, if person.has_mfa { "true" } else { "false" });
    });
    if random.per_mille(FAILS_PER_MILLE) {
        json::text(out, "errorCode", "LoginFailed.InvalidCredential");
        json::text(out, "errorMessage", "The user name or the password is incorrect.");
    }
    out.push('}');
}
