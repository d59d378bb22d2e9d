//! JSON made a document at once, without a visitor in between: twice as fast as by serde_json, which reads what is not
//! plain, such as text with escapes and numbers with a fraction, and tells what is wrong.

use std::borrow::Cow;

use serde_json::Number;

use super::document::{Document, FEW, Member, Members};

/// The document that a text is; `None` if serde_json has to tell, which refuses it or knows more.
pub(super) fn read(text: &str) -> Option<Document<'_>> {
    let (mut items, mut members) = (Vec::with_capacity(SOME), Vec::with_capacity(SOME));
    // Of a whole vector the rest would get all of its room.
    items.push(Document::Null);
    members.push((Cow::Borrowed(""), Document::Null));
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, items, members };
    let document = reader.value(DEPTH)?;
    reader.next_byte().is_none().then_some(document)
}

/// So deep may a document be: less than serde_json's 128 levels.
const DEPTH: usize = 120;

/// So many items and members are open at once of a small document.
const SOME: usize = 16;

/// A number of so many digits fits into 64 bits.
const DIGITS: usize = 18;

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// What is read of the arrays that are open, each of which becomes one allocation of its size at its end.
    items: Vec<Document<'a>>,
    /// The same of objects, those of each one sorted while they are few.
    members: Vec<Member<'a>>,
}

impl<'a> Reader<'a> {
    /// The next byte that is no blank, which is not taken.
    #[inline]
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            match *self.bytes.get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    /// Takes a byte if it is the next one.
    #[inline]
    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.next_byte() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes what stands behind an item or a member: whether it is the last one.
    #[inline]
    fn ends(&mut self, end: u8) -> Option<bool> {
        let byte = self.next_byte()?;
        self.at += 1;
        (byte == b',' || byte == end).then_some(byte == end)
    }

    #[inline]
    fn value(&mut self, depth: usize) -> Option<Document<'a>> {
        match self.next_byte()? {
            b'-' | b'0'..=b'9' => self.number().map(Document::Number),
            b'"' => self.string().map(Document::Text),
            byte => self.other(byte, depth),
        }
    }

    #[inline(never)]
    fn other(&mut self, byte: u8, depth: usize) -> Option<Document<'a>> {
        match byte {
            b'{' => self.object(depth.checked_sub(1)?),
            b'[' => self.array(depth.checked_sub(1)?),
            b't' => self.word("true", Document::Bool(true)),
            b'f' => self.word("false", Document::Bool(false)),
            b'n' => self.word("null", Document::Null),
            _ => None,
        }
    }

    fn word(&mut self, word: &str, value: Document<'a>) -> Option<Document<'a>> {
        self.bytes[self.at..].starts_with(word.as_bytes()).then(|| {
            self.at += word.len();
            value
        })
    }

    fn array(&mut self, depth: usize) -> Option<Document<'a>> {
        self.at += 1;
        let start = self.items.len();
        let mut is_whole = self.eat(b']');
        while !is_whole {
            if self.next_byte()?.is_ascii_digit() {
                self.push_number()?;
            } else {
                let item = self.value(depth)?;
                self.items.push(item);
            }
            is_whole = self.ends(b']')?;
        }
        Some(Document::Array(self.items.split_off(start)))
    }

    fn object(&mut self, depth: usize) -> Option<Document<'a>> {
        self.at += 1;
        let start = self.members.len();
        let mut is_whole = self.eat(b'}');
        while !is_whole {
            let name = (self.next_byte()? == b'"').then(|| self.string())??;
            let value = self.eat(b':').then(|| self.value(depth))??;
            self.place((name, value), start);
            is_whole = self.ends(b'}')?;
        }
        let members = self.members.split_off(start);
        let is_sorted = members.len() <= FEW;
        Some(Document::Object(if is_sorted { Members::sorted(members) } else { Members::new(members) }))
    }

    /// Among few members each finds its place as it comes, which costs less than a sort afterwards; of two with one name,
    /// the later one stays.
    fn place(&mut self, member: Member<'a>, start: usize) {
        let earlier = &mut self.members[start..];
        if earlier.len() >= FEW {
            return self.members.push(member);
        }
        match earlier.iter().rposition(|other| other.0 <= member.0) {
            Some(index) if earlier[index].0 == member.0 => earlier[index] = member,
            Some(index) => self.members.insert(start + index + 1, member),
            None => self.members.insert(start, member),
        }
    }

    /// The text whose first quote is the next byte.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let quote = self.at;
        let start = quote + 1;
        let mut end = start + special(&self.bytes[start..])?;
        if self.bytes[end] == b'"' {
            self.at = end + 1;
            return Some(Cow::Borrowed(&self.text[start..end]));
        }
        while self.bytes[end] == b'\\' {
            let next = end + 2;
            end = next + special(self.bytes.get(next..)?)?;
        }
        self.at = end + 1;
        serde_json::from_str(&self.text[quote..=end]).ok().map(Cow::Owned)
    }

    /// Puts a number among the items: by way of [`Self::value`] each would be moved twice, which of many numbers costs more
    /// than reading them.
    #[inline]
    fn push_number(&mut self) -> Option<()> {
        let Some(integer) = self.integer() else { return self.push_other_number() };
        self.items.push(Document::Number(integer.into()));
        Some(())
    }

    #[inline(never)]
    fn push_other_number(&mut self) -> Option<()> {
        let number = self.other_number()?;
        self.items.push(Document::Number(number));
        Some(())
    }

    /// The number whose first byte is the next one.
    #[inline]
    fn number(&mut self) -> Option<Number> {
        match self.integer() {
            Some(integer) => Some(integer.into()),
            None => self.other_number(),
        }
    }

    /// An integer of 18 digits at most, which is not negative.
    #[inline]
    fn integer(&mut self) -> Option<u64> {
        let start = self.at;
        let mut end = start;
        let mut number = 0;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(end)
            && end < start + DIGITS
        {
            number = number * 10 + u64::from(digit - b'0');
            end += 1;
        }
        let goes_on = matches!(self.bytes.get(end), Some(b'.' | b'e' | b'E' | b'0'..=b'9'));
        let has_zeros = self.bytes[start] == b'0' && end > start + 1;
        if end == start || goes_on || has_zeros {
            return None;
        }
        self.at = end;
        Some(number)
    }

    /// A number with a sign or a fraction, one that does not fit, or none.
    #[inline(never)]
    fn other_number(&mut self) -> Option<Number> {
        let start = self.at;
        let is_of_it = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
        self.at += self.bytes[start..].iter().take_while(|byte| is_of_it(byte)).count();
        serde_json::from_str(&self.text[start..self.at]).ok()
    }
}

/// Where the first byte is that ends a text, or that must not be in one as it is; eight are looked at at once.
#[inline]
fn special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for (index, chunk) in chunks.iter().enumerate() {
        let chunk = u64::from_le_bytes(*chunk);
        let zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
        let quote = zero(chunk ^ (ONES * u64::from(b'"')));
        let backslash = zero(chunk ^ (ONES * u64::from(b'\\')));
        let control = chunk.wrapping_sub(ONES * 0x20) & !chunk;
        let found = (quote | backslash | control) & HIGH;
        if found != 0 {
            // What borrows makes a mistake above the first match only.
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
    Some(chunks.len() * 8 + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What serde_json makes of a text; the reader says the same, or nothing.
    fn check(text: &str, is_plain: bool) {
        let read = read(text);
        assert_eq!(read.is_some(), is_plain, "{text}");
        if let Some(document) = read {
            assert_eq!(serde_json::from_str::<Document<'_>>(text).ok(), Some(document), "{text}");
        }
    }

    #[test]
    fn what_is_plain_is_what_serde_json_reads() {
        for text in [
            "0",
            "-0",
            "7",
            "-7",
            " 12 ",
            "123456789012345678",
            "1234567890123456789",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "-9223372036854775809",
            "1.5",
            "-0.0",
            "1e3",
            "1E-2",
            "true",
            "false",
            "null",
            "[]",
            "{}",
            "[ ]",
            "{ }",
            "[1,[2,[]],{}]",
            "\"\"",
            "\"a\"",
            "\"12345678\"",
            "\"1234567é9\"",
            r#""a\"b""#,
            r#""\\""#,
            r#""\u00e9\n""#,
            r#"{"b":1,"a":[2,{"c":null}]}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"j":0,"i":1,"h":2,"g":3,"f":4,"e":5,"d":6,"c":7,"b":8,"j":9,"a":10}"#,
            "\t[ 1 ,\n2 , {\r\"a\" : 3 } ] ",
            r#"{"\u0061":1,"a":2}"#,
        ] {
            check(text, true);
        }
    }

    #[test]
    fn what_is_not_json_is_left_to_serde_json() {
        for text in [
            "",
            " ",
            "-",
            "01",
            "-01",
            "1.",
            ".5",
            "1e",
            "+1",
            "1 2",
            "tru",
            "nul",
            "truefalse",
            "[1",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{a:1}"#,
            r#"{"a" 1}"#,
            "\"",
            "\"a",
            r#""\"#,
            r#""\x""#,
            r#""\ud800""#,
            "\"a\nb\"",
            "\"12345678\u{1}\"",
            "1e999",
            "\u{feff}1",
            "[1]]",
            "NaN",
        ] {
            assert!(serde_json::from_str::<Document<'_>>(text).is_err(), "{text}");
            check(text, false);
        }
        let nested = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
        check(&nested(DEPTH), true);
        check(&nested(DEPTH + 1), false);
    }

    #[test]
    fn texts_end_where_they_end() {
        for length in 0..40 {
            for special in ["\"", "\\\"\"", "\\u00e9\"", "é\""] {
                check(&["\"", &"x".repeat(length), special].concat(), true);
            }
            check(&["\"", &"x".repeat(length), "\u{1f}\""].concat(), false);
            check(&["\"", &"\u{7f}é~".repeat(length), "\""].concat(), true);
        }
    }

    /// Texts near what is JSON: what is read of them is what serde_json reads.
    #[test]
    fn what_was_changed_is_read_alike() {
        let whole = r#"{"a": [1, -2, 30.5, 1e2, true, null, "x\n", "eight or more"], "b": {"é": "", "c": [[], {}]}, "a": 7}"#;
        let letters: Vec<char> = whole.chars().chain("\u{1}09\\".chars()).collect();
        let mut random = fastrand::Rng::with_seed(7);
        let mut plain = 0;
        for _ in 0..20_000 {
            let mut text: Vec<char> = whole.chars().collect();
            for _ in 0..random.usize(1..3) {
                let at = random.usize(..text.len());
                match random.u8(..3) {
                    0 => drop(text.remove(at)),
                    1 => text.insert(at, letters[random.usize(..letters.len())]),
                    _ => text[at] = letters[random.usize(..letters.len())],
                }
            }
            let text = String::from_iter(text);
            if let Some(document) = read(&text) {
                plain += 1;
                assert_eq!(serde_json::from_str::<Document<'_>>(&text).ok(), Some(document), "{text}");
            }
        }
        assert!((2_000..18_000).contains(&plain), "{plain} were plain");
    }
}
