//! Formats, which are asserted: by attributes of their own and by `extend`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use lift::prelude::*;
use serde::Deserialize;

use crate::verdict::{Rust, check};

#[derive(Deserialize, JsonSchema, Validate)]
struct Attributes {
    #[schemars(email)]
    email: String,
    #[schemars(url)]
    url: Option<String>,
    #[garde(ip)]
    ip: Option<String>,
    #[garde(ipv4)]
    ipv4: Option<String>,
    #[garde(ipv6)]
    ipv6: Option<String>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Addresses {
    day: Option<lift::Date>,
    any: IpAddr,
    four: Option<Ipv4Addr>,
    six: Option<Ipv6Addr>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Times {
    #[schemars(extend("format" = "date"))]
    date: String,
    #[schemars(extend("format" = "time"))]
    time: Option<String>,
    #[schemars(extend("format" = "date-time"))]
    date_time: Option<String>,
    #[schemars(extend("format" = "duration"))]
    duration: Option<String>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Names {
    #[schemars(extend("format" = "hostname"))]
    hostname: String,
    #[schemars(extend("format" = "uuid"))]
    uuid: Option<String>,
    #[schemars(extend("format" = "uri"))]
    uri: Option<String>,
    #[schemars(extend("format" = "regex"))]
    regex: Option<String>,
    #[schemars(extend("format" = "json-pointer"))]
    pointer: Option<String>,
    #[schemars(extend("format" = "ipv6"))]
    ipv6: Option<String>,
}

#[test]
fn formats() {
    let attributes = [
        r#"{"email":"ada@example.com","url":"https://a.b/c?d#e","ip":"::1","ipv4":"127.0.0.1","ipv6":"fe80::1"}"#,
        r#"{"email":"a@b","ip":"1.2.3.4"}"#,
    ];
    check::<Attributes>("Attributes", Rust::AsTheSchema, &attributes);
    check::<Addresses>(
        "Addresses",
        Rust::AsTheSchema,
        &[r#"{"day":"2024-02-29","any":"::1","four":"1.2.3.4","six":"::ffff:1.2.3.4"}"#],
    );
    let times = [
        r#"{"date":"2024-02-29","time":"23:59:60Z","date_time":"2024-02-29T12:00:00.5+01:00","duration":"P1DT2H"}"#,
        r#"{"date":"1999-12-31","time":"00:00:00-23:59","date_time":"2024-01-01t00:00:00z","duration":"P4W"}"#,
    ];
    check::<Times>("Times", Rust::AsTheSchema, &times);
    let names = r#"{"hostname":"a-b.example","uuid":"2EB8AA08-AA98-11EA-B4AA-73B441D16380","uri":"urn:a:b","regex":"^[a-z]$","pointer":"/a~1b/0","ipv6":"::"}"#;
    check::<Names>("Names", Rust::AsTheSchema, &[names, r#"{"hostname":"x"}"#]);
}
