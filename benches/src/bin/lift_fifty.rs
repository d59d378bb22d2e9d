//! L2: an app of 50 routes and 50 validated types.

use lift::prelude::*;

macro_rules! resources {
    ($($name:ident $path:literal)*) => {
        $(mod $name {
            use lift::prelude::*;

            #[derive(Serialize, Deserialize, JsonSchema, Validate)]
            pub(super) struct Body {
                #[schemars(length(min = 1, max = 64))]
                name: String,
                #[schemars(email)]
                email: String,
                #[schemars(regex(pattern = r"^SKU-[0-9]{4}$"))]
                sku: String,
                #[schemars(range(min = 1, max = 100))]
                qty: u32,
                #[schemars(length(max = 10))]
                tags: Vec<String>,
            }

            #[post($path)]
            #[validate]
            pub(super) async fn create(body: Json<Body>) -> Json<Body> {
                body
            }
        })*

        fn app() -> App {
            App::new()$(.routes(routes![$name::create]))*
        }
    };
}

resources! {
    a0 "/a0" a1 "/a1" a2 "/a2" a3 "/a3" a4 "/a4" a5 "/a5" a6 "/a6" a7 "/a7" a8 "/a8" a9 "/a9"
    b0 "/b0" b1 "/b1" b2 "/b2" b3 "/b3" b4 "/b4" b5 "/b5" b6 "/b6" b7 "/b7" b8 "/b8" b9 "/b9"
    c0 "/c0" c1 "/c1" c2 "/c2" c3 "/c3" c4 "/c4" c5 "/c5" c6 "/c6" c7 "/c7" c8 "/c8" c9 "/c9"
    d0 "/d0" d1 "/d1" d2 "/d2" d3 "/d3" d4 "/d4" d5 "/d5" d6 "/d6" d7 "/d7" d8 "/d8" d9 "/d9"
    e0 "/e0" e1 "/e1" e2 "/e2" e3 "/e3" e4 "/e4" e5 "/e5" e6 "/e6" e7 "/e7" e8 "/e8" e9 "/e9"
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    app().run().await
}
