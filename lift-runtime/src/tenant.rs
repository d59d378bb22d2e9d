//! Who a request belongs to.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, RawPathParams};
use http::StatusCode;
use http::request::Parts;
use serde::{Serialize, Serializer};

use crate::context::{Context, Origin};
use crate::error::{Error, Result};

/// A tenant's checked name: 1–128 visible ASCII characters.
///
/// As an argument of a handler it is the request's tenant; a request without one is refused with 400
/// `tenant_required`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant(Arc<str>);

impl Tenant {
    /// Checks a name.
    ///
    /// # Errors
    /// 400 `tenant_invalid` if the name is not 1–128 visible ASCII characters (`!`–`~`).
    pub fn new(name: &str) -> Result<Self> {
        let visible = name.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=128).contains(&name.len()) { Ok(Self(name.into())) } else { Err(invalid()) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Tenant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Tenant {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Context>().and_then(|context| context.tenant().cloned()).ok_or_else(required)
    }
}

/// Where an app's tenants are read from, in order; two sources that disagree are refused.
///
/// Lambda's own tenant id (tenant-isolation mode) outranks them all, and is read whether or not it is named.
///
/// ```
/// use lift_runtime::Tenants;
/// let tenants = Tenants::header("x-tenant-id").or(Tenants::query("tenant"));
/// ```
#[derive(Clone)]
pub struct Tenants {
    sources: Vec<Source>,
    narrow: Option<fn(&str) -> bool>,
    optional: bool,
}

type ReadTenant = Arc<dyn Fn(&Parts) -> Result<Option<String>> + Send + Sync>;

#[derive(Clone)]
pub(crate) enum Source {
    Lambda,
    Claim(Cow<'static, str>),
    Header(Cow<'static, str>),
    Query(Cow<'static, str>),
    Subdomain,
    Path(Cow<'static, str>),
    Custom(ReadTenant),
}

impl Tenants {
    fn from_source(source: Source) -> Self {
        Self { sources: vec![source], narrow: None, optional: false }
    }

    /// Lambda's tenant id, where the function runs in tenant-isolation mode.
    pub fn lambda() -> Self {
        Self::from_source(Source::Lambda)
    }

    /// A claim of the event's authorizer, such as `custom:tenant`.
    pub fn claim(name: impl Into<Cow<'static, str>>) -> Self {
        Self::from_source(Source::Claim(name.into()))
    }

    /// A request header. It is as trustworthy as what stands in front of the app: anybody who can reach the app
    /// can send it. One that is sent twice is refused.
    pub fn header(name: impl Into<Cow<'static, str>>) -> Self {
        Self::from_source(Source::Header(name.into()))
    }

    /// A query parameter, for clients that cannot send headers (`EventSource`, `WebSocket`).
    pub fn query(name: impl Into<Cow<'static, str>>) -> Self {
        Self::from_source(Source::Query(name.into()))
    }

    /// The first label of the host name: `acme` of `acme.example.com`. A host of fewer than three labels, or an
    /// address, names none.
    pub fn subdomain() -> Self {
        Self::from_source(Source::Subdomain)
    }

    /// A parameter of the route's path: `tenant` of `/t/{tenant}/products`.
    pub fn path(name: impl Into<Cow<'static, str>>) -> Self {
        Self::from_source(Source::Path(name.into()))
    }

    /// An own source.
    pub fn custom(read: impl Fn(&Parts) -> Result<Option<String>> + Send + Sync + 'static) -> Self {
        Self::from_source(Source::Custom(Arc::new(read)))
    }

    /// These sources, then the other's.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        self.sources.extend(other.sources);
        self.narrow = self.narrow.or(other.narrow);
        self.optional |= other.optional;
        self
    }

    /// Lets requests without a tenant run. Nothing is shared between them: without a tenant, what is cached per
    /// tenant is bypassed.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Narrows the names further.
    #[must_use]
    pub fn matching(mut self, accept: fn(&str) -> bool) -> Self {
        self.narrow = Some(accept);
        self
    }

    /// The names of the headers among the sources, for `Vary`.
    pub(crate) fn headers(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter_map(|source| match source {
            Source::Header(name) => Some(&**name),
            _ => None,
        })
    }

    #[cfg(feature = "test")]
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The names of the path parameters among the sources.
    #[cfg(feature = "test")]
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().filter_map(|source| match source {
            Source::Path(name) => Some(&**name),
            _ => None,
        })
    }

    /// Whether a name is allowed.
    #[cfg(feature = "test")]
    pub(crate) fn accepts(&self, name: &str) -> bool {
        self.check(name).is_ok()
    }

    pub(crate) fn is_optional(&self) -> bool {
        self.optional
    }

    /// The request's tenant, or `None` where no source names one.
    ///
    /// # Errors
    /// 400 `tenant_invalid` for a name that is not allowed or a header sent twice, 400 `tenant_conflict` where two
    /// sources disagree.
    pub(crate) async fn resolve(&self, parts: &mut Parts) -> Result<Option<Tenant>> {
        if let Some(name) = parts.extensions.get::<Origin>().and_then(|origin| origin.tenant.clone()) {
            return self.check(&name).map(Some);
        }
        let mut found: Option<Tenant> = None;
        for source in &self.sources {
            let Some(name) = source.read(parts).await? else { continue };
            let tenant = self.check(&name)?;
            match &found {
                Some(earlier) if *earlier != tenant => return Err(conflict()),
                _ => found = Some(tenant),
            }
        }
        Ok(found)
    }

    fn check(&self, name: &str) -> Result<Tenant> {
        let tenant = Tenant::new(name)?;
        if self.narrow.is_some_and(|accept| !accept(name)) { Err(invalid()) } else { Ok(tenant) }
    }
}

impl Source {
    #[cfg(feature = "test")]
    pub(crate) fn is_custom(&self) -> bool {
        matches!(self, Self::Custom(_))
    }

    #[cfg(feature = "test")]
    pub(crate) fn is_custom_or_path(&self) -> bool {
        matches!(self, Self::Custom(_) | Self::Path(_))
    }

    async fn read(&self, parts: &mut Parts) -> Result<Option<String>> {
        Ok(match self {
            Self::Lambda => None,
            Self::Claim(name) => parts
                .extensions
                .get::<Origin>()
                .and_then(|origin| origin.claims.get(&**name)?.as_str().map(str::to_owned)),
            Self::Header(name) => header(parts, name)?,
            Self::Query(name) => query(parts, name)?,
            Self::Subdomain => subdomain(parts),
            Self::Path(name) => path(parts, name).await,
            Self::Custom(read) => read(parts)?,
        })
    }
}

fn header(parts: &Parts, name: &str) -> Result<Option<String>> {
    let mut values = parts.headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|name| Some(name.to_owned())).map_err(|_| invalid()),
        (Some(_), Some(_)) => Err(invalid()),
    }
}

fn query(parts: &Parts, name: &str) -> Result<Option<String>> {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let mut values = form_urlencoded::parse(query).filter(|(key, _)| key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(_), Some(_)) => Err(invalid()),
        (first, _) => Ok(first.map(Cow::into_owned)),
    }
}

fn subdomain(parts: &Parts) -> Option<String> {
    let host = parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.host())?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = name.parse::<std::net::IpAddr>().is_ok() || name.starts_with('[');
    let (first, rest) = name.split_once('.')?;
    (!address && rest.contains('.')).then(|| first.to_ascii_lowercase())
}

async fn path(parts: &mut Parts, name: &str) -> Option<String> {
    let params = parts.extract::<RawPathParams>().await.ok()?;
    params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

pub(crate) fn required() -> Error {
    Error::new(StatusCode::BAD_REQUEST, "tenant_required", "This request must say which tenant it is for.")
}

fn invalid() -> Error {
    let detail = "A tenant's name is 1 to 128 visible ASCII characters, said once, and allowed by this app.";
    Error::new(StatusCode::BAD_REQUEST, "tenant_invalid", detail)
}

fn conflict() -> Error {
    let detail = "Two places in this request name different tenants.";
    Error::new(StatusCode::BAD_REQUEST, "tenant_conflict", detail)
}
