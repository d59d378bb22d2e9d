//! What a cache has to hold to in whatever store it is, as a test.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::Cache;
use crate::cache::expansion::{Computed, Encoded, Key, Policy, Tags, function, prime};
use crate::error::{Error, Result};

/// A store that is slow for a moment is forgiven: what holds has to hold in one of so many attempts, under other names.
const ATTEMPTS: u32 = 5;

/// The last of them come after pauses, in which a breaker has closed.
const AT_ONCE: u32 = 3;
const PAUSE: Duration = Duration::from_millis(1_200);

/// Tests that a cache keeps what `#[cached]` promises: that it computes once, keeps keys and tenants apart, and forgets
/// exactly what is invalidated. Every form of `LIFT_CACHE` passes it.
///
/// Where [`cache_store_conformance`](super::cache_store_conformance) tests a store by itself, this tests the whole of it:
/// store, memory before it, leases and encoding. It takes about two seconds, and invalidates everything in the cache.
///
/// ```no_run
/// # async fn example() -> lift_runtime::Result<()> {
/// lift_runtime::test::cache_conformance(lift_runtime::Cache::from_env()?).await;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// With a sentence that says what the cache does not hold to.
pub async fn cache_conformance(cache: Cache) {
    let checks: [(&str, Check); 9] = [
        ("a result is computed once, for each key and tenant", |lab| Box::pin(computes_once(lab))),
        ("keys are compared whole, whatever bytes they are", |lab| Box::pin(keys(lab))),
        ("a large result comes back as it was", |lab| Box::pin(large(lab))),
        ("an invalidation ends what it names and nothing else", |lab| Box::pin(invalidations(lab))),
        ("what began before an invalidation is not served after it", |lab| Box::pin(races(lab))),
        ("concurrent misses compute once", |lab| Box::pin(bursts(lab))),
        ("an error goes to all who waited, and is not stored", |lab| Box::pin(errors(lab))),
        ("an entry ends with its time", |lab| Box::pin(expiry(lab))),
        ("a primed value is found", |lab| Box::pin(primed(lab))),
    ];
    for (what, check) in checks {
        let mut said = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt >= AT_ONCE {
                sleep(PAUSE).await;
            }
            match check(Lab::new(&cache)).await {
                Ok(()) => {
                    said.clear();
                    break;
                }
                Err(why) => said = why,
            }
        }
        assert!(said.is_empty(), "it does not hold that {what}: {said}");
    }
}

type Checked = std::result::Result<(), String>;
type Check = fn(Lab) -> futures_util::future::BoxFuture<'static, Checked>;

macro_rules! hold {
    ($condition:expr, $($said:tt)+) => {
        if !$condition {
            return Err(format!($($said)+));
        }
    };
}

static ITEMS: Policy = Policy::new("lift::test::cache::items", 3_600_000);
static OTHERS: Policy = Policy::new("lift::test::cache::others", 3_600_000);
static BRIEF: Policy = Policy::new("lift::test::cache::brief", 300);

/// Names of its own, so that others may use the cache meanwhile, and functions that count their runs.
#[derive(Clone)]
struct Lab {
    acme: Cache,
    other: Cache,
    whole: Cache,
    run: Arc<str>,
    runs: Arc<AtomicU32>,
    /// What computations wait for.
    gate: Arc<Semaphore>,
}

impl Lab {
    fn new(cache: &Cache) -> Self {
        let run = format!("{:032x}", fastrand::u128(..));
        let tenant = |name: &str| match cache.tenant(&format!("{name}-{run}")) {
            Ok(cache) => cache,
            Err(error) => panic!("a tenant's name: {error:?}"),
        };
        Self {
            acme: tenant("acme"),
            other: tenant("other"),
            whole: cache.clone(),
            run: run.into(),
            runs: Arc::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }

    /// Calls a cached function whose result tells which run made it.
    async fn call(&self, cache: &Cache, policy: &'static Policy, id: &str) -> Result<String> {
        let call = function(
            policy,
            Encoded,
            (format!("{}{id}", self.run), self.clone()),
            |(id, _), key: &mut Key| key.part(id),
            |(id, _), tags: &mut Tags| tags.add(format_args!("item:{id}")),
            |(id, lab)| async move {
                let run = lab.runs.fetch_add(1, Ordering::SeqCst) + 1;
                if let Ok(permit) = lab.gate.acquire().await {
                    permit.forget();
                }
                Computed::of(match id.ends_with("large") {
                    _ if id.ends_with("error") => Err(Error::not_found("There is no such item.")),
                    true => Ok(format!("{run} {}", "large ".repeat(20_000))),
                    false => Ok(format!("{run} {id}")),
                })
            },
            |result| result,
        );
        cache.scope(call).await
    }

    /// Which run made the result.
    async fn made(
        &self,
        cache: &Cache,
        policy: &'static Policy,
        id: &str,
    ) -> std::result::Result<u32, String> {
        let result =
            self.call(cache, policy, id).await.map_err(|error| format!("a call fails: {error:?}"))?;
        let run = result.split(' ').next().and_then(|run| run.parse().ok());
        run.ok_or_else(|| format!("a call returns `{result}`"))
    }

    fn tag(&self, id: &str) -> String {
        format!("item:{}{id}", self.run)
    }
}

async fn computes_once(lab: Lab) -> Checked {
    let mut seen = HashSet::new();
    for (cache, policy, id) in [
        (&lab.acme, &ITEMS, "1"),
        (&lab.acme, &ITEMS, "2"),
        (&lab.other, &ITEMS, "1"),
        (&lab.acme, &OTHERS, "1"),
    ] {
        let first = lab.made(cache, policy, id).await?;
        hold!(seen.insert(first), "`{}` of {id} is answered by another call's result", policy.name);
        for _ in 0..3 {
            let again = lab.made(cache, policy, id).await?;
            hold!(again == first, "a second call of {id} is computed anew");
        }
    }
    Ok(())
}

async fn keys(lab: Lab) -> Checked {
    let long = "x".repeat(5_000);
    let longer = format!("{long}y");
    let ids = ["", "\0", "\0\0", "a\nb", "a:b", "{a}", "ä", "a\u{308}", "🦀", &long, &longer];
    let mut seen = HashSet::new();
    for id in ids {
        hold!(
            seen.insert(lab.made(&lab.acme, &ITEMS, id).await?),
            "{id:?} is answered by another key's entry"
        );
    }
    for id in ids {
        hold!(seen.contains(&lab.made(&lab.acme, &ITEMS, id).await?), "{id:?} is not found again");
    }
    Ok(())
}

async fn large(lab: Lab) -> Checked {
    let call = || lab.call(&lab.acme, &ITEMS, "large");
    let (made, found) = (call().await.ok(), call().await.ok());
    hold!(made.as_ref().is_some_and(|made| made.len() > 100_000), "the call fails");
    hold!(made == found, "a second call returns something else");
    Ok(())
}

/// What is warm before each invalidation: whose, which function's, which call's.
type Warm<'a> = (&'a Cache, &'static Policy, &'a str);

async fn invalidations(lab: Lab) -> Checked {
    let warm: [Warm<'_>; 5] = [
        (&lab.acme, &ITEMS, "1"),
        (&lab.acme, &ITEMS, "2"),
        (&lab.acme, &OTHERS, "1"),
        (&lab.other, &ITEMS, "1"),
        (&lab.other, &OTHERS, "2"),
    ];
    let key = format!("{}1", lab.run);
    for (what, ends) in [
        ("tag", [true, false, true, false, false]),
        ("key", [true, false, false, false, false]),
        ("endpoint", [true, true, false, false, false]),
        ("tenant", [true, true, true, false, false]),
        ("endpoint of all tenants", [true, true, false, true, false]),
        ("all", [true, true, true, true, true]),
    ] {
        let mut before = Vec::new();
        for (cache, policy, id) in warm {
            before.push(lab.made(cache, policy, id).await?);
        }
        let told = match what {
            "tag" => lab.acme.invalidate_tag(&lab.tag("1")).await,
            "key" => lab.acme.invalidate_key(&ITEMS, |bytes| bytes.part(&key)).await,
            "endpoint" => lab.acme.invalidate_endpoint(ITEMS.name).await,
            "tenant" => match lab.acme.tenant.clone() {
                Some(tenant) => lab.whole.invalidate_tenant(&tenant).await,
                None => Ok(()),
            },
            "endpoint of all tenants" => lab.whole.invalidate_endpoint(ITEMS.name).await,
            _ => lab.whole.invalidate_all().await,
        };
        hold!(told.is_ok(), "invalidating by {what} fails: {told:?}");
        for (((cache, policy, id), before), ends) in warm.into_iter().zip(before).zip(ends) {
            let is_same = lab.made(cache, policy, id).await? == before;
            let whose = cache.tenant.as_ref().map_or("", |tenant| tenant.as_str());
            let verb = if is_same { "survives" } else { "is ended by" };
            hold!(is_same != ends, "{id} of {} of {whose} {verb} an invalidation by {what}", policy.name);
        }
    }
    Ok(())
}

async fn races(mut lab: Lab) -> Checked {
    lab.gate = Arc::new(Semaphore::new(0));
    let early = tokio::spawn({
        let lab = lab.clone();
        async move { lab.made(&lab.acme, &ITEMS, "1").await }
    });
    for _ in 0..1_000 {
        if lab.runs() > 0 {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    hold!(lab.runs() == 1, "the computation does not begin");
    let told = lab.acme.invalidate_tag(&lab.tag("1")).await;
    hold!(told.is_ok(), "an invalidation fails: {told:?}");
    lab.gate.add_permits(100);
    let early = early.await.map_err(|error| error.to_string())??;
    let late = lab.made(&lab.acme, &ITEMS, "1").await?;
    hold!(late != early, "what was computed before is served after it");
    hold!(lab.made(&lab.acme, &ITEMS, "1").await? == late, "what was computed after it is not stored");
    Ok(())
}

async fn bursts(lab: Lab) -> Checked {
    let calls = (0..100).map(|_| lab.made(&lab.acme, &ITEMS, "1"));
    let made: HashSet<_> = join_all(calls).await.into_iter().collect();
    hold!(made.len() == 1 && lab.runs() == 1, "100 calls at once run it {} times", lab.runs());
    Ok(())
}

async fn errors(mut lab: Lab) -> Checked {
    lab.gate = Arc::new(Semaphore::new(0));
    let calls = join_all((0..10).map(|_| lab.call(&lab.acme, &ITEMS, "error")));
    let opens = async {
        sleep(Duration::from_millis(100)).await;
        lab.gate.add_permits(100);
    };
    let all_fail = tokio::join!(calls, opens).0.iter().all(Result::is_err);
    hold!(all_fail && lab.runs() == 1, "10 calls at once run it {} times", lab.runs());
    hold!(lab.call(&lab.acme, &ITEMS, "error").await.is_err() && lab.runs() == 2, "the error was stored");
    Ok(())
}

async fn expiry(lab: Lab) -> Checked {
    let first = lab.made(&lab.acme, &BRIEF, "1").await?;
    sleep(Duration::from_millis(350)).await;
    hold!(lab.made(&lab.acme, &BRIEF, "1").await? != first, "it is served after its ttl");
    Ok(())
}

async fn primed(lab: Lab) -> Checked {
    let id = format!("{}1", lab.run);
    lab.made(&lab.acme, &ITEMS, "1").await?;
    let value: Computed<String, std::convert::Infallible> = Computed::of(Ok("77 primed".to_owned()));
    let key = |key: &mut Key| key.part(&id);
    let tags = |tags: &mut Tags| tags.add(format_args!("item:{id}"));
    let told = prime(&lab.acme, &ITEMS, Encoded, key, tags, value).await;
    hold!(told.is_ok(), "it fails: {told:?}");
    hold!(lab.made(&lab.acme, &ITEMS, "1").await? == 77, "another one is found");
    Ok(())
}
