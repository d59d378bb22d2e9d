//! Pairs of schemas at random: where the gate says that all that is given is taken, no value shows the contrary.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::contract::include::node::Schema;
use crate::contract::include::sample::Judge;
use crate::contract::include::{Certainty, Giver, Outcome, compare};
use crate::validate::close;

/// How many pairs; `LIFT_GATE_PAIRS` for a longer search.
const PAIRS: u64 = 1_000;

/// How many values are tried for each pair that is called compatible.
const VALUES: usize = 60;

const NAMES: [&str; 4] = ["a", "b", "c", "kind"];

#[test]
fn what_is_called_compatible_is_taken() {
    let pairs = std::env::var("LIFT_GATE_PAIRS").ok().and_then(|pairs| pairs.parse().ok()).unwrap_or(PAIRS);
    let (mut compatible, mut breaking, mut tried) = (0, 0, 0);
    for seed in 0..pairs {
        let mut random = Rng::with_seed(seed);
        let old = document(&mut random);
        let new = changed(&mut random, &old);
        for (gives, takes, giver) in [(&old, &new, Giver::Client), (&new, &old, Giver::Server)] {
            match compare(gives, takes, giver, false) {
                Outcome::Findings(found) => {
                    breaking += usize::from(found.iter().any(|one| one.certainty == Certainty::Breaking));
                }
                Outcome::Same | Outcome::Compatible => {
                    compatible += 1;
                    tried += try_values(&mut random, gives, takes, giver, seed);
                }
            }
        }
    }
    let pairs = usize::try_from(pairs).expect("it is small");
    println!("{pairs} pairs both ways: {compatible} compatible, {breaking} breaking; {tried} values tried");
    assert!(compatible > pairs / 8 && breaking > pairs / 8 && tried > pairs, "the search sees too little");
}

/// Fails if a value is given and not taken; how many values were given.
fn try_values(random: &mut Rng, gives: &Value, takes: &Value, giver: Giver, seed: u64) -> usize {
    let judge = |schema: &Value| {
        let schema = Schema::read(schema).expect("it has definitions only");
        Judge::of(&schema, &schema.root).expect("it compiles")
    };
    let mut closed = gives.clone();
    close(&mut closed);
    let closed = crate::validate::Schema::compile(closed, None, &[], &crate::validate::Dialect::built_in())
        .expect("it compiles");
    let is_named = |value: &Value| closed.validator.is_valid(&crate::validate::Document::from(value));
    let (given, taken) = (judge(gives), judge(takes));
    let mut tried = 0;
    for _ in 0..VALUES {
        let mut value = instance(random, gives, gives, 5);
        if !given.accepts(&value) || !is_named(&value) {
            continue;
        }
        if giver == Giver::Client && random.bool() {
            add_foreign(random, &mut value);
            if !given.accepts(&value) {
                continue;
            }
        }
        tried += 1;
        assert!(
            taken.accepts(&value),
            "seed {seed}, {giver:?}: {gives} gives {value}, which is refused by {takes}"
        );
    }
    tried
}

/// Members of a name that no schema has, which open schemas ignore.
fn add_foreign(random: &mut Rng, value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(|member| add_foreign(random, member));
            if random.bool() {
                members.insert("foreign".into(), json!(random.u8(..)));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| add_foreign(random, item)),
        _ => {}
    }
}

/// A schema of a small world, with definitions, one of which refers to itself.
fn document(random: &mut Rng) -> Value {
    let mut root = schema(random, 3);
    if !root.is_object() || root.get("$ref").is_some() {
        root = object(random, 2);
    }
    // It may hold itself, and is not itself.
    let line = if random.bool() { object(random, 2) } else { scalar(random) };
    let node = json!({
        "type": "object",
        "properties": {"a": scalar(random), "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
        "required": ["a"],
    });
    root["$defs"] = json!({ "Line": line, "Node": node });
    root
}

fn schema(random: &mut Rng, depth: usize) -> Value {
    if depth == 0 {
        return scalar(random);
    }
    match random.u8(0..16) {
        0..4 => scalar(random),
        4..8 => object(random, depth),
        8..10 => array(random, depth),
        10 => json!({ "$ref": "#/$defs/Line" }),
        11 => json!({ "$ref": "#/$defs/Node" }),
        12 => json!({ "anyOf": [schema(random, depth - 1), {"type": "null"}] }),
        13 => tagged(random, depth),
        14 => {
            let keyword = ["anyOf", "oneOf", "allOf"][random.usize(0..3)];
            json!({ keyword: [schema(random, depth - 1), schema(random, depth - 1)] })
        }
        _ => json!({ "type": "object", "additionalProperties": schema(random, depth - 1) }),
    }
}

fn scalar(random: &mut Rng) -> Value {
    let mut made = match random.u8(0..8) {
        0 | 1 => {
            let least = random.i32(-3..4);
            json!({"type": "integer", "minimum": least, "maximum": least + random.i32(0..5)})
        }
        2 => {
            json!({"type": "number", "minimum": random.i32(-3..1), "multipleOf": one_of(random, &[0.5, 1.0, 2.0])})
        }
        3 => json!({"type": "string", "minLength": random.u8(0..3), "maxLength": random.u8(2..5)}),
        4 => json!({"type": "string", "pattern": one_of(random, &["^a", "a$", "^[ab]*$", "."])}),
        5 => {
            let types = &["string", "null", "integer"][..random.usize(1..4)];
            json!({ "type": types })
        }
        6 => {
            let values = json!(["a", "b", "ab", 1, 2, null]);
            let values = &values.as_array().expect("an array")[random.usize(0..3)..random.usize(3..7)];
            json!({ "enum": values })
        }
        _ => json!({"type": "string", "format": one_of(random, &["email", "ip", "date", "uuid"])}),
    };
    if random.u8(0..4) == 0 {
        let members = made.as_object_mut().expect("it is an object");
        let keywords: Vec<String> = members.keys().filter(|keyword| *keyword != "type").cloned().collect();
        if members.len() > 1
            && let Some(keyword) = random.choice(keywords)
        {
            members.remove(&keyword);
        }
    }
    made
}

fn one_of<T: Copy>(random: &mut Rng, values: &[T]) -> T {
    values[random.usize(0..values.len())]
}

fn object(random: &mut Rng, depth: usize) -> Value {
    let mut members = Map::new();
    let mut required = Vec::new();
    for name in NAMES {
        if random.bool() {
            members.insert(name.to_owned(), schema(random, depth - 1));
            if random.bool() {
                required.push(name);
            }
        }
    }
    let mut object = json!({"type": "object", "properties": members, "required": required});
    match random.u8(0..8) {
        0 => object["additionalProperties"] = json!(false),
        1 => object["additionalProperties"] = schema(random, depth - 1),
        2 => object["unevaluatedProperties"] = json!(false),
        3 => object["oneOf"] = tagged(random, depth)["oneOf"].take(),
        4 => object["minProperties"] = json!(random.u8(0..3)),
        5 => object["maxProperties"] = json!(random.u8(1..5)),
        _ => {}
    }
    object
}

fn array(random: &mut Rng, depth: usize) -> Value {
    let mut array = json!({"type": "array", "items": schema(random, depth - 1)});
    if random.bool() {
        array["minItems"] = json!(random.u8(0..3));
    }
    if random.bool() {
        array["maxItems"] = json!(random.u8(1..4));
    }
    if random.u8(0..4) == 0 {
        array["uniqueItems"] = json!(true);
    }
    if random.u8(0..4) == 0 {
        array["prefixItems"] = json!([scalar(random)]);
    }
    array
}

fn tagged(random: &mut Rng, depth: usize) -> Value {
    let form = |random: &mut Rng, name: &str| {
        let part = schema(random, depth - 1);
        json!({"type": "object", "properties": {"kind": {"const": name}, "c": part}, "required": ["kind"]})
    };
    json!({ "oneOf": [form(random, "a"), form(random, "b")] })
}

/// A schema with one or two places written otherwise.
fn changed(random: &mut Rng, old: &Value) -> Value {
    let mut new = old.clone();
    for _ in 0..random.u8(1..3) {
        let mut places = 0;
        visit(&mut new, &mut |_| places += 1);
        let chosen = random.usize(0..places);
        let mut at = 0;
        let mut forked = random.fork();
        visit(&mut new, &mut |place| {
            if at == chosen {
                change(&mut forked, place);
            }
            at += 1;
        });
    }
    new
}

fn visit(schema: &mut Value, each: &mut dyn FnMut(&mut Map<String, Value>)) {
    crate::validate::each_schema(schema, each);
}

fn change(random: &mut Rng, place: &mut Map<String, Value>) {
    let bounds = [
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ];
    let bound = bounds.into_iter().filter(|bound| place.contains_key(*bound)).collect::<Vec<_>>();
    match random.u8(0..7) {
        6 if place.get("type").is_some_and(|of| of == "array") => {
            place.insert("uniqueItems".to_owned(), json!(true));
        }
        0 if !bound.is_empty() => {
            let bound = one_of(random, &bound);
            let least = if bound.ends_with("imum") { -9 } else { 0 };
            let value = place[bound].as_i64().unwrap_or_default() + one_of(random, &[-1, 1, 2]);
            place.insert(bound.to_owned(), json!(value.max(least)));
        }
        1 if place.contains_key("properties") => {
            let name = NAMES[random.usize(0..NAMES.len())];
            let part = scalar(random);
            place["properties"][name] = part;
        }
        2 if place.contains_key("required") => {
            place["required"] = json!(NAMES.iter().filter(|_| random.bool()).collect::<Vec<_>>());
        }
        3 => {
            let keywords: Vec<String> = place.keys().filter(|keyword| *keyword != "$defs").cloned().collect();
            if let Some(keyword) = random.choice(keywords) {
                place.remove(&keyword);
            }
        }
        4 if place.get("enum").is_some() => {
            let values = place["enum"].as_array_mut().expect("an array");
            if random.bool() {
                values.push(json!("new"));
            } else {
                values.pop();
            }
            if values.is_empty() {
                values.push(json!("only"));
            }
        }
        _ => {
            let definitions = place.remove("$defs");
            let other = scalar(random);
            if random.u8(0..4) == 0 {
                place.clear();
            }
            place.extend(other.as_object().expect("an object").clone());
            place.extend(definitions.map(|definitions| ("$defs".to_owned(), definitions)));
        }
    }
}

/// A value that is likely to be of a schema.
fn instance(random: &mut Rng, schema: &Value, root: &Value, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else { return Value::Null };
    if let Some(uri) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(uri.trim_start_matches('#')).expect("it is there");
        return instance(random, target, root, depth);
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return random.choice(values).cloned().unwrap_or_default();
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    let forms = ["anyOf", "oneOf", "allOf"].into_iter().find_map(|keyword| schema.get(keyword)?.as_array());
    let formed = forms.and_then(|forms| random.choice(forms)).map(|form| instance(random, form, root, depth));
    let of = match schema.get("type") {
        Some(Value::Array(types)) => random.choice(types).and_then(Value::as_str).unwrap_or_default(),
        Some(of) => of.as_str().unwrap_or_default(),
        None if formed.is_some() => return formed.unwrap_or_default(),
        None => ["null", "string", "integer", "number", "object", "array"][random.usize(0..6)],
    };
    match of {
        "string" => {
            let texts =
                ["", "a", "b", "ab", "aab", "abba", "new", "ada@example.com", "192.0.2.1", "2024-02-29"];
            json!(one_of(random, &texts))
        }
        "integer" => json!(random.i32(-4..9)),
        "number" => json!(f64::from(random.i32(-8..16)) / 2.0),
        "array" => {
            let items = schema.get("items").cloned().unwrap_or(json!(true));
            let first = schema.get("prefixItems").and_then(|places| places.get(0)).cloned();
            let count = random.usize(0..4);
            let of = |random: &mut Rng, at: usize| {
                instance(random, first.as_ref().filter(|_| at == 0).unwrap_or(&items), root, depth)
            };
            let mut items: Vec<Value> = (0..count).map(|at| of(random, at)).collect();
            if random.u8(0..3) == 0 {
                items.extend(items.last().cloned());
            }
            Value::Array(items)
        }
        "object" => {
            let mut members = formed.and_then(|formed| formed.as_object().cloned()).unwrap_or_default();
            let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            for (name, part) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if required.iter().any(|required| required == name) || random.bool() {
                    members.insert(name.clone(), instance(random, part, root, depth));
                }
            }
            if let Some(part) =
                schema.get("additionalProperties").filter(|part| part.is_object() && random.bool())
            {
                let name = one_of(random, &NAMES);
                if schema.get("properties").and_then(|named| named.get(name)).is_none() {
                    members.insert(name.to_owned(), instance(random, part, root, depth));
                }
            }
            Value::Object(members)
        }
        _ => Value::Null,
    }
}
