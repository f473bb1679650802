//! Saved queries and the ready-made ones.

use super::{reads, writes};
use crate::codes;
use crate::format;
use crate::operation::Operation;
use crate::operations::OperationId;
use crate::param::Param;

const SIMPLE_QUERY: Param = Param::boolean("SimpleQuery", "whether it is a search expression and not SQL");
const TEMPLATE_ID: Param = Param::text("TemplateId", format::ANY, "the template");
const TEMPLATE_NAME: Param = Param::text("TemplateName", format::TEMPLATE_NAME, "its name; need not be unique");
const TEMPLATE_SQL: Param = Param::text("TemplateSql", format::QUERY, "the query's text");
const PAGE_NUMBER: Param = Param::integer("PageNumber", 1, 1_000_000, "the page, counted from 1").or("1");
const PAGE_SIZE: Param = Param::integer("PageSize", 1, 100, "templates in a page").or("20");
const TEMPLATE_FIELDS: &[&str] = &["TemplateId", "TemplateName", "TemplateSql", "SimpleQuery"];

pub(in crate::operations) const CREATE_ADVANCED_QUERY_TEMPLATE: Operation = Operation {
    params: &[SIMPLE_QUERY.required(), TEMPLATE_NAME, TEMPLATE_SQL.required()],
    returns: TEMPLATE_FIELDS,
    errors: &[codes::INVALID_QUERY_PARAMETER, codes::MAXIMUM_NUMBER_OF_TEMPLATES_EXCEEDED],
    summary: "Keeps a query as a template, at most 200 in an account.",
    ..writes(OperationId::CreateAdvancedQueryTemplate, "CreateAdvancedQueryTemplate")
};

pub(in crate::operations) const UPDATE_ADVANCED_QUERY_TEMPLATE: Operation = Operation {
    params: &[TEMPLATE_ID.required(), SIMPLE_QUERY.required(), TEMPLATE_NAME, TEMPLATE_SQL],
    returns: TEMPLATE_FIELDS,
    errors: &[codes::INVALID_QUERY_PARAMETER, codes::RESOURCE_NOT_FOUND],
    summary: "Changes what is given of a template.",
    ..writes(OperationId::UpdateAdvancedQueryTemplate, "UpdateAdvancedQueryTemplate")
};

pub(in crate::operations) const DELETE_ADVANCED_QUERY_TEMPLATE: Operation = Operation {
    params: &[TEMPLATE_ID],
    errors: &[codes::MISSING_PARAMETER, codes::RESOURCE_NOT_FOUND],
    summary: "Deletes a template.",
    ..writes(OperationId::DeleteAdvancedQueryTemplate, "DeleteAdvancedQueryTemplate")
};

pub(in crate::operations) const GET_ADVANCED_QUERY_TEMPLATE: Operation = Operation {
    params: &[TEMPLATE_ID.required()],
    returns: TEMPLATE_FIELDS,
    summary: "Shows a template; of one that does not exist nothing but the request's id, as clients expect.",
    ..reads(OperationId::GetAdvancedQueryTemplate, "GetAdvancedQueryTemplate")
};

pub(in crate::operations) const DESCRIBE_ADVANCED_QUERY_TEMPLATE: Operation = Operation {
    params: &[
        PAGE_NUMBER,
        PAGE_SIZE,
        Param::text("TemplateName", format::ANY, "only those with this in their name, in any case"),
    ],
    returns: &[
        "TemplatePage.PageNumber",
        "TemplatePage.PageSize",
        "TemplatePage.Total",
        "TemplatePage.TemplateList[].TemplateId",
        "TemplatePage.TemplateList[].TemplateName",
        "TemplatePage.TemplateList[].TemplateSql",
        "TemplatePage.TemplateList[].SimpleQuery",
    ],
    errors: &[codes::INVALID_QUERY_PARAMETER],
    summary: "Lists the account's templates, the newest first.",
    ..reads(OperationId::DescribeAdvancedQueryTemplate, "DescribeAdvancedQueryTemplate")
};

pub(in crate::operations) const CREATE_ADVANCED_QUERY_HISTORY: Operation = Operation {
    params: &[
        SIMPLE_QUERY.required(),
        Param::text("QuerySql", format::QUERY, "the query's text"),
        Param::boolean("DryRun", "only looks whether the text can be a query, and keeps nothing"),
    ],
    returns: &["QueryId", "QuerySql", "SimpleQuery", "DryRunResult"],
    errors: &[codes::INVALID_QUERY_PARAMETER, codes::MISSING_PARAMETER],
    summary: "Keeps a query in the account's history, which holds the last 100. `DryRunResult` is `OK`, or what is wrong \
              with the text: brackets and quotes that do not close, or more than one `|` in a simple query.",
    ..writes(OperationId::CreateAdvancedQueryHistory, "CreateAdvancedQueryHistory")
};

pub(in crate::operations) const DESCRIBE_ADVANCED_QUERY_HISTORY: Operation = Operation {
    returns: &[
        "QueryHistoryList[].QueryId",
        "QueryHistoryList[].QuerySql",
        "QueryHistoryList[].SimpleQuery",
        "QueryHistoryList[].TimeStamp",
    ],
    summary: "Lists the account's query history, the newest first.",
    ..reads(OperationId::DescribeAdvancedQueryHistory, "DescribeAdvancedQueryHistory")
};

pub(in crate::operations) const DELETE_ADVANCED_QUERY_HISTORY: Operation = Operation {
    params: &[Param::text("QueryId", format::ANY, "the query").required()],
    errors: &[codes::RESOURCE_NOT_FOUND],
    summary: "Deletes a query from the history.",
    ..writes(OperationId::DeleteAdvancedQueryHistory, "DeleteAdvancedQueryHistory")
};

pub(in crate::operations) const DESCRIBE_SCENES: Operation = Operation {
    params: &[Param::text("SearchCode", format::ANY, "only those with this in their name or description, in any case")],
    returns: &[
        "SceneList[].SceneId",
        "SceneList[].Name",
        "SceneList[].Description",
        "SceneList[].Token",
        "SceneList[].Type",
    ],
    summary: "Lists the scenes that ready-made queries are for.",
    ..reads(OperationId::DescribeScenes, "DescribeScenes")
};

pub(in crate::operations) const DESCRIBE_SEARCH_TEMPLATES: Operation = Operation {
    params: &[Param::text("SceneId", format::ANY, "the scene").required(), PAGE_NUMBER, PAGE_SIZE],
    returns: &[
        "PageNumber",
        "PageSize",
        "Total",
        "TemplateList[].TemplateId",
        "TemplateList[].TemplateName",
        "TemplateList[].Description",
        "TemplateList[].SceneId",
        "TemplateList[].Token",
        "TemplateList[].Type",
        "TemplateList[].Params",
        "TemplateList[].Sql",
        "TemplateList[].Charts",
    ],
    errors: &[codes::INVALID_QUERY_PARAMETER],
    summary: "Lists the ready-made queries of a scene.",
    ..reads(OperationId::DescribeSearchTemplates, "DescribeSearchTemplates")
};
