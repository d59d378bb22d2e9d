//! Two tenants' answers to the same requests, compared.

use std::collections::BTreeMap;

use http::header::{AGE, ETAG};

use super::text::{look_random, renamed, same_class, without_times, without_ttl};
use super::visitor::{End, Seen, Stage, Visitor};
use crate::cache::weak_etag;

/// Something about an answer that depends on others.
pub(super) struct Difference {
    pub(super) route: usize,
    pub(super) text: String,
}

/// Who is compared with whom, and what the other did.
pub(super) struct Comparison<'a> {
    pub(super) stage: &'a Stage,
    /// Whose answers are as they should be.
    pub(super) alone: &'a Visitor<'a>,
    pub(super) beside: &'a Visitor<'a>,
    /// Such as "after `busy` had done everything".
    pub(super) circumstance: &'a str,
}

/// An answer without what may differ.
struct Plain {
    headers: BTreeMap<String, Vec<String>>,
    body: String,
}

impl Comparison<'_> {
    /// The first difference of each route.
    pub(super) fn of(&self, alone: &[Seen], beside: &[Seen]) -> Vec<Difference> {
        let mut differences: Vec<Difference> = Vec::new();
        for (alone, beside) in alone.iter().zip(beside) {
            let route = alone.step.route;
            if differences.iter().any(|known| known.route == route) {
                continue;
            }
            if let Some(what) = self.difference(alone, beside) {
                differences.push(Difference { route, text: self.told(beside, &what) });
            }
        }
        if alone.len() != beside.len() && differences.is_empty() {
            let text = format!("{} requests came of what {} alone came of", beside.len(), alone.len());
            differences.push(Difference { route: 0, text });
        }
        differences
    }

    fn told(&self, beside: &Seen, what: &str) -> String {
        let target = &self.stage.routes[beside.step.route].target;
        let Self { alone, beside: other, circumstance, .. } = self;
        format!(
            "{target} tells tenant `{}` of others\n    request: {} {} ({})\n    {what}\n    compared with tenant `{}`, \
             who had come first; `{}` came {circumstance}",
            other.name,
            if beside.step.kind == super::script::Kind::Head { "HEAD" } else { target.method.as_str() },
            beside.uri,
            beside.step.when,
            alone.name,
            other.name,
        )
    }

    /// All that differs between two answers; nothing if nothing does.
    fn difference(&self, alone: &Seen, beside: &Seen) -> Option<String> {
        let mut told = Vec::new();
        let mut differs = |what: &str, one: &str, other: &str| {
            told.push(format!("{what}:\n      alone:  {}\n      beside: {}", excerpt(one), excerpt(other)));
        };
        if alone.status != beside.status {
            differs("status", alone.status.as_str(), beside.status.as_str());
        }
        let (one, other) = (self.plain(alone, self.alone), self.plain(beside, self.beside));
        let names: std::collections::BTreeSet<_> = one.headers.keys().chain(other.headers.keys()).collect();
        for name in names {
            let text =
                |plain: &Plain| plain.headers.get(name).map_or("(none)".into(), |values| values.join(", "));
            let (one, other) = (text(&one), text(&other));
            if one != other {
                differs(&format!("header `{name}`"), &one, &other);
            }
        }
        // Times are looked for only where something differs, which is seldom.
        let bodies = bodies(alone.end, &one.body, beside.end, &other.body).and_then(|_| {
            let (one, other) =
                (without_times(&one.body, alone.span), without_times(&other.body, beside.span));
            bodies(alone.end, &one, beside.end, &other)
        });
        if let Some((one, other)) = bodies {
            differs("body", &one, &other);
        }
        for (what, one, other) in
            [("the headers", alone.opened, beside.opened), ("the end of the body", alone.ended, beside.ended)]
        {
            if !same_class(one, other, self.stage.noise) {
                differs(&format!("time until {what}"), &format!("{one:?}"), &format!("{other:?}"));
            }
        }
        (!told.is_empty()).then(|| told.join("\n    "))
    }

    fn plain(&self, seen: &Seen, visitor: &Visitor<'_>) -> Plain {
        let mut headers = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in &seen.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let value = match *name {
                ETAG => etag(seen, visitor, &value).unwrap_or_else(|| self.named(&value, visitor)),
                AGE if value.parse().is_ok_and(|age: u64| age <= 5) => "<moments>".into(),
                _ => without_ttl(&without_times(&self.named(&value, visitor), seen.span)),
            };
            headers.entry(name.to_string()).or_default().push(value);
        }
        let body = match std::str::from_utf8(&seen.body) {
            Ok(text) => self.named(text, visitor),
            // Bytes as they are; what of them is text is found all the same.
            Err(_) => self.named(&seen.body.escape_ascii().to_string(), visitor),
        };
        Plain { headers, body }
    }

    /// A text in which the tenant's own name, its connections and random values are called the same for all.
    fn named(&self, text: &str, visitor: &Visitor<'_>) -> String {
        let mut text = text.to_owned();
        let pairs = self.alone.captured.iter().zip(&self.beside.captured).enumerate();
        for (n, ((name, one), (_, other))) in pairs.filter(|(_, (one, other))| look_random(&one.1, &other.1))
        {
            let own = if std::ptr::eq(visitor, self.alone) { one } else { other };
            text = text.replace(own, &format!("<{name} {n}>"));
        }
        for (n, id) in visitor.connections.iter().enumerate() {
            text = text.replace(id, &format!("<connection {n}>"));
        }
        renamed(&text, &visitor.name, "<tenant>")
    }
}

/// An `ETag` that Lift has made of a body is as good as the body, which is compared; any other is compared itself.
fn etag(seen: &Seen, visitor: &Visitor<'_>, value: &str) -> Option<String> {
    let of_body = weak_etag(&seen.body);
    let known = visitor.etags.get(&seen.step.route);
    let nth = known?.iter().position(|etag| etag == value)?;
    // One that comes without a body was seen with it.
    let lifts = value.starts_with("W/") && (seen.body.is_empty() || of_body.as_bytes() == value.as_bytes());
    lifts.then(|| format!("<that of body {nth}>"))
}

/// Two bodies that differ, from where they do. Of those that go on, what was read of both is compared.
fn bodies(one_end: End, one: &str, other_end: End, other: &str) -> Option<(String, String)> {
    if one_end != other_end {
        return Some((format!("{one_end:?}"), format!("{other_end:?}")));
    }
    let (mut short, mut long) = (one, other);
    if one_end == End::Longer {
        let both = one.len().min(other.len());
        let both = (0..=both).rev().find(|at| one.is_char_boundary(*at) && other.is_char_boundary(*at))?;
        (short, long) = (&one[..both], &other[..both]);
    }
    if short == long {
        return None;
    }
    let same = short.bytes().zip(long.bytes()).take_while(|(one, other)| one == other).count();
    let from = (0..=same.saturating_sub(40))
        .rev()
        .find(|at| short.is_char_boundary(*at) && long.is_char_boundary(*at))
        .unwrap_or_default();
    let lead = if from > 0 { "…" } else { "" };
    Some((format!("{lead}{}", &short[from..]), format!("{lead}{}", &long[from..])))
}

/// So much of a text as fits into a message.
pub(super) fn excerpt(text: &str) -> String {
    let mut excerpt: String = text.chars().take(200).collect();
    if excerpt.len() < text.len() {
        excerpt.push('…');
    }
    if excerpt.is_empty() { "(nothing)".into() } else { excerpt }
}
