use super::*;

const COMPLETE: [(&str, &str); 6] = [
    ("AWS_REGION", "eu-central-1"),
    ("JOB_ID", "01jdd0000000000000000000aa"),
    ("ATTEMPT", "0"),
    ("MAX_ATTEMPTS", "3"),
    ("TABLE_NAME", "jobs"),
    ("TIMEOUT_SECONDS", "3600"),
];

fn with(name: &str, value: &str) -> Result<Settings, SettingsError> {
    Settings::read(&Source(&|asked| {
        if asked == name {
            return Some(value.to_owned());
        }
        COMPLETE
            .iter()
            .find(|(name, _)| *name == asked)
            .map(|(_, value)| (*value).to_owned())
    }))
}

#[test]
fn the_optional_ones_have_defaults() {
    let settings = with("", "").unwrap();
    assert_eq!(settings.beat, Duration::from_secs(5));
    assert_eq!(settings.data_directory, None);
    assert!(!settings.parent_pipe);
    assert_eq!(settings.table.endpoint, None);
}

/// The SDK ignores an endpoint that it cannot read: the job would go to AWS instead of the table that was meant.
#[test]
fn an_endpoint_is_an_address_or_refused() {
    for address in [
        "http://10.0.0.1:3002",
        "http://[fd00::1]:3002",
        "https://table.example/x",
    ] {
        assert_eq!(
            with("AWS_ENDPOINT_URL", address).unwrap().table.endpoint,
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
        let message = with("AWS_ENDPOINT_URL_DYNAMODB", wrong)
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
fn every_required_one_is_missed_by_name() {
    for (name, _) in COMPLETE {
        assert!(
            with(name, "")
                .unwrap_err()
                .to_string()
                .starts_with(&format!("{name} is not set")),
            "{name}"
        );
    }
}

#[test]
fn what_cannot_be_used_is_said_with_what_is_expected() {
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
            with(name, value).unwrap_err().to_string().starts_with(name),
            "{name}={value}"
        );
    }
    assert_eq!(
        with("BEAT_SECONDS", "x").unwrap_err().to_string(),
        "BEAT_SECONDS is \"x\"; expected a number from 0.01 to 60"
    );
    assert_eq!(
        with("BEAT_SECONDS", "0.2").unwrap().beat,
        Duration::from_millis(200)
    );
}
