//! What a store of connections has to hold to, as a test.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use crate::cache::StoreError;
use crate::websocket::{Bench, ConnectionStore, in_time};

const HOUR: Duration = Duration::from_secs(3600);
const PATIENCE: Duration = Duration::from_secs(20);

/// Tests that a store keeps what [`ConnectionStore`] asks of it; the built-in ones pass.
///
/// It may be a store that others use meanwhile: every name begins with random digits. It takes about a second, for
/// something has to expire.
///
/// ```no_run
/// # use lift_runtime::websocket::ConnectionStore;
/// # async fn example(my_store: impl ConnectionStore) {
/// lift_runtime::test::connection_store_conformance(my_store).await;
/// # }
/// ```
///
/// # Panics
/// With a sentence that says what the store does not hold to.
pub async fn connection_store_conformance(store: impl ConnectionStore) {
    let suite = Suite { store: Arc::new(store), run: crate::random_id() };
    suite.records().await;
    suite.sets().await;
    suite.large_sets().await;
    suite.expiry().await;
    suite.messages().await;
}

struct Suite<S> {
    store: Arc<S>,
    run: String,
}

fn done<T>(what: &str, result: Result<T, StoreError>) -> T {
    result.unwrap_or_else(|error| panic!("`{what}` fails: {error}"))
}

impl<S: ConnectionStore> Suite<S> {
    fn name(&self, name: &str) -> String {
        format!("{} {name}", self.run)
    }

    async fn get(&self, name: &str) -> Option<bytes::Bytes> {
        done("get", self.store.get(&self.name(name)).await)
    }

    async fn put(&self, name: &str, record: &[u8], life: Duration) {
        let record = bytes::Bytes::copy_from_slice(record);
        done("put", self.store.put(&self.name(name), record, in_time(life)).await);
    }

    async fn add(&self, set: &str, member: &str, life: Duration) {
        done("add", self.store.add(&self.name(set), member, in_time(life)).await);
    }

    async fn members(&self, set: &str) -> BTreeSet<String> {
        let members = done("members", self.store.members(&self.name(set)).await);
        let (count, members) = (members.len(), BTreeSet::from_iter(members));
        assert_eq!(count, members.len(), "a set has each member once");
        members
    }

    async fn records(&self) {
        assert_eq!(self.get("a").await, None, "a record that was never put is not there");
        let bytes: Vec<u8> = (0..=255).collect();
        for (name, record) in [("a", &bytes[..]), ("a ü\"\\", b"x"), ("b", b"")] {
            self.put(name, record, HOUR).await;
            assert_eq!(self.get(name).await.as_deref(), Some(record), "a record comes back as it was put");
        }
        self.put("a", b"2", HOUR).await;
        assert_eq!(self.get("a").await.as_deref(), Some(&b"2"[..]), "a record takes another's place");
        assert!(done("delete", self.store.delete(&self.name("a")).await), "who deletes a record is told so");
        assert!(!done("delete", self.store.delete(&self.name("a")).await), "and nobody after that");
        let of_many = self.name("of many");
        for _ in 0..5 {
            self.put("of many", b"x", HOUR).await;
            let deleted = join_all((0..8).map(|_| self.store.delete(&of_many))).await;
            let told = deleted.into_iter().filter(|deleted| matches!(deleted, Ok(true))).count();
            assert_eq!(told, 1, "of many who delete a record at once one is told so");
        }
        assert_eq!(self.get("a").await, None, "a deleted record is gone");
        assert!(self.get("b").await.is_some(), "and no other is");
    }

    async fn sets(&self) {
        assert!(self.members("s").await.is_empty(), "a set that nobody was added to is empty");
        for member in ["g 1", "p x", "g 1", "ü \"\\"] {
            self.add("s", member, HOUR).await;
        }
        self.add("s 2", "g 2", HOUR).await;
        let expected = BTreeSet::from(["g 1", "p x", "ü \"\\"].map(String::from));
        assert_eq!(self.members("s").await, expected, "a set has who was added to it and nobody else");
        for _ in 0..2 {
            done("remove", self.store.remove(&self.name("s"), "g 1").await);
        }
        done("remove", self.store.remove(&self.name("s"), "nobody").await);
        assert_eq!(self.members("s").await.len(), 2, "who was removed is gone, and no other");
        assert_eq!(self.members("s 2").await.len(), 1);
        assert_eq!(self.get("s").await, None, "a set is no record");
    }

    async fn large_sets(&self) {
        let expected: BTreeSet<String> = (0..200).map(|n| format!("{n} {}", "x".repeat(200))).collect();
        for member in &expected {
            self.add("large", member, HOUR).await;
        }
        assert_eq!(self.members("large").await, expected, "a large set has all its members");
    }

    async fn expiry(&self) {
        let soon = Duration::from_millis(700);
        self.put("soon", b"x", soon).await;
        self.add("s", "soon", soon).await;
        self.add("s", "renewed", soon).await;
        self.add("s", "renewed", HOUR).await;
        self.put("past", b"x", Duration::ZERO).await;
        self.add("s", "past", Duration::ZERO).await;
        assert!(!self.members("s").await.contains("past") && self.get("past").await.is_none());
        sleep(soon + Duration::from_millis(50)).await;
        assert_eq!(self.get("soon").await, None, "a record that has expired is gone");
        assert!(!done("delete", self.store.delete(&self.name("soon")).await), "and cannot be deleted");
        let members = self.members("s").await;
        assert!(!members.contains("soon"), "a member that has expired is gone");
        assert!(members.contains("renewed"), "a member that was added again stays");
    }

    /// Whether one process hears another, if the store has means for it.
    async fn messages(&self) {
        let [bench, other] = [Bench::new(), Bench::new()];
        let (name, other_name) = (self.name("process"), self.name("other"));
        let listens = |name: &str, bench: &Bench| {
            let (store, name, inbox) = (Arc::clone(&self.store), name.to_owned(), bench.inbox());
            tokio::spawn(async move { store.listen(&name, inbox).await })
        };
        let (task, other_task) = (listens(&name, &bench), listens(&other_name, &other));
        if !bench.listens(&task).await {
            assert!(matches!(task.await, Ok(Err(StoreError::Unsupported))), "who cannot listen says so");
            return;
        }
        assert!(other.listens(&other_task).await, "several may listen");
        done("publish", self.store.publish(&self.name("nobody"), Bench::message("lost")).await);
        for n in 0..100 {
            done("publish", self.store.publish(&name, Bench::message(&n.to_string())).await);
        }
        done("publish", self.store.publish(&other_name, Bench::message("last")).await);
        let expected: Vec<_> = (0..100).map(|n| n.to_string()).collect();
        let heard = timeout(PATIENCE, bench.heard(100)).await;
        assert_eq!(heard.ok().as_ref(), Some(&expected), "messages come in order, each once");
        let heard = timeout(PATIENCE, other.heard(1)).await;
        assert_eq!(heard.ok(), Some(vec!["last".to_owned()]), "and to whom they are for only");
        task.abort();
        other_task.abort();
    }
}
