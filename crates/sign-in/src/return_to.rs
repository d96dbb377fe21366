use url::Url;

/// Longer targets are none that a page of ours links to.
const MAX_LENGTH: usize = 2048;

/// Where to go after sign-in: a path of the application itself, and `/` instead of anything that could lead elsewhere.
pub(crate) fn return_to(wanted: Option<&str>, base_url: &Url) -> String {
    let Some(wanted) = wanted else { return "/".to_owned() };
    match own_path(wanted, base_url) {
        Some(path) => path,
        None => {
            tracing::warn!("return_to leads away from the application and is ignored");
            "/".to_owned()
        }
    }
}

fn own_path(wanted: &str, base_url: &Url) -> Option<String> {
    // Browsers drop tabs and line feeds in an address and read a backslash as a slash: what is left could be another host's.
    let harmless = wanted.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\');
    if !harmless || !wanted.starts_with('/') || wanted.starts_with("//") {
        return None;
    }
    let joined = base_url.join(wanted).ok()?;
    if joined.origin() != base_url.origin() || joined.path().starts_with("//") {
        return None;
    }
    let mut path = joined.path().to_owned();
    if let Some(query) = joined.query() {
        path.push('?');
        path.push_str(query);
    }
    if let Some(fragment) = joined.fragment() {
        path.push('#');
        path.push_str(fragment);
    }
    // What had to be encoded has become longer.
    (path.len() <= MAX_LENGTH).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(wanted: &str) -> String {
        return_to(Some(wanted), &Url::parse("https://app.example.com").unwrap())
    }

    #[test]
    fn paths_of_the_application_are_kept() {
        for path in
            ["/", "/a", "/a/b?c=d&e=%2F#f", "/a?next=https://other.example.com/", "/%2F%2Fevil.example"]
        {
            assert_eq!(target(path), path);
        }
        assert_eq!(return_to(None, &Url::parse("https://app.example.com").unwrap()), "/");
    }

    #[test]
    fn nothing_leads_to_another_origin() {
        for spelling in [
            "https://evil.example",
            "http://evil.example",
            "//evil.example",
            "///evil.example",
            "////evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/ /evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "evil.example",
            "@evil.example",
            ".evil.example",
            "",
            "/..//evil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/é",
            "https:evil.example",
            "https:/evil.example",
            "/\u{0}",
        ] {
            assert_eq!(target(spelling), "/", "{spelling:?}");
        }
        assert_eq!(target(&format!("/{}", "a".repeat(MAX_LENGTH))), "/");
        assert_eq!(target(&format!("/{}", "\"".repeat(MAX_LENGTH / 2))), "/");
    }
}
