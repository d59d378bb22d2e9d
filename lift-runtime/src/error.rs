//! The one error type at the seam between handlers and clients.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::problem::Problem;
use crate::validate::Violations;

/// What a handler returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The code of what keeps an app from starting.
const STARTUP: &str = "startup";

type Source = Arc<dyn std::error::Error + Send + Sync>;

/// An error with a status, a stable code and a sentence for the client, and a cause for the log.
///
/// Any [`std::error::Error`] becomes a 500 `internal` by `?`; its text goes to the log, never to the client.
///
/// ```
/// use lift_runtime::Error;
/// let error = Error::not_found("there is no product SKU-0007").with_code("product_not_found");
/// assert_eq!(error.status(), 404);
/// assert_eq!(error.code(), "product_not_found");
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    problem: Problem,
    headers: HeaderMap,
    source: Option<Source>,
}

impl Error {
    /// An error with a status, a stable code and a sentence for the client.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        let problem = Problem { detail: Some(detail.into()), ..Problem::new(status, code) };
        Self(Box::new(Inner { problem, headers: HeaderMap::new(), source: None }))
    }

    /// 400 `bad_request`.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// 401 `unauthorized`.
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    /// 403 `forbidden`.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404 `not_found`.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 409 `conflict`.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 422 `validation_failed`, or another status, with all that was wrong.
    pub fn invalid(status: StatusCode, violations: Violations) -> Self {
        let problem = Problem {
            title: "Validation failed".into(),
            violations: Some(violations),
            ..Problem::new(status, "validation_failed")
        };
        Self(Box::new(Inner { problem, headers: HeaderMap::new(), source: None }))
    }

    /// 500 `internal`: the client learns nothing but that; the cause goes to the log.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let detail = "Something went wrong on our side; the request id finds it in our logs.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).with_source(source)
    }

    /// What keeps an app from starting, such as a setting that cannot be read: for the operator's terminal, where its
    /// sentence is all that is shown when `main` returns it.
    pub fn startup(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, STARTUP, text)
    }

    /// 503 `unavailable`.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    /// The same error under another code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.problem.code = code.into();
        self
    }

    /// The same error with a cause, for the log only.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// The same error with a header on its response, such as `Retry-After`.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.append(name, value);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.problem.status
    }

    /// The stable code.
    pub fn code(&self) -> &str {
        &self.0.problem.code
    }

    /// What the client is told.
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The cause, if one was given.
    pub fn source(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// Writes the cause to the log, under the current request's id.
    pub(crate) fn log(&self) {
        if let Some(source) = &self.0.source {
            crate::observe::error(&self.0.problem, source.as_ref());
        }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self::internal(error)
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self(Box::new(Inner { problem, headers: HeaderMap::new(), source: None }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { status, code, title, detail, .. } = &self.0.problem;
        write!(f, "{} {code}: {}", status.as_u16(), detail.as_deref().unwrap_or(title))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code() == STARTUP {
            return f.write_str(self.0.problem.detail.as_deref().unwrap_or_default());
        }
        fmt::Display::fmt(self, f)?;
        if let Some(violations) = &self.0.problem.violations {
            write!(f, " {violations:?}")?;
        }
        let mut cause = self.source().map(|source| source as &dyn std::error::Error);
        while let Some(error) = cause {
            write!(f, "\n  because {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let Inner { problem, headers, .. } = *self.0;
        let mut response = problem.into_response();
        response.headers_mut().extend(headers);
        response
    }
}
