//! Arguments' patterns: what they bind, and how to take a borrowed argument apart in the same way.

use syn::{FieldPat, Ident, Pat, PatIdent, PatRest, PatWild, Token};

/// The names that a pattern binds, in order.
pub(crate) fn bindings(pattern: &Pat) -> Vec<Ident> {
    let mut found = Vec::new();
    collect(pattern, &mut found);
    found
}

fn collect(pattern: &Pat, found: &mut Vec<Ident>) {
    match pattern {
        Pat::Ident(PatIdent { ident, subpat, .. }) => {
            // A capitalised name is a constant or a unit struct.
            if !ident.to_string().starts_with(char::is_uppercase) {
                found.push(ident.clone());
            }
            if let Some((_, inner)) = subpat {
                collect(inner, found);
            }
        }
        Pat::Paren(inner) => collect(&inner.pat, found),
        Pat::Reference(inner) => collect(&inner.pat, found),
        Pat::Type(inner) => collect(&inner.pat, found),
        Pat::Slice(inner) => inner.elems.iter().for_each(|element| collect(element, found)),
        Pat::Tuple(inner) => inner.elems.iter().for_each(|element| collect(element, found)),
        Pat::TupleStruct(inner) => inner.elems.iter().for_each(|element| collect(element, found)),
        Pat::Struct(inner) => inner.fields.iter().for_each(|field| collect(&field.pat, found)),
        _ => {}
    }
}

/// The pattern for a borrowed argument: without `mut` and `ref`, which a borrow does not need and edition 2024
/// refuses, and with `_` for every name that is not used.
pub(crate) fn borrowed(pattern: &Pat, used: &dyn Fn(&Ident) -> bool) -> Pat {
    if !bindings(pattern).iter().any(used) {
        return wild();
    }
    let mut pattern = pattern.clone();
    borrow(&mut pattern, used);
    pattern
}

fn borrow(pattern: &mut Pat, used: &dyn Fn(&Ident) -> bool) {
    match pattern {
        Pat::Ident(binding) => {
            let inner = binding.subpat.take().map(|(at, mut inner)| {
                borrow(&mut inner, used);
                (at, inner)
            });
            if used(&binding.ident) {
                (binding.by_ref, binding.mutability, binding.subpat) = (None, None, inner);
            } else {
                *pattern = inner.map_or_else(wild, |(_, inner)| *inner);
            }
        }
        Pat::Paren(inner) => borrow(&mut inner.pat, used),
        Pat::Reference(inner) => borrow(&mut inner.pat, used),
        Pat::Type(inner) => borrow(&mut inner.pat, used),
        Pat::Slice(inner) => inner.elems.iter_mut().for_each(|element| borrow(element, used)),
        Pat::Tuple(inner) => inner.elems.iter_mut().for_each(|element| borrow(element, used)),
        Pat::TupleStruct(inner) => inner.elems.iter_mut().for_each(|element| borrow(element, used)),
        Pat::Struct(inner) => {
            inner.fields =
                std::mem::take(&mut inner.fields).into_iter().filter(|field| binds(field, used)).collect();
            inner.fields.iter_mut().for_each(|field| borrow_field(field, used));
            inner
                .rest
                .get_or_insert_with(|| PatRest { attrs: Vec::new(), dot2_token: <Token![..]>::default() });
            if !inner.fields.empty_or_trailing() {
                inner.fields.push_punct(<Token![,]>::default());
            }
        }
        _ => {}
    }
}

fn binds(field: &FieldPat, used: &dyn Fn(&Ident) -> bool) -> bool {
    bindings(&field.pat).iter().any(used)
}

fn borrow_field(field: &mut FieldPat, used: &dyn Fn(&Ident) -> bool) {
    borrow(&mut field.pat, used);
    // `x` and `mut x` stay shorthand; `x @ …` has none.
    if !matches!(&*field.pat, Pat::Ident(PatIdent { subpat: None, .. })) {
        field.colon_token.get_or_insert_with(Default::default);
    }
}

fn wild() -> Pat {
    Pat::Wild(PatWild { attrs: Vec::new(), underscore_token: <Token![_]>::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens as _;
    use syn::parse::Parser as _;

    fn check(pattern: &str, used: &[&str], expected: &str) {
        let pattern = Pat::parse_single.parse_str(pattern).expect("a pattern");
        let borrowed = borrowed(&pattern, &|name| used.iter().any(|used| name == used));
        assert_eq!(borrowed.to_token_stream().to_string().replace(' ', ""), expected.replace(' ', ""));
    }

    #[test]
    fn only_what_is_used_is_taken_apart() {
        check("Path(sku)", &["sku"], "Path(sku)");
        check("Path(sku)", &[], "_");
        check("Path((shop, mut sku))", &["sku"], "Path((_, sku))");
        check(
            "Json(Order { ref id, lines: [first, ..], .. })",
            &["id", "first"],
            "Json(Order { id, lines: [first, ..], .. })",
        );
        check("Json(Order { id, note })", &["id"], "Json(Order { id, .. })");
        check("whole @ Query(Page { limit })", &["limit"], "Query(Page { limit, .. })");
        check("mut body", &["body"], "body");
    }
}
