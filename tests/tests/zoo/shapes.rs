//! Collections, tuples, pointers, and types that hold themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use lift::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::enums::{Line, Sku};
use crate::verdict::{Rust, check};

#[derive(Deserialize, JsonSchema, Validate)]
struct Unit;

#[derive(Deserialize, JsonSchema, Validate)]
struct TupleStruct(u8, #[schemars(length(max = 2))] String, Option<Sku>);

#[derive(Deserialize, JsonSchema, Validate)]
struct Tree {
    #[schemars(length(max = 3))]
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
    left: Option<Box<Tree>>,
    named: Option<BTreeMap<String, Tree>>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Pointers {
    boxed: Box<Line>,
    arc: Arc<str>,
    rc: Rc<[Sku]>,
    nested: Option<Box<Option<Arc<u8>>>>,
    #[schemars(length(min = 1))]
    bound: Option<Arc<String>>,
}

#[derive(Deserialize, JsonSchema, Validate, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key(#[schemars(regex(pattern = "^[a-z]{1,3}$"))] String);

#[derive(Deserialize, JsonSchema, Validate, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Side {
    Left,
    Right,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Maps {
    lines: BTreeMap<String, Line>,
    keys: HashMap<Key, u8>,
    sides: BTreeMap<Side, Option<u8>>,
    any: Map<String, Value>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Sets {
    numbers: HashSet<u8>,
    #[schemars(length(min = 1, max = 3))]
    texts: BTreeSet<String>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Sequences {
    deque: VecDeque<i8>,
    #[schemars(length(max = 2))]
    list: LinkedList<bool>,
    array: [u8; 3],
    none: [u8; 0],
    nested: Vec<Vec<Option<u8>>>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Options {
    one: Option<u8>,
    two: Option<Option<u8>>,
    list: Option<Vec<Option<Sku>>>,
    #[serde(default)]
    line: Option<Line>,
    #[schemars(required)]
    must: Option<u8>,
    unit: Option<()>,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Nothings {
    unit: (),
    empty: Unit,
    phantom: PhantomData<u8>,
    any: Value,
    letter: char,
}

type Wide = (u8, bool, String, Option<u8>, (), Sku, i8, f64, char, [u8; 1], u16, Vec<u8>);

#[test]
fn tuples() {
    check::<TupleStruct>("TupleStruct", Rust::AsTheSchema, &[r#"[1,"ab","SKU-0001"]"#, r#"[1,"",null]"#]);
    check::<(u8, Sku)>("Tuple", Rust::AsTheSchema, &[r#"[1,"SKU-0001"]"#]);
    let wide = r#"[1,true,"a",null,null,"SKU-0001",-1,0.5,"é",[1],65535,[]]"#;
    check::<Wide>("Wide", Rust::AsTheSchema, &[wide]);
    check::<Unit>("Unit", Rust::AsTheSchema, &["null"]);
    check::<Nothings>(
        "Nothings",
        Rust::AsTheSchema,
        &[r#"{"unit":null,"empty":null,"phantom":null,"any":[{}],"letter":"é"}"#],
    );
}

#[test]
fn recursion_and_pointers() {
    let tree = r#"{"name":"abc","children":[{"name":"x"},{"name":"","children":[]}],"left":{"name":"é"},"named":{"k":{"name":"y"}}}"#;
    check::<Tree>("Tree", Rust::AsTheSchema, &[tree]);
    let pointers =
        r#"{"boxed":{"sku":"SKU-0001","qty":1},"arc":"a","rc":["SKU-0002"],"nested":7,"bound":"x"}"#;
    check::<Pointers>("Pointers", Rust::AsTheSchema, &[pointers]);
}

#[test]
fn maps_and_sets() {
    let maps = r#"{"lines":{"x":{"sku":"SKU-0001","qty":1}},"keys":{"abc":1,"z":2},"sides":{"left":1,"right":null},"any":{"a":[]}}"#;
    check::<Maps>("Maps", Rust::AsTheSchema, &[maps]);
    // A schema of text keys cannot say the range of an integer, nor that it has one spelling.
    check::<HashMap<u16, u8>>("IntegerKeys", Rust::Narrower, &[r#"{"7":7,"65535":1}"#, "{}"]);
    check::<BTreeMap<i64, Sku>>("SignedKeys", Rust::Narrower, &[r#"{"-7":"SKU-0001","65536":"SKU-0002"}"#]);
    check::<Sets>("Sets", Rust::AsTheSchema, &[r#"{"numbers":[1,2,3],"texts":["a","é"]}"#]);
}

#[test]
fn sequences_and_options() {
    let sequences =
        r#"{"deque":[1,-1],"list":[true,false],"array":[1,2,3],"none":[],"nested":[[1,null],[]]}"#;
    check::<Sequences>("Sequences", Rust::AsTheSchema, &[sequences]);
    let options = [
        r#"{"one":1,"two":null,"list":["SKU-0001",null],"line":null,"must":1,"unit":null}"#,
        r#"{"must":7}"#,
    ];
    check::<Options>("Options", Rust::AsTheSchema, &options);
}
