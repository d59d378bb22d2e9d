//! The assertion itself: who comes when, and what is compared with what.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::ETAG;
use http::{HeaderName, HeaderValue, StatusCode};

use super::compare::{Comparison, Difference, excerpt};
use super::noise;
use super::script::{Replayed, Samples, Step, reads, routes, shared, visit};
use super::text::find;
use super::visitor::{Seen, Stage, Visitor};
use crate::app::{App, Shared};
use crate::clock::Clock;
use crate::context::random_id;
use crate::tenant::{Source, Tenants};

/// What the test needs to know is said; what the app tells on is the error.
pub(super) async fn of<S: Clone + Send + Sync + 'static>(
    mut app: App<S>,
    samples: Samples,
    noise: Option<Duration>,
) -> Result<(), String> {
    // Nothing expires meanwhile, however long a server takes.
    app.set_clock(Clock::manual());
    let endpoints: Vec<_> = app.endpoints().collect();
    let (router, shared) =
        app.into_service().map_err(|error| format!("the app does not start: {error:?}"))?;
    let tenants = shared.tenants.clone().ok_or("the app has no tenants: say App::tenants(…)")?;
    if samples.as_tenant.is_none() && tenants.sources().iter().all(Source::is_custom) {
        return Err(
            "the app's tenants come from Tenants::custom only: say .as_tenant(|request, name| …)".into()
        );
    }
    let parameters: Vec<_> = tenants.parameters().map(str::to_owned).collect();
    let routes = routes(&endpoints, &samples, &parameters)?;
    let names = names(&samples, &tenants)?;
    let stage = Stage { router, tenants, caller: shared.caller.clone(), routes, samples, noise };
    Trial { stage: &stage, shared, steps: visit(&stage.routes), found: Vec::new() }.run(&names).await
}

/// Five names of one length that the app takes.
fn names(samples: &Samples, tenants: &Tenants) -> Result<[String; 5], String> {
    if let Some(names) = &samples.names {
        return match names.iter().find(|name| !tenants.accepts(name)) {
            None => Ok(names.clone()),
            Some(name) => Err(format!("the app does not take `{name}` for a tenant's name")),
        };
    }
    let id = || random_id();
    let shapes: [&dyn Fn() -> String; 4] = [
        &|| format!("t{}", &id()[..15]),
        &|| {
            let id = id();
            format!("{}-{}-4{}-8{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..])
        },
        &|| format!("{:012}", fastrand::u64(1..1_000_000_000_000)),
        &|| (0..8).map(|_| fastrand::uppercase()).collect(),
    ];
    let made = shapes.iter().map(|shape| std::array::from_fn(|_| shape()));
    let mut fitting = made.filter(|names: &[String; 5]| names.iter().all(|name| tenants.accepts(name)));
    fitting.next().ok_or_else(|| "the app takes few names for tenants: say .tenants([…])".into())
}

/// Longer than the precision of most times that answers tell. Those of whole seconds are not kept apart.
const APART: Duration = Duration::from_millis(5);

struct Trial<'a> {
    stage: &'a Stage,
    shared: Arc<Shared>,
    steps: Vec<Step>,
    found: Vec<Difference>,
}

/// What belongs to one tenant and must not be in another's answers.
struct Secret {
    owner: String,
    text: String,
}

impl Trial<'_> {
    async fn run(mut self, names: &[String; 5]) -> Result<(), String> {
        let [alone, busy, quiet, other, beside] = names;
        let mut busy = Visitor::busy(self.stage, busy);
        busy.take(&shared(&self.stage.routes)).await;

        let mut first = Visitor::new(self.stage, alone);
        let visits = [self.visit(&mut first).await, self.visit(&mut first).await];
        self.check_answers(&visits)?;
        let settled = self.read_twice(&mut first).await;

        let mut texts = noise::everything(&mut busy, self.stage).await;
        noise::fill(&self.shared, &busy.name);
        let mut quiet = Visitor::new(self.stage, quiet);
        let mut seen = vec![self.visit(&mut quiet).await];
        let circumstance = format!("after `{}` had done everything it could", busy.name);
        self.compare((&first, &visits[0]), (&quiet, &seen[0]), &circumstance);

        texts.extend(noise::everything(&mut busy, self.stage).await);
        noise::clear(&self.shared, &busy.name).await?;
        noise::fill(&self.shared, &busy.name);
        seen.push(self.visit(&mut quiet).await);
        let circumstance = format!("again after `{}` had written, and cleared its cache", busy.name);
        self.compare((&first, &visits[1]), (&quiet, &seen[1]), &circumstance);

        let mut other = Visitor::busy(self.stage, other);
        let mut beside = Visitor::new(self.stage, beside);
        seen.push(self.at_once(&mut other, &mut beside).await);
        let circumstance = format!("while `{}` asked for the same", other.name);
        self.compare((&first, &visits[0]), (&beside, &seen[2]), &circumstance);

        let now = first.take(&reads(&self.stage.routes, "read once more")).await;
        self.check_settled(&first, &settled, &now, &busy.name);
        self.check_etags(&mut quiet, &busy).await;

        let mut secrets = secrets(&[&first, &busy, &quiet, &other, &beside], &texts, &busy.name);
        secrets.extend(earlier_names(names));
        for (visitor, seen) in [(&first, &visits[..]), (&quiet, &seen[..2]), (&beside, &seen[2..])] {
            self.check_secrets(visitor, seen.iter().flatten(), &secrets);
        }
        self.report()
    }

    /// A visit that is compared. It begins later than anything before, by the system's clock, so that the time of
    /// somebody else's request is not taken for its own.
    async fn visit(&self, visitor: &mut Visitor<'_>) -> Vec<Seen> {
        std::thread::sleep(APART);
        visitor.take(&self.steps).await
    }

    /// One tenant's steps, each beside another tenant's.
    async fn at_once(&self, other: &mut Visitor<'_>, beside: &mut Visitor<'_>) -> Vec<Seen> {
        let mut seen = Vec::new();
        for step in &self.steps {
            let (_, answer) = tokio::join!(other.step(*step), beside.step(*step));
            seen.extend(answer);
        }
        seen
    }

    /// A route that only ever refuses has not been tested.
    fn check_answers(&self, visits: &[Vec<Seen>]) -> Result<(), String> {
        let mut refused = String::new();
        for (index, route) in self.stage.routes.iter().enumerate() {
            let answers: Vec<_> = visits.iter().flatten().filter(|seen| seen.step.route == index).collect();
            let is_good = |seen: &&&Seen| seen.status < StatusCode::BAD_REQUEST;
            if answers.iter().any(|seen| is_good(&seen)) {
                continue;
            }
            refused += &match answers.first() {
                Some(seen) => {
                    let body = String::from_utf8_lossy(&seen.body).into_owned();
                    format!(
                        "\n  {} answers {}: {}{}",
                        route.target,
                        seen.status,
                        excerpt(&body),
                        advice(route)
                    )
                }
                None => format!("\n  {} was never called: nothing was captured for its path", route.target),
            };
        }
        if refused.is_empty() {
            return Ok(());
        }
        Err(format!("not every route can be replayed, for some answer nothing but errors:{refused}"))
    }

    /// Where a read changes what the next one sees, nothing can be said of a third.
    async fn read_twice(&self, first: &mut Visitor<'_>) -> Vec<Seen> {
        let steps = reads(&self.stage.routes, "read");
        let (one, other) = (first.take(&steps).await, first.take(&steps).await);
        let comparison = Comparison { stage: self.stage, alone: first, beside: first, circumstance: "" };
        let changing: HashSet<_> =
            comparison.of(&one, &other).into_iter().map(|difference| difference.route).collect();
        other.into_iter().filter(|seen| !changing.contains(&seen.step.route)).collect()
    }

    fn check_settled(&mut self, first: &Visitor<'_>, settled: &[Seen], now: &[Seen], busy: &str) {
        let now: Vec<_> = now
            .iter()
            .filter(|seen| settled.iter().any(|settled| settled.step.route == seen.step.route))
            .cloned()
            .collect();
        let circumstance = format!("again after `{busy}` and more had come, and had not written meanwhile");
        self.compare((first, settled), (first, &now), &circumstance);
    }

    /// Another tenant's `ETag` is known only where it is that of one's own answer, too.
    async fn check_etags(&mut self, quiet: &mut Visitor<'_>, busy: &Visitor<'_>) {
        for step in reads(&self.stage.routes, "read with another tenant's ETag") {
            let Some(foreign) = busy.etag(step.route).map(str::to_owned) else { continue };
            let Some(own) = quiet.step(step).await else { continue };
            let own = own.headers.get(ETAG).map(|etag| String::from_utf8_lossy(etag.as_bytes()).into_owned());
            let Some(seen) = quiet.read_known(step, &foreign).await else { continue };
            if seen.status == StatusCode::NOT_MODIFIED && own.as_ref() != Some(&foreign) {
                let (target, uri) = (&self.stage.routes[step.route].target, &seen.uri);
                let (name, owner, own) = (&quiet.name, &busy.name, own.unwrap_or_default());
                let text = format!(
                    "{target} tells tenant `{name}` of `{owner}`\n    request: GET {uri} with the ETag {foreign}, which \
                     is `{owner}`'s\n    answered 304, while its own ETag is {own}"
                );
                self.tell(step.route, text);
            }
        }
    }

    fn check_secrets<'s>(
        &mut self,
        visitor: &Visitor<'_>,
        seen: impl Iterator<Item = &'s Seen>,
        secrets: &[Secret],
    ) {
        let own = |text: &String| visitor.captured.iter().any(|(_, value)| value == text);
        let foreign: Vec<_> =
            secrets.iter().filter(|secret| secret.owner != visitor.name && !own(&secret.text)).collect();
        for seen in seen {
            let texts = texts(seen);
            let mut found = foreign.iter().flat_map(|secret| {
                texts
                    .iter()
                    .filter_map(move |(place, text)| Some((secret, place, text, find(text, &secret.text)?)))
            });
            let Some((Secret { owner, text: secret }, place, text, at)) = found.next() else { continue };
            let from =
                (0..=at.saturating_sub(40)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            let (target, step) = (&self.stage.routes[seen.step.route].target, &seen.step);
            let told = format!(
                "{target} shows tenant `{}` what is `{owner}`'s\n    request: {} ({})\n    {place} has `{secret}`: {}",
                visitor.name,
                seen.uri,
                step.when,
                excerpt(&text[from..]),
            );
            self.tell(step.route, told);
        }
    }

    fn compare(
        &mut self,
        (alone, was): (&Visitor<'_>, &[Seen]),
        (beside, is): (&Visitor<'_>, &[Seen]),
        circumstance: &str,
    ) {
        let comparison = Comparison { stage: self.stage, alone, beside, circumstance };
        for difference in comparison.of(was, is) {
            self.tell(difference.route, difference.text);
        }
    }

    /// Of each route, the first that is found is told.
    fn tell(&mut self, route: usize, text: String) {
        if !self.found.iter().any(|known| known.route == route) {
            self.found.push(Difference { route, text });
        }
    }

    fn report(self) -> Result<(), String> {
        if self.found.is_empty() {
            return Ok(());
        }
        let mut report = String::from("the app's tenants are not isolated");
        for difference in &self.found {
            report += &format!("\n\n  {}", difference.text);
        }
        for (target, reason) in &self.stage.samples.exempt {
            report += &format!("\n\n  not replayed: {target}, for {reason}");
        }
        Err(report)
    }
}

/// All of an answer as text, each part with where it stands.
fn texts(seen: &Seen) -> Vec<(String, Cow<'_, str>)> {
    let header = |(name, value): (&HeaderName, &'_ HeaderValue)| {
        (format!("header `{name}`"), String::from_utf8_lossy(value.as_bytes()).into_owned().into())
    };
    let body = ("body".into(), String::from_utf8_lossy(&seen.body));
    seen.headers.iter().map(header).chain([body]).collect()
}

/// What a route that refuses its sample may want.
fn advice(route: &Replayed) -> String {
    let Replayed { target, body, .. } = route;
    let (method, path) = (&target.method, &target.path);
    let more = match body {
        None if !route.is_read() => format!(".body(\"{method}\", \"{path}\", json!({{…}})), "),
        _ => String::new(),
    };
    format!(
        "\n    say {more}.query(\"{method}\", \"{path}\", \"…\"), .header(…), or .exempt(…) with a reason"
    )
}

/// The tenants of assertions that ran before in this process, for a global that one of them filled stays filled. Notes
/// this one's.
fn earlier_names(names: &[String; 5]) -> Vec<Secret> {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    // Names that the test has given may be those of other tests, and short.
    let is_made = |name: &String| name.len() >= 12 && !names.contains(name);
    let earlier = seen.iter().filter(|name| is_made(name)).cloned().collect::<Vec<_>>();
    seen.extend_from_slice(names);
    let secret =
        |name: String| Secret { owner: format!("a tenant of an earlier assertion, {name}"), text: name };
    earlier.into_iter().map(secret).collect()
}

fn secrets(visitors: &[&Visitor<'_>], texts: &[String], busy: &str) -> Vec<Secret> {
    let names = visitors.iter().map(|visitor| (visitor.name.clone(), visitor.name.clone()));
    let busy_ones = visitors.iter().filter(|visitor| visitor.ids != visitors[0].ids);
    let ids = busy_ones.map(|visitor| (visitor.name.clone(), visitor.ids.clone()));
    // Short ones may be in any text by chance.
    let captured = visitors.iter().flat_map(|visitor| {
        let long = visitor.captured.iter().filter(|(_, value)| value.len() >= 12);
        long.map(|(_, value)| (visitor.name.clone(), value.clone()))
    });
    let connections = visitors
        .iter()
        .flat_map(|visitor| visitor.connections.iter().map(|id| (visitor.name.clone(), id.clone())));
    let texts = texts.iter().map(|text| (busy.to_owned(), text.clone()));
    names
        .chain(ids)
        .chain(connections)
        .chain(captured)
        .chain(texts)
        .map(|(owner, text)| Secret { owner, text })
        .collect()
}
