//! What stands in an attribute's parentheses: literals, flags and `key = value` pairs, each once, each known.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Ident, Lit, LitInt, LitStr, Path, Token, parenthesized};

use crate::errors::{Errors, closest, listed};
use crate::units;

/// An attribute's arguments. Each reader takes its option out, so that what is left at the end is unknown.
pub(crate) struct Arguments<'e> {
    attribute: &'static str,
    literals: Vec<Lit>,
    options: Vec<Given>,
    known: Vec<&'static str>,
    unreadable: bool,
    pub(crate) errors: &'e mut Errors,
}

struct Given {
    key: Ident,
    value: Value,
}

/// What an option was given.
pub(crate) enum Value {
    /// `shared`
    Flag,
    /// `ttl = "60s"`
    Equals(Box<Expr>),
    /// `skip(a, b)`
    List(TokenStream),
}

impl<'e> Arguments<'e> {
    /// Reads the tokens between an attribute's parentheses.
    pub(crate) fn parse(attribute: &'static str, tokens: TokenStream, errors: &'e mut Errors) -> Self {
        let (literals, options, known) = (Vec::new(), Vec::new(), Vec::new());
        let mut arguments = Self { attribute, literals, options, known, unreadable: false, errors };
        let items =
            |input: ParseStream<'_>| Punctuated::<Item, Token![,]>::parse_terminated_with(input, item);
        match items.parse2(tokens) {
            Ok(items) => items.into_iter().for_each(|item| arguments.add(item)),
            Err(error) => {
                arguments.unreadable = true;
                arguments.errors.push(error);
            }
        }
        arguments
    }

    fn add(&mut self, item: Item) {
        match item {
            Item::Literal(literal) => self.literals.push(literal),
            Item::Option(given) if self.options.iter().any(|earlier| earlier.key == given.key) => {
                self.errors.at(&given.key, format!("`{}` is given twice: keep one of the two", given.key));
            }
            Item::Option(given) => self.options.push(given),
        }
    }

    /// Whether the arguments could not be read at all, so that nothing is known to be missing.
    pub(crate) fn are_unreadable(&self) -> bool {
        self.unreadable
    }

    /// Whether an option is there, perhaps mistyped, or what stands in its place could not be read.
    pub(crate) fn has(&self, key: &str) -> bool {
        let meant = |given: &Given| closest(&given.key.to_string(), [key]).is_some();
        self.unreadable || self.options.iter().any(meant)
    }

    /// Where an option stands, if it is there.
    pub(crate) fn span(&self, key: &str) -> Option<Span> {
        self.options.iter().find(|given| given.key == key).map(|given| given.key.span())
    }

    /// Takes an option out, whatever it was given.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<(Ident, Value)> {
        self.known.push(key);
        let at = self.options.iter().position(|given| given.key == key)?;
        let Given { key, value } = self.options.remove(at);
        Some((key, value))
    }

    /// An option without a value; its span if it is there.
    pub(crate) fn flag(&mut self, key: &'static str) -> Option<Span> {
        let (ident, value) = self.take(key)?;
        if !matches!(value, Value::Flag) {
            self.errors.at(&ident, format!("`{key}` takes no value: write `{key}` alone"));
        }
        Some(ident.span())
    }

    /// An option with `= value`; `form` is how it is written.
    pub(crate) fn value(&mut self, key: &'static str, form: &str) -> Option<(Ident, Expr)> {
        match self.take(key)? {
            (ident, Value::Equals(value)) => Some((ident, *value)),
            (ident, _) => {
                self.errors.at(&ident, format!("`{key}` needs a value: write `{form}`"));
                None
            }
        }
    }

    /// A duration in milliseconds, longer than zero.
    pub(crate) fn duration(&mut self, key: &'static str) -> Option<u64> {
        let (_, value) = self.value(key, &format!("{key} = \"60s\""))?;
        let millis = self.read_duration(key, &value)?;
        if millis == 0 {
            self.errors
                .at(&value, format!("`{key}` must be longer than zero, such as \"60s\", or be left out"));
        }
        Some(millis)
    }

    /// A duration in milliseconds.
    pub(crate) fn read_duration(&mut self, key: &str, value: &Expr) -> Option<u64> {
        let millis = string(value).and_then(|text| units::millis(&text.value()));
        if millis.is_none() {
            let fix = quoted(value, units::millis, "s");
            self.errors.at(value, format!("`{key}` must be a duration such as \"60s\" or \"5m\"{fix}"));
        }
        millis
    }

    /// A size in bytes, larger than zero.
    pub(crate) fn size(&mut self, key: &'static str) -> Option<u64> {
        let (_, value) = self.value(key, &format!("{key} = \"16KiB\""))?;
        let bytes = string(&value).and_then(|text| units::bytes(&text.value())).filter(|bytes| *bytes > 0);
        if bytes.is_none() {
            let fix = quoted(&value, units::bytes, "B");
            self.errors.at(&value, format!("`{key}` must be a size such as \"16KiB\" or \"1MiB\"{fix}"));
        }
        bytes
    }

    /// A whole number within a range.
    pub(crate) fn integer(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<LitInt> {
        let (from, to) = (*range.start(), *range.end());
        let (_, value) = self.value(key, &format!("{key} = {from}"))?;
        if let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = &value
            && number.suffix().is_empty()
            && number.base10_parse::<u64>().is_ok_and(|number| range.contains(&number))
        {
            return Some(number.clone());
        }
        let message = format!("`{key}` must be a whole number from {from} to {to}: write `{key} = {from}`");
        self.errors.at(&value, message);
        None
    }

    /// A string.
    pub(crate) fn string(&mut self, key: &'static str) -> Option<LitStr> {
        let (_, value) = self.value(key, &format!("{key} = \"…\""))?;
        let text = string(&value).cloned();
        if text.is_none() {
            self.errors.at(&value, format!("`{key}` must be a string: write `{key} = \"…\"`"));
        }
        text
    }

    /// `key = ["…", "…"]`
    pub(crate) fn strings(&mut self, key: &'static str) -> Vec<LitStr> {
        let form = format!("{key} = [\"…\"]");
        let Some((_, value)) = self.value(key, &form) else { return Vec::new() };
        let Expr::Array(array) = &value else {
            self.errors.at(&value, format!("`{key}` must be a list of strings: write `{form}`"));
            return Vec::new();
        };
        let mut strings = Vec::new();
        for element in &array.elems {
            match string(element) {
                Some(text) => strings.push(text.clone()),
                None => self.errors.at(element, format!("`{key}` lists strings: write `{form}`")),
            }
        }
        strings
    }

    /// The path of a function or value.
    pub(crate) fn path(&mut self, key: &'static str) -> Option<Path> {
        let (_, value) = self.value(key, &format!("{key} = path::of_it"))?;
        let path = path(&value);
        if path.is_none() {
            self.errors.at(
                &value,
                format!("`{key}` must be a path: name what is meant and write `{key} = its_name`"),
            );
        }
        path
    }

    /// `key("…", "…")`
    pub(crate) fn listed_strings(&mut self, key: &'static str) -> Vec<LitStr> {
        self.list(key, &format!("{key}(\"…\")"))
    }

    /// `key(name, name)`
    pub(crate) fn listed_names(&mut self, key: &'static str) -> Vec<Ident> {
        self.list(key, &format!("{key}(name, …)"))
    }

    fn list<T: syn::parse::Parse>(&mut self, key: &'static str, form: &str) -> Vec<T> {
        let Some((ident, value)) = self.take(key) else { return Vec::new() };
        let Value::List(tokens) = value else {
            self.errors.at(&ident, format!("`{key}` lists what it means: write `{form}`"));
            return Vec::new();
        };
        let listed = Punctuated::<T, Token![,]>::parse_terminated.parse2(tokens);
        match listed {
            Ok(listed) if listed.is_empty() => {
                self.errors.at(&ident, format!("`{key}` lists nothing: write `{form}`, or leave it out"));
            }
            Ok(listed) => return listed.into_iter().collect(),
            Err(error) => self.errors.at_span(error.span(), format!("expected `{form}`")),
        }
        Vec::new()
    }

    /// The literals that stand without a key.
    pub(crate) fn literals(&mut self) -> Vec<Lit> {
        std::mem::take(&mut self.literals)
    }

    /// An identifier that stands first and is none of the options, such as a method.
    pub(crate) fn word(&mut self, options: &[&str]) -> Option<Ident> {
        let free = |given: &Given| {
            matches!(given.value, Value::Flag) && options.iter().all(|option| given.key != option)
        };
        let at = self.options.iter().position(free)?;
        Some(self.options.remove(at).key)
    }

    /// Where Lift is: `crate = path` or, as serde has it, `crate = "path"`.
    pub(crate) fn krate(&mut self) -> Option<Path> {
        let (_, value) = self.value("crate", "crate = path::to::lift")?;
        let found = match string(&value) {
            Some(text) => text.parse().ok(),
            None => path(&value),
        };
        if found.is_none() {
            self.errors.at(
                &value,
                "`crate` must be the path at which lift is found: write `crate = path::to::lift`",
            );
        }
        found
    }

    /// Reports what nobody has taken.
    pub(crate) fn finish(self) {
        let attribute = self.attribute;
        for literal in &self.literals {
            self.errors.at(literal, format!("`#[{attribute}]` has no place for this: remove it"));
        }
        for Given { key, .. } in &self.options {
            let name = key.unraw().to_string();
            let fix = match closest(&name, self.known.iter().copied()) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!(
                    "it knows {}",
                    listed(self.known.iter().copied().filter(|known| *known != "crate"))
                ),
            };
            self.errors.at(key, format!("`#[{attribute}]` has no option `{name}`: {fix}"));
        }
    }
}

enum Item {
    Literal(Lit),
    Option(Given),
}

fn item(input: ParseStream<'_>) -> syn::Result<Item> {
    if input.peek(Lit) {
        return Ok(Item::Literal(input.parse()?));
    }
    let key = input.call(Ident::parse_any).map_err(|error| {
        syn::Error::new(error.span(), "expected an option such as `key = value`, or a string")
    })?;
    let value = if input.parse::<Option<Token![=]>>()?.is_some() {
        Value::Equals(Box::new(input.parse()?))
    } else if input.peek(syn::token::Paren) {
        let content;
        parenthesized!(content in input);
        Value::List(content.parse()?)
    } else {
        Value::Flag
    };
    Ok(Item::Option(Given { key, value }))
}

/// The string that an expression is.
pub(crate) fn string(value: &Expr) -> Option<&LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        _ => None,
    }
}

/// The path that an expression is.
pub(crate) fn path(value: &Expr) -> Option<Path> {
    match value {
        Expr::Path(path) if path.qself.is_none() => Some(path.path.clone()),
        _ => None,
    }
}

/// For a value that only lacks its quotes or its unit: how to write it.
fn quoted(value: &Expr, read: fn(&str) -> Option<u64>, unit: &str) -> String {
    let Expr::Lit(ExprLit { lit, .. }) = value else { return String::new() };
    let text = match lit {
        Lit::Int(number) => number.to_string().replace('_', ""),
        Lit::Str(text) => text.value(),
        _ => return String::new(),
    };
    let candidates = [text.clone(), format!("{text}{unit}"), text.replace(' ', "")];
    match candidates.into_iter().find(|candidate| read(candidate).is_some()) {
        Some(candidate) => format!(": write \"{candidate}\""),
        None => String::new(),
    }
}
