//! Which format a request prefers ([RFC 9110 §12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1)).

use http::{HeaderMap, header};

use crate::stream::options::{Format, Wire};

/// The format of one answer: the route's, or the one that `Accept` prefers. Server-sent events must be named, with
/// a weight no lower than NDJSON's; a range such as `*/*`, or no `Accept` at all, means NDJSON.
pub(crate) fn wire(format: Format, headers: &HeaderMap) -> Wire {
    match format {
        Format::Sse => Wire::Sse,
        Format::Ndjson => Wire::Ndjson,
        Format::Bytes => Wire::Bytes,
        Format::Negotiated => {
            let events = weight(headers, "text/event-stream");
            let lines = weight(headers, "application/x-ndjson");
            if events > 0 && events >= lines { Wire::Sse } else { Wire::Ndjson }
        }
    }
}

/// The weight of a media type in thousandths; 0 if it is not named.
fn weight(headers: &HeaderMap, media_type: &str) -> u16 {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let named = accepted.flat_map(|value| value.split(',')).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(media_type));
        named.then(|| parts.find_map(quality).unwrap_or(1000))
    });
    named.max().unwrap_or(0)
}

/// The value of `q=0.5`, in thousandths; one that cannot be read counts as 0.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value = value.trim().parse::<f32>().unwrap_or(0.0).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1000")]
    Some((value * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(accept: &[&'static str], expected: Wire) {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, HeaderValue::from_static(value));
        }
        assert_eq!(wire(Format::Negotiated, &headers), expected, "{accept:?}");
    }

    #[test]
    fn events_must_be_named() {
        check(&[], Wire::Ndjson);
        check(&["*/*"], Wire::Ndjson);
        check(&["text/*"], Wire::Ndjson);
        check(&["text/event-stream"], Wire::Sse);
        check(&["Text/Event-Stream; charset=utf-8, */*"], Wire::Sse);
        check(&["application/json", "text/event-stream"], Wire::Sse);
    }

    #[test]
    fn weights_decide() {
        check(&["text/event-stream;q=0"], Wire::Ndjson);
        check(&["text/event-stream;q=0.5, application/x-ndjson"], Wire::Ndjson);
        check(&["text/event-stream; Q=0.9, application/x-ndjson; q=0.8"], Wire::Sse);
        check(&["text/event-stream, application/x-ndjson"], Wire::Sse);
    }

    #[test]
    fn nonsense_is_not_preferred() {
        for value in ["text/event-stream;q=", "text/event-stream;q=NaN", "text/event-stream;q=-1", ",,;;=,"] {
            check(&[value], Wire::Ndjson);
        }
    }
}
