use super::*;

const COMPLETE: [(&str, &str); 6] = [
    ("AWS_REGION", "eu-central-1"),
    ("JOB_ID", "01jdd0000000000000000000aa"),
    ("ATTEMPT", "0"),
    ("MAX_ATTEMPTS", "3"),
    ("TABLE_NAME", "jobs"),
    ("TIMEOUT_SECONDS", "3600"),
];

fn read_with(name: &str, value: &str) -> Result<Settings, SettingsError> {
    Settings::read(&Environment(&|requested| {
        if requested == name {
            return Some(value.to_owned());
        }
        COMPLETE
            .iter()
            .find(|(name, _)| *name == requested)
            .map(|(_, value)| (*value).to_owned())
    }))
}

#[test]
fn optional_settings_have_defaults() {
    let settings = read_with("", "").unwrap();
    assert_eq!(settings.heartbeat_interval, Duration::from_secs(5));
    assert_eq!(settings.data_directory, None);
    assert!(!settings.parent_pipe);
    assert_eq!(settings.table.endpoint, None);
}

/// The SDK ignores an invalid endpoint: the job would use AWS instead of the intended table.
#[test]
fn an_endpoint_that_is_not_an_address_is_rejected() {
    for address in [
        "http://10.0.0.1:3002",
        "http://[fd00::1]:3002",
        "https://table.example/x",
    ] {
        assert_eq!(
            read_with("AWS_ENDPOINT_URL", address)
                .unwrap()
                .table
                .endpoint,
            Some(address.to_owned())
        );
    }
    for wrong in [
        "10.0.0.1:3002",
        "http://",
        "http://:3002",
        "ftp://table",
        "http://a b",
    ] {
        let message = read_with("AWS_ENDPOINT_URL_DYNAMODB", wrong)
            .unwrap_err()
            .to_string();
        assert_eq!(
            message,
            format!(
                "AWS_ENDPOINT_URL_DYNAMODB is {wrong:?}; expected http:// or https:// and a host"
            )
        );
    }
}

#[test]
fn a_missing_setting_is_named() {
    for (name, _) in COMPLETE {
        assert!(
            read_with(name, "")
                .unwrap_err()
                .to_string()
                .starts_with(&format!("{name} is not set")),
            "{name}"
        );
    }
}

#[test]
fn an_invalid_setting_is_named_with_what_is_expected() {
    for (name, value) in [
        ("JOB_ID", "a/b"),
        ("JOB_ID", "A"),
        ("ATTEMPT", "-1"),
        ("MAX_ATTEMPTS", "4"),
        ("TIMEOUT_SECONDS", "1.5"),
        ("TIMEOUT_SECONDS", "21601"),
        ("BEAT_SECONDS", "NaN"),
        ("BEAT_SECONDS", "0"),
        ("DATA_DIR", "/no/such/directory"),
        ("EKS_JOBS_PARENT_PIPE", "yes"),
        ("AWS_REGION", "eu central"),
    ] {
        assert!(
            read_with(name, value)
                .unwrap_err()
                .to_string()
                .starts_with(name),
            "{name}={value}"
        );
    }
    assert_eq!(
        read_with("BEAT_SECONDS", "x").unwrap_err().to_string(),
        "BEAT_SECONDS is \"x\"; expected a number from 0.01 to 60"
    );
    assert_eq!(
        read_with("BEAT_SECONDS", "0.2").unwrap().heartbeat_interval,
        Duration::from_millis(200)
    );
}
