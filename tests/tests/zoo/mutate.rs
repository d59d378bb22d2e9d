//! Inputs near the boundary: what a schema names as a limit, and what stands on either side of it.

use serde_json::Value;

use crate::node::Node;

/// What inputs are made of.
pub(crate) struct Pool {
    seeds: Vec<Node>,
    numbers: Vec<String>,
    texts: Vec<String>,
    lengths: Vec<usize>,
    names: Vec<String>,
    /// Every part of every seed: right in one place, and likely wrong in another.
    parts: Vec<Node>,
}

/// Numbers that readers disagree on, whatever the schema.
const NUMBERS: [&str; 38] = [
    "0",
    "-0",
    "0.0",
    "-0.0",
    "1",
    "-1",
    "1.0",
    "1e2",
    "1E+2",
    "100.0",
    "10e-1",
    "0.1",
    "0.5",
    "1.5",
    "-1.5",
    "127",
    "128",
    "255",
    "256",
    "65536",
    "2147483648",
    "4294967295",
    "4294967296",
    "4294967296.0",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "1e19",
    "3.4028235e38",
    "3.5e38",
    "1e300",
    "-1e300",
    "1e-320",
];

const TEXTS: [&str; 22] = [
    "",
    " ",
    "a",
    "A",
    "ab",
    "abc",
    "é",
    "🦀",
    "e\u{301}",
    "null",
    "true",
    "0",
    "01",
    "7",
    "-7",
    "x/y~",
    "a\nb",
    "\u{0}",
    "SKU-0001",
    "SKU-000٣",
    "a.b",
    "\u{feff}",
];

const JUNK: [&str; 8] = ["nul", "01", "+1", "1.", "\"\\ud800\"", "1e999", "'a'", "[1,]"];

impl Pool {
    pub(crate) fn new(schema: &Value, seeds: &[&str]) -> Self {
        let seeds: Vec<Node> = seeds.iter().map(|seed| Node::parse(seed)).collect();
        let mut pool = Self {
            numbers: NUMBERS.map(str::to_owned).to_vec(),
            texts: TEXTS.map(str::to_owned).to_vec(),
            lengths: vec![0, 1],
            names: ["extra", "", "01", "x/y~", "7", "é"].map(str::to_owned).to_vec(),
            parts: Vec::new(),
            seeds,
        };
        pool.read_schema(schema);
        for seed in &mut pool.seeds.clone() {
            for path in seed.paths() {
                pool.parts.push(seed.at(&path).clone());
            }
        }
        let lengths = pool.lengths.clone();
        for length in lengths.into_iter().filter(|length| *length < 200) {
            for letter in ["a", "é", "🦀", "7"] {
                pool.texts.push(letter.repeat(length));
            }
        }
        pool
    }

    fn read_schema(&mut self, schema: &Value) {
        match schema {
            Value::Object(members) => {
                for (name, value) in members {
                    self.read_keyword(name, value);
                    self.read_schema(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.read_schema(item)),
            _ => {}
        }
    }

    fn read_keyword(&mut self, name: &str, value: &Value) {
        match (name, value) {
            ("minLength" | "maxLength" | "minItems" | "maxItems", Value::Number(limit)) => {
                let limit = limit.as_u64().unwrap() as usize;
                self.lengths.extend([limit.saturating_sub(1), limit, limit + 1]);
            }
            ("properties", Value::Object(members)) => self.names.extend(members.keys().cloned()),
            ("const", Value::String(text)) => self.texts.push(text.clone()),
            ("enum", Value::Array(values)) => {
                self.texts.extend(values.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            (_, Value::Number(limit)) => self.numbers.extend(around(&limit.to_string())),
            _ => {}
        }
    }

    /// One input: a seed that is changed so often.
    pub(crate) fn input(&self, changes: usize, random: &mut fastrand::Rng) -> Node {
        let mut node = one(&self.seeds, random).clone();
        for _ in 0..changes {
            let paths = node.paths();
            // The deeper places are the more numerous ones; the outermost must have their turn, too.
            let path = if random.u8(..6) == 0 { &paths[0] } else { one(&paths, random) };
            self.change(node.at(path), random);
        }
        node
    }

    fn change(&self, node: &mut Node, random: &mut fastrand::Rng) {
        if random.u8(..6) == 0 {
            *node = self.another(random);
            return;
        }
        match node {
            Node::Raw(raw) if raw.parse::<f64>().is_ok() => *raw = self.number(raw, random),
            Node::Raw(raw) if raw == "true" || raw == "false" => {
                *raw = if raw == "true" { "false" } else { "true" }.to_owned();
            }
            Node::Raw(_) => *node = self.another(random),
            Node::Text(text) => self.change_text(text, random),
            Node::Array(items) => self.change_array(items, random),
            Node::Object(members) => match random.u8(..12) {
                0 => *node = Node::Array(members.iter().map(|(_, value)| value.clone()).collect()),
                _ => self.change_object(members, random),
            },
        }
    }

    /// Something else altogether.
    fn another(&self, random: &mut fastrand::Rng) -> Node {
        match random.u8(..24) {
            0..4 => Node::Raw("null".to_owned()),
            4 => Node::Raw("true".to_owned()),
            5..9 => Node::Raw(one(&self.numbers, random).clone()),
            9..12 => Node::Text(one(&self.texts, random).clone()),
            12 => Node::Array(Vec::new()),
            13 => Node::Object(Vec::new()),
            14 => Node::Array(vec![one(&self.parts, random).clone()]),
            15 => Node::Object(vec![(one(&self.names, random).clone(), one(&self.parts, random).clone())]),
            16 => Node::Raw((*one(&JUNK, random)).to_owned()),
            _ => one(&self.parts, random).clone(),
        }
    }

    fn number(&self, raw: &str, random: &mut fastrand::Rng) -> String {
        match random.u8(..5) {
            0 => one(&self.numbers, random).clone(),
            1 => one(&around(raw), random).clone(),
            // The same number, in other words.
            2 if raw.bytes().all(|byte| byte.is_ascii_digit()) && raw != "0" => {
                [format!("{raw}.0"), format!("{raw}0e-1"), format!("{raw}E0")][random.usize(..3)].clone()
            }
            3 => format!("-{}", raw.trim_start_matches('-')),
            _ => one(&self.numbers, random).clone(),
        }
    }

    fn change_text(&self, text: &mut String, random: &mut fastrand::Rng) {
        let mut letters: Vec<char> = text.chars().collect();
        let strange =
            ['a', 'Z', '0', '9', '-', '.', '@', ' ', 'é', '🦀', '٣', '\n', '_', ':', '/', '\u{301}'];
        match random.u8(..7) {
            0 => letters.push(*one(&strange, random)),
            1 => drop(letters.pop()),
            2 if !letters.is_empty() => {
                letters[random.usize(..text.chars().count())] = *one(&strange, random);
            }
            3 if !letters.is_empty() => drop(letters.remove(random.usize(..text.chars().count()))),
            4 if !letters.is_empty() => {
                let length = *one(&self.lengths, random);
                letters = letters.iter().cycle().take(length.min(200)).copied().collect();
            }
            5 => letters = text.to_uppercase().chars().collect(),
            _ => letters = one(&self.texts, random).chars().collect(),
        }
        *text = letters.into_iter().collect();
    }

    fn change_array(&self, items: &mut Vec<Node>, random: &mut fastrand::Rng) {
        let index = random.usize(..items.len().max(1));
        match random.u8(..6) {
            0 if !items.is_empty() => drop(items.remove(index)),
            1 => items.push(self.another(random)),
            2 if !items.is_empty() => items.push(items[index].clone()),
            3 if !items.is_empty() => {
                let length = *one(&self.lengths, random);
                *items = items.iter().cycle().take(length.min(40)).cloned().collect();
            }
            4 => items.reverse(),
            _ => items.insert(index.min(items.len()), one(&self.parts, random).clone()),
        }
    }

    fn change_object(&self, members: &mut Vec<(String, Node)>, random: &mut fastrand::Rng) {
        let index = random.usize(..members.len().max(1));
        match random.u8(..8) {
            0 | 1 if !members.is_empty() => drop(members.remove(index)),
            2 => members.push((one(&self.names, random).clone(), self.another(random))),
            3 => members.push((one(&self.texts, random).clone(), one(&self.parts, random).clone())),
            4 if !members.is_empty() => members.push(members[index].clone()),
            5 if !members.is_empty() => members[index].0 = one(&self.names, random).clone(),
            6 if !members.is_empty() => members[index].1 = self.another(random),
            7 => members.reverse(),
            _ => members.push((one(&self.names, random).clone(), one(&self.parts, random).clone())),
        }
    }
}

fn one<'a, T>(of: &'a [T], random: &mut fastrand::Rng) -> &'a T {
    &of[random.usize(..of.len())]
}

/// A number and its neighbours.
fn around(number: &str) -> Vec<String> {
    let mut all = vec![number.to_owned()];
    if let Ok(whole) = number.parse::<i128>() {
        all.extend([whole - 1, whole + 1, whole * 2, whole * 10].map(|near| near.to_string()));
        all.push(format!("{whole}.5"));
    } else if let Ok(float) = number.parse::<f64>() {
        let near = [float.next_down(), float.next_up(), float * 2.0, float * 3.0, float / 2.0, float + 1.0];
        all.extend(near.into_iter().filter(|near| near.is_finite()).map(|near| format!("{near:?}")));
    }
    all
}
