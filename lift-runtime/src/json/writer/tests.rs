//! Everything is compared with what serde_json writes.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;

/// It is what serde_json writes, or fails where that fails.
fn check<T: Serialize + ?Sized>(value: &T) {
    match (to_vec(value), serde_json::to_vec(value)) {
        (Ok(ours), Ok(theirs)) => assert_eq!(text(&ours), text(&theirs)),
        (Err(ours), Err(theirs)) => assert_eq!(ours.to_string(), theirs.to_string()),
        (ours, theirs) => panic!("{ours:?} is not {theirs:?}"),
    }
}

fn text(json: &[u8]) -> &str {
    std::str::from_utf8(json).expect("UTF-8")
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Newtype<T>(T);

#[derive(Serialize)]
struct Pair(u8, &'static str);

#[derive(Default, Serialize)]
struct Struct {
    id: u64,
    #[serde(rename = "a \"quoted\"\n\u{e9}name")]
    quoted: Option<i8>,
    #[serde(rename = "a name of more than twenty-eight letters, which is long")]
    long: (),
    #[serde(skip_serializing_if = "Vec::is_empty")]
    list: Vec<Struct>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Default, Serialize)]
struct Skipped {
    #[serde(skip_serializing_if = "Option::is_none")]
    nothing: Option<u8>,
}

#[derive(Serialize)]
enum Enum {
    Unit,
    #[serde(rename = "new\ttype")]
    Newtype(Option<Box<Enum>>),
    Tuple(u8, Vec<u8>),
    Empty(),
    Struct {
        a: u8,
        b: Skipped,
    },
    Nothing {},
}

#[derive(Serialize)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    A(Pair),
    B { c: char },
    C,
}

#[derive(Serialize)]
#[serde(tag = "kind")]
enum Internal {
    A { f: f64 },
    B(Struct),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Untagged {
    Text(&'static str),
    Bytes(#[serde(serialize_with = "as_bytes")] &'static [u8]),
}

fn as_bytes<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

#[test]
fn scalars_are_serde_jsons() {
    for number in [0, 7, -1, i128::from(i64::MIN), i128::from(u64::MAX), i128::MIN, i128::MAX] {
        check(&number);
        check(&u64::try_from(number).ok());
        check(&i64::try_from(number).ok());
        check(&u128::try_from(number).ok());
        check(&i16::try_from(number).ok());
    }
    for float in [0.0, -0.0, 1.0, 0.1, 1e21, 1e-7, f64::MAX, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY] {
        check(&float);
        #[expect(clippy::cast_possible_truncation, reason = "any float")]
        check(&(float as f32));
    }
    check(&(true, (), 'a', '"', '\u{1f600}', Unit, Newtype(Newtype(7_u8)), Some("x")));
    check(&format_args!("shown \"{}\"", 7));
}

#[test]
fn every_character_wherever_it_stands_is_serde_jsons() {
    for character in (0..=0x17f).chain([0x2028, 0xfffd, 0x1f600]).filter_map(char::from_u32) {
        for (before, after) in (0..18).flat_map(|before| (0..10).map(move |after| (before, after))) {
            check(&format!("{}{character}{}", "a".repeat(before), "\u{80}".repeat(after)));
        }
    }
}

#[test]
fn all_shapes_are_serde_jsons() {
    let rest = BTreeMap::from([("more".to_owned(), json!({"deep": [1, {}, [], null, "\u{7f}"]}))]);
    let inner = Struct { id: 1, quoted: Some(-1), ..Struct::default() };
    let full = || Struct {
        list: vec![Struct::default(), Struct::default()],
        rest: rest.clone(),
        id: 2,
        ..Struct::default()
    };
    check(&inner);
    check(&full());
    check(&(Skipped::default(), Skipped { nothing: Some(7) }, Pair(1, "two"), [0_u8; 0], [[1], [2]]));
    check(&[
        Enum::Unit,
        Enum::Newtype(None),
        Enum::Newtype(Some(Box::new(Enum::Tuple(1, vec![])))),
        Enum::Tuple(1, vec![2, 3]),
        Enum::Empty(),
        Enum::Struct { a: 1, b: Skipped::default() },
        Enum::Nothing {},
    ]);
    check(&[Adjacent::A(Pair(1, "x")), Adjacent::B { c: '\\' }, Adjacent::C]);
    check(&(Internal::A { f: 0.5 }, Internal::B(full())));
    check(&(Untagged::Text("x"), Untagged::Bytes(b"\x00\xff")));
}

#[test]
fn names_of_maps_are_serde_jsons() {
    fn map<K: Ord, const N: usize>(keys: [K; N]) -> BTreeMap<K, BTreeMap<K, u8>> {
        keys.into_iter().map(|key| (key, BTreeMap::new())).collect()
    }
    check(&map(["", "a", "\"", "\u{1}", "\u{e9}"]));
    check(&map([1_u8, 2]));
    check(&map([-1_i128, 2]));
    check(&map([true, false]));
    check(&map(['a', '"']));
    check(&map([Some("a")]));
    // These are none.
    check(&map([Some("a"), None]));
    check(&map([(1, 2)]));
    check(&map([vec![1]]));
    check(&HashMap::from([((), 1)]));
}

#[test]
fn raw_json_stays_as_it_is() {
    let raw = RawValue::from_string("{\r\n \"a\": 1.50 }".to_owned()).expect("JSON");
    check(&raw);
    check(&BTreeMap::from([("raw", [&raw, &raw])]));
    let mut line = Vec::new();
    append_on_one_line(&[&raw], &mut line).expect("JSON");
    assert_eq!(text(&line), "[{   \"a\": 1.50 }]");
}

#[test]
fn a_failure_is_serde_jsons() {
    struct Failing;

    impl Serialize for Failing {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(ser::Error::custom("never"))
        }
    }

    check(&Failing);
    check(&[Some(Failing)]);
    check(&Enum::Newtype(None));
    check(&BTreeMap::from([("a", Failing)]));
}

/// What the parser takes, a thread can write: also where nothing is optimised.
#[test]
fn what_is_deep_and_wide_takes_no_more_stack_than_a_thread_has() {
    macro_rules! wide {
        ($($field:ident)*) => {
            #[derive(Default, Serialize)]
            struct Wide { $($field: u8,)* inner: Option<Box<Wide>> }
        };
    }
    wide!(a b c d e f g h i j k l m n o p q r s t u v w x y z a1 b1 c1 d1 e1 f1 g1 h1 i1 j1 k1 l1 m1 n1);

    let write = || {
        let mut wide = Wide::default();
        for _ in 0..128 {
            wide = Wide { inner: Some(Box::new(wide)), ..Wide::default() };
        }
        check(&wide);
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(write);
    assert!(thread.expect("a thread").join().is_ok());
}

/// What says that it is longer than it is, or shorter.
#[test]
fn a_wrong_length_is_no_matter() {
    struct Said<T>(usize, Vec<T>);

    impl<T: Serialize> Serialize for Said<T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use ser::SerializeSeq as _;
            let mut array = serializer.serialize_seq(Some(self.0))?;
            self.1.iter().try_for_each(|element| array.serialize_element(element))?;
            array.end()
        }
    }

    fn written<T: Serialize + Debug>(said: usize, elements: Vec<T>) -> String {
        text(&to_vec(&Said(said, elements)).expect("JSON")).to_owned()
    }

    assert_eq!(written(0, vec![1, 2]), "[1,2]");
    assert_eq!(written::<u8>(7, vec![]), "[]");
}

#[test]
fn any_document_is_serde_jsons() {
    fn any_text(random: &mut fastrand::Rng) -> String {
        let length = random.usize(..40);
        (0..length)
            .map(|_| if random.u8(..8) == 0 { random.char(..) } else { random.char(' '..'~') })
            .collect()
    }

    fn any(random: &mut fastrand::Rng, depth: u8) -> Value {
        match random.u8(..if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => random.bool().into(),
            2 => random.i64(..).into(),
            3 => f64::from_bits(random.u64(..)).into(),
            4 => any_text(random).into(),
            5 => (0..random.u8(..5)).map(|_| any(random, depth - 1)).collect(),
            _ => (0..random.u8(..5)).map(|_| (any_text(random), any(random, depth - 1))).collect(),
        }
    }

    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..5_000 {
        check(&any(&mut random, 4));
    }
}
