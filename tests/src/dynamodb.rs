//! A DynamoDB of a test's own: moto's server on a free port, which the test may kill, stop and start again.

mod front;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use lift::cache::DynamoDbStore;
use serde_json::{Value, json};

pub use self::front::{Answers, Front};
use crate::process::Server;
use crate::redis::free_port;

/// The table that is there from the start.
pub const TABLE: &str = "lift-cache";

/// A server, gone when dropped.
pub struct DynamoDb {
    port: u16,
    server: Server,
}

impl DynamoDb {
    /// Starts one, with the table.
    ///
    /// # Panics
    /// If moto is missing or does not start: `tests/run` installs it.
    pub fn start() -> Self {
        let mut table = Self { port: free_port(), server: Server::default() };
        table.restart();
        table
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What leads the AWS SDK of another process to it.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        let test = || "test".to_owned();
        [
            ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", test()),
            ("AWS_SECRET_ACCESS_KEY", test()),
        ]
    }

    /// Starts it again on the same port, with an empty table.
    ///
    /// # Panics
    /// As [`start`](Self::start), and if it runs.
    pub fn restart(&mut self) {
        self.server.spawn(
            Command::new(python())
                .args([
                    concat!(env!("CARGO_MANIFEST_DIR"), "/src/dynamodb/server.py"),
                    &self.port.to_string(),
                ])
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
        let until = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "moto did not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        self.create_table(TABLE);
    }

    /// Makes a table as the documentation of `DynamoDbStore` says.
    ///
    /// # Panics
    /// If that fails.
    pub fn create_table(&self, name: &str) {
        self.call(
            "CreateTable",
            &json!({
                "TableName": name,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
                "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            }),
        );
        let enabled = json!({ "Enabled": true, "AttributeName": "expires" });
        self.call("UpdateTimeToLive", &json!({ "TableName": name, "TimeToLiveSpecification": enabled }));
    }

    /// Makes a table as the documentation of `DynamoDbConnections` says.
    ///
    /// # Panics
    /// If that fails.
    pub fn create_connections(&self, name: &str) {
        let attribute = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
        let key = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
        self.call(
            "CreateTable",
            &json!({
                "TableName": name,
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [attribute("pk"), attribute("sk")],
                "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
            }),
        );
    }

    /// What it says to a call, such as `PutItem`.
    ///
    /// # Panics
    /// If it says no.
    pub fn call(&self, operation: &str, request: &Value) -> Value {
        let body = request.to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        let head = format!(
            "POST / HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n\
             X-Amz-Target: DynamoDB_20120810.{operation}\r\nContent-Length: {}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/dynamodb/aws4_request\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a response");
        assert!(head.contains(" 200 "), "{operation}: {answer}");
        serde_json::from_str(body).expect("JSON")
    }

    /// Every item of the table.
    ///
    /// # Panics
    /// If it cannot be asked.
    pub fn items(&self) -> Vec<Value> {
        let answer = self.call("Scan", &json!({ "TableName": TABLE, "ConsistentRead": true }));
        answer["Items"].as_array().expect("items").clone()
    }

    /// Puts an item in the place of another.
    ///
    /// # Panics
    /// If it cannot be asked.
    pub fn put(&self, item: &Value) {
        self.call("PutItem", &json!({ "TableName": TABLE, "Item": item }));
    }
}

impl Deref for DynamoDb {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl DerefMut for DynamoDb {
    fn deref_mut(&mut self) -> &mut Server {
        &mut self.server
    }
}

const REGION: &str = "us-east-1";

/// A store at a port of this machine.
///
/// # Panics
/// If the URL is none.
pub fn store_at(port: u16, url: &str) -> DynamoDbStore {
    DynamoDbStore::with_config(url, config_at(port)).expect("a URL")
}

/// What leads the AWS SDK to a port of this machine.
pub fn config_at(port: u16) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "tests");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    config.build()
}

/// Python with moto, where `tests/run` puts it: in Cargo's target directory, which this executable is in, too.
fn python() -> PathBuf {
    let here = std::env::current_exe().expect("a path");
    let mut there = here.ancestors().map(|folder| folder.join("moto-5.2.5/bin/python"));
    there.find(|path| path.exists()).expect("moto is there: tests/run installs it")
}
