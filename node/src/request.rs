use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN};
use http::{HeaderMap, HeaderValue, Method};
use napi::Either;
use napi_derive::napi;

/// The parts of a request that a guard looks at.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
}

/// One header line, several of the same name, or none.
#[napi]
pub type Lines = Option<Either<String, Vec<String>>>;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Request {
    pub(crate) fn new(method: &str) -> Self {
        // A method that HTTP does not have counts as one that changes something.
        let method = Method::from_bytes(method.as_bytes()).unwrap_or(Method::POST);
        Request { method, headers: HeaderMap::with_capacity(5) }
    }

    pub(crate) fn authorization(mut self, lines: Lines) -> Self {
        match lines {
            None => {}
            Some(Either::A(line)) => self.append(AUTHORIZATION, &line),
            Some(Either::B(lines)) => lines.iter().for_each(|line| self.append(AUTHORIZATION, line)),
        }
        self
    }

    pub(crate) fn cookie(mut self, line: Option<String>) -> Self {
        self.append_some(COOKIE, line);
        self
    }

    /// What proves where a request comes from: `Sec-Fetch-Site`, `Origin` and `Host`.
    pub(crate) fn provenance(
        mut self,
        fetch_site: Option<String>,
        origin: Option<String>,
        host: Option<String>,
    ) -> Self {
        self.append_some(SEC_FETCH_SITE, fetch_site);
        self.append_some(ORIGIN, origin);
        self.append_some(HOST, host);
        self
    }

    fn append_some(&mut self, name: HeaderName, line: Option<String>) {
        if let Some(line) = line {
            self.append(name, &line);
        }
    }

    /// A line that no header can carry stays in as one that nothing reads as text, so that it is not taken for absent.
    fn append(&mut self, name: HeaderName, line: &str) {
        let value = HeaderValue::from_str(line).unwrap_or_else(|_| HeaderValue::from_static("\u{fffd}"));
        self.headers.append(name, value);
    }
}
