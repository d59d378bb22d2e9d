//! A server on threads of its own: `App::workers`.

use std::collections::BTreeSet;
use std::time::Duration;

use lift::prelude::*;
use tokio::time::{Instant, timeout};

use crate::app::serve_app;
use crate::client::{BOTH, Http, get};

const BLOCKED: Duration = Duration::from_secs(2);

/// The thread that serves this, and the one that runs what it spawns.
#[get("/thread")]
#[stream(ndjson)]
async fn thread() -> Result<String> {
    let name = || std::thread::current().name().unwrap_or_default().to_owned();
    emit!(name());
    tokio::time::sleep(Duration::from_millis(1)).await;
    emit!(lift::spawn(async move { name() }).await?);
    std::future::pending::<()>().await;
}

#[get("/blocked")]
async fn blocked() -> &'static str {
    std::thread::sleep(BLOCKED);
    "at last"
}

/// The threads of this process that serve.
fn threads() -> BTreeSet<String> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("a process has threads");
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).filter(|name| name.starts_with("lift-worker-")).collect()
}

#[tokio::test]
async fn connections_are_spread_over_threads_that_end_with_the_server() {
    let (address, stop, task) = serve_app(App::new().workers(3).routes(routes![thread, blocked])).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        for http in BOTH {
            streams.push(get(http, address, "/thread").await);
        }
    }
    let mut names = Vec::new();
    for stream in &mut streams {
        let mut name = async || {
            let line = stream.next().await.expect("a name").expect("well");
            serde_json::from_slice::<String>(&line).expect("a string")
        };
        let (served, spawned) = (name().await, name().await);
        assert_eq!(served, spawned);
        names.push(served);
    }
    // Each goes where the fewest are.
    assert_eq!(names[..3].iter().collect::<BTreeSet<_>>().len(), 3, "{names:?}");
    assert_eq!(names[3..].iter().collect::<BTreeSet<_>>().len(), 3, "{names:?}");
    assert_eq!(
        threads().into_iter().collect::<Vec<_>>(),
        ["lift-worker-0", "lift-worker-1", "lift-worker-2"]
    );

    // Who blocks a thread holds up the connections of that one alone.
    let blocking = tokio::spawn(async move { get(Http::One, address, "/blocked").await.rest().await.0 });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let start = Instant::now();
    let mut free = get(Http::One, address, "/thread").await;
    free.next().await.expect("a name").expect("well");
    assert!(start.elapsed() < BLOCKED / 2, "{:?}", start.elapsed());

    drop(stop);
    for mut stream in streams {
        let (rest, _) = timeout(BLOCKED * 5, stream.rest()).await.expect("an end");
        assert!(rest.contains("shutting_down"), "{rest}");
    }
    assert_eq!(blocking.await.expect("no panic"), "at last");
    task.await.expect("no panic").expect("served");
    // A thread that has ended is still the system's for a moment.
    let until = Instant::now() + BLOCKED;
    while !threads().is_empty() {
        assert!(Instant::now() < until, "{:?}", threads());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
