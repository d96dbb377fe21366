//! Sign-in, for the JavaScript half: requests and cookies come as text, answers go as they are.

mod application;
mod message;
mod options;
mod session;
