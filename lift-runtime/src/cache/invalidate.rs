//! Invalidation: by tag, call, endpoint, tenant or altogether. Each costs the same whatever the number of entries.

use std::sync::Arc;

use super::key::Key;
use super::plan::call_abroad;
use super::policy::Policy;
use super::remote::Failed;
use super::tags::{Name, Scope, Space, Tags};
use super::{Cache, Inner};
use crate::app::Shared;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::tenant::Tenant;

impl Cache {
    /// Invalidates what carries a tag: this handle's tenant's entries, or, where it speaks for none, `shared`
    /// entries and those of an app without tenants. A read that begins after this has returned does not see them.
    ///
    /// # Errors
    /// 503 `unavailable` if a store outside the process could not be told. This process bypasses the entries then,
    /// and tells it later.
    pub async fn invalidate_tag(&self, tag: &str) -> Result<()> {
        match &self.tenant {
            Some(tenant) => self.renew(&[Name::Tag(&Space::Tenant(tenant.clone()), tag)]).await,
            None => self.renew(&[Name::Tag(&Space::Shared, tag), Name::Tag(&Space::Whole, tag)]).await,
        }
    }

    /// Invalidates what an endpoint or function has made, by its full name such as `shop::catalog::product`: for
    /// this handle's tenant, or, where it speaks for none, for everybody.
    ///
    /// # Errors
    /// As [`invalidate_tag`](Self::invalidate_tag).
    pub async fn invalidate_endpoint(&self, name: &str) -> Result<()> {
        match &self.tenant {
            Some(tenant) => self.renew(&[Name::EndpointIn(&Space::Tenant(tenant.clone()), name)]).await,
            None => self.renew(&[Name::Endpoint(name)]).await,
        }
    }

    /// Invalidates everything of a tenant.
    ///
    /// # Errors
    /// As [`invalidate_tag`](Self::invalidate_tag).
    pub async fn invalidate_tenant(&self, tenant: &Tenant) -> Result<()> {
        self.renew(&[Name::Space(&Space::Tenant(tenant.clone()))]).await
    }

    /// Invalidates everything of everybody, whoever this handle speaks for.
    ///
    /// # Errors
    /// As [`invalidate_tag`](Self::invalidate_tag).
    pub async fn invalidate_all(&self) -> Result<()> {
        self.renew(&[Name::All]).await
    }

    /// Invalidates the result of one call, for all callers and `vary` headers.
    #[doc(hidden)]
    pub async fn invalidate_key(
        &self,
        policy: &'static Policy,
        arguments: impl FnOnce(&mut Key),
    ) -> Result<()> {
        let space = self.space_of(policy)?;
        let key = call_key(policy, &space, arguments);
        self.renew_call(policy, &space, &key).await
    }

    /// Whose entries of a policy this handle speaks for.
    pub(crate) fn space_of(&self, policy: &Policy) -> Result<Space> {
        match &self.tenant {
            _ if policy.is_shared() => Ok(Space::Shared),
            Some(tenant) => Ok(Space::Tenant(tenant.clone())),
            None if self.inner_of(policy)?.has_tenants() => {
                Err(Error::internal(format!("`{}` is cached per tenant: say cache.tenant(…)", policy.name)))
            }
            None => Ok(Space::Whole),
        }
    }

    pub(crate) async fn renew_call(&self, policy: &Policy, space: &Space, key: &Key) -> Result<()> {
        let inner = self.inner_of(policy)?;
        inner.renew_local(&[Name::Call(space, key.as_bytes())]);
        if inner.remote_for(policy).is_none() {
            return Ok(());
        }
        let name = Name::Call(space, &call_abroad(policy, key.as_bytes())).to_bytes();
        inner.renew_abroad(self.now(), &[name]).await.map_err(untold)
    }

    /// The cache that a policy's entries are in: one of the app's, or, for a handle made by hand, its own.
    pub(crate) fn inner_of(&self, policy: &Policy) -> Result<&Arc<Inner>> {
        let Some(app) = &self.app else { return Ok(&self.inner) };
        Inner::of(policy, app).ok_or_else(|| {
            Error::internal(format!("the app has no cache under the name that `{}` gives", policy.name))
        })
    }

    async fn renew(&self, names: &[Name<'_>]) -> Result<()> {
        let now = self.now();
        let caches = self.app.as_ref().map_or_else(|| vec![Arc::clone(&self.inner)], |app| caches(app));
        // All of this process at once, whatever the first store outside takes.
        for cache in &caches {
            cache.renew_local(names);
        }
        let mut told = Ok(());
        for cache in caches {
            told = told.and(cache.renew(now, names).await);
        }
        told.map_err(untold)
    }

    /// By the clock of the app that is running.
    pub(crate) fn now(&self) -> u64 {
        Context::with_current(|context| {
            context
                .map_or_else(|| crate::Clock::system().now_millis(), |context| context.clock().now_millis())
        })
    }
}

/// All caches of an app.
fn caches(shared: &Shared) -> Vec<Arc<Inner>> {
    let all = std::iter::once(&shared.cache).chain(shared.stores.values());
    all.map(|cache| Arc::clone(&cache.inner)).collect()
}

fn untold(failed: Failed) -> Error {
    Error::unavailable("The cache could not be told; what was invalidated may still be served elsewhere.")
        .with_source(failed)
}

/// The part of a key that stands for a call, whoever makes it.
pub(crate) fn call_key(policy: &'static Policy, space: &Space, arguments: impl FnOnce(&mut Key)) -> Key {
    let mut key = Key::new();
    key.raw(&policy.registered().id.to_le_bytes());
    space.write(&mut key);
    arguments(&mut key);
    key
}

impl Inner {
    /// Invalidates in this process's memory.
    pub(crate) fn renew_local(&self, names: &[Name<'_>]) {
        // Whoever computes has read generations, and thereby made the memory.
        if let Some(memory) = self.memory.get() {
            for name in names {
                memory.renew(&name.to_bytes());
            }
        }
    }

    pub(crate) async fn renew(&self, now: u64, names: &[Name<'_>]) -> Result<(), Failed> {
        self.renew_local(names);
        let names: Vec<_> = names.iter().map(|name| name.to_bytes()).collect();
        self.renew_abroad(now, &names).await
    }

    /// Invalidates in the store outside, if there is one.
    pub(crate) async fn renew_abroad(&self, now: u64, names: &[Box<[u8]>]) -> Result<(), Failed> {
        self.owe(names);
        match &self.remote {
            Some(remote) => remote.settle(now).await,
            None => Ok(()),
        }
    }

    /// Notes what the store outside is to be told. From now on nobody here stores under these names what was read
    /// before; then, not earlier, what a near cache holds under them goes.
    fn owe(&self, names: &[Box<[u8]>]) {
        if let Some(remote) = &self.remote {
            remote.owe(names);
        }
        if let (Some(_), Some(memory)) = (&self.near, self.memory.get()) {
            for name in names {
                memory.renew(name);
            }
        }
    }
}

/// What a writer invalidates once it has written. Dropped unfinished, it invalidates all the same, as far as that
/// goes without waiting.
pub(crate) struct Invalidation {
    context: Context,
    names: Vec<(Space, Box<str>)>,
    armed: bool,
}

impl Invalidation {
    pub(crate) fn new(context: &Context, scope: Scope, tags: &Tags) -> Self {
        let space = match (scope, context.raw_tenant()) {
            (Scope::Shared, _) => Some(Space::Shared),
            (Scope::Tenant, Some(tenant)) => Some(Space::Tenant(tenant.clone())),
            // Without a tenant nothing is cached where there are tenants.
            (Scope::Tenant, None) if context.shared().tenants.is_some() => None,
            (Scope::Tenant, None) => Some(Space::Whole),
        };
        let names =
            space.into_iter().flat_map(|space| tags.iter().map(move |tag| (space.clone(), tag.into())));
        Self { context: context.clone(), names: names.collect(), armed: true }
    }

    /// Nothing was written.
    pub(crate) fn disarm(mut self) {
        self.armed = false;
    }

    /// Invalidates in all caches of the app.
    pub(crate) async fn run(mut self) {
        self.tell().await;
        self.armed = false;
    }

    /// The same, where more may be written yet.
    pub(crate) async fn tell(&self) {
        self.renew_local();
        let now = self.context.clock().now_millis();
        for cache in self.caches() {
            // What fails is bypassed here, retried and logged; the answer stands.
            let _ = cache.renew(now, &self.names()).await;
        }
    }

    fn names(&self) -> Vec<Name<'_>> {
        self.names.iter().map(|(space, tag)| Name::Tag(space, tag)).collect()
    }

    fn renew_local(&self) {
        for cache in self.caches() {
            cache.renew_local(&self.names());
        }
    }

    fn caches(&self) -> Vec<Arc<Inner>> {
        caches(self.context.shared())
    }
}

impl Drop for Invalidation {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let names: Vec<_> = self.names().into_iter().map(Name::to_bytes).collect();
        self.renew_local();
        let now = self.context.clock().now_millis();
        for cache in self.caches().into_iter().filter(|cache| cache.remote.is_some()) {
            cache.owe(&names);
            // On Lambda the next use of the cache tells the store, for nothing runs after a response.
            if !self.context.on_lambda()
                && let Ok(runtime) = tokio::runtime::Handle::try_current()
            {
                runtime.spawn(async move {
                    if let Some(remote) = &cache.remote {
                        // Still owed if it fails.
                        let _ = remote.settle(now).await;
                    }
                });
            }
        }
    }
}
