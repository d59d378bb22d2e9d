//! A Redis of a test's own: Debian's `redis-server` on a free port, which the test may kill, stop and start again.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::Server;

/// A server, gone when dropped.
pub struct Redis {
    port: u16,
    arguments: Vec<String>,
    directory: PathBuf,
    server: Server,
}

impl Redis {
    /// Starts one that keeps nothing on disk.
    ///
    /// # Panics
    /// If `redis-server` is missing or does not start: `tests/run` installs it.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with further arguments, such as `["--maxmemory", "4mb"]`.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn with(arguments: &[&str]) -> Self {
        let port = free_port();
        let directory = std::env::temp_dir().join(format!("lift-redis-{}-{port}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory for Redis");
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let mut redis = Self { port, arguments, directory, server: Server::default() };
        redis.restart();
        redis
    }

    /// Its URL, for `RedisStore::new`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again on the same port, without what it held.
    ///
    /// # Panics
    /// As [`start`](Self::start), and if it runs.
    pub fn restart(&mut self) {
        self.server.spawn(
            Command::new("redis-server")
                .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
                .arg(&self.directory)
                .args(&self.arguments)
                .stdout(Stdio::null()),
        );
        let until = Instant::now() + Duration::from_secs(20);
        while self.ask(&["PING"]).is_none_or(|answer| answer.trim() != "PONG") {
            assert!(Instant::now() < until, "redis-server did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What `redis-cli` says to a command.
    ///
    /// # Panics
    /// If it cannot be asked.
    pub fn cli(&self, command: &[&str]) -> String {
        self.ask(command).expect("redis-cli answers")
    }

    fn ask(&self, command: &[&str]) -> Option<String> {
        TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let output =
            Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(command).output().ok()?;
        String::from_utf8(output.stdout).ok()
    }
}

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DerefMut for Redis {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.server
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A cluster of three servers, gone when dropped.
pub struct Cluster {
    nodes: Vec<Redis>,
}

impl Cluster {
    /// Starts three servers, and makes them one cluster.
    ///
    /// # Panics
    /// As [`Redis::start`], and if they do not come together within 20 s.
    pub fn start() -> Self {
        let nodes: Vec<_> = (0..3).map(|_| Redis::with(&["--cluster-enabled", "yes"])).collect();
        let addresses = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port));
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(addresses)
            .args(["--cluster-replicas", "0", "--cluster-yes"])
            .output()
            .expect("redis-cli runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        let until = Instant::now() + Duration::from_secs(20);
        while !nodes.iter().all(|node| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")) {
            assert!(Instant::now() < until, "the cluster did not come together");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { nodes }
    }

    /// The URL of one of them, for `RedisStore::new`.
    pub fn url(&self) -> String {
        format!("redis+cluster://127.0.0.1:{}", self.nodes[0].port)
    }
}

/// A server that speaks TLS only, with a certificate of its own authority.
pub struct TlsRedis {
    redis: Redis,
}

impl TlsRedis {
    /// Starts one.
    ///
    /// # Panics
    /// As [`Redis::start`], and if `openssl` is missing: `tests/run` installs it.
    pub fn start() -> Self {
        let redis = Redis::with(&[]);
        let directory = redis.directory.clone();
        let path = |name: &str| directory.join(name).display().to_string();
        let openssl = |arguments: &[&str]| {
            let made = Command::new("openssl")
                .args(arguments)
                .output()
                .expect("openssl runs: tests/run installs it");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        };
        fs::write(path("names"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
            .expect("written");
        let (ca_key, ca, key, request, certificate) =
            (path("ca.key"), path("ca.pem"), path("key"), path("request"), path("certificate"));
        let new = ["req", "-newkey", "rsa:2048", "-nodes", "-subj"];
        openssl(&[&new[..], &["/CN=Test CA", "-x509", "-keyout", &ca_key, "-out", &ca]].concat());
        openssl(&[&new[..], &["/CN=Redis", "-keyout", &key, "-out", &request]].concat());
        openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            &ca,
            "-CAkey",
            &ca_key,
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            &path("names"),
            "-out",
            &certificate,
        ]);
        let tls = free_port().to_string();
        let answer = redis.cli(&[
            "CONFIG",
            "SET",
            "tls-cert-file",
            &certificate,
            "tls-key-file",
            &key,
            "tls-ca-cert-file",
            &ca,
            "tls-auth-clients",
            "no",
            "tls-port",
            &tls,
        ]);
        assert_eq!(answer.trim(), "OK");
        Self { redis }
    }

    /// Its URL, with its authority.
    pub fn url(&self) -> String {
        let port = self.redis.cli(&["CONFIG", "GET", "tls-port"]);
        let port = port.lines().last().unwrap_or_default().to_owned();
        format!("rediss://127.0.0.1:{port}?ca={}", self.redis.directory.join("ca.pem").display())
    }
}

/// A port that was free a moment ago, low enough for a cluster's bus, which is 10,000 above it.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    let free = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    std::iter::repeat_with(free).take(1000).find(|port| *port < 55_000).expect("a low port")
}
