//! What is replayed: the routes, what their requests are made of, and in which order a tenant calls them.

use std::collections::HashMap;

use http::Method;
use serde_json::Value;

use crate::endpoint::Route;
use crate::test::TestRequest;

/// A route as the test names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) method: Method,
    pub(super) path: String,
}

impl Target {
    pub(super) fn new(method: &str, path: &str) -> Self {
        let parsed = method.parse();
        let method = parsed.unwrap_or_else(|error| panic!("`{method}` is no method: {error}"));
        Self { method, path: path.into() }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

type SayTenant = Box<dyn Fn(TestRequest, &str) -> TestRequest + Send>;

/// What the test says.
#[derive(Default)]
pub(super) struct Samples {
    pub(super) parameters: HashMap<String, String>,
    pub(super) queries: Vec<(Target, String)>,
    pub(super) bodies: Vec<(Target, Value)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) captures: Vec<(String, Target, String)>,
    pub(super) also: Vec<Target>,
    pub(super) shared: Vec<Target>,
    pub(super) exempt: Vec<(Target, String)>,
    pub(super) names: Option<[String; 5]>,
    pub(super) as_tenant: Option<SayTenant>,
}

/// A route that is replayed.
pub(super) struct Replayed {
    pub(super) target: Target,
    /// The names in its path.
    pub(super) parameters: Vec<String>,
    /// Each begins with `?`, or is nothing.
    pub(super) queries: Vec<String>,
    /// Of a socket, its message.
    pub(super) body: Option<Value>,
    pub(super) is_socket: bool,
    /// What of its answers becomes path parameters: names and pointers.
    pub(super) captures: Vec<(String, String)>,
    /// It is for everyone.
    pub(super) shared: bool,
}

impl Replayed {
    pub(super) fn is_read(&self) -> bool {
        self.target.method == Method::GET && !self.is_socket
    }
}

/// One request of a tenant's visit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) route: usize,
    pub(super) query: usize,
    pub(super) kind: Kind,
    /// What a report says of it.
    pub(super) when: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// With the `ETag` that this tenant was given last.
    Known,
    Head,
    /// With a body that is no JSON.
    Garbled,
    /// A socket is opened, and its message sent.
    #[cfg(feature = "websocket")]
    Open,
    /// What has come on a socket is read, and the socket closed.
    #[cfg(feature = "websocket")]
    Close,
}

/// The routes to be replayed; an error says what is missing.
pub(super) fn routes(
    endpoints: &[&'static Route],
    samples: &Samples,
    tenant_parameters: &[String],
) -> Result<Vec<Replayed>, String> {
    let own = endpoints.iter().map(|route| {
        let target = Target { method: route.method.clone(), path: route.path.into() };
        replayed(target, route.no_tenant, route.websocket, samples)
    });
    let also = samples.also.iter().map(|target| replayed(target.clone(), false, false, samples));
    let mut routes: Vec<_> = own.chain(also).collect();
    check_targets(&routes, samples)?;
    routes.retain(|route| !samples.exempt.iter().any(|(exempt, _)| *exempt == route.target));
    if routes.is_empty() {
        return Err("the app has no route to be replayed".into());
    }
    check_parameters(&routes, samples, tenant_parameters)?;
    check_messages(&routes)?;
    Ok(routes)
}

fn replayed(target: Target, no_tenant: bool, is_socket: bool, samples: &Samples) -> Replayed {
    let mut queries: Vec<_> = samples
        .queries
        .iter()
        .filter(|(of, _)| *of == target)
        .map(|(_, query)| format!("?{query}"))
        .collect();
    if queries.is_empty() {
        queries.push(String::new());
    }
    let captures = samples.captures.iter().filter(|(_, of, _)| *of == target);
    Replayed {
        parameters: parameters(&target.path),
        queries,
        body: samples.bodies.iter().find(|(of, _)| *of == target).map(|(_, body)| body.clone()),
        is_socket,
        captures: captures.map(|(name, _, pointer)| (name.clone(), pointer.clone())).collect(),
        shared: no_tenant || samples.shared.contains(&target),
        target,
    }
}

/// The names between braces, without the asterisk of a wildcard.
fn parameters(path: &str) -> Vec<String> {
    let named = path.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
    named.map(|name| name.trim_start_matches('*').to_owned()).collect()
}

/// A sample for a route that is not there would be a mistake that nobody sees.
fn check_targets(all: &[Replayed], samples: &Samples) -> Result<(), String> {
    let named = samples.queries.iter().map(|(target, _)| target);
    let named = named.chain(samples.bodies.iter().map(|(target, _)| target));
    let named = named.chain(samples.captures.iter().map(|(_, target, _)| target));
    let mut named = named.chain(&samples.shared).chain(samples.exempt.iter().map(|(target, _)| target));
    match named.find(|named| !all.iter().any(|route| route.target == **named)) {
        None => Ok(()),
        Some(unknown) => {
            let there: Vec<_> = all.iter().map(|route| format!("\n  {}", route.target)).collect();
            Err(format!("there is no route {unknown} among the app's:{}", there.concat()))
        }
    }
}

fn check_parameters(routes: &[Replayed], samples: &Samples, of_tenant: &[String]) -> Result<(), String> {
    let has = |name: &String| {
        samples.parameters.contains_key(name)
            || of_tenant.contains(name)
            || samples.captures.iter().any(|(captured, _, _)| captured == name)
    };
    let mut missing = String::new();
    for route in routes {
        for name in route.parameters.iter().filter(|name| !has(name)) {
            missing += &format!(
                "\n  {}: say .sample(\"{name}\", \"…\"), or .capture(\"{name}\", \"POST\", \"…\", \"/…\") where another \
                 route's answer holds it",
                route.target
            );
        }
    }
    let used = |name: &String| routes.iter().any(|route| route.parameters.contains(name));
    for name in samples.parameters.keys().filter(|name| !used(name)) {
        missing += &format!("\n  no route has a parameter `{name}`");
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("not every route can be replayed:{missing}")) }
}

/// A socket on which nothing is said has not been tested.
fn check_messages(routes: &[Replayed]) -> Result<(), String> {
    let silent = routes.iter().filter(|route| route.is_socket && route.body.is_none());
    let missing: String = silent
        .map(|Replayed { target, .. }| {
            let path = &target.path;
            format!("\n  {target} is a socket: say .body(\"GET\", \"{path}\", json!(…)), its message")
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("not every route can be replayed:{missing}")) }
}

/// What a tenant does on a visit. Its sockets are open meanwhile.
pub(super) fn visit(routes: &[Replayed]) -> Vec<Step> {
    let mut steps = Vec::new();
    #[cfg(feature = "websocket")]
    steps.extend(all(routes, |route| route.is_socket, Kind::Open, "connect and a message"));
    steps.extend(reads(routes, "first read"));
    steps.extend(reads(routes, "second read"));
    for (kind, when) in [(Kind::Known, "read with its own ETag"), (Kind::Head, "HEAD")] {
        steps.extend(reads(routes, when).into_iter().map(|step| Step { kind, ..step }));
    }
    let deletes = |route: &Replayed| route.target.method == Method::DELETE;
    let writes = |route: &Replayed| !route.is_read() && !route.is_socket && !deletes(route);
    steps.extend(all(routes, writes, Kind::Plain, "write"));
    let garbled = "write with a body that is no JSON";
    steps.extend(all(routes, |route| route.body.is_some() && !route.is_socket, Kind::Garbled, garbled));
    steps.extend(reads(routes, "first read after its own writes"));
    steps.extend(reads(routes, "second read after its own writes"));
    if routes.iter().any(deletes) {
        steps.extend(all(routes, deletes, Kind::Plain, "write"));
        steps.extend(reads(routes, "first read after its own deletions"));
        steps.extend(reads(routes, "second read after its own deletions"));
    }
    #[cfg(feature = "websocket")]
    steps.extend(all(routes, |route| route.is_socket, Kind::Close, "what came on the socket"));
    steps
}

pub(super) fn reads(routes: &[Replayed], when: &'static str) -> Vec<Step> {
    all(routes, Replayed::is_read, Kind::Plain, when)
}

/// What everybody is to find cached already.
pub(super) fn shared(routes: &[Replayed]) -> Vec<Step> {
    all(routes, |route| route.is_read() && route.shared, Kind::Plain, "read for everyone")
}

fn all(routes: &[Replayed], wanted: impl Fn(&Replayed) -> bool, kind: Kind, when: &'static str) -> Vec<Step> {
    let wanted = routes.iter().enumerate().filter(|(_, route)| wanted(route));
    wanted
        .flat_map(|(route, replayed)| {
            (0..replayed.queries.len()).map(move |query| Step { route, query, kind, when })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_of_a_path_are_named() {
        assert_eq!(parameters("/t/{tenant}/files/{*rest}"), ["tenant", "rest"]);
        assert_eq!(parameters("/files/v{n}.json"), ["n"]);
        assert!(parameters("/").is_empty());
    }
}
