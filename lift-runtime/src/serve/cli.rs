//! The command line: `serve`, `routes`, `schema`, `--help`.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

use super::{startup, url};
use crate::endpoint::Route;
use crate::error::{Error, Result};

/// What the program was asked to do.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    Serve { addr: String },
    Routes,
    Schema,
    Check { old: PathBuf, allow_unknown: bool },
    Help { program: String },
}

/// Reads the program's arguments, and `PORT`.
pub(super) fn parse() -> Result<Command> {
    let port = std::env::var_os("PORT");
    // One that is not text is no port either, and where it is used it is refused as such.
    parse_from(Parser::from_env(), port.as_deref().map(OsStr::to_string_lossy).as_deref())
}

fn parse_from(mut arguments: Parser, port: Option<&str>) -> Result<Command> {
    let program = arguments.bin_name().map_or_else(|| "app".to_owned(), program_name);
    let mut command = None;
    let mut addr = None;
    let mut old = None;
    let mut allow_unknown = false;
    while let Some(argument) = arguments.next().map_err(|error| usage(&error))? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help { program }),
            Arg::Long("addr") => {
                let value = arguments.value().and_then(ValueExt::string);
                addr = Some(value.map_err(|error| usage(&error))?);
            }
            Arg::Long("check") => old = Some(arguments.value().map_err(|error| usage(&error))?.into()),
            Arg::Long("allow-unknown") => allow_unknown = true,
            Arg::Value(name) if command.is_none() => command = Some(name.to_string_lossy().into_owned()),
            other => return Err(usage(&other.unexpected())),
        }
    }
    if old.is_some() && command.as_deref() != Some("schema") {
        return Err(usage(&"`--check` belongs to `schema`"));
    }
    if allow_unknown && old.is_none() {
        return Err(usage(&"`--allow-unknown` belongs to `schema --check`"));
    }
    match command.as_deref() {
        Some("help") => Ok(Command::Help { program }),
        Some("routes") => Ok(Command::Routes),
        Some("schema") => Ok(match old {
            Some(old) => Command::Check { old, allow_unknown },
            None => Command::Schema,
        }),
        Some("serve") | None => Ok(Command::Serve { addr: addr.unwrap_or_else(|| default_addr(port)) }),
        Some(unknown) => Err(usage(&format_args!("there is no command `{unknown}`"))),
    }
}

fn program_name(path: &str) -> String {
    std::path::Path::new(path)
        .file_name()
        .map_or_else(|| path.into(), |name| name.to_string_lossy().into_owned())
}

fn default_addr(port: Option<&str>) -> String {
    format!("127.0.0.1:{}", port.unwrap_or("3000"))
}

fn usage(error: &dyn std::fmt::Display) -> Error {
    startup(format!("{error}; `--help` tells what there is"))
}

pub(super) fn help(program: &str, about: Option<&str>) -> String {
    let about = about.map(|about| format!("{}\n\n", about.trim_end())).unwrap_or_default();
    format!(
        "{about}Usage: {program} [serve] [--addr HOST:PORT]\n       {program} routes\n       \
         {program} schema [--check OLD.json [--allow-unknown]]\n\n\
         Commands:\n  \
         serve     serves HTTP until SIGTERM or ctrl-c (default)\n  \
         routes    prints the routes\n  \
         schema    prints the schemas of what routes take and answer, or compares them\n\n\
         Options:\n  \
         --check OLD.json    tells whether this version keeps to what `schema` printed then: 0 if so,\n                      \
                             1 if something breaks, 2 if it is not known, 64 if the file cannot be read\n  \
         --allow-unknown     what is not known is no failure\n  \
         --addr HOST:PORT    where to listen (127.0.0.1 and PORT, or 127.0.0.1:3000)\n  \
         -h, --help          prints this\n\n\
         Where AWS_LAMBDA_RUNTIME_API is set, `serve` answers Lambda events instead."
    )
}

/// What is printed once the server listens.
pub(super) fn listening(addr: SocketAddr, about: Option<&str>) -> String {
    let about = about.map(|about| format!("\n{}\n", about.trim_end())).unwrap_or_default();
    format!("listening on {}{about}", url(addr))
}

/// The answer to `schema --check` of a program that cannot compare.
#[cfg(not(feature = "schema-check"))]
pub(super) fn without_check() -> Error {
    startup("`schema --check` is not in this program: build it with the feature `schema-check` of `lift`")
}

/// A table of routes: method, path, attributes, handler.
pub(super) fn routes<'a>(routes: impl Iterator<Item = &'a Route>) -> String {
    let rows: Vec<[String; 4]> = routes.map(row).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (method, path, attributes) = (width(0), width(1), width(2));
    rows.iter().fold(String::new(), |mut table, row| {
        let [a, b, c, d] = row;
        let end = if table.is_empty() { "" } else { "\n" };
        // Writing to a String does not fail.
        let _ = write!(table, "{end}{a:method$}  {b:path$}  {c:attributes$}  {d}");
        table
    })
}

fn row(route: &Route) -> [String; 4] {
    let attributes = [
        (route.cached, "cached"),
        (route.validated, "validate"),
        (route.streamed, "stream"),
        (route.no_tenant, "no_tenant"),
    ];
    let attributes: Vec<_> =
        attributes.into_iter().filter_map(|(there, name)| there.then_some(name)).collect();
    [route.method.to_string(), route.path.into(), attributes.join(", "), route.name.into()]
}

/// Prints a line; a reader that has gone (`… | head`) is no error.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a line where errors go.
#[cfg(feature = "schema-check")]
pub(super) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn parsed(arguments: &[&str], port: Option<&str>) -> std::result::Result<Command, String> {
        let arguments = Parser::from_iter(std::iter::once(&"/usr/bin/shop").chain(arguments));
        parse_from(arguments, port).map_err(|error| format!("{error:?}"))
    }

    fn serve(addr: &str) -> std::result::Result<Command, String> {
        Ok(Command::Serve { addr: addr.into() })
    }

    #[test]
    fn serving_is_the_default_and_the_nearest_address_wins() {
        assert_eq!(parsed(&[], None), serve("127.0.0.1:3000"));
        assert_eq!(parsed(&["serve"], Some("4000")), serve("127.0.0.1:4000"));
        assert_eq!(parsed(&["--addr", "0.0.0.0:80"], Some("4000")), serve("0.0.0.0:80"));
        assert_eq!(parsed(&["serve", "--addr=[::1]:80"], None), serve("[::1]:80"));
    }

    #[test]
    fn help_and_routes() {
        assert_eq!(parsed(&["routes"], None), Ok(Command::Routes));
        assert_eq!(parsed(&["routes", "-h"], None), Ok(Command::Help { program: "shop".into() }));
        assert!(help("shop", Some("A shop.")).starts_with("A shop.\n\nUsage: shop [serve]"));
    }

    #[test]
    fn schemas_are_printed_or_compared() {
        assert_eq!(parsed(&["schema"], None), Ok(Command::Schema));
        let check = |allow_unknown| Ok(Command::Check { old: "old.json".into(), allow_unknown });
        assert_eq!(parsed(&["schema", "--check", "old.json"], None), check(false));
        assert_eq!(parsed(&["schema", "--allow-unknown", "--check=old.json"], None), check(true));
    }

    #[test]
    fn what_is_not_understood_is_one_line() {
        for arguments in [
            &["schema", "--check"][..],
            &["schema", "--allow-unknown"],
            &["routes", "--check", "old.json"],
            &["sevre"],
            &["--port", "1"],
            &["serve", "routes"],
            &["--addr"],
        ] {
            let error = parsed(arguments, None).expect_err("it is refused");
            assert!(error.ends_with("`--help` tells what there is") && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn routes_are_aligned() {
        let one = Route::new(Method::GET, "/products/{sku}", "shop::product").cached().validated();
        let other = Route::new(Method::DELETE, "/p", "shop::remove");
        assert_eq!(
            routes([&one, &other].into_iter()),
            "GET     /products/{sku}  cached, validate  shop::product\n\
             DELETE  /p                                 shop::remove"
        );
    }
}
