//! L2: from the start of a function's process to its first `GET …/invocation/next`, the size of its binary, and one
//! invocation through a Runtime API on loopback.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use benches::{Row, built, median};
use lift::test::Event;
use lift_tests::runtime_api::RuntimeApi;

type Failure = Box<dyn std::error::Error>;

const STARTS: usize = 60;
const INVOCATIONS: usize = 2000;

fn main() -> Result<(), Failure> {
    let (peer, hello) = (built("benches", "peer_hello")?, built("hello", "hello")?);
    let fifty = built("benches", "lift_fifty")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        for (what, ours) in
            [("start → first poll, hello", &hello), ("start → first poll, 50 routes and types", &fifty)]
        {
            let row = starts(&peer, ours).await?;
            // The bound is one millisecond more than the peer's hello.
            row.print(what, "lambda_http + axum", 1.0 + 1e6 / row.peer);
        }
        let (peers, ours) = (invocations(&peer).await?, invocations(&hello).await?);
        Row { id: "L2", peer: peers, lift: ours }.print(
            "one invocation on loopback, p50",
            "lambda_http + axum",
            1.0,
        );
        Ok::<_, Failure>(())
    })?;
    report("stripped binary of hello", size(&peer)?, size(&hello)?);
    report("resident at the first poll", resident(&peer)?, resident(&hello)?);
    Ok(())
}

fn report(what: &str, peer: f64, lift: f64) {
    let more = lift - peer;
    println!(
        "L2   {what:<46} {:<28} {peer:>10.2} MB  lift {lift:>10.2} MB  more {more:>+6.2} MB",
        "lambda_http + axum"
    );
}

/// A function that ends with its measurement.
struct Function {
    process: Child,
    api: RuntimeApi,
    started: Instant,
}

impl Function {
    async fn start(program: &Path) -> Result<Self, Failure> {
        let api = RuntimeApi::start().await?;
        let mut command = Command::new(program);
        command.envs(api.environment()).env("LIFT_LOG", "warn").env("RUST_LOG", "warn").stdout(Stdio::null());
        let started = Instant::now();
        Ok(Self { process: command.spawn()?, api, started })
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The starts of two programs in turns.
async fn starts(peer: &Path, ours: &Path) -> Result<Row, Failure> {
    let (mut peers, mut lifts) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        peers.push(start(peer).await?);
        lifts.push(start(ours).await?);
    }
    Ok(Row { id: "L2", peer: median(&mut peers), lift: median(&mut lifts) })
}

/// Nanoseconds from the start of a process to its first poll.
async fn start(program: &Path) -> Result<f64, Failure> {
    let function = Function::start(program).await?;
    let polled = tokio::time::timeout(Duration::from_secs(5), function.api.polled())
        .await?
        .ok_or("it never polled")?;
    Ok((polled - function.started).as_secs_f64() * 1e9)
}

/// Nanoseconds of an invocation, the median.
async fn invocations(program: &Path) -> Result<f64, Failure> {
    let function = Function::start(program).await?;
    let event = serde_json::Value::from(Event::http_api("GET", "/hello/world")).to_string();
    let mut samples = Vec::with_capacity(INVOCATIONS);
    for _ in 0..INVOCATIONS {
        let begun = Instant::now();
        let answer = function.api.invoke(event.clone()).await.ok_or("no answer")?;
        samples.push(begun.elapsed().as_secs_f64() * 1e9);
        if answer.json()["statusCode"] != 200 {
            return Err(format!("{answer:?}").into());
        }
    }
    Ok(median(&mut samples))
}

/// Megabytes of a stripped binary.
fn size(program: &Path) -> Result<f64, Failure> {
    Ok(std::fs::metadata(program)?.len() as f64 / 1e6)
}

/// Megabytes resident once a function has asked for its first event.
fn resident(program: &Path) -> Result<f64, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let function = Function::start(program).await?;
        function.api.polled().await.ok_or("it never polled")?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", function.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kib * 1024.0 / 1e6)
    })
}
