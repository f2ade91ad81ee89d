//! Where the jobs are recorded.

use super::{SettingsError, Source, environment, invalid};

/// Which table, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// `TABLE_NAME`.
    pub(crate) name: String,
    /// `AWS_REGION` (or `AWS_DEFAULT_REGION`): asked for here because the SDK misses it late and in strange words.
    pub(crate) region: String,
    /// `AWS_ENDPOINT_URL_DYNAMODB` (or `AWS_ENDPOINT_URL`), if not the region's own. Looked at here because the SDK
    /// passes over one that it cannot read, and would ask AWS instead.
    pub(crate) endpoint: Option<String>,
}

impl Table {
    /// Reads this process's environment.
    pub(crate) fn from_environment() -> Result<Self, SettingsError> {
        Self::read(&Source(&environment))
    }

    pub(super) fn read(source: &Source) -> Result<Self, SettingsError> {
        // Without a region nothing else can work, and a pod without one lacks its whole AWS environment.
        let expected = "a region, as eu-central-1";
        let region = match source.get("AWS_DEFAULT_REGION") {
            Some(default) => source.get("AWS_REGION").unwrap_or(default),
            None => source.required("AWS_REGION", expected)?,
        };
        let is_name = |text: &String| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let region = Some(region)
            .filter(is_name)
            .ok_or_else(|| invalid("AWS_REGION", "is no name", expected))?;
        let name = source.required("TABLE_NAME", "the table's name")?;
        for variable in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"] {
            if let Some(endpoint) = source.get(variable) {
                if !is_address(&endpoint) {
                    let problem = format!("is {endpoint:?}");
                    return Err(invalid(variable, problem, "http:// or https:// and a host"));
                }
                return Ok(Self {
                    name,
                    region,
                    endpoint: Some(endpoint),
                });
            }
        }
        Ok(Self {
            name,
            region,
            endpoint: None,
        })
    }
}

fn is_address(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|rest| {
        !rest.starts_with(['/', ':', '?', '#'])
            && !rest.is_empty()
            && rest.bytes().all(|byte| byte.is_ascii_graphic())
    })
}
