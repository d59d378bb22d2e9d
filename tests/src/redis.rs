//! A Redis of a test's own: Debian's `redis-server` on a free port, which the test may kill, stop and start again.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::{Signal, signal};

/// A server, gone when dropped.
pub struct Redis {
    port: u16,
    arguments: Vec<String>,
    directory: PathBuf,
    process: Option<Child>,
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
        let mut redis = Self { port, arguments, directory, process: None };
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

    /// Its process id.
    ///
    /// # Panics
    /// If it was killed.
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// Starts it again on the same port, without what it held.
    ///
    /// # Panics
    /// As [`start`](Self::start), and if it runs.
    pub fn restart(&mut self) {
        assert!(self.process.is_none(), "it was killed before");
        let process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(&self.directory)
            .args(&self.arguments)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server runs: tests/run installs it");
        self.process = Some(process);
        let until = Instant::now() + Duration::from_secs(20);
        while self.ask(&["PING"]).is_none_or(|answer| answer.trim() != "PONG") {
            assert!(Instant::now() < until, "redis-server did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it as `kill -9` does.
    ///
    /// # Panics
    /// If it was killed already.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().expect("killed");
        process.wait().expect("gone");
    }

    /// Stops it as `kill -STOP` does: its connections stay open, and nothing answers.
    ///
    /// # Panics
    /// If it was killed.
    pub fn stop(&self) {
        signal(self.process.as_ref().expect("it runs"), Signal::STOP);
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// If it was killed.
    pub fn go_on(&self) {
        signal(self.process.as_ref().expect("it runs"), Signal::CONT);
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

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A port that was free a moment ago.
///
/// # Panics
/// If there is none.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
