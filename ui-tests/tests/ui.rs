//! Each case is a mistake, or several of a kind, and what a person is told about it; or what must compile.

use std::path::Path;
use std::{fs, io};

#[test]
fn mistakes_are_explained_and_the_rest_compiles() -> io::Result<()> {
    lend_schemas()?;
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/fail/*.rs");
    cases.pass("ui/*/pass/*.rs");
    Ok(())
}

/// Paths of schemas are relative to a package, and the cases are compiled as one of trybuild's own, in the target folder.
fn lend_schemas() -> io::Result<()> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or(io::ErrorKind::NotFound)?;
    let lent = target.join("tests/trybuild").join(env!("CARGO_PKG_NAME")).join("schemas");
    fs::create_dir_all(&lent)?;
    for schema in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas"))? {
        let schema = schema?;
        fs::copy(schema.path(), lent.join(schema.file_name()))?;
    }
    Ok(())
}
