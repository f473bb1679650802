//! Groups and their members.

use catalog::{Group, GroupMember};
use model::AccountId;

use super::{ALPHANUMERIC, names, not_found, on_catalog};
use crate::{Identity, ManageError};

impl Identity {
    /// Makes a group without users and policies.
    pub async fn create_group(
        &self,
        account: AccountId,
        name: &str,
        comments: Option<&str>,
    ) -> Result<Group, ManageError> {
        names::check_group(name)?;
        let comments = comments.unwrap_or_default();
        names::check_comments(comments)?;
        let now = self.clock.now();
        let group = Group {
            group_id: format!("g-{}", self.random.text(16, ALPHANUMERIC)),
            account,
            name: name.to_owned(),
            comments: comments.to_owned(),
            created: now,
            updated: now,
        };
        self.catalog.group_create(&group).await.map_err(|error| on_catalog(error, "Group", name))?;
        self.refresh().await?;
        Ok(group)
    }

    /// The group of this name.
    pub async fn get_group(&self, account: AccountId, name: &str) -> Result<Group, ManageError> {
        let group = self.catalog.group_find(account, name).await.map_err(ManageError::Catalog)?;
        group.ok_or_else(|| not_found("Group", name))
    }

    /// The account's groups, by name.
    pub async fn list_groups(&self, account: AccountId) -> Result<Vec<Group>, ManageError> {
        self.catalog.group_list(account).await.map_err(ManageError::Catalog)
    }

    /// Changes a group's name and comments, each if it is given.
    pub async fn update_group(
        &self,
        account: AccountId,
        name: &str,
        new_name: Option<&str>,
        comments: Option<&str>,
    ) -> Result<Group, ManageError> {
        let mut group = self.get_group(account, name).await?;
        if let Some(new_name) = new_name {
            names::check_group(new_name)?;
            group.name = new_name.to_owned();
        }
        if let Some(comments) = comments {
            names::check_comments(comments)?;
            group.comments = comments.to_owned();
        }
        group.updated = self.clock.now();
        let updated = self.catalog.group_update(name, &group).await;
        updated.map_err(|error| on_catalog(error, "Group", new_name.unwrap_or(name)))?;
        self.refresh().await?;
        Ok(group)
    }

    /// Removes a group without users and policies.
    pub async fn delete_group(&self, account: AccountId, name: &str) -> Result<(), ManageError> {
        self.catalog.group_delete(account, name).await.map_err(|error| on_catalog(error, "Group", name))?;
        self.refresh().await
    }

    /// Puts a user into a group; what the group may, the user may from the next request on.
    pub async fn add_to_group(&self, account: AccountId, group: &str, user: &str) -> Result<(), ManageError> {
        self.get_user(account, user).await?;
        self.get_group(account, group).await?;
        let joined = self.clock.now();
        let member = GroupMember { account, group: group.to_owned(), user: user.to_owned(), joined };
        self.catalog.group_member_add(&member).await.map_err(|error| on_catalog(error, "User.Group", user))?;
        self.refresh().await
    }

    /// Takes a user out of a group.
    pub async fn remove_from_group(&self, account: AccountId, group: &str, user: &str) -> Result<(), ManageError> {
        self.get_user(account, user).await?;
        self.get_group(account, group).await?;
        let removed = self.catalog.group_member_remove(account, group, user).await;
        removed.map_err(|error| on_catalog(error, "User.Group", user))?;
        self.refresh().await
    }

    /// Who is in which group of the account, by group and user.
    pub async fn list_members(&self, account: AccountId) -> Result<Vec<GroupMember>, ManageError> {
        self.catalog.group_members(account).await.map_err(ManageError::Catalog)
    }
}
