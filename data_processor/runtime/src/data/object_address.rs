//! Parses addresses of objects in S3.

use std::str::FromStr;

/// The address of an object in S3: `s3://bucket/key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectAddress {
    pub(super) bucket: String,
    pub(super) key: String,
}

impl FromStr for ObjectAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text
            .strip_prefix("s3://")
            .and_then(|path| path.split_once('/'))
        {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(Self {
                bucket: bucket.into(),
                key: key.into(),
            }),
            _ => Err("expected an address of the form s3://bucket/key"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bucket_and_a_key() {
        let address: ObjectAddress = "s3://b/deep/key.csv".parse().unwrap();
        assert_eq!(
            address,
            ObjectAddress {
                bucket: "b".into(),
                key: "deep/key.csv".into()
            }
        );
        for wrong in [
            "", "b/k", "s3://", "s3://b", "s3://b/", "s3:///k", "S3://b/k",
        ] {
            assert!(wrong.parse::<ObjectAddress>().is_err(), "{wrong}");
        }
    }
}
