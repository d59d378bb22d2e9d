//! Lambda events that carry an HTTP request.
//!
//! The fields of all sources are read in one pass into one struct, and what is there tells the source. Trying one
//! type after the other costs several times as much.
//!
//! Sources: [REST API](https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html),
//! [HTTP API](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html),
//! [Function URL](https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html),
//! [ALB](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html),
//! [VPC Lattice](https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html).

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::fields::{Headers, Text};

/// What an event may hold.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event<'a> {
    #[serde(borrow)]
    version: Option<Text<'a>>,

    // REST API, HTTP API with payload 1.0, ALB
    pub(super) http_method: Option<Text<'a>>,
    pub(super) path: Option<Text<'a>>,
    pub(super) multi_value_headers: Option<Headers>,
    pub(super) query_string_parameters: Option<&'a RawValue>,
    pub(super) multi_value_query_string_parameters: Option<&'a RawValue>,

    // HTTP API with payload 2.0, Function URL
    pub(super) raw_path: Option<Text<'a>>,
    pub(super) raw_query_string: Option<Text<'a>>,
    pub(super) cookies: Option<Vec<Text<'a>>>,

    // VPC Lattice; version 1 in snake case
    pub(super) method: Option<Text<'a>>,
    #[serde(rename = "raw_path")]
    pub(super) lattice_path: Option<Text<'a>>,
    #[serde(rename = "query_string_parameters")]
    pub(super) lattice_query: Option<&'a RawValue>,
    #[serde(rename = "is_base64_encoded")]
    lattice_base64: Option<bool>,

    pub(super) headers: Option<Headers>,
    pub(super) body: Option<Text<'a>>,
    is_base64_encoded: Option<bool>,
    /// What an authorizer is asked about; the rest of such an event is the request that it decides on.
    #[serde(alias = "routeArn")]
    method_arn: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) request_context: RequestContext<'a>,
}

/// What the source says beside the request.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RequestContext<'a> {
    pub(super) stage: Option<Text<'a>>,
    pub(super) domain_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) http: Option<Http<'a>>,
    pub(super) authorizer: Option<&'a RawValue>,
    pub(super) identity: Option<&'a RawValue>,
    elb: Option<IgnoredAny>,
    /// What only WebSocket APIs have.
    pub(super) connection_id: Option<Text<'a>>,
    #[cfg(feature = "websocket")]
    pub(super) event_type: Option<Text<'a>>,
    #[cfg(feature = "websocket")]
    pub(super) connected_at: Option<u64>,
}

/// The request line, as payload 2.0 has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Http<'a> {
    #[serde(borrow)]
    pub(super) method: Text<'a>,
    pub(super) source_ip: Option<Text<'a>>,
}

/// Where an event comes from, and so which shape its answer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// API Gateway REST API.
    Rest,
    /// API Gateway HTTP API with payload 1.0: a REST API's shape, an HTTP API's ways.
    HttpAsRest,
    /// API Gateway HTTP API.
    Http,
    /// Lambda Function URL.
    FunctionUrl,
    /// ALB, with or without multi-value headers: the answer has to be of the same kind.
    Alb { multi_value: bool },
    /// VPC Lattice.
    Lattice,
    /// VPC Lattice, version 1 of its event.
    LatticeV1,
}

impl Source {
    /// Whether it can take a stream at all.
    pub(super) fn can_stream(self) -> bool {
        matches!(self, Self::Rest | Self::FunctionUrl)
    }

    /// How large an answer may be, in bytes of its JSON: Lambda's own limit, and ALB's.
    pub(super) fn limit(self) -> usize {
        match self {
            Self::Alb { .. } => 1024 * 1024,
            _ => 6 * 1024 * 1024,
        }
    }
}

impl Event<'_> {
    /// Where the event comes from; `None` if it is no HTTP request.
    pub(super) fn source(&self) -> Option<Source> {
        let context = &self.request_context;
        if context.connection_id.is_some() || self.method_arn.is_some() {
            // WebSocket APIs send some of a REST API's fields, too.
            return None;
        }
        if self.raw_path.is_some() && context.http.is_some() {
            return Some(if context.is_function_url() { Source::FunctionUrl } else { Source::Http });
        }
        if self.http_method.is_some() && self.path.is_some() {
            return Some(match (&context.elb, self.version.as_deref()) {
                (Some(_), _) => Source::Alb { multi_value: self.multi_value_headers.is_some() },
                (None, Some("1.0")) => Source::HttpAsRest,
                (None, _) => Source::Rest,
            });
        }
        self.method.as_ref()?;
        match (&self.path, &self.lattice_path) {
            (Some(_), _) => Some(Source::Lattice),
            (None, Some(_)) => Some(Source::LatticeV1),
            (None, None) => None,
        }
    }

    pub(super) fn is_base64(&self) -> bool {
        self.is_base64_encoded.or(self.lattice_base64).unwrap_or_default()
    }
}

impl RequestContext<'_> {
    /// A Function URL has an HTTP API's shape, and is known by its domain; a local emulator stands for one.
    fn is_function_url(&self) -> bool {
        let domain = self.domain_name.as_deref().unwrap_or_default();
        let host = domain.rsplit_once(':').map_or(domain, |(host, _)| host);
        host.contains(".lambda-url.") || matches!(host, "localhost" | "127.0.0.1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(event: &str, expected: Option<Source>) {
        let event: Event<'_> = serde_json::from_str(event).expect("an event");
        assert_eq!(event.source(), expected);
    }

    #[test]
    fn what_is_there_tells_the_source() {
        check(r#"{"path":"/","httpMethod":"GET","requestContext":{"stage":"prod"}}"#, Some(Source::Rest));
        check(r#"{"version":"1.0","path":"/","httpMethod":"GET"}"#, Some(Source::HttpAsRest));
        check(r#"{"rawPath":"/","requestContext":{"http":{"method":"GET"}}}"#, Some(Source::Http));
        check(
            r#"{"rawPath":"/","requestContext":{"domainName":"a.lambda-url.eu-central-1.on.aws","http":{"method":"GET"}}}"#,
            Some(Source::FunctionUrl),
        );
        check(
            r#"{"path":"/","httpMethod":"GET","headers":{},"requestContext":{"elb":{}}}"#,
            Some(Source::Alb { multi_value: false }),
        );
        check(
            r#"{"path":"/","httpMethod":"GET","multiValueHeaders":{},"requestContext":{"elb":{}}}"#,
            Some(Source::Alb { multi_value: true }),
        );
        check(r#"{"version":"2.0","path":"/","method":"GET","headers":{"a":["1"]}}"#, Some(Source::Lattice));
        check(r#"{"raw_path":"/","method":"GET"}"#, Some(Source::LatticeV1));
    }

    #[test]
    fn other_events_are_no_requests() {
        check(r#"{"Records":[{"body":"{}"}]}"#, None);
        check(r#"{"version":"0","source":"aws.s3","detail":{"path":"/"}}"#, None);
        check(
            r#"{"httpMethod":"GET","path":"/","requestContext":{"connectionId":"a","eventType":"CONNECT"}}"#,
            None,
        );
        check(r#"{"type":"REQUEST","methodArn":"arn","httpMethod":"GET","path":"/"}"#, None);
        check(r#"{"routeArn":"arn","rawPath":"/","requestContext":{"http":{"method":"GET"}}}"#, None);
        check("{}", None);
    }
}
