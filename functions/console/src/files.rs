//! The files, as `build.rs` embeds them.

/// A file, in both forms that are sent.
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) content_type: &'static str,
    /// With its quotes; weak, as the compressed form has the same.
    pub(crate) entity_tag: &'static str,
    pub(crate) plain: &'static [u8],
    pub(crate) gzipped: &'static [u8],
}

impl File {
    /// Whether pages refer to it by the version, and it has no address of its own.
    pub(crate) fn is_asset(&self) -> bool {
        !self.name.ends_with(".html") && !self.name.ends_with(".yaml")
    }
}

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

pub(crate) fn find(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_in_a_page_is_a_file() {
        let pages = FILES.iter().filter(|file| file.name.ends_with(".html"));
        let mut addresses = 0;
        for page in pages {
            let text = std::str::from_utf8(page.plain).expect("text");
            assert!(!text.contains("{assets}"), "{}", page.name);
            let prefix = format!("/assets/{VERSION}/");
            for rest in text.split(&prefix).skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                let file = find(name).unwrap_or_else(|| panic!("{}: {name}", page.name));
                assert!(file.is_asset(), "{name}");
                addresses += 1;
            }
        }
        assert!(addresses > 6, "{addresses}");
    }

    #[test]
    fn every_module_that_a_module_imports_is_a_file() {
        let scripts = FILES.iter().filter(|file| file.name.ends_with(".js"));
        let mut imports = 0;
        for script in scripts {
            let text = std::str::from_utf8(script.plain).expect("text");
            for start in ["from \"./", "import(\"./"] {
                for rest in text.split(start).skip(1) {
                    let name = rest.split('"').next().unwrap_or_default();
                    assert!(find(name).is_some(), "{}: {name}", script.name);
                    imports += 1;
                }
            }
        }
        assert!(imports > 6, "{imports}");
    }
}
