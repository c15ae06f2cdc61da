//! The code itself: how it is typed, shown, folded and drawn.

use crate::ids::random_bytes;
use crate::text::{Invalid, string_newtype};

/// The longest a code may be, hyphens included.
const LONGEST: usize = 50;

/// The length of a generated suffix before any collision.
const SUFFIX: usize = 4;

/// Crockford's base 32: no I, L, O or U, so a code survives being read out loud.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

string_newtype!(
    /// A code as it is stored and shown: upper case, with its hyphens.
    Code,
    |text| {
        let shape = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let has_content = text.bytes().any(|b| b != b'-');
        if (3..=LONGEST).contains(&text.len()) && shape && has_content {
            Ok(text.to_ascii_uppercase())
        } else {
            Err(Invalid("must be 3 to 50 letters, digits and hyphens"))
        }
    }
);

impl Code {
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

    /// The first code drawn that people do not type as this one.
    pub(crate) fn drawn_anew(&self, draw: impl FnMut() -> Self) -> Self {
        let old = self.folded();
        std::iter::repeat_with(draw)
            .find(|code| code.folded() != old)
            .unwrap_or_else(Self::random)
    }

    /// The part that stays when the code is rotated: all before the last hyphen, or the
    /// whole code where it has none.
    pub fn prefix(&self) -> CodePrefix {
        let (prefix, _) = self.0.rsplit_once('-').unwrap_or((&self.0, ""));
        let prefix = if prefix.is_empty() { "R" } else { prefix };
        CodePrefix(prefix.to_owned())
    }
}

string_newtype!(
    /// A code as it is looked up: case, hyphens, spaces and underscores folded away. Text
    /// that no code can have is refused.
    FoldedCode,
    |typed| {
        let folded: String = typed
            .chars()
            .filter(|c| !matches!(c, '-' | '_') && !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if (1..=LONGEST).contains(&folded.len())
            && folded.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            Ok(folded)
        } else {
            Err(Invalid(
                "must be a code: 3 to 50 letters, digits and hyphens",
            ))
        }
    }
);

string_newtype!(
    /// The readable beginning of a generated code: 1 to 40 letters, digits and hyphens.
    CodePrefix,
    |text| {
        let trimmed = text.trim_matches('-');
        let shape = trimmed
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !trimmed.is_empty() && text.len() <= 40 && shape {
            Ok(trimmed.to_ascii_uppercase())
        } else {
            Err(Invalid("must be 1 to 40 letters, digits and hyphens"))
        }
    }
);

fn random_text(length: usize) -> String {
    let bytes: [u8; LONGEST] = random_bytes();
    bytes[..length.min(LONGEST)]
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect()
}

/// What sticks to a link that is copied out of a sentence.
const PASTED: &[char] = &[
    '.', ',', ';', ':', '!', '?', ')', ']', '}', '>', '<', '"', '\'', '*', '…', '”', '’', '»',
];

impl FoldedCode {
    /// The code in a link as people paste it, without the punctuation that sticks to its end.
    ///
    /// # Errors
    /// [`Invalid`] where no code is left.
    pub fn pasted(text: &str) -> Result<Self, Invalid> {
        text.trim().trim_end_matches(PASTED).parse()
    }
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

    #[test]
    fn a_rotation_that_draws_its_own_suffix_draws_again() {
        let mut drawn = ["JAN-VERV8F3A", "JAN-VERV-8F3A", "JAN-VERV-9C4B"]
            .map(code)
            .into_iter();
        let new = code("JAN-VERV-8F3A").drawn_anew(|| drawn.next().expect("the third is new"));
        assert_eq!(new, code("JAN-VERV-9C4B"));
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

    #[test]
    fn punctuation_that_sticks_to_a_pasted_link_does_no_harm() {
        let code: FoldedCode = "JAN-VERV-8F3A".parse().expect("a code");
        for pasted in [
            "JAN-VERV-8F3A.",
            "jan-verv-8f3a),",
            "JAN-VERV-8F3A”!",
            " JAN-VERV-8F3A>",
        ] {
            assert_eq!(FoldedCode::pasted(pasted), Ok(code.clone()), "{pasted}");
        }
        assert!(FoldedCode::pasted("...").is_err() && FoldedCode::pasted("JAN/VERV").is_err());
    }
}
