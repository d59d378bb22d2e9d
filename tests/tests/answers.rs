//! What a value is written as, where that is not what it is.

#![expect(clippy::unwrap_used, reason = "tests")]

use http::{HeaderMap, StatusCode};
use lift::prelude::*;
use lift::test::TestApp;
use lift::validate::check;

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
struct Reading {
    celsius: f64,
    ratios: Vec<f32>,
    ticks: Option<u128>,
}

#[get("/{celsius}")]
#[validate(response)]
async fn reading(Path(celsius): Path<i32>) -> (StatusCode, HeaderMap, Json<Reading>) {
    let celsius = if celsius == 0 { f64::NAN } else { celsius.into() };
    (StatusCode::ACCEPTED, HeaderMap::new(), Json(Reading { celsius, ratios: Vec::new(), ticks: None }))
}

#[test]
fn a_number_that_json_cannot_say_is_wrong() {
    let of = |celsius: f64, ratio: f32, ticks: u128| {
        let reading = Reading { celsius, ratios: vec![1.0, ratio], ticks: Some(ticks) };
        check(&reading).err().map(|found| found.iter().map(|one| one.pointer.clone()).collect::<Vec<_>>())
    };
    assert_eq!(of(-40.5, f32::MAX, u64::MAX.into()), None);
    assert_eq!(of(f64::NAN, f32::INFINITY, 0).unwrap(), ["/celsius", "/ratios/1"]);
    assert_eq!(of(f64::NEG_INFINITY, 0.0, 0).unwrap(), ["/celsius"]);
    assert_eq!(of(0.0, 0.0, u128::from(u64::MAX) + 1).unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_behind_a_status_and_headers_is_checked() {
    let app = TestApp::new(App::new().routes(routes![reading]));
    assert_eq!(app.get("/1").send().await.status, StatusCode::ACCEPTED);
    assert_eq!(app.get("/0").send().await.status, StatusCode::INTERNAL_SERVER_ERROR);
}
