//! JSON as it is written, with what a `Value` cannot hold: how a number is spelled, and members given twice.

use serde_json::Value;

/// A JSON text in parts.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Anything that is written as it stands: a number, `null`, or what is no JSON at all.
    Raw(String),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn parse(json: &str) -> Self {
        Self::from(&serde_json::from_str::<Value>(json).unwrap())
    }

    /// Every node below it and itself, as a path of indices.
    pub(crate) fn paths(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        let parts: Vec<&Node> = match self {
            Self::Array(items) => items.iter().collect(),
            Self::Object(members) => members.iter().map(|(_, value)| value).collect(),
            _ => Vec::new(),
        };
        for (index, part) in parts.into_iter().enumerate() {
            for mut path in part.paths() {
                path.insert(0, index);
                all.push(path);
            }
        }
        all
    }

    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Self {
        let Some((first, rest)) = path.split_first() else { return self };
        match self {
            Self::Array(items) => items[*first].at(rest),
            Self::Object(members) => members[*first].1.at(rest),
            _ => self,
        }
    }

    /// Whether an object in it has a member twice, which a `Value` forgets.
    pub(crate) fn has_twins(&self) -> bool {
        match self {
            Self::Array(items) => items.iter().any(Self::has_twins),
            Self::Object(members) => {
                let twin = |(index, (name, _)): (usize, &(String, Self))| {
                    members[..index].iter().any(|(other, _)| other == name)
                };
                members.iter().enumerate().any(twin) || members.iter().any(|(_, value)| value.has_twins())
            }
            _ => false,
        }
    }

    /// The text; with `random`, some characters are escaped and some white space is added.
    pub(crate) fn write(&self, random: &mut Option<&mut fastrand::Rng>) -> String {
        let mut text = String::new();
        self.write_to(&mut text, random);
        text
    }

    fn write_to(&self, text: &mut String, random: &mut Option<&mut fastrand::Rng>) {
        if random.as_mut().is_some_and(|random| random.u8(..8) == 0) {
            text.push_str("\n\t ");
        }
        match self {
            Self::Raw(raw) => text.push_str(raw),
            Self::Text(value) => quote(value, text, random),
            Self::Array(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { "," });
                    item.write_to(text, random);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { "," });
                    quote(name, text, random);
                    text.push(':');
                    value.write_to(text, random);
                }
                text.push('}');
            }
        }
    }
}

fn quote(value: &str, text: &mut String, random: &mut Option<&mut fastrand::Rng>) {
    text.push('"');
    for letter in value.chars() {
        let escape = random.as_mut().is_some_and(|random| random.u8(..16) == 0);
        match letter {
            letter if escape => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\0'..' ' => text.push_str(&format!("\\u{:04X}", u32::from(letter))),
            letter => text.push(letter),
        }
    }
    text.push('"');
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                Self::Object(members.iter().map(|(name, value)| (name.clone(), Self::from(value))).collect())
            }
            scalar => Self::Raw(scalar.to_string()),
        }
    }
}
