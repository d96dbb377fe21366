use std::borrow::Cow;

use crate::json_object::Json;
use crate::{ClaimProblem, VerifyError};

/// A payload's text with its claims marked in it: one piece of memory for all strings of a token.
///
/// Behind the JSON stand the strings that are written with escapes there, in plain form.
#[derive(Clone, PartialEq)]
pub(crate) struct ClaimText {
    text: String,
    json_length: usize,
}

/// Where a string stands in a [`ClaimText`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    length: u32,
}

impl ClaimText {
    /// The text of `payload`, followed by `unescaped`. `None` where the payload is no UTF-8.
    pub(crate) fn new(payload: Vec<u8>, unescaped: &str) -> Option<Self> {
        let mut text = String::from_utf8(payload).ok()?;
        let json_length = text.len();
        text.push_str(unescaped);
        Some(ClaimText { text, json_length })
    }

    pub(crate) fn json(&self) -> &str {
        &self.text[..self.json_length]
    }

    pub(crate) fn get(&self, span: Span) -> &str {
        let start = span.start as usize;
        &self.text[start..start + span.length as usize]
    }
}

/// Turns the strings that were read from a payload into spans.
pub(crate) struct SpanFinder<'de> {
    payload: &'de [u8],
    unescaped: String,
}

impl<'de> SpanFinder<'de> {
    pub(crate) fn new(payload: &'de [u8]) -> Self {
        SpanFinder { payload, unescaped: String::new() }
    }

    /// The strings that stand in the payload with escapes only: what goes behind it.
    pub(crate) fn into_unescaped(self) -> String {
        self.unescaped
    }

    /// A claim that is a string.
    pub(crate) fn string(
        &mut self,
        claim: &'static str,
        value: Option<Json<'de>>,
    ) -> Result<Option<Span>, VerifyError> {
        match value {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(self.span(text))),
            Some(_) => Err(wrong(claim)),
        }
    }

    /// A claim that is a string and says something.
    pub(crate) fn non_empty(
        &mut self,
        claim: &'static str,
        value: Option<Json<'de>>,
    ) -> Result<Option<Span>, VerifyError> {
        match self.string(claim, value)? {
            Some(Span { length: 0, .. }) => Err(wrong(claim)),
            span => Ok(span),
        }
    }

    /// The strings of a claim whose other values count as nothing.
    pub(crate) fn strings(&mut self, value: Option<Json<'de>>) -> Vec<Span> {
        match value {
            Some(Json::String(text)) => vec![self.span(text)],
            Some(Json::Array { strings, .. }) => strings.into_iter().map(|text| self.span(text)).collect(),
            _ => Vec::new(),
        }
    }

    fn span(&mut self, text: Cow<'de, str>) -> Span {
        let length = text.len();
        let start = match text {
            // Borrowed from the payload, so its distance from the payload's start is where it stands.
            Cow::Borrowed(text) => text.as_ptr().addr() - self.payload.as_ptr().addr(),
            Cow::Owned(text) => {
                let start = self.payload.len() + self.unescaped.len();
                self.unescaped += &text;
                start
            }
        };
        // A token has at most 16 KiB, and unescaping makes nothing longer.
        Span { start: start as u32, length: length as u32 }
    }
}

pub(crate) fn wrong(claim: &'static str) -> VerifyError {
    VerifyError::InvalidClaim { claim, problem: ClaimProblem::WrongType }
}
