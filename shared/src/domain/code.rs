//! The code itself: how it is typed, shown, folded and drawn.

use super::Invalid;
use super::ids::{random_bytes, string_serde};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The longest a code may be, hyphens included.
const LONGEST: usize = 50;

/// The length of a generated suffix before any collision.
const SUFFIX: usize = 4;

/// Crockford's base 32: no I, L, O or U, so a code survives being read out loud.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code as it is stored and shown: upper case, with its hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(String);

impl Code {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the code is looked up by.
    pub fn folded(&self) -> FoldedCode {
        FoldedCode(self.0.replace('-', ""))
    }

    /// A code of random characters only, in the shape `K7M-Q2XD-8F3A`: 55 random bits.
    pub fn random() -> Self {
        Self(format!(
            "{}-{}-{}",
            random_text(3),
            random_text(4),
            random_text(4)
        ))
    }

    /// A code of `prefix` and a random suffix: 4 characters, and 2 more for each of the
    /// `collisions` met so far.
    pub fn with_prefix(prefix: &CodePrefix, collisions: usize) -> Self {
        let suffix = random_text(SUFFIX + 2 * collisions);
        let keep = prefix.0.len().min(LONGEST - 1 - suffix.len());
        Self(format!("{}-{suffix}", &prefix.0[..keep]))
    }

    /// The part that stays when the code is rotated: all before the last hyphen, or the
    /// whole code where it has none.
    pub fn prefix(&self) -> CodePrefix {
        let (prefix, _) = self.0.rsplit_once('-').unwrap_or((&self.0, ""));
        let prefix = if prefix.is_empty() { "R" } else { prefix };
        CodePrefix(prefix.to_owned())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Code {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let shape = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let has_content = text.bytes().any(|b| b != b'-');
        if (3..=LONGEST).contains(&text.len()) && shape && has_content {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            Err(Invalid("must be 3 to 50 letters, digits and hyphens"))
        }
    }
}

string_serde!(Code);

/// A code as it is looked up: case, hyphens, spaces and underscores folded away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FoldedCode(String);

impl FoldedCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FoldedCode {
    type Err = Invalid;

    /// Folds what a person typed; what can be no code at all is refused.
    fn from_str(typed: &str) -> Result<Self, Invalid> {
        let folded: String = typed
            .chars()
            .filter(|c| !matches!(c, '-' | '_') && !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if (1..=LONGEST).contains(&folded.len())
            && folded.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            Ok(Self(folded))
        } else {
            Err(Invalid(
                "must be a code: 3 to 50 letters, digits and hyphens",
            ))
        }
    }
}

impl fmt::Display for FoldedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

string_serde!(FoldedCode);

/// The readable beginning of a generated code: 1 to 40 letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodePrefix(String);

impl fmt::Display for CodePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for CodePrefix {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let trimmed = text.trim_matches('-');
        let shape = trimmed
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !trimmed.is_empty() && text.len() <= 40 && shape {
            Ok(Self(trimmed.to_ascii_uppercase()))
        } else {
            Err(Invalid("must be 1 to 40 letters, digits and hyphens"))
        }
    }
}

string_serde!(CodePrefix);

fn random_text(length: usize) -> String {
    let bytes: [u8; LONGEST] = random_bytes();
    bytes[..length.min(LONGEST)]
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> Code {
        text.parse().expect("a code")
    }

    #[test]
    fn what_people_type_finds_the_code() {
        let folded = code("jan-verv-8f3a").folded();
        for typed in [
            "JAN-VERV-8F3A",
            "jan verv 8f3a",
            "Jan_Verv_8F3A",
            " janverv8f3a\t",
        ] {
            assert_eq!(typed.parse(), Ok(folded.clone()), "{typed:?}");
        }
        assert!("jan/verv".parse::<FoldedCode>().is_err());
        assert!("---".parse::<FoldedCode>().is_err());
    }

    #[test]
    fn rotation_keeps_the_prefix() {
        assert_eq!(code("JAN-VERV-8F3A").prefix().to_string(), "JAN-VERV");
        assert_eq!(code("C273551489XA").prefix().to_string(), "C273551489XA");
        assert!(
            code("-ABC")
                .prefix()
                .to_string()
                .parse::<CodePrefix>()
                .is_ok()
        );
    }

    proptest! {
        #[test]
        fn a_generated_code_is_a_code(text in "[A-Za-z0-9-]{3,50}", collisions in 0usize..10) {
            if let Ok(owned) = text.parse::<Code>() {
                let made = Code::with_prefix(&owned.prefix(), collisions);
                prop_assert_eq!(made.as_str().parse::<Code>().ok(), Some(made.clone()));
                prop_assert!(made.as_str().rsplit('-').next().is_some_and(|s| s.len() == 4 + 2 * collisions));
            }
            prop_assert!(Code::random().as_str().parse::<Code>().is_ok());
        }

        #[test]
        fn folding_is_the_same_from_the_shown_code_and_from_any_typing(text in "[A-Za-z0-9-]{3,50}") {
            if let Ok(shown) = text.parse::<Code>() {
                prop_assert_eq!(text.to_lowercase().replace('-', "_").parse(), Ok(shown.folded()));
            }
        }
    }
}
