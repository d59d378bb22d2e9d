//! Routes that cache, and routes that invalidate.

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::pin;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::{Method, header};
use tokio::time::timeout_at;

use super::begin::{Begun, begin};
use super::computed::Computed;
use super::entry::Entry;
use super::http::{Pages, Shared, add_age, add_status, produce, serve, serve_failure, tell};
use super::invalidate::Invalidation;
use super::key::Key;
use super::policy::Policy;
use super::resolve::{Answer, Made, Step, background, refresh, reload, resolve, shortly_before_deadline};
use super::tags::{Scope, Tags};
use crate::context::Context;
use crate::endpoint::Call;

impl<S: Clone + Send + Sync + 'static> Call<S> {
    /// Runs a handler that carries `#[cached]`, or answers from the cache.
    pub async fn cached<A, K, G, H, F, T, E>(
        mut self,
        policy: &'static Policy,
        arguments: A,
        key: K,
        tags: G,
        handler: H,
    ) -> Response
    where
        A: Send + 'static,
        K: FnOnce(&A, &mut Key) + Send,
        G: FnOnce(&A, &mut Tags) + Send,
        H: FnOnce(A) -> F + Send + 'static,
        F: Future<Output = Computed<T, E>> + Send + 'static,
        T: IntoResponse + Send,
        E: IntoResponse + Send,
    {
        self.seal();
        let Self { parts, context, .. } = self;
        let method = parts.method;
        let asked = reloads(&context);
        let mut plan = match begin(policy, &context, asked, |bytes| key(&arguments, bytes), Arc::clone) {
            Begun::Hit(entry) => return hit(&entry, &context, &method),
            Begun::Bypass(reason) => return bypass(policy, &context, reason, handler(arguments)).await,
            Begun::Miss(plan) => plan,
        };
        let mut given = Tags::new();
        tags(&arguments, &mut given);
        plan.tagged(given);
        let limit = plan.inner.limit(policy);
        let (inside, row) = (context.clone(), Arc::clone(&plan.row));
        let make = move || async move { produce(&inside, &row, limit, handler(arguments).await).await };
        if plan.reload {
            let answer = reload::<Pages, _, _, _>(&mut plan, make).await;
            return respond(answer, policy, &context, &method, "request");
        }
        let answer = match resolve::<Pages, _, _, _>(&mut plan, make).await {
            Step::Done(answer) => answer,
            // Nothing runs on Lambda after the response, so that whoever refreshes waits for it.
            Step::Refresh(work) if context.on_lambda() => refresh::<Pages, _, _, _>(&mut plan, work).await,
            Step::Refresh(work) => {
                let stale = work.stale.clone();
                background(&context, async move { drop(refresh::<Pages, _, _, _>(&mut plan, work).await) });
                Answer::Stale(stale)
            }
        };
        respond(answer, policy, &context, &method, "miss")
    }

    /// Runs a handler that carries `#[invalidates]`: whatever came of it but a 4xx may have written, so its tags
    /// are invalid before the answer leaves. A handler that panics or is dropped may have written, too.
    pub async fn invalidates<A, G, H, F, T>(
        mut self,
        scope: Scope,
        arguments: A,
        tags: G,
        handler: H,
    ) -> Response
    where
        A: Send,
        G: FnOnce(&A, &mut Tags) + Send,
        H: FnOnce(A) -> F + Send,
        F: Future<Output = T> + Send,
        T: IntoResponse,
    {
        self.seal();
        let mut given = Tags::new();
        tags(&arguments, &mut given);
        let invalidation = Invalidation::new(&self.context, scope, &given);
        // Taking the arguments apart may already run the user's code.
        let work = AssertUnwindSafe(async move { handler(arguments).await.into_response() });
        let mut work = pin!(work.catch_unwind());
        let ended = match timeout_at(shortly_before_deadline(&self.context), &mut work).await {
            Ok(ended) => ended,
            // It is about to be answered that it took too long. What it has written by now is told while there is time.
            Err(_) => tokio::join!(invalidation.tell(), work).1,
        };
        match ended {
            Ok(response) if response.status().is_client_error() => {
                invalidation.disarm();
                response
            }
            Ok(response) => {
                invalidation.run().await;
                response
            }
            Err(panic) => {
                invalidation.run().await;
                resume_unwind(panic)
            }
        }
    }
}

/// Whether the client asks for a new answer, and the app lets it.
fn reloads(context: &Context) -> bool {
    context.shared().client_no_cache
        && context.raw_headers().is_some_and(|headers| {
            headers.get_all(header::CACHE_CONTROL).iter().any(|value| {
                value.to_str().is_ok_and(|value| {
                    value.split(',').any(|directive| directive.trim().eq_ignore_ascii_case("no-cache"))
                })
            })
        })
}

fn hit(entry: &Entry, context: &Context, method: &Method) -> Response {
    let now = context.clock().now_millis();
    let mut response = serve(entry, method, context);
    add_age(&mut response, entry.times().age(now));
    add_status(&mut response, &format!("lift; hit; ttl={}", entry.times().ttl(now)));
    response
}

/// An answer that the cache has no part in.
async fn bypass<T, E, F>(policy: &'static Policy, context: &Context, reason: &str, work: F) -> Response
where
    F: Future<Output = Computed<T, E>> + Send,
    T: IntoResponse,
    E: IntoResponse,
{
    let mut response = match work.await.result {
        Ok(value) => value.into_response(),
        Err(error) => error.into_response(),
    };
    tell(context, policy, &mut response);
    add_status(&mut response, &format!("lift; fwd=bypass; detail={reason}"));
    response
}

fn respond(
    answer: Answer<Response>,
    policy: &'static Policy,
    context: &Context,
    method: &Method,
    forwarded: &str,
) -> Response {
    let (mut response, more) = match answer {
        Answer::Hit(entry) | Answer::Stale(entry) => return hit(&entry, context, method),
        Answer::Made { entry, how } => {
            let more = match how {
                Made::Stored => "; stored",
                Made::Unstored => "",
                Made::Collapsed => "; collapsed",
            };
            (serve(&entry, method, context), more)
        }
        Answer::Failed { failure, collapsed } => {
            let mut response = match failure.error.downcast_ref::<Shared>() {
                Some(shared) => serve_failure(shared),
                None => crate::Error::internal("another kind of error came of this flight").into_response(),
            };
            tell(context, policy, &mut response);
            (response, if collapsed { "; collapsed" } else { "" })
        }
        Answer::Alone(mut response) => {
            tell(context, policy, &mut response);
            (response, "")
        }
    };
    add_status(&mut response, &format!("lift; fwd={forwarded}{more}"));
    response
}
