//! What schemas may say besides JSON Schema: an app's own formats and keywords.
//!
//! Schemas are compiled once for each dialect, so that the words of one app mean nothing in another one.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use foldhash::fast::RandomState;
use jsonschema::{Draft, Keyword, ValidationError, ValidationOptions};
use serde_json::{Value, json};

use super::document::{Document, Documents};
use super::file::FileSchema;
use super::finding::Finding;
use super::format;
use super::schema::{Contract, Schema};
use crate::context::Context;

/// A schema that was compiled, or why it cannot be.
pub(crate) type Compiled = Result<Arc<Schema>, Arc<str>>;

type Format = Arc<dyn Fn(&str) -> bool + Send + Sync>;

type Rule = Arc<dyn Fn(&Value, &Value) -> Result<(), String> + Send + Sync>;

/// The words of an app, and what was compiled by them so far: it grows with the types of the program, not with its
/// requests.
#[derive(Default)]
pub(crate) struct Dialect {
    formats: Vec<(String, Format)>,
    keywords: Vec<(String, Rule)>,
    types: RwLock<HashMap<(TypeId, Contract), Compiled, RandomState>>,
    /// By the address of what is never moved.
    files: RwLock<HashMap<usize, Compiled, RandomState>>,
}

/// That of every app without words of its own, and of what is checked outside requests.
static BUILT_IN: LazyLock<Arc<Dialect>> = LazyLock::new(Arc::default);

/// Whether any app of the process has keywords of its own: where none has, nobody need be asked.
static HAS_KEYWORDS: AtomicBool = AtomicBool::new(false);

/// A dialect that is about to get one more word: what was compiled without it is left behind.
impl Clone for Dialect {
    fn clone(&self) -> Self {
        Self { formats: self.formats.clone(), keywords: self.keywords.clone(), ..Self::default() }
    }
}

/// The options of a schema in JSON Schema's own dialect, which has `ip` besides.
fn options<'o>() -> ValidationOptions<'o, Arc<dyn jsonschema::Retrieve>, Documents> {
    jsonschema::options_for::<Documents>()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .with_format("email", format::email)
        .with_format("ip", format::ip)
        .with_format("date", format::date)
        .with_format("time", format::time)
        .with_format("date-time", format::date_time)
}

impl Dialect {
    pub(crate) fn built_in() -> Arc<Self> {
        Arc::clone(&BUILT_IN)
    }

    /// That of the app whose request is being served.
    pub(crate) fn current() -> Arc<Self> {
        Context::with_current(|context| match context {
            Some(context) => Arc::clone(&context.shared().dialect),
            None => Self::built_in(),
        })
    }

    pub(crate) fn add_format(&mut self, name: &str, format: impl Fn(&str) -> bool + Send + Sync + 'static) {
        self.formats.push((name.to_owned(), Arc::new(format)));
    }

    pub(crate) fn add_keyword(
        &mut self,
        name: &str,
        rule: impl Fn(&Value, &Value) -> Result<(), String> + Send + Sync + 'static,
    ) {
        HAS_KEYWORDS.store(true, Ordering::Relaxed);
        self.keywords.push((name.to_owned(), Arc::new(rule)));
    }

    /// What is wrong with the words themselves.
    pub(crate) fn mistake(&self) -> Option<String> {
        if !self.has_words() {
            return None;
        }
        let options = options();
        let is_built_in = |name: &&str| options.is_known_format(Draft::Draft202012, name);
        if let Some(name) = self.format_names().into_iter().find(is_built_in) {
            return Some(format!("`{name}` is a format of JSON Schema: give the app's own another name"));
        }
        if let Some((name, _)) = self.keywords.iter().find(|(name, _)| !name.starts_with("x-")) {
            return Some(format!("a keyword of the app's own starts with `x-`: call `{name}` `x-{name}`"));
        }
        let twice = |names: Vec<&str>| {
            let mut earlier = HashSet::new();
            names.into_iter().find(|name| !earlier.insert(*name)).map(ToOwned::to_owned)
        };
        let name = twice(self.format_names()).or_else(|| twice(self.keyword_names()))?;
        Some(format!("`{name}` is added twice: keep one of the two"))
    }

    fn format_names(&self) -> Vec<&str> {
        self.formats.iter().map(|(name, _)| &**name).collect()
    }

    pub(crate) fn keyword_names(&self) -> Vec<&str> {
        self.keywords.iter().map(|(name, _)| &**name).collect()
    }

    pub(crate) fn has_words(&self) -> bool {
        !self.formats.is_empty() || !self.keywords.is_empty()
    }

    /// Whether the app has added it.
    pub(crate) fn knows_format(&self, name: &str) -> bool {
        self.formats.iter().any(|(known, _)| known == name)
    }

    /// The schema of a type in this dialect, compiled at its first use.
    pub(crate) fn of_type(
        &self,
        of: TypeId,
        contract: Contract,
        compile: impl FnOnce() -> Compiled,
    ) -> Compiled {
        compiled(&self.types, (of, contract), compile)
    }

    /// A schema file in this dialect, compiled at its first use.
    pub(crate) fn of_file(&self, file: &'static FileSchema, compile: impl FnOnce() -> Compiled) -> Compiled {
        compiled(&self.files, std::ptr::from_ref(file) as usize, compile)
    }

    /// The options of a schema in this dialect.
    pub(crate) fn options<'o>(&self) -> ValidationOptions<'o, Arc<dyn jsonschema::Retrieve>, Documents> {
        let mut options = options();
        for (name, format) in &self.formats {
            let format = Arc::clone(format);
            options = options.with_format(name.clone(), move |text: &str| format(text));
        }
        for (name, rule) in &self.keywords {
            let rule = Arc::clone(rule);
            options = options.with_keyword(name.clone(), move |_, limit, _| {
                Ok(Box::new(OwnKeyword { limit: limit.clone(), rule: Arc::clone(&rule) }))
            });
        }
        options
    }
}

/// No lock is held while a schema is compiled: two that come at once compile it twice, and one of the two stays.
fn compiled<K: Eq + std::hash::Hash>(
    known: &RwLock<HashMap<K, Compiled, RandomState>>,
    key: K,
    compile: impl FnOnce() -> Compiled,
) -> Compiled {
    let found = known.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    found.unwrap_or_else(|| {
        let compiled = compile();
        known.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(compiled).clone()
    })
}

/// One keyword of an app's, in one place of a schema.
struct OwnKeyword {
    limit: Value,
    rule: Rule,
}

impl<'i> Keyword<'i, Documents> for OwnKeyword {
    /// The error carries no more than a text: limit and sentence go into it, and [`limit_and_sentence`] takes them out.
    fn validate(&self, value: &'i Document<'i>) -> Result<(), ValidationError<'i>> {
        (self.rule)(&self.limit, &value.to_value())
            .map_err(|sentence| ValidationError::custom(json!([self.limit, sentence]).to_string()))
    }

    fn is_valid(&self, value: &'i Document<'i>) -> bool {
        (self.rule)(&self.limit, &value.to_value()).is_ok()
    }
}

/// What the error of an own keyword tells.
pub(crate) fn limit_and_sentence(error: &str) -> Option<(Value, String)> {
    serde_json::from_str(error).ok()
}

/// Whether an annotation is a keyword of the app's own: then only the schema can tell.
#[inline]
pub fn keyword(name: &str) -> Finding {
    if HAS_KEYWORDS.load(Ordering::Relaxed) { own_keyword(name) } else { Finding::VALID }
}

fn own_keyword(name: &str) -> Finding {
    let is_own = |context: Option<&Context>| {
        context.is_some_and(|context| context.shared().dialect.keywords.iter().any(|(own, _)| own == name))
    };
    if Context::with_current(is_own) { Finding::UNDECIDED } else { Finding::VALID }
}
