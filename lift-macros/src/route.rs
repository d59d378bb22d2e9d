//! `#[get("/…")]` and its like: the method, the path, and whether the path and the arguments agree.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{GenericArgument, Ident, Lit, LitStr, PathArguments, Type};

use crate::arguments::Arguments;
use crate::errors::{Errors, closest, listed};
use crate::handler::{Annotation, Argument, Kind};

/// What axum can route.
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"];

/// A checked route.
pub(crate) struct Route {
    method: Ident,
    path: LitStr,
    parameters: Vec<String>,
    no_tenant: bool,
}

impl Route {
    /// Reads the attribute's arguments; a route whose path is wrong is none.
    pub(crate) fn read(annotation: &Annotation, arguments: &mut Arguments<'_>) -> Option<Self> {
        let method = method(annotation, arguments);
        let path = path(annotation, arguments);
        let no_tenant = arguments.flag("no_tenant").is_some();
        let (method, path) = (method?, path?);
        let parameters = match parameters(&path.value()) {
            Ok(parameters) => parameters,
            Err(message) => {
                arguments.errors.at(&path, message);
                return None;
            }
        };
        Some(Self { method, path, parameters, no_tenant })
    }

    pub(crate) fn is_get(&self) -> bool {
        self.method == "GET"
    }

    pub(crate) fn method(&self) -> &Ident {
        &self.method
    }

    /// What it serves, such as `GET /products/{sku}`.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.method, self.path.value())
    }

    /// `Route::new(…)` with its options.
    pub(crate) fn metadata(&self, private: &TokenStream, name: &Ident) -> TokenStream {
        let Self { method, path, no_tenant, .. } = self;
        let name = format!("::{}", syn::ext::IdentExt::unraw(name));
        let no_tenant = no_tenant.then(|| quote! { .no_tenant() });
        quote! {
            #private::Route::new(
                #private::Method::#method,
                #path,
                ::core::concat!(::core::module_path!(), #name),
            ) #no_tenant
        }
    }

    /// Each parameter of the path needs an argument that takes it, and the reverse.
    pub(crate) fn check_parameters(&self, arguments: &[Argument], errors: &mut Errors) {
        let takers: Vec<&Argument> =
            arguments.iter().filter(|argument| argument.is_written("Path")).collect();
        for argument in &takers {
            self.check_arity(argument, errors);
        }
        if takers.is_empty() && !self.parameters.is_empty() && !arguments.iter().any(may_read_path) {
            let names = listed(self.parameters.iter().map(String::as_str));
            let message = match self.parameters.as_slice() {
                [name] => format!(
                    "no argument takes the path's {names}: add one such as `Path({name}): Path<String>`"
                ),
                all => {
                    let (bound, types) = (all.join(", "), vec!["String"; all.len()].join(", "));
                    format!(
                        "no argument takes the path's {names}: add one such as `Path(({bound})): Path<({types})>`"
                    )
                }
            };
            errors.at(&self.path, message);
        }
    }

    fn check_arity(&self, argument: &Argument, errors: &mut Errors) {
        let Some(PathArguments::AngleBracketed(generics)) = argument.outer().map(|outer| &outer.arguments)
        else {
            return;
        };
        let Some(GenericArgument::Type(inner)) = generics.args.first() else { return };
        let taken = match inner {
            Type::Tuple(tuple) => tuple.elems.len(),
            Type::Path(path) if path.path.get_ident().is_some_and(is_scalar) => 1,
            // A struct takes parameters by name; an own type, one or several: only the runtime knows.
            _ => self.parameters.len().max(1),
        };
        let (count, path) = (self.parameters.len(), self.path.value());
        let message = match (taken, count) {
            (taken, count) if taken == count => return,
            (_, 0) => format!(
                "the path \"{path}\" has no parameter to take: write one such as \"{}/{{id}}\", or remove this",
                path.trim_end_matches('/')
            ),
            (_, count) => {
                let names = listed(self.parameters.iter().map(String::as_str));
                format!(
                    "the path has {count} parameters and this takes {taken}: take one value for each of {names}"
                )
            }
        };
        errors.at(inner, message.replace("1 parameters", "1 parameter"));
    }
}

/// Whether an argument may read the path for all that can be told here: an extractor of the app's own can, and the
/// well-known ones that follow cannot.
fn may_read_path(argument: &Argument) -> bool {
    const CANNOT: [&str; 14] = [
        "Json",
        "Query",
        "Form",
        "State",
        "Extension",
        "Context",
        "Tenant",
        "HeaderMap",
        "LastEventId",
        "Method",
        "Bytes",
        "String",
        "Multipart",
        "TypedHeader",
    ];
    !CANNOT.iter().any(|name| argument.is_written(name))
}

fn is_scalar(ident: &Ident) -> bool {
    const SCALARS: [&str; 16] = [
        "String", "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
        "i128", "f32", "f64",
    ];
    SCALARS.iter().any(|scalar| ident == scalar)
}

fn method(annotation: &Annotation, arguments: &mut Arguments<'_>) -> Option<Ident> {
    let name = match annotation.kind {
        Kind::Route(name) => name,
        // A handshake is a GET.
        Kind::Websocket => "get",
        _ => return None,
    };
    if name != "route" {
        return Some(format_ident!("{}", name.to_uppercase()));
    }
    let Some(method) = arguments.word(&["no_tenant"]) else {
        if !arguments.are_unreadable() {
            arguments
                .errors
                .at_span(annotation.span, "a route needs a method: write `#[route(GET, \"/…\")]`");
        }
        return None;
    };
    let name = method.to_string();
    if METHODS.contains(&name.as_str()) {
        return Some(Ident::new(&name, Span::call_site()));
    }
    let fix = match closest(&name.to_uppercase(), METHODS) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("write one of {}", listed(METHODS)),
    };
    arguments.errors.at(&method, format!("`{name}` is not a method that can be routed: {fix}"));
    None
}

fn path(annotation: &Annotation, arguments: &mut Arguments<'_>) -> Option<LitStr> {
    let name = annotation.kind.name();
    let mut literals = arguments.literals().into_iter();
    let path = match literals.next() {
        Some(Lit::Str(path)) => Some(path),
        Some(other) => {
            arguments.errors.at(other, "a path must be a string such as \"/products/{sku}\"");
            None
        }
        None if arguments.are_unreadable() => None,
        None => {
            let form = if name == "route" { "GET, \"/…\"" } else { "\"/…\"" };
            arguments
                .errors
                .at_span(annotation.span, format!("a route needs a path: write `#[{name}({form})]`"));
            None
        }
    };
    for further in literals {
        arguments.errors.at(further, "a route has one path: write a second function that calls this one");
    }
    path
}

/// The names of a path's parameters, or what is wrong with it.
fn parameters(path: &str) -> Result<Vec<String>, String> {
    if !path.starts_with('/') {
        return Err(format!("a path starts with a slash: write \"/{path}\""));
    }
    if let Some(at) = path.find(['?', '#']) {
        let rest = &path[at..];
        return Err(format!("a path ends before `{rest}`: remove it, and take the query as `Query<…>`"));
    }
    if let Some(odd) = path.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("a path holds no {odd:?}: remove it"));
    }
    let mut names: Vec<String> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (index, segment) in segments.iter().enumerate() {
        let Some(name) = parameter(segment)? else { continue };
        let plain = name.strip_prefix('*').unwrap_or(name);
        if name.starts_with('*') && index + 1 < segments.len() {
            return Err(format!(
                "`{{{name}}}` takes all that is left of a path: move it to the end, or write `{{{plain}}}`"
            ));
        }
        if names.iter().any(|earlier| earlier == plain) {
            return Err(format!("the path has two parameters `{plain}`: rename one"));
        }
        names.push(plain.to_owned());
    }
    Ok(names)
}

/// The parameter of a segment, if it has one.
fn parameter(segment: &str) -> Result<Option<&str>, String> {
    if let Some(name) = segment.strip_prefix(':') {
        return Err(format!("a parameter stands in braces: write `{{{name}}}` for `:{name}`"));
    }
    if let Some(name) = segment.strip_prefix('*') {
        let name = if name.is_empty() { "rest" } else { name };
        return Err(format!("a parameter that takes all that is left stands in braces: write `{{*{name}}}`"));
    }
    // `{{` and `}}` are braces that are meant as text, as axum has it.
    let text = segment.replace("{{", "").replace("}}", "");
    let (Some(from), Some(to)) = (text.find('{'), text.find('}')) else {
        return match text.find(['{', '}']) {
            Some(_) => Err(format!("the braces of `{segment}` do not pair: write `{{name}}`")),
            None => Ok(None),
        };
    };
    let at = segment.find('{').unwrap_or_default();
    let name = text.get(from + 1..to).unwrap_or_default();
    let plain = name.strip_prefix('*').unwrap_or(name);
    if plain.is_empty() || plain.contains(['*', '{']) {
        return Err(format!("`{segment}` names no parameter: write `{{name}}`"));
    }
    if to + 1 != text.len() {
        return Err(format!(
            "nothing may follow a parameter within its segment: write `{}{{{name}}}`",
            &segment[..at]
        ));
    }
    // The name as a part of the segment that was given, not of its copy.
    let start = segment.rfind(&format!("{{{name}}}")).map(|start| start + 1);
    Ok(start.map(|start| &segment[start..start + name.len()]))
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn parameters_are_named() {
        assert_eq!(parameters("/"), Ok(vec![]));
        assert_eq!(parameters("/products/{sku}"), Ok(vec!["sku".to_owned()]));
        assert_eq!(
            parameters("/{shop}/v-{version}/{*rest}"),
            Ok(["shop", "version", "rest"].map(str::to_owned).to_vec())
        );
        assert_eq!(parameters("/{{literal}}"), Ok(vec![]));
    }

    #[test]
    fn mistakes_name_their_fix() {
        for (path, expected) in [
            ("products", "write \"/products\""),
            ("", "write \"/\""),
            ("/products/:sku", "write `{sku}`"),
            ("/files/*", "write `{*rest}`"),
            ("/x/{", "do not pair"),
            ("/x/}", "do not pair"),
            ("/x/{}", "names no parameter"),
            ("/x/{*}", "names no parameter"),
            ("/x/{id}.json", "nothing may follow"),
            ("/x/{a}{b}", "nothing may follow"),
            ("/{*rest}/x", "move it to the end"),
            ("/{id}/{id}", "rename one"),
            ("/x?page=1", "Query"),
            ("/a b", "remove it"),
        ] {
            let message = parameters(path).expect_err(path);
            assert!(message.contains(expected), "{path}: {message}");
        }
    }
}
