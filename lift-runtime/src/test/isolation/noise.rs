//! Busy tenants: all that one can do to be noticed by others.

use http::Method;
use serde_json::Value;

use super::script::{Kind, Step, visit};
use super::visitor::{Stage, Visitor};
use crate::app::Shared;
use crate::cache::Cache;
use crate::context::random_id;
use crate::tenant::Tenant;

/// More than enough to fill memory to the last byte.
const CROWD: u64 = 12;

/// What each of the crowd leaves to whoever keeps to the fair part: a small cache is for few.
const FAIR: u64 = 512 << 10;

/// Visits, and sends each body once more for each of its strings, replaced by text that would be known again.
/// Gives back those texts.
pub(super) async fn everything(visitor: &mut Visitor<'_>, stage: &Stage) -> Vec<String> {
    let mut texts = Vec::new();
    visitor.take(&visit(&stage.routes)).await;
    for (index, route) in stage.routes.iter().enumerate() {
        let Some(body) = route.body.as_ref().filter(|_| route.target.method != Method::DELETE) else {
            continue;
        };
        for pointer in strings(body, "") {
            let text = random_id();
            let mut body = body.clone();
            if let Some(string) = body.pointer_mut(&pointer) {
                *string = Value::from(&*text);
            }
            let step = Step { route: index, query: 0, kind: Kind::Plain, when: "write" };
            visitor.send_body(step, &body).await;
            texts.push(text);
        }
    }
    visitor.take(&super::script::reads(&stage.routes, "read")).await;
    texts
}

/// The pointers of a value's strings.
fn strings(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::String(_) => vec![at.to_owned()],
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(n, item)| strings(item, &format!("{at}/{n}"))).collect()
        }
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| {
                strings(member, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Clears all that a tenant has cached.
pub(super) async fn clear(shared: &Shared, name: &str) -> Result<(), String> {
    for cache in caches(shared) {
        let told = |error: crate::Error| format!("the cache of `{name}` could not be cleared: {error:?}");
        let tenant = Tenant::new(name).map_err(told)?;
        cache.invalidate_tenant(&tenant).await.map_err(told)?;
    }
    Ok(())
}

/// Fills memory on behalf of a tenant and of a crowd beside it, with entries of all sizes.
pub(super) fn fill(shared: &Shared, name: &str) {
    for cache in caches(shared) {
        let crowd = (0..CROWD.min(cache.capacity() / FAIR)).map(|n| format!("{name}.crowd-{n}"));
        for tenant in crowd.chain([name.to_owned()]).filter_map(|name| Tenant::new(&name).ok()) {
            cache.fill_share(&tenant);
        }
    }
}

fn caches(shared: &Shared) -> impl Iterator<Item = &Cache> {
    std::iter::once(&shared.cache).chain(shared.stores.values())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_of_a_body_is_found() {
        let body = serde_json::json!({ "a": "x", "b/~": [1, "y", { "c": "z" }], "d": null });
        let pointers = strings(&body, "");
        assert_eq!(pointers, ["/a", "/b~1~0/1", "/b~1~0/2/c"]);
        assert!(pointers.iter().all(|pointer| body.pointer(pointer).is_some_and(Value::is_string)));
    }
}
