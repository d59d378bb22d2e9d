//! How answers leave: whole, or as a stream.

use std::collections::HashMap;

use http::Method;
use matchit::Router;

use crate::endpoint::Route;
use crate::error::Result;
use crate::serve::startup;

/// How a Lambda function's answers leave; a function cannot see how it was invoked, so `LIFT_RESPONSE_MODE` says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(unreachable_pub, reason = "reached by way of `test` alone, which is a feature")]
pub enum ResponseMode {
    /// `buffered`: every answer is a JSON document, sent when it is whole.
    #[default]
    Buffered,
    /// `stream`: every answer streams. For a Function URL whose invoke mode is `RESPONSE_STREAM`, or a REST API
    /// whose every route has the response transfer mode `STREAM`.
    Stream,
    /// `route`: every answer of a `#[stream]` route streams, its errors too; the others do not. For a REST API that
    /// gives those routes the response transfer mode `STREAM`.
    Route,
}

impl ResponseMode {
    /// What `LIFT_RESPONSE_MODE` says.
    pub(super) fn from_env() -> Result<Self> {
        match std::env::var("LIFT_RESPONSE_MODE").as_deref() {
            Err(_) | Ok("" | "buffered") => Ok(Self::Buffered),
            Ok("stream") => Ok(Self::Stream),
            Ok("route") => Ok(Self::Route),
            Ok(other) => Err(startup(format!(
                "LIFT_RESPONSE_MODE is `{other}`; it must be `buffered`, `stream` or `route`"
            ))),
        }
    }
}

/// Which requests are for a `#[stream]` or a `#[websocket]` route. It is asked before the app runs, since a layer may answer in the
/// route's stead, and the gateway expects a stream of that as well.
#[derive(Default)]
pub(super) struct SpecialRoutes {
    matcher: Router<Vec<&'static Route>>,
    #[cfg(feature = "websocket")]
    has_websockets: bool,
}

impl SpecialRoutes {
    /// All routes take part in matching, for the nearest one wins.
    pub(super) fn new(routes: impl Iterator<Item = &'static Route>) -> Self {
        let routes: Vec<_> = routes.collect();
        let mut matcher = Router::new();
        let has_websockets = routes.iter().any(|route| route.websocket);
        if !has_websockets && !routes.iter().any(|route| route.streamed) {
            return Self::default();
        }
        let mut by_path: HashMap<&'static str, Vec<&'static Route>> = HashMap::new();
        for route in routes {
            by_path.entry(route.path).or_default().push(route);
        }
        for (path, routes) in by_path {
            // axum matches by the same crate, and has refused a path that does not fit in.
            let _ = matcher.insert(path, routes);
        }
        Self {
            matcher,
            #[cfg(feature = "websocket")]
            has_websockets,
        }
    }

    pub(super) fn streams(&self, method: &Method, path: &str) -> bool {
        let Ok(found) = self.matcher.at(path) else { return false };
        let of = |wanted: &Method| found.value.iter().find(|route| route.method == *wanted);
        // axum answers HEAD by the GET route.
        let route = of(method).or_else(|| of(&Method::GET).filter(|_| method == Method::HEAD));
        route.is_some_and(|route| route.streamed)
    }

    #[cfg(feature = "websocket")]
    pub(super) fn has_websockets(&self) -> bool {
        self.has_websockets
    }

    #[cfg(feature = "websocket")]
    pub(super) fn is_websocket(&self, path: &str) -> bool {
        self.matcher.at(path).is_ok_and(|found| found.value.iter().any(|route| route.websocket))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static EVENTS: Route = Route::new(Method::GET, "/orders/{id}/events", "events").streamed();
    static LATEST: Route = Route::new(Method::GET, "/orders/latest/events", "latest");
    static POST: Route = Route::new(Method::POST, "/orders/{id}/events", "post");

    #[test]
    fn the_nearest_route_and_the_method_decide() {
        let routes = [&EVENTS, &LATEST, &POST];
        let streamed = SpecialRoutes::new(routes.into_iter());
        assert!(streamed.streams(&Method::GET, "/orders/7/events"));
        assert!(streamed.streams(&Method::HEAD, "/orders/7/events"));
        assert!(!streamed.streams(&Method::POST, "/orders/7/events"));
        assert!(!streamed.streams(&Method::GET, "/orders/latest/events"));
        assert!(!streamed.streams(&Method::GET, "/orders"));
    }
}
