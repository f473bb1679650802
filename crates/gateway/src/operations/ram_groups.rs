//! RAM groups and who is in them.

use std::collections::HashMap;

use api::Success;
use catalog::{Group, GroupMember};
use serde_json::{Value, json};

use super::{Call, Outcome, paged};
use crate::authorize;
use crate::fault::managed;

pub(super) async fn create(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("GroupName");
    let comments = call.arguments.text("Comments");
    let group = call.gateway.identity.create_group(call.account, name, comments).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "Group": shown(&group) })))
}

pub(super) async fn get(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("GroupName");
    let group = call.gateway.identity.get_group(call.account, name).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "Group": shown(&group) })))
}

pub(super) async fn update(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("GroupName");
    let new_name = call.arguments.text("NewGroupName");
    if let Some(new_name) = new_name {
        let arn = format!("acs:ram:*:{}:group/{new_name}", call.account);
        authorize::allowed(call.gateway, call.request, call.caller, "ram:UpdateGroup", &arn)?;
    }
    let comments = call.arguments.text("NewComments");
    let group = call.gateway.identity.update_group(call.account, name, new_name, comments).await.map_err(managed)?;
    Ok(Success::from_object(&json!({ "Group": shown(&group) })))
}

pub(super) async fn list(call: &Call<'_>) -> Outcome {
    let groups = call.gateway.identity.list_groups(call.account).await.map_err(managed)?;
    let page = paged(call, groups, |group| &group.name);
    Ok(page.reply("Groups", |groups| json!({ "Group": groups }), shown))
}

pub(super) async fn delete(call: &Call<'_>) -> Outcome {
    let name = call.arguments.required("GroupName");
    call.gateway.identity.delete_group(call.account, name).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn add_user(call: &Call<'_>) -> Outcome {
    let (group, user) = (call.arguments.required("GroupName"), call.arguments.required("UserName"));
    call.gateway.identity.add_to_group(call.account, group, user).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn remove_user(call: &Call<'_>) -> Outcome {
    let (group, user) = (call.arguments.required("GroupName"), call.arguments.required("UserName"));
    call.gateway.identity.remove_from_group(call.account, group, user).await.map_err(managed)?;
    Ok(Success::empty())
}

pub(super) async fn list_for_user(call: &Call<'_>) -> Outcome {
    let user = call.arguments.required("UserName");
    let identity = &call.gateway.identity;
    identity.get_user(call.account, user).await.map_err(managed)?;
    let mut groups = identity.list_groups(call.account).await.map_err(managed)?;
    let members = identity.list_members(call.account).await.map_err(managed)?;
    let joined: HashMap<&str, &GroupMember> =
        members.iter().filter(|member| member.user == user).map(|member| (member.group.as_str(), member)).collect();
    groups.retain(|group| joined.contains_key(group.name.as_str()));
    let groups: Vec<Value> = groups
        .iter()
        .map(|group| {
            json!({
                "GroupId": group.group_id,
                "GroupName": group.name,
                "Comments": group.comments,
                "JoinDate": joined[group.name.as_str()].joined.to_string(),
            })
        })
        .collect();
    Ok(Success::from_object(&json!({ "Groups": { "Group": groups } })))
}

pub(super) async fn list_users(call: &Call<'_>) -> Outcome {
    let group = call.arguments.required("GroupName");
    let identity = &call.gateway.identity;
    identity.get_group(call.account, group).await.map_err(managed)?;
    let mut members = identity.list_members(call.account).await.map_err(managed)?;
    members.retain(|member| member.group == group);
    let users = identity.list_users(call.account).await.map_err(managed)?;
    let names: HashMap<&str, &str> =
        users.iter().map(|user| (user.name.as_str(), user.display_name.as_str())).collect();
    let page = paged(call, members, |member| &member.user);
    let shown = |member: &GroupMember| {
        json!({
            "UserName": member.user,
            "DisplayName": names.get(member.user.as_str()).copied().unwrap_or_default(),
            "JoinDate": member.joined.to_string(),
        })
    };
    Ok(page.reply("Users", |users| json!({ "User": users }), shown))
}

fn shown(group: &Group) -> Value {
    json!({
        "GroupId": group.group_id,
        "GroupName": group.name,
        "Comments": group.comments,
        "CreateDate": group.created.to_string(),
        "UpdateDate": group.updated.to_string(),
    })
}
