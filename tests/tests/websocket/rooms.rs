//! Rooms and users, which are a tenant's.

use std::collections::BTreeSet;
use std::time::Duration;

use lift::Caller;
use lift::prelude::*;
use lift::test::{TestApp, TestSocket};
use serde_json::{Value, json};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    Join(String),
    Leave(String),
    Say(String, Value),
    SayToOthers(String, Value),
    Tell(String, Value),
}

#[websocket("/", buffer = 16, write_timeout = "1s")]
async fn socket(command: Command, conn: Connection) -> Result<&'static str> {
    match command {
        Command::Join(room) => conn.room(room).join().await?,
        Command::Leave(room) => conn.room(room).leave().await?,
        Command::Say(room, what) => conn.room(room).broadcast(&what).await?,
        Command::SayToOthers(room, what) => conn.room(room).broadcast_to_others(&what).await?,
        Command::Tell(user, what) => conn.user(user).send(&what).await?,
    }
    Ok("done")
}

#[post("/announce/{room}")]
async fn announce(connections: Connections, Path(room): Path<String>, body: Json<Value>) -> Result<()> {
    connections.room(room).send(&body.0).await
}

fn user(parts: &http::request::Parts) -> Option<String> {
    parts.headers.get("x-user").and_then(|user| user.to_str().ok()).map(str::to_owned)
}

fn app() -> TestApp {
    let tenants = Tenants::query("tenant");
    TestApp::new(App::new().tenants(tenants).caller(Caller::custom(user)).routes(routes![socket, announce]))
}

async fn done(socket: &mut TestSocket, command: Command) {
    socket.send(&command).await;
    assert_eq!(socket.next().await, Some("done".into()));
}

async fn member(app: &TestApp, tenant: &str, room: &str) -> TestSocket {
    let mut socket = app.socket(&format!("/?tenant={tenant}")).await;
    done(&mut socket, Command::Join(room.into())).await;
    socket
}

/// Whatever was sent to it comes before this.
async fn nothing_but(socket: &mut TestSocket, expected: &[Value]) {
    for value in expected {
        assert_eq!(&socket.json::<Value>().await, value);
    }
    done(socket, Command::Leave("nowhere".into())).await;
}

#[tokio::test]
async fn a_room_is_told() {
    let app = app();
    let mut ada = member(&app, "acme", "blue").await;
    let mut bob = member(&app, "acme", "blue").await;
    let mut red = member(&app, "acme", "red").await;
    let mut eve = member(&app, "globex", "blue").await;
    for n in 0..3 {
        done(&mut red, Command::Say("blue".into(), json!(n))).await;
    }
    for socket in [&mut ada, &mut bob] {
        nothing_but(socket, &[json!(0), json!(1), json!(2)]).await;
    }
    nothing_but(&mut eve, &[]).await;
    nothing_but(&mut red, &[]).await;
}

#[tokio::test]
async fn who_speaks_hears_it_unless_it_is_for_others() {
    let app = app();
    let mut ada = member(&app, "acme", "blue").await;
    let mut bob = member(&app, "acme", "blue").await;
    ada.send(&Command::SayToOthers("blue".into(), json!("psst"))).await;
    nothing_but(&mut bob, &[json!("psst")]).await;
    ada.send(&Command::Say("blue".into(), json!("all"))).await;
    assert_eq!(ada.next().await, Some("done".into()));
    nothing_but(&mut ada, &[json!("all")]).await;
}

#[tokio::test]
async fn who_has_left_or_gone_is_told_no_more() {
    let app = app();
    let mut ada = member(&app, "acme", "blue").await;
    let mut bob = member(&app, "acme", "blue").await;
    let eve = member(&app, "acme", "blue").await;
    done(&mut bob, Command::Leave("blue".into())).await;
    eve.close().await;
    done(&mut bob, Command::Say("blue".into(), json!(1))).await;
    nothing_but(&mut ada, &[json!(1)]).await;
    nothing_but(&mut bob, &[]).await;
}

#[tokio::test]
async fn a_user_is_told_on_all_connections() {
    let app = app();
    let open = async |tenant: &str, user: &str| {
        app.socket(&format!("/?tenant={tenant}")).header("x-user", user).await
    };
    let mut ada = [open("acme", "ada").await, open("acme", "ada").await];
    let mut others = [open("acme", "bob").await, open("globex", "ada").await];
    done(&mut others[0], Command::Tell("ada".into(), json!("hi"))).await;
    for socket in &mut ada {
        nothing_but(socket, &[json!("hi")]).await;
    }
    for socket in &mut others {
        nothing_but(socket, &[]).await;
    }
}

#[tokio::test]
async fn a_plain_request_tells_a_room_of_its_tenant() {
    let app = app();
    let mut ada = member(&app, "acme", "blue").await;
    let mut eve = member(&app, "globex", "blue").await;
    let told = app.post("/announce/blue?tenant=acme").json(&"sale").send().await;
    assert_eq!(told.status, 200);
    nothing_but(&mut ada, &[json!("sale")]).await;
    nothing_but(&mut eve, &[]).await;
}

#[tokio::test]
async fn names_and_numbers_of_rooms_are_bounded() {
    let app = app();
    let mut ada = app.socket("/?tenant=acme").await;
    for name in ["", "a\nb", &"x".repeat(257)] {
        ada.send(&Command::Join(name.into())).await;
        assert_eq!(ada.json::<Value>().await["problem"]["code"], "room_invalid", "{name}");
    }
    for n in 0..100 {
        done(&mut ada, Command::Join(format!("room {n}"))).await;
    }
    ada.send(&Command::Join("one more".into())).await;
    assert_eq!(ada.json::<Value>().await["problem"]["code"], "too_many_rooms");
    done(&mut ada, Command::Join("room 0".into())).await;
}

#[connect]
async fn everywhere(conn: Connection) -> Result<()> {
    for n in 0..100 {
        conn.room(format!("room {n}")).join().await?;
    }
    Ok(())
}

#[websocket("/everywhere", connect = everywhere)]
async fn is_everywhere(_: Value) {}

#[tokio::test]
async fn who_is_in_all_rooms_is_told_as_a_user_too() {
    let app = TestApp::new(App::new().caller(Caller::custom(user)).routes(routes![socket, is_everywhere]));
    let mut ada = app.socket("/everywhere").header("x-user", "ada").await;
    let mut bob = app.socket("/").await;
    done(&mut bob, Command::Tell("ada".into(), json!("psst"))).await;
    assert_eq!(ada.json::<Value>().await, "psst");
}

#[tokio::test]
async fn a_member_that_does_not_read_delays_nobody_and_is_closed() {
    let app = app();
    let mut quick = member(&app, "acme", "blue").await;
    let mut slow = member(&app, "acme", "blue").await;
    let large = json!("x".repeat(30_000));
    let began = std::time::Instant::now();
    for n in 0..60 {
        quick.send(&Command::Say("blue".into(), json!([n, large]))).await;
        assert_eq!(quick.json::<Value>().await[0], n, "nobody waits for the slow one");
        assert_eq!(quick.next().await, Some("done".into()));
    }
    assert!(began.elapsed() < Duration::from_secs(30));
    // It was given what fitted, in order, and then the end.
    let mut seen = Vec::new();
    while let Some(message) = slow.next().await {
        let message: Value = serde_json::from_slice(message.as_bytes()).expect("JSON");
        seen.push(message[0].as_u64().expect("a number"));
    }
    assert!(seen.len() < 60, "{seen:?}");
    assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<_>>());
    assert!(slow.closed().is_none_or(|(code, _)| code == 1008), "{:?}", slow.closed());
}

#[tokio::test]
async fn all_members_see_one_order() {
    let app = app();
    let mut members = Vec::new();
    for _ in 0..4 {
        members.push(member(&app, "acme", "blue").await);
    }
    let speakers = members.into_iter().enumerate().map(|(speaker, mut socket)| async move {
        let mut heard = Vec::new();
        for n in 0..10 {
            socket.send(&Command::Say("blue".into(), json!([speaker, n]))).await;
            loop {
                let message = socket.next().await.expect("a message");
                if message == "done".into() {
                    break;
                }
                heard.push(message.as_text().expect("text").to_owned());
            }
        }
        while heard.len() < 40 {
            heard.push(socket.next().await.expect("a message").as_text().expect("text").to_owned());
        }
        heard
    });
    let heard: BTreeSet<Vec<String>> = futures_util::future::join_all(speakers).await.into_iter().collect();
    assert_eq!(heard.len(), 1, "{heard:?}");
}
