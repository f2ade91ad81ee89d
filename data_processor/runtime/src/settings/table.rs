//! Reads and checks the settings of the table.

use super::{Environment, SettingsError, read_variable, settings_error};

/// The name and the location of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableSettings {
    /// `TABLE_NAME`.
    pub(crate) name: String,
    /// `AWS_REGION` (or `AWS_DEFAULT_REGION`). Checked here, because the SDK reports a missing region late and unclearly.
    pub(crate) region: String,
    /// `AWS_ENDPOINT_URL_DYNAMODB` (or `AWS_ENDPOINT_URL`); by default the endpoint of the region. Checked here, because the
    /// SDK ignores an invalid endpoint and uses AWS instead.
    pub(crate) endpoint: Option<String>,
}

impl TableSettings {
    /// Reads the settings from the environment of this process.
    pub(crate) fn from_environment() -> Result<Self, SettingsError> {
        Self::read(&Environment(&read_variable))
    }

    pub(super) fn read(environment: &Environment) -> Result<Self, SettingsError> {
        // The region is checked first: a pod without a region usually lacks all variables of AWS.
        let expected = "a region, such as eu-central-1";
        let region = match environment.get("AWS_DEFAULT_REGION") {
            Some(default) => environment.get("AWS_REGION").unwrap_or(default),
            None => environment.required("AWS_REGION", expected)?,
        };
        let is_name = |text: &String| {
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let region = Some(region)
            .filter(is_name)
            .ok_or_else(|| settings_error("AWS_REGION", "is not valid", expected))?;
        let name = environment.required("TABLE_NAME", "the table's name")?;
        for variable in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"] {
            if let Some(endpoint) = environment.get(variable) {
                if !is_address(&endpoint) {
                    let problem = format!("is {endpoint:?}");
                    return Err(settings_error(
                        variable,
                        problem,
                        "http:// or https:// and a host",
                    ));
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
