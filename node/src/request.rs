use http::Method;
use http::header::{HeaderMap, HeaderName, HeaderValue};

/// The part of a request that a guard looks at.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
}

impl Request {
    /// Reads lines such as `host: localhost`, as the JavaScript half writes them.
    pub(crate) fn new(method: &str, lines: &str) -> Self {
        // A method that HTTP does not have counts as one that changes something.
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::POST);
        let mut headers = HeaderMap::with_capacity(8);
        for (name, value) in lines.lines().filter_map(|line| line.split_once(": ")) {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                headers.append(name, header_value(value));
            }
        }
        Request { method, headers }
    }
}

/// A value that no header can carry stays in as one that nothing reads as text, so that it is not taken for absent.
fn header_value(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| {
        HeaderValue::from_bytes(&[0xff]).unwrap_or_else(|_| HeaderValue::from_static("?"))
    })
}
