//! Which table, as a URL says.

use crate::cache::environment::shown;
use crate::error::{Error, Result};

const PREFIX: &str = "lift:";

/// Of the 2,048 bytes that a partition key may have.
const LONGEST_PREFIX: usize = 256;

/// A URL, taken apart.
#[derive(Debug, PartialEq)]
pub(crate) struct Target {
    pub(crate) table: Box<str>,
    pub(crate) prefix: Box<str>,
}

impl Target {
    /// Reads a URL; what it says wrong is told without what may be a secret.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let rest =
            url.strip_prefix("dynamodb://").ok_or_else(|| refused("it must begin with `dynamodb://`"))?;
        let (table, query) = rest.split_once('?').unwrap_or((rest, ""));
        if table.contains('@') {
            return Err(refused(
                "it has no user or password: credentials are found as the AWS SDK finds them",
            ));
        }
        if table.is_empty() {
            return Err(refused("it names no table"));
        }
        if !is_table(table) {
            return Err(refused(
                "a table's name is 3 to 255 of the characters a-z, A-Z, 0-9, `_`, `.` and `-`",
            ));
        }
        let mut prefix = PREFIX.to_owned();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "prefix" => prefix = value.into_owned(),
                other => return Err(refused(&format!("it has no parameter `{}`", shown(other)))),
            }
        }
        if prefix.len() > LONGEST_PREFIX {
            return Err(refused(&format!("`prefix` must not be longer than {LONGEST_PREFIX} bytes")));
        }
        Ok(Self { table: table.into(), prefix: prefix.into() })
    }
}

/// The rule of the [Amazon DynamoDB Developer Guide][rule].
///
/// [rule]: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
fn is_table(name: &str) -> bool {
    (3..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

fn refused(why: &str) -> Error {
    Error::startup(format!("a DynamoDB URL must be such as `dynamodb://table?prefix=lift:`: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_with_their_parameters() {
        let longest = "t".repeat(255);
        for (url, table, prefix) in [
            ("dynamodb://lift-cache", "lift-cache", "lift:"),
            ("dynamodb://a.b_C-9?prefix=shop%3A", "a.b_C-9", "shop:"),
            ("dynamodb://abc?prefix=", "abc", ""),
            (&format!("dynamodb://{longest}"), &longest, "lift:"),
        ] {
            let target = Target::parse(url).unwrap_or_else(|error| panic!("{url}: {error:?}"));
            assert_eq!(target, Target { table: table.into(), prefix: prefix.into() }, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (url, said) in [
            ("lift-cache", "it must begin with"),
            ("dynamo://user:s3cret@table", "it must begin with"),
            ("dynamodb:s3cret", "it must begin with"),
            ("dynamodb://", "it names no table"),
            ("dynamodb://?prefix=s3cret", "it names no table"),
            ("dynamodb://AKIA:s3cret@table", "no user or password"),
            ("dynamodb://ab", "3 to 255"),
            (&format!("dynamodb://{}", "t".repeat(256)), "3 to 255"),
            ("dynamodb://table/s3cret", "3 to 255"),
            ("dynamodb://täble", "3 to 255"),
            ("dynamodb://table?region=s3cret", "no parameter `region`"),
            (&format!("dynamodb://table?prefix={}", "p".repeat(257)), "`prefix` must not be longer"),
        ] {
            let refusal = format!("{:?}", Target::parse(url).expect_err(url));
            assert!(refusal.contains(said), "{url}: {refusal}");
            assert!(!refusal.contains("s3cret"), "{refusal}");
        }
    }
}
