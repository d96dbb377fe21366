//! Nothing of the machine that a file was written on goes into the repository: no path of its disk, and no host of its
//! package registry.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::{Command, Failure};

/// Looks at every file that is committed or about to be, and names each line that only makes sense on one machine.
pub(crate) fn check() -> Result<(), Failure> {
    if !Path::new(".git").exists() {
        println!("skipped: this is not a git checkout");
        return Ok(());
    }
    let checkout = std::env::current_dir().map(|path| path.display().to_string()).unwrap_or_default();
    let mut findings = Vec::new();
    for file in files(&checkout)?.split('\0').filter(|file| !file.is_empty()) {
        // A file that git knows and the disk does not is about to be deleted; binary files are not read.
        if let Ok(text) = fs::read_to_string(file) {
            findings.extend(machine_paths(file, &text, &checkout));
            if matches!(file.rsplit('/').next(), Some("package-lock.json" | "npm-shrinkwrap.json")) {
                findings.extend(download_addresses(file, &text));
            }
        }
    }
    if findings.is_empty() { Ok(()) } else { Err(Failure::new(findings.join("\n       "))) }
}

/// The committed files and the new ones that are not ignored, each followed by NUL.
fn files(checkout: &str) -> Result<String, Failure> {
    // The checkout may belong to another user, as in a container; git then refuses unless told that it is meant.
    let trusted = format!("safe.directory={checkout}");
    let args = ["-c", &trusted, "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    Command::new("git", args).output()
}

fn machine_paths(file: &str, text: &str, checkout: &str) -> Vec<String> {
    let found = |(number, line): (usize, &str)| {
        let path = machine_path(line, checkout)?;
        Some(format!("{file}:{}: `{path}` is a path of one machine", number + 1))
    };
    text.lines().enumerate().filter_map(found).collect()
}

/// The first path in the line that leads into somebody's home or into this checkout.
fn machine_path<'a>(line: &'a str, checkout: &str) -> Option<&'a str> {
    // A checkout right below the root could be called like the path of any URL.
    let checkout = (checkout.matches('/').count() > 1).then_some(checkout);
    HOMES.iter().copied().chain(checkout).find_map(|prefix| {
        line.match_indices(prefix).find_map(|(start, _)| {
            let (before, from) = line.split_at(start);
            let after = &from[prefix.len()..];
            // In front of a path of the disk stands no name: `https://host/home/page` is none.
            let begins = !before.ends_with(is_name);
            let goes_on = if prefix.ends_with(['/', '\\']) {
                after.starts_with(is_name)
            } else {
                !after.starts_with(is_name)
            };
            (begins && goes_on).then(|| &from[..prefix.len() + end_of_path(after)])
        })
    })
}

const HOMES: [&str; 4] = ["/home/", "/Users/", "/root/", r"C:\Users\"];

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || "._-~".contains(c)
}

fn end_of_path(text: &str) -> usize {
    text.find(|c| !is_name(c) && c != '/' && c != '\\').unwrap_or(text.len())
}

/// Packages in an npm lock file that are bound to a download address. The integrity hash says which package is meant;
/// where it is fetched from is the reader's own setting.
fn download_addresses(file: &str, lock: &str) -> Vec<String> {
    let Ok(lock) = serde_json::from_str::<Value>(lock) else {
        return vec![format!("{file}: this is not JSON")];
    };
    let bound = |(name, package): (&String, &Value)| {
        let address = package["resolved"].as_str()?;
        // The root package has the empty name. Links within the repository are relative paths.
        address.contains("://").then(|| {
            format!("{file}: `{name}` is bound to {address}; write the file by `npm install --omit-lockfile-registry-resolved`")
        })
    };
    lock["packages"].as_object().into_iter().flatten().filter_map(bound).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together here, so that this file passes its own check.
    fn home(rest: &str) -> String {
        ["/home", rest].join("/")
    }

    #[test]
    fn a_path_into_a_home_is_found() {
        let line = format!("let path = \"{}\";", home("ada/src/main.rs"));
        assert_eq!(machine_path(&line, ""), Some(home("ada/src/main.rs").as_str()));
        assert!(machine_path(&[r"C:\Users", "ada"].join("\\"), "").is_some());
    }

    #[test]
    fn this_checkout_is_found_but_not_its_namesakes() {
        let checkout = "/builds/authkit";
        assert_eq!(machine_path("at /builds/authkit/src:1", checkout), Some("/builds/authkit/src"));
        assert_eq!(machine_path("in /builds/authkit.", checkout), None);
        assert_eq!(machine_path("/builds/authkit-two", checkout), None);
        assert_eq!(machine_path("https://example.com/builds/authkit", checkout), None);
        assert_eq!(machine_path("GET /app", "/app"), None, "too short to mean anything");
    }

    #[test]
    fn addresses_and_bare_names_are_no_machine_paths() {
        for line in ["https://example.com/home/page", "cd ~/.cargo", "the folder /home/ itself", "path: '/'"]
        {
            assert_eq!(machine_path(line, ""), None, "{line}");
        }
    }

    #[test]
    fn a_finding_names_its_line() {
        let text = format!("first\n{}\n", home("ada"));
        assert_eq!(
            machine_paths("notes.md", &text, ""),
            [format!("notes.md:2: `{}` is a path of one machine", home("ada"))]
        );
    }

    #[test]
    fn a_lock_file_may_link_but_not_name_a_host() {
        let lock = r#"{"packages": {
            "": {"name": "tests"},
            "node_modules/near": {"resolved": "../near", "link": true},
            "node_modules/clean": {"version": "1.0.0", "integrity": "sha512-x"},
            "node_modules/bound": {"resolved": "https://registry.example/bound.tgz"}
        }}"#;
        let findings = download_addresses("package-lock.json", lock);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].contains("`node_modules/bound`"), "{findings:?}");
    }
}
