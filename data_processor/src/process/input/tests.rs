use super::*;
use job_runtime::read_input;

#[test]
fn synthetic_has_defaults() {
    let read = |json| read_input::<Input>(json).unwrap();
    assert_eq!(
        read(r#"{"source":"synthetic"}"#),
        Input::Synthetic(Synthetic::default())
    );
    let expected = Synthetic {
        records: 0,
        failure_rate: 0.0002,
        seed: 7,
        records_per_second: Some(1000.0),
        fail_attempts: 2,
        memory_mebibytes: 3,
    };
    let json = r#"{"source":"synthetic","records":0,"failureRate":0.0002,"seed":7,"recordsPerSecond":1e3,"failAttempts":2,"memoryMebibytes":3}"#;
    assert_eq!(read(json), Input::Synthetic(expected));
}

#[test]
fn errors_name_the_field_and_what_is_allowed() {
    for (json, expected) in [
        (
            r#"{"source":"synthetic","records":-1}"#,
            "input.records: invalid value: integer `-1`, expected an integer from 0 to 1000000000000",
        ),
        (
            r#"{"source":"synthetic","records":1.5}"#,
            "input.records: invalid value: floating point `1.5`, expected an integer from 0 to 1000000000000",
        ),
        (
            r#"{"source":"synthetic","records":"9"}"#,
            "input.records: invalid type: string \"9\", expected an integer from 0 to 1000000000000",
        ),
        (
            r#"{"source":"synthetic","failureRate":2}"#,
            "input.failureRate: invalid value: integer `2`, expected a number from 0 to 1",
        ),
        (
            r#"{"source":"synthetic","recordsPerSecond":0}"#,
            "input.recordsPerSecond: invalid value: integer `0`, expected a number from 0.001 to 1000000000",
        ),
        (
            r#"{"source":"synthetic","memoryMebibytes":4097}"#,
            "input.memoryMebibytes: invalid value: integer `4097`, expected an integer from 0 to 4096",
        ),
        (
            r#"{"source":"synthetic","more":1}"#,
            "input.more: unknown field `more`, expected one of `records`, `failureRate`, `seed`, `recordsPerSecond`, `failAttempts`, `memoryMebibytes`",
        ),
        (
            r#"{"source":"inline","format":"xml","data":""}"#,
            "input.format: unknown variant `xml`, expected `csv` or `ndjson`",
        ),
        (
            r#"{"source":"inline","format":"csv"}"#,
            "input: missing field `data`",
        ),
        (
            r#"{"source":"s3","format":"csv","uri":"b/k"}"#,
            "input.uri: expected an address of the form s3://bucket/key",
        ),
        (
            r#"{"source":"ftp"}"#,
            "input.source: expected \"synthetic\", \"inline\", \"s3\" or \"file\", found \"ftp\"",
        ),
        (
            r#"{"source":7}"#,
            "input.source: expected \"synthetic\", \"inline\", \"s3\" or \"file\", found 7",
        ),
        (
            "{}",
            "input.source: expected \"synthetic\", \"inline\", \"s3\" or \"file\", found nothing",
        ),
        ("[1]", "input: invalid type: sequence, expected a map"),
    ] {
        let failure = read_input::<Input>(json).unwrap_err().to_string();
        assert_eq!(failure, format!("InvalidInput: {expected}"), "{json}");
    }
}
