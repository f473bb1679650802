//! RAM users.

use api::Success;
use catalog::User;
use serde_json::{Value, json};

use super::{Call, Outcome, paged};
use crate::authorize;
use crate::fault::managed;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("UserName");
    let (display_name, comments) = (call.arguments.text("DisplayName"), call.arguments.text("Comments"));
    let user = call.gateway.identity.create_user(call.account, name, display_name, comments).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "User": shown(&user) })))
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("UserName");
    let user = call.gateway.identity.get_user(call.account, name).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "User": shown(&user) })))
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let users = call.gateway.identity.list_users(call.account).await.map_err(managed)?;
    let page = paged(call, users, |user| &user.name);
    Ok(page.reply("Users", |users| json!({ "User": users }), shown))
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("UserName");
    let new_name = call.arguments.text("NewUserName");
    if let Some(new_name) = new_name {
        let arn = format!("acs:ram:*:{}:user/{new_name}", call.account);
        authorize::allowed(call.gateway, call.request, call.caller, "ram:UpdateUser", &arn)?;
    }
    let (display_name, comments) = (call.arguments.text("NewDisplayName"), call.arguments.text("NewComments"));
    let updated = call.gateway.identity.update_user(call.account, name, new_name, display_name, comments).await;
    Ok(Success::from_object(&json!({ "User": shown(&updated.map_err(managed)?) })))
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("UserName");
    call.gateway.identity.delete_user(call.account, name).await.map_err(managed)?;
    Ok(Success::empty())
}

fn shown(user: &User) -> Value {
    json!({
        "UserId": user.user_id,
        "UserName": user.name,
        "DisplayName": user.display_name,
        "Comments": user.comments,
        "CreateDate": user.created.to_string(),
        "UpdateDate": user.updated.to_string(),
    })
}
