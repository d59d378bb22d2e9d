//! Hubs by themselves: what reaches whom, and what becomes of the slow.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{FutureExt as _, StreamExt as _};
use serde::Serializer;

use super::*;
use crate::app::Shared;
use crate::cache::Cache;
use crate::tenant::Tenants;

fn resume(id: &str) -> LastEventId {
    LastEventId::new(id)
}

/// All that is there for a subscriber now: ids without their epochs, and data.
fn ready<T>(subscription: &mut Subscription<T>) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(Some(event)) = subscription.next().now_or_never() {
        let Ok(event) = event else {
            all.push("error".into());
            continue;
        };
        let text = String::from_utf8_lossy(&event.as_sse()).into_owned();
        let number = text.split_once('-').and_then(|(_, rest)| rest.split_once('\n'));
        let name = if text.contains("event: gap") { " gap" } else { "" };
        let json = String::from_utf8_lossy(event.json()).into_owned();
        all.push(format!("{}{name} {json}", number.map_or("", |(number, _)| number)));
    }
    all
}

async fn id_of(hub: &Hub<u32>, topic: &str) -> String {
    let mut subscription = hub.subscribe(topic, &LastEventId::default()).await.expect("subscribed");
    let event = subscription.next().await.expect("where it begins").expect("well");
    let text = String::from_utf8_lossy(&event.as_sse()).into_owned();
    text.trim().trim_start_matches("id: ").to_owned()
}

async fn publish(hub: &Hub<u32>, topic: &str, items: impl IntoIterator<Item = u32>) {
    for item in items {
        hub.publish(topic, item).await.expect("published");
    }
}

#[tokio::test]
async fn everybody_gets_everything_from_where_they_began() {
    let hub = Hub::<u32>::new();
    let mut early = hub.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    publish(&hub, "a", [10, 20]).await;
    let mut late = hub.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    publish(&hub, "a", [30]).await;
    publish(&hub, "b", [40]).await;
    assert_eq!(ready(&mut early), ["0 ", "1 10", "2 20", "3 30"]);
    assert_eq!(ready(&mut late), ["2 ", "3 30"]);
}

#[tokio::test]
async fn who_waits_is_woken() {
    let hub = Hub::<u32>::new();
    let mut subscription = hub.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    assert_eq!(ready(&mut subscription), ["0 "]);
    let waiting =
        tokio::spawn(async move { subscription.next().await.expect("one").expect("well").json().to_vec() });
    tokio::task::yield_now().await;
    publish(&hub, "a", [7]).await;
    assert_eq!(waiting.await.expect("no panic"), b"7");
}

#[tokio::test]
async fn resuming_repeats_nothing_and_tells_what_is_lost() {
    let hub = Hub::<u32>::new().keep(3);
    let begin = id_of(&hub, "a").await;
    // Nobody listened and nothing was kept: that topic is gone, and another epoch has begun.
    publish(&hub, "a", 1..=5).await;
    let mut foreign = hub.subscribe("a", &resume(&begin)).await.expect("subscribed");
    assert_eq!(ready(&mut foreign), ["2 gap {\"missed\":null}", "3 3", "4 4", "5 5"]);
    let latest = id_of(&hub, "a").await;
    let epoch = latest.split_once('-').expect("an id").0;
    for (seen, expected) in [
        (5, &[][..]),
        (3, &["4 4", "5 5"]),
        (2, &["3 3", "4 4", "5 5"]),
        (0, &["2 gap {\"missed\":2}", "3 3", "4 4", "5 5"]),
    ] {
        let mut resumed = hub.subscribe("a", &resume(&format!("{epoch}-{seen}"))).await.expect("subscribed");
        assert_eq!(ready(&mut resumed), expected, "{seen}");
    }
    for garbage in ["x", "-1", &format!("{epoch}-6"), &format!("{epoch}-{}", u64::MAX), "é\u{0}"] {
        let mut resumed = hub.subscribe("a", &resume(garbage)).await.expect("subscribed");
        assert_eq!(ready(&mut resumed)[0], "2 gap {\"missed\":null}", "{garbage}");
    }
}

#[tokio::test]
async fn an_event_is_encoded_once_however_many_get_it() {
    struct Counted(Arc<AtomicUsize>);
    impl Serialize for Counted {
        fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            serializer.serialize_str("counted")
        }
    }
    let hub = Hub::new();
    let mut all = Vec::new();
    for _ in 0..10_000 {
        all.push(hub.subscribe("a", &LastEventId::default()).await.expect("subscribed"));
    }
    let count = Arc::new(AtomicUsize::new(0));
    hub.publish("a", Counted(Arc::clone(&count))).await.expect("published");
    let mut memory = std::collections::HashSet::new();
    for subscription in &mut all {
        let mark = subscription.next().await.expect("the begin").expect("well");
        assert!(mark.json().is_empty());
        let event = subscription.next().await.expect("the event").expect("well");
        assert_eq!(event.json(), br#""counted""#);
        memory.insert(event.json().as_ptr());
    }
    assert_eq!((count.load(Ordering::Relaxed), memory.len()), (1, 1));
}

#[tokio::test]
async fn who_lags_is_told_what_was_lost() {
    let hub = Hub::<u32>::new().keep(2);
    let mut slow = hub.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    publish(&hub, "a", 1..=5).await;
    assert_eq!(ready(&mut slow), ["0 ", "3 gap {\"missed\":3}", "4 4", "5 5"]);
}

#[tokio::test]
async fn who_lags_is_disconnected_if_the_hub_says_so() {
    let hub = Hub::<u32>::new().keep(2).on_lag(OnLag::Disconnect);
    let mut slow = hub.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    publish(&hub, "a", 1..=5).await;
    assert_eq!(ready(&mut slow), ["0 ", "error"]);
    assert!(slow.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn who_publishes_waits_for_the_slow_if_the_hub_says_so() {
    let hub = Hub::<u32>::new().keep(2).on_lag(OnLag::Wait);
    let mut slow = hub.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    let other = hub.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    publish(&hub, "a", 1..=2).await;
    let publisher = hub.clone();
    let third = tokio::spawn(async move { publisher.publish("a", 3).await });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!third.is_finished());
    assert_eq!(ready(&mut slow), ["0 ", "1 1", "2 2"]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!third.is_finished(), "another one is slow");
    drop(other);
    third.await.expect("no panic").expect("published");
    assert_eq!(ready(&mut slow), ["3 3"]);
    publish(&hub, "a", 4..=5).await;
    // A request waits no longer than it may.
    let context = Context::new(Arc::new(Shared::for_cache(Cache::memory())), None, &http::HeaderMap::new());
    let error = context.scope(hub.publish("a", 6)).await.expect_err("nobody takes anything");
    assert_eq!(error.code(), "deadline_exceeded");
    assert_eq!(ready(&mut slow), ["4 4", "5 5"], "what was refused was not sent");
}

#[tokio::test]
async fn a_topic_is_its_tenants() {
    let tenants = Tenants::header("x-tenant-id");
    let shared = Arc::new(Shared { tenants: Some(tenants), ..Shared::for_cache(Cache::memory()) });
    let of = |name: &str| Context::for_job(Arc::clone(&shared), Tenant::new(name).ok());
    let hub = Hub::<u32>::new();
    let mut acme = of("acme").scope(hub.subscribe("a", &LastEventId::default())).await.expect("subscribed");
    let mut zeta = of("zeta").scope(hub.subscribe("a", &LastEventId::default())).await.expect("subscribed");
    of("acme").scope(hub.publish("a", 1)).await.expect("published");
    hub.for_tenant(&Tenant::new("zeta").expect("a name")).publish("a", 2).await.expect("published");
    hub.publish("a", 3).await.expect("published for nobody");
    assert_eq!(ready(&mut acme), ["0 ", "1 1"]);
    assert_eq!(ready(&mut zeta), ["0 ", "1 2"]);
    let nobody = of("").scope(hub.subscribe("a", &LastEventId::default())).await;
    assert_eq!(nobody.expect_err("it has no tenant").code(), "tenant_required");
}

#[tokio::test]
async fn a_topic_keeps_so_many_bytes_and_the_latest_event() {
    // An event of one digit has 32 bytes, of five 36.
    let hub = Hub::<u32>::new().keep_bytes(120);
    let mut slow = hub.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    publish(&hub, "a", [1, 2, 3]).await;
    assert_eq!(ready(&mut slow), ["0 ", "1 1", "2 2", "3 3"]);
    publish(&hub, "a", [4, 5, 6, 70_000]).await;
    assert_eq!(ready(&mut slow), ["4 gap {\"missed\":1}", "5 5", "6 6", "7 70000"]);
    let tiny = Hub::<u32>::new().keep_bytes(1);
    let mut slow = tiny.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    publish(&tiny, "a", [1, 2]).await;
    assert_eq!(ready(&mut slow), ["0 ", "1 gap {\"missed\":1}", "2 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_large_event_waits_until_all_that_give_way_to_it_are_taken() {
    let hub = Hub::<u32>::new().keep_bytes(72).on_lag(OnLag::Wait);
    let mut slow = hub.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    publish(&hub, "a", [1, 2]).await;
    let publisher = hub.clone();
    let third = tokio::spawn(async move { publisher.publish("a", 1_000_000_000).await });
    let mut numbers = Vec::new();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(!third.is_finished(), "{numbers:?}");
        let event = slow.next().await.expect("more").expect("well");
        numbers.push(String::from_utf8_lossy(event.json()).into_owned());
    }
    assert_eq!(numbers, ["", "1", "2"]);
    third.await.expect("no panic").expect("published");
    assert_eq!(ready(&mut slow), ["3 1000000000"]);
}

fn count<T>(hub: &Hub<T>) -> (usize, usize) {
    let all = hub.topics.all();
    (all.count, all.tenants.values().map(|own| own.topics.len()).sum())
}

#[tokio::test(start_paused = true)]
async fn topics_that_nobody_needs_are_forgotten() {
    let hub = Hub::<u32>::new();
    // Listening alone leaves nothing.
    for n in 0..10 {
        drop(hub.subscribe(&n.to_string(), &LastEventId::default()).await.expect("subscribed"));
    }
    assert_eq!(count(&hub), (0, 0));
    // A tenant's idle topics give way to its new ones; one that somebody listens to does not.
    let mut held = hub.subscribe("held", &LastEventId::default()).await.expect("subscribed");
    for n in 0..3 * IDLE_TOPICS {
        publish(&hub, &n.to_string(), [1]).await;
    }
    assert_eq!(count(&hub), (IDLE_TOPICS, IDLE_TOPICS));
    publish(&hub, "held", [2]).await;
    assert_eq!(ready(&mut held), ["0 ", "1 2"]);
    // Whatever nobody has published to for long goes at last, whosever it is.
    tokio::time::advance(IDLE * 2).await;
    let other = hub.for_tenant(&Tenant::new("acme").expect("a name"));
    for n in 0..=IDLE_TOPICS {
        publish(&other, &n.to_string(), [1]).await;
    }
    let all = hub.topics.all();
    assert_eq!(all.tenants[&None].topics.keys().map(|name| &**name).collect::<Vec<_>>(), ["held"]);
    assert_eq!(all.count, all.tenants.values().map(|own| own.topics.len()).sum::<usize>());
}

#[tokio::test]
async fn what_does_not_serialise_is_not_sent() {
    struct Never;
    impl Serialize for Never {
        fn serialize<S: Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("never"))
        }
    }
    let hub = Hub::new();
    let mut subscription = hub.subscribe("a", &LastEventId::default()).await.expect("subscribed");
    assert_eq!(hub.publish("a", Never).await.expect_err("refused").code(), "internal");
    assert_eq!(ready(&mut subscription), ["0 "]);
}
