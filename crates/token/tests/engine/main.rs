//! The public API against data: cases shared with other languages, a real server's exchanges, Wycheproof, another implementation.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod captures;
mod conformance;
mod differential;
mod error_table;
mod jose;
mod key_sets;
mod wycheproof_vectors;

use std::path::{Path, PathBuf};

/// The folder that holds the cases and captures.
fn conformance_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance")
}

/// Every JSON document of a folder, with its file's name.
fn documents(folder: &Path) -> Vec<(String, serde_json::Value)> {
    let mut documents: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let document = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            (name, document)
        })
        .collect();
    documents.sort_by(|a, b| a.0.cmp(&b.0));
    documents
}
