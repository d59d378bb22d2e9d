//! The first, synchronous look: all that a hit in memory takes.

use std::sync::Arc;

use super::Inner;
use super::entry::{Entry, Freshness};
use super::key::Key;
use super::memory::{Memory, Wanted};
use super::near::Near;
use super::plan::{Keyed, Plan};
use super::policy::{Policy, Sharing};
use super::tags::Space;
use crate::context::Context;

/// What the first, synchronous look finds.
pub(crate) enum Begun<R> {
    Hit(R),
    /// Everything else, boxed so that a hit's future stays small.
    Miss(Box<Plan>),
    /// The cache has no part in this call, for this reason.
    Bypass(&'static str),
}

/// Looks for the result of a call in memory, or prepares what it takes to ask elsewhere and to compute it.
/// `take` is what a hit takes of its entry.
#[inline]
pub(crate) fn begin<R>(
    policy: &'static Policy,
    context: &Context,
    reload: bool,
    arguments: impl FnOnce(&mut Key),
    take: impl FnOnce(&Arc<Entry>) -> R,
) -> Begun<R> {
    let Some(inner) = Inner::of(policy, context.shared()) else { return Begun::Bypass("unknown-store") };
    let mut key = Key::new();
    key.raw(&policy.registered().id.to_le_bytes());
    if let Err(reason) = write_space(policy, context, inner, &mut key) {
        return Begun::Bypass(reason);
    }
    arguments(&mut key);
    let call = key.len();
    if policy.sharing == Sharing::Private {
        let Some(caller) = context.raw_caller() else { return Begun::Bypass("no-caller") };
        key.part(caller);
    }
    if !policy.vary.is_empty() {
        write_headers(policy, context, &mut key);
    }
    let hash = inner.hash(key.as_bytes());
    let mut found = None;
    if let Some(memory) = inner.memory_for(policy).filter(|_| !reload) {
        let near = inner.near_for(policy);
        // The recorder may be anybody's code: it is told once the shard's lock is free.
        let take = |entry: &Arc<Entry>| (take(entry), entry.row().hit().then(|| Arc::clone(entry.row())));
        match look(memory, near, Wanted { hash, bytes: key.as_bytes() }, context, take) {
            Seen::Fresh((taken, batch)) => {
                if let Some(row) = batch {
                    row.publish();
                }
                return Begun::Hit(taken);
            }
            Seen::Late(entry, freshness) => found = Some((entry, freshness)),
            Seen::Nothing => {}
        }
    }
    let space = space(policy, context);
    let keyed = Keyed { hash, key: key.as_bytes().into(), call };
    let mut plan = Box::new(Plan::new(policy, Arc::clone(inner), context.clone(), space, keyed));
    (plan.reload, plan.found) = (reload, found);
    Begun::Miss(plan)
}

/// What memory has.
pub(super) enum Seen<R> {
    Fresh(R),
    /// Of use as stale or as a fallback.
    Late(Arc<Entry>, Freshness),
    Nothing,
}

/// Looks in memory; what is past use is dropped there. A near cache has what is fresh and trusted; for anything
/// else the store is asked.
#[inline]
pub(super) fn look<R>(
    memory: &Memory,
    near: Option<&Near>,
    key: Wanted<'_>,
    context: &Context,
    take: impl FnOnce(&Arc<Entry>) -> R,
) -> Seen<R> {
    let now = context.clock().now_millis();
    let seen = memory.visit(key, |entry| match entry.freshness(now) {
        _ if !entry.stands(memory.generations()) => Seen::Late(Arc::clone(entry), Freshness::Gone),
        Freshness::Fresh if near.is_none_or(|near| near.trusts(entry.read(), now)) => {
            Seen::Fresh(take(entry))
        }
        _ if near.is_some() => Seen::Nothing,
        freshness => Seen::Late(Arc::clone(entry), freshness),
    });
    match seen {
        Some(Seen::Late(entry, Freshness::Gone)) => {
            memory.forget(key, &entry);
            Seen::Nothing
        }
        Some(seen) => seen,
        None => Seen::Nothing,
    }
}

/// Whose entries these are; an error is why the cache is bypassed.
#[inline]
fn write_space(policy: &Policy, context: &Context, inner: &Inner, key: &mut Key) -> Result<(), &'static str> {
    if policy.is_shared() {
        Space::Shared.write(key);
    } else if let Some(tenant) = context.raw_tenant() {
        Space::write_tenant(tenant, key);
    } else if context.shared().tenants.is_some() || inner.has_tenants() {
        return Err("no-tenant");
    } else {
        Space::Whole.write(key);
    }
    Ok(())
}

fn space(policy: &Policy, context: &Context) -> Space {
    match context.raw_tenant() {
        _ if policy.is_shared() => Space::Shared,
        Some(tenant) => Space::Tenant(tenant.clone()),
        None => Space::Whole,
    }
}

fn write_headers(policy: &Policy, context: &Context, key: &mut Key) {
    for name in policy.vary {
        let Some(values) = context.raw_headers().map(|headers| headers.get_all(*name)) else {
            key.length(0);
            continue;
        };
        key.length(values.iter().count());
        for value in values {
            key.bytes(value.as_bytes());
        }
    }
}
