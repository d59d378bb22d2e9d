//! Hubs of several processes on one Redis: here, several hubs in one process, which share nothing else.

use std::time::Duration;

use futures_util::StreamExt as _;
use lift::Tenant;
use lift::stream::{Hub, LastEventId, Subscription};
use lift_tests::proxy::{Harm, Proxy};
use lift_tests::redis::Redis;
use tokio::time::{Instant, sleep, timeout};

const LONG: Duration = Duration::from_secs(60);

fn hub(redis: &Redis) -> Hub<u32> {
    Hub::redis(&redis.url()).expect("a URL")
}

async fn subscribe(hub: &Hub<u32>, id: &str) -> Subscription<u32> {
    hub.subscribe("topic", &LastEventId::new(id)).await.expect("subscribed")
}

/// The next event: its id, its name if it is a gap, and its data.
async fn next(subscription: &mut Subscription<u32>) -> (String, String) {
    let event =
        timeout(LONG, subscription.next()).await.expect("in time").expect("not the end").expect("well");
    let text = String::from_utf8_lossy(&event.as_sse()).into_owned();
    let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap_or_default().to_owned();
    let name = if text.contains("event: gap") { "gap " } else { "" };
    (id, format!("{name}{}", String::from_utf8_lossy(event.json())))
}

async fn expect(subscription: &mut Subscription<u32>, expected: impl IntoIterator<Item = u32>) -> String {
    let mut last = String::new();
    for item in expected {
        let (id, data) = next(subscription).await;
        assert_eq!(data, item.to_string());
        last = id;
    }
    last
}

async fn publish(hub: &Hub<u32>, items: impl IntoIterator<Item = u32>) {
    for item in items {
        hub.publish("topic", item).await.expect("published");
    }
}

#[tokio::test]
async fn what_one_process_publishes_reaches_all_and_any_of_them_resumes() {
    let redis = Redis::start();
    let (a, b, c) = (hub(&redis), hub(&redis), hub(&redis));
    let mut at_a = subscribe(&a, "").await;
    let mut at_b = subscribe(&b, "").await;
    assert_eq!(next(&mut at_a).await, next(&mut at_b).await, "where both begin");
    publish(&a, 1..=3).await;
    publish(&b, 4..=5).await;
    let seen = expect(&mut at_a, 1..=5).await;
    assert_eq!(expect(&mut at_b, 1..=5).await, seen);
    // A third process, which has heard nothing of it, resumes what the first began; and so does one of the first two.
    let begin = seen.replace("-5", "-2");
    for hub in [&a, &c] {
        expect(&mut subscribe(hub, &begin).await, 3..=5).await;
    }
    publish(&c, [6]).await;
    expect(&mut subscribe(&b, &seen).await, [6]).await;
    expect(&mut at_a, [6]).await;
    // Tenants share nothing.
    let acme = a.for_tenant(&Tenant::new("acme").expect("a name"));
    let mut of_acme = subscribe(&acme, &seen).await;
    assert_eq!(next(&mut of_acme).await.1, "gap {\"missed\":null}", "another topic's id");
    publish(&c.for_tenant(&Tenant::new("acme").expect("a name")), [70]).await;
    publish(&c, [7]).await;
    expect(&mut of_acme, [70]).await;
    expect(&mut at_a, [7]).await;
}

#[tokio::test]
async fn a_window_is_bounded_and_what_is_lost_is_told() {
    let redis = Redis::start();
    let (a, b) = (hub(&redis).keep(3), hub(&redis).keep(3));
    publish(&a, 1..=10).await;
    let mut late = subscribe(&b, "").await;
    let (latest, _) = next(&mut late).await;
    assert!(latest.ends_with("-10"), "{latest}");
    let mut resumed = subscribe(&b, &latest.replace("-10", "-4")).await;
    assert_eq!(next(&mut resumed).await, (latest.replace("-10", "-7"), "gap {\"missed\":3}".to_owned()));
    expect(&mut resumed, 8..=10).await;
    let mut garbage = subscribe(&b, "4; drop").await;
    assert_eq!(next(&mut garbage).await.1, "gap {\"missed\":null}");
    expect(&mut garbage, 8..=10).await;
}

#[tokio::test]
async fn a_connection_that_breaks_loses_nothing_and_repeats_nothing() {
    let redis = Redis::start();
    let (a, b) = (hub(&redis).keep(1_000), hub(&redis).keep(1_000));
    let mut listening = subscribe(&b, "").await;
    next(&mut listening).await;
    for round in 0..5 {
        publish(&a, round * 20..round * 20 + 10).await;
        redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        publish(&a, round * 20 + 10..round * 20 + 20).await;
    }
    expect(&mut listening, 0..100).await;
}

#[tokio::test]
async fn a_redis_that_is_gone_is_503_and_one_that_lost_everything_is_a_gap() {
    let mut redis = Redis::start();
    let (a, b) = (hub(&redis), hub(&redis));
    let mut listening = subscribe(&b, "").await;
    next(&mut listening).await;
    publish(&a, [1]).await;
    let seen = expect(&mut listening, [1]).await;
    redis.kill();
    assert_eq!(a.publish("topic", 2).await.expect_err("it is down").status(), 503);
    let refused = b.subscribe("another", &LastEventId::default()).await;
    assert_eq!(refused.expect_err("it is down").status(), 503);
    redis.restart();
    let until = Instant::now() + LONG;
    while a.publish("topic", 3).await.is_err() {
        assert!(Instant::now() < until, "it is there again");
        sleep(Duration::from_millis(50)).await;
    }
    let (id, gap) = next(&mut listening).await;
    assert_eq!(gap, "gap {\"missed\":null}");
    assert_ne!(id[..16], seen[..16], "another epoch");
    expect(&mut listening, [3]).await;
    let mut resumed = subscribe(&a, &seen).await;
    assert_eq!(next(&mut resumed).await.1, "gap {\"missed\":null}");
    expect(&mut resumed, [3]).await;
}

#[tokio::test]
async fn who_has_given_up_is_no_work_for_a_redis_that_comes_back() {
    let mut redis = Redis::start();
    let hub = hub(&redis);
    redis.kill();
    let asked = (0..200).map(|_| timeout(Duration::from_millis(100), subscribe(&hub, "")));
    assert!(futures_util::future::join_all(asked).await.iter().all(Result::is_err));
    redis.restart();
    let until = Instant::now() + LONG;
    while hub.subscribe("topic", &LastEventId::default()).await.is_err() {
        assert!(Instant::now() < until, "it is there again");
    }
    let stats = redis.cli(&["INFO", "commandstats"]);
    let line = stats.lines().find(|line| line.starts_with("cmdstat_subscribe:")).unwrap_or_default();
    let calls = line.split([':', '=', ',']).nth(2).and_then(|calls| calls.parse::<u32>().ok());
    assert!(calls.is_some_and(|calls| calls < 20), "{stats}");
}

#[tokio::test]
async fn many_who_publish_do_not_wait_for_each_other_while_redis_says_nothing() {
    let redis = Redis::start();
    let proxy = Proxy::before(redis.port()).await;
    proxy.harm(Harm::Silence);
    let hub = Hub::<u32>::redis(&format!("redis://127.0.0.1:{}", proxy.port())).expect("a URL");
    let began = Instant::now();
    for error in futures_util::future::join_all((0..20).map(|n| hub.publish("topic", n))).await {
        assert_eq!(error.expect_err("it says nothing").status(), 503);
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test]
async fn nobody_is_listened_for_who_has_left() {
    let redis = Redis::start();
    let hub = hub(&redis);
    let channels = || redis.cli(&["PUBSUB", "CHANNELS", "*"]).lines().filter(|line| !line.is_empty()).count();
    let listening = [subscribe(&hub, "").await, subscribe(&hub, "").await];
    assert_eq!(channels(), 1);
    drop(listening);
    let until = Instant::now() + LONG;
    while channels() > 0 {
        assert!(Instant::now() < until, "{} channels", channels());
        sleep(Duration::from_millis(20)).await;
    }
    // And when somebody comes again, all is there.
    publish(&hub, [1]).await;
    let mut again = subscribe(&hub, "").await;
    assert!(next(&mut again).await.0.ends_with("-1"));
    publish(&hub, [2]).await;
    expect(&mut again, [2]).await;
}

#[test]
#[should_panic(expected = "nobody can wait for the subscribers of other processes")]
fn waiting_for_other_processes_is_refused() {
    let hub = Hub::<u32>::redis("redis://127.0.0.1:1").expect("a URL");
    drop(hub.on_lag(lift::stream::OnLag::Wait));
}
